"""Reads calendar objects (RFC 5545) into our own events. What cannot be placed in time, or repeats without having been
expanded, raises `UnreadableError`: an event that is left out would look like free time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component

from app.adapters.caldav_freebusy import FOLDING
from app.adapters.caldav_xml import NotExpandedError, UnreadableError
from app.booking.calendar import Event, Interval
from app.booking.ical import REFERENCE

STATUSES = frozenset({"TENTATIVE", "CONFIRMED", "CANCELLED"})
ZONE_NAME = re.compile(r"^(?:TZID|X-LIC-LOCATION)(?:;[^:\r\n]*)?:([^\r\n]{1,200})", re.M | re.I)
ONE_DAY = timedelta(days=1)
OUR_REFERENCE_CHARS = 64


@dataclass(frozen=True, slots=True)
class Placed:
    """An event in time. `as_utc` is where a server that ignores zones sees an all-day or floating one, else None."""

    event: Event
    as_utc: Interval | None


def events_of(text: str, zone: tzinfo, etag: str) -> list[Placed]:
    """Every VEVENT of one calendar object. All-day and floating times are in `zone`."""
    return [_placed(component, zone, etag) for component in _components(text)]


def main_event(text: str, zone: tzinfo, etag: str) -> Placed:
    """The one event of a resource; of a recurring one its master, or what stands for it."""
    found = _components(text)
    masters = [component for component in found if component.get("RECURRENCE-ID") is None]
    return _placed((masters or found)[0], zone, etag)


def zone_of(text: str) -> ZoneInfo | None:
    """The time zone a calendar-timezone property names; None when it names none that is known here."""
    # By its name alone: rules of their own, which the library would work out, need not even be complete.
    for name in ZONE_NAME.findall(FOLDING.sub("", text)):
        # Some servers put a path of their own before the name, as in /citadel.org/20190101_1/America/Chicago.
        parts = name.strip("/").split("/")
        for first in range(len(parts)):
            try:
                return ZoneInfo("/".join(parts[first:]))
            except (KeyError, ValueError, OSError):
                continue
    return None


def moved(text: str, to: Interval, now: int) -> str:
    """The same calendar object with other times, all else as it is. Raises UnreadableError for a series."""
    try:
        calendar = Calendar.from_ical(text)
        [component] = calendar.walk("VEVENT")
        if any(component.get(key) is not None for key in ("RRULE", "RDATE", "RECURRENCE-ID")):
            raise UnreadableError("the event is a series now")
        start, end, stamp = (datetime.fromtimestamp(at, UTC) for at in (*to, now))
        sequence = int(component.get("SEQUENCE", 0)) + 1
        changed: dict[str, datetime | int] = {"DTSTART": start, "DTEND": end, "SEQUENCE": sequence}
        changed |= {"DTSTAMP": stamp, "LAST-MODIFIED": stamp}
        for key in (*changed, "DURATION"):
            component.pop(key, None)
        for key, value in changed.items():
            component.add(key, value)
        written: bytes = calendar.to_ical()
        return written.decode()
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise UnreadableError("the event cannot be read") from None


def _components(text: str) -> list[Component]:
    try:
        found = list(Calendar.from_ical(text).walk("VEVENT"))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise UnreadableError("an event is not iCalendar") from None
    if not found:
        raise UnreadableError("a calendar object holds no event")
    return found


def _placed(component: Component, zone: tzinfo, etag: str) -> Placed:
    try:
        return _read(component, zone, etag)
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise UnreadableError("an event cannot be read") from None


def _read(component: Component, zone: tzinfo, etag: str) -> Placed:
    uid, status = _word(component, "UID"), _word(component, "STATUS").upper() or "CONFIRMED"
    if not uid:
        raise UnreadableError("an event has no UID")
    if status not in STATUSES:
        raise UnreadableError("an event has an unknown status")
    first, last = _ends(component)
    start, end = int(_epoch(first, zone)), ceil(_epoch(last, zone))
    if end < start:
        raise UnreadableError("an event ends before it starts")
    floating = not (isinstance(first, datetime) and first.tzinfo is not None)
    recurrence = component.get("RECURRENCE-ID")
    repeats = any(component.get(key) is not None for key in ("RRULE", "RDATE"))
    event = Event(
        uid if recurrence is None else f"{uid}#{int(_epoch(recurrence.dt, zone))}",
        start,
        end,
        summary=_word(component, "SUMMARY"),
        description=_word(component, "DESCRIPTION"),
        reference=_word(component, REFERENCE)[:OUR_REFERENCE_CHARS],
        etag=etag,
        cancelled=status == "CANCELLED",
        opaque=_word(component, "TRANSP").upper() != "TRANSPARENT",
        created=_created(component),
        repeats=repeats,
    )
    as_utc = (int(_epoch(first, UTC)), ceil(_epoch(last, UTC))) if floating else None
    return Placed(event, as_utc)


def _ends(component: Component) -> tuple[date, date]:
    """Start and end; without an end, a day for an all-day event, and no time at all for any other (RFC 5545, 3.6.1)."""
    first = _moment(component, "DTSTART")
    if first is None:
        raise UnreadableError("an event has no start")
    last = _moment(component, "DTEND")
    if last is not None:
        if isinstance(last, datetime) is not isinstance(first, datetime):
            raise UnreadableError("an event has ends of two kinds")
        return first, last
    duration = component.get("DURATION")
    if duration is not None:
        if isinstance(first, datetime) and first.tzinfo is not None:
            return first, first.astimezone(UTC) + duration.dt  # exact time: added in UTC, not on the wall
        return first, first + duration.dt
    return first, first if isinstance(first, datetime) else first + ONE_DAY


def _moment(component: Component, key: str) -> date | None:
    value: Any = component.get(key)
    if value is None:
        return None
    moment = value.dt
    if not isinstance(moment, date):
        raise UnreadableError("an event has an odd time")
    if isinstance(moment, datetime) and moment.tzinfo is None and value.params.get("TZID"):
        raise UnreadableError("an event is in a time zone nobody here knows")
    return moment


def _epoch(moment: date, zone: tzinfo) -> float:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()


def _word(component: Component, key: str) -> str:
    value = component.get(key)
    return "" if value is None or isinstance(value, list) else str(value)


def _created(component: Component) -> str:
    value: Any = component.get("CREATED")
    try:
        return str(value.dt.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")) if value is not None else ""
    except (ValueError, AttributeError):
        return ""


def instances(found: list[Placed]) -> Iterator[Placed]:
    """The same, refused when one of them repeats: the server was asked to expand it and did not."""
    for placed in found:
        if placed.event.repeats:
            raise NotExpandedError("a recurring event was not expanded by the server")
        yield placed
