"""Reads Google's answers into our own types. Anything absent, renamed or malformed raises `MalformedError`: an answer
that is only half understood must never look like free time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from math import ceil
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.adapters.busy_time import merged
from app.booking.calendar import Busy, Event, Interval

LONGEST_TIME = 64
REFERENCE_KEY = "readback_reference"
TYPES_THAT_DO_NOT_BLOCK = frozenset({"workingLocation", "birthday"})
STATUSES = frozenset({"confirmed", "tentative", "cancelled"})


class MalformedError(Exception):
    """The answer does not have the shape Google documents. Its text names the place, never a value."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    items: list[Any]
    zone: str
    next_page: str
    next_sync: str


def instant(value: object) -> float:
    """Epoch seconds of an RFC 3339 date-time with offset."""
    if not isinstance(value, str) or len(value) > LONGEST_TIME:
        raise MalformedError("time is not RFC 3339")
    return _instant(value)


@lru_cache(maxsize=4_096)
def _instant(text: str) -> float:
    """The same events are read again and again."""
    # fromisoformat also reads week dates, bare dates and other separators, which Google never sends.
    if text[10:11] not in ("T", "t") or not text[5:7].isdigit():
        raise MalformedError("time is not RFC 3339")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedError("time is not RFC 3339") from None
    if moment.tzinfo is None:
        raise MalformedError("time has no offset")
    return moment.timestamp()


@lru_cache(maxsize=4_096)
def rfc3339(epoch_s: int) -> str:
    """`epoch_s` as Google takes it, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def busy_of(calendars: Mapping[str, Any], calendar: str, start: int, end: int) -> Busy:
    """Busy time of one calendar out of a freeBusy answer's `calendars`, merged and clipped to `[start, end)`."""
    entry = calendars.get(calendar)
    if not isinstance(entry, dict):
        raise MalformedError("calendar is not in the answer")
    if entry.get("errors"):
        raise MalformedError("calendar has errors in the answer")
    listed = entry.get("busy")
    if not isinstance(listed, list):
        raise MalformedError("calendar has no busy list")
    found: list[Interval] = []
    for period in listed:
        if not isinstance(period, dict):
            raise MalformedError("busy period is not an object")
        first, last = _span(period.get("start"), period.get("end"))
        if first < end and last > start:
            found.append((first if first > start else start, last if last < end else end))
    return merged(found)


def _span(start: object, end: object) -> Interval:
    """The whole seconds that a busy period touches."""
    if not (isinstance(start, str) and isinstance(end, str) and len(start) <= LONGEST_TIME >= len(end)):
        raise MalformedError("time is not RFC 3339")
    return _known_span(start, end)


@lru_cache(maxsize=4_096)
def _known_span(start: str, end: str) -> Interval:
    first, last = _instant(start), _instant(end)
    if last <= first:
        raise MalformedError("busy period does not end after it starts")
    return int(first), ceil(last)


def page_of(answer: Mapping[str, Any]) -> Page:
    """One page of events.list."""
    items = answer.get("items")
    if not isinstance(items, list):
        raise MalformedError("listing has no items")
    return Page(items, str(answer.get("timeZone", "")), _text(answer, "nextPageToken"), _text(answer, "nextSyncToken"))


def event_of(item: object, zone: str) -> Event:
    """One event. `zone` is the calendar's, for all-day events.

    Of a cancelled event only the id is sure to be there; without times it comes back with start and end 0.
    """
    if not isinstance(item, dict):
        raise MalformedError("event is not an object")
    event_id, status = item.get("id"), item.get("status", "confirmed")
    if not isinstance(event_id, str) or not event_id:
        raise MalformedError("event has no id")
    if status not in STATUSES:
        raise MalformedError("event has an unknown status")
    cancelled = status == "cancelled"
    if cancelled and not ("start" in item and "end" in item):
        return Event(event_id, 0, 0, etag=_text(item, "etag"), cancelled=True)
    start, end = int(_moment(item.get("start"), zone)), ceil(_moment(item.get("end"), zone))
    if end < start:
        raise MalformedError("event ends before it starts")
    return Event(
        event_id,
        start,
        end,
        summary=_text(item, "summary"),
        description=_text(item, "description"),
        reference=_reference(item),
        etag=_text(item, "etag"),
        cancelled=cancelled,
        opaque=_blocks(item),
        created=_text(item, "created"),
        repeats=bool(item.get("recurrence")),
    )


def _blocks(item: Mapping[str, Any]) -> bool:
    """Whether freeBusy counts it: not what its calendar's owner has declined, though a listing has that as well."""
    if item.get("transparency") == "transparent" or item.get("eventType") in TYPES_THAT_DO_NOT_BLOCK:
        return False
    attendees = item.get("attendees")
    owner = [who for who in attendees if _is_owner(who)] if isinstance(attendees, list) else []
    return not any(who.get("responseStatus") == "declined" for who in owner)


def _is_owner(attendee: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(attendee, dict) and attendee.get("self") is True


def _moment(value: object, zone: str) -> float:
    """`dateTime` with offset, or an all-day `date`, which begins at midnight in the calendar's zone."""
    if not isinstance(value, dict):
        raise MalformedError("event has no time")
    if "dateTime" in value:
        return instant(value["dateTime"])
    try:
        day = date.fromisoformat(value["date"])
        midnight = datetime.combine(day, time(), ZoneInfo(value.get("timeZone") or zone))
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
        raise MalformedError("event has no readable time") from None
    return midnight.timestamp()


def _reference(item: Mapping[str, Any]) -> str:
    properties = item.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, dict) else None
    return _text(private, REFERENCE_KEY) if isinstance(private, dict) else ""


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""
