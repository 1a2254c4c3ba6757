"""What a scripted Google remembers: calendars, events, etags, sync tokens. It follows the documented semantics: ids
stay taken after deletion, `get` shows cancelled events, listings do not; freeBusy leaves out what the owner declined.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

Json = dict[str, Any]

ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuv0123456789")
PAGE_SIZE = 250


class ApiError(Exception):
    """An error as Google answers it."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message

    def body(self) -> Json:
        detail = {"domain": "global", "reason": self.reason, "message": self.message}
        return {"error": {"code": self.status, "message": self.message, "errors": [detail]}}


NOT_FOUND = (404, "notFound", "Not Found")
DUPLICATE = (409, "duplicate", "The requested identifier already exists.")
SYNC_TOKEN_GONE = (410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")


@dataclass
class Stored:
    """One event: what is answered, and its times in epoch seconds."""

    item: Json
    start: float
    end: float
    version: int

    @property
    def cancelled(self) -> bool:
        return self.item["status"] == "cancelled"

    @property
    def busy(self) -> bool:
        return not self.cancelled and self.item.get("transparency") != "transparent" and not self.declined

    @property
    def declined(self) -> bool:
        """Whether the calendar's own owner said no to it; it is listed all the same."""
        attendees = self.item.get("attendees", [])
        return any(who.get("self") and who.get("responseStatus") == "declined" for who in attendees)


@dataclass
class CalendarData:
    """One calendar. `page_size` forces short pages."""

    id: str
    zone: str = "UTC"
    page_size: int = PAGE_SIZE
    events: dict[str, Stored] = field(default_factory=dict)
    version: int = 0
    oldest_sync: int = 0
    _spans: tuple[int, list[tuple[float, float, Json]]] = (-1, [])

    def spans(self) -> list[tuple[float, float, Json]]:
        """Busy time, merged and sorted, with its answer ready; rebuilt only after a change."""
        if self._spans[0] != self.version:
            joined: list[list[float]] = []
            for first, last in sorted((s.start, s.end) for s in self.events.values() if s.busy):
                if joined and first <= joined[-1][1]:
                    joined[-1][1] = max(last, joined[-1][1])
                else:
                    joined.append([first, last])
            self._spans = (self.version, [(a, b, {"start": _z(a), "end": _z(b)}) for a, b in joined if b > a])
        return self._spans[1]

    def put(self, item: Json) -> Stored:
        """Store `item` as the newest version of its id."""
        start, end = self._moment(item.get("start")), self._moment(item.get("end"))
        if end < start:
            raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.")
        self.version += 1
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before = self.events.get(item["id"])
        item = {
            "kind": "calendar#event",
            "status": "confirmed",
            **item,
            **self._invited(item),
            "etag": f'"{self.version}{uuid4().int % 10**12}"',
            "created": before.item["created"] if before else now,
            "updated": now,
        }
        stored = self.events[item["id"]] = Stored(item, start, end, self.version)
        return stored

    def drop(self, event_id: str) -> None:
        """Cancel: the id stays taken."""
        stored = self.events[event_id]
        self.put({**stored.item, "status": "cancelled"})

    def _invited(self, item: Json) -> Json:
        """The attendees, if it has any, the owner of this calendar marked as Google does."""
        if "attendees" not in item:
            return {}
        return {
            "attendees": [{**who, **({"self": True} if who["email"] == self.id else {})} for who in item["attendees"]]
        }

    def _moment(self, value: Any) -> float:
        zone = ZoneInfo(self.zone)
        try:
            if "dateTime" in value:
                moment = datetime.fromisoformat(value["dateTime"])
                if moment.tzinfo is None:
                    moment = moment.replace(tzinfo=ZoneInfo(value["timeZone"]))
                return moment.timestamp()
            return datetime.combine(datetime.fromisoformat(value["date"]).date(), time(), zone).timestamp()
        except (KeyError, TypeError, ValueError) as error:
            raise ApiError(400, "required", "Missing or wrong start or end time.") from error

    def shown(self, stored: Stored) -> Json:
        """As Google answers: times in the calendar's zone; of a cancelled event everything stays readable by get."""
        item = deepcopy(stored.item)
        for key, moment in (("start", stored.start), ("end", stored.end)):
            if "dateTime" in item[key]:
                local = datetime.fromtimestamp(moment, ZoneInfo(self.zone))
                item[key] = {"dateTime": local.isoformat().replace("+00:00", "Z"), "timeZone": self.zone}
        return item


class GoogleStore:
    """All calendars. `declared` None makes a calendar the moment somebody names it."""

    def __init__(self, declared: Iterable[str] | None = None) -> None:
        self._on_demand = declared is None
        self.calendars: dict[str, CalendarData] = {name: CalendarData(name) for name in declared or ()}

    def calendar(self, name: str) -> CalendarData:
        """The calendar, or a 404."""
        found = self.calendars.get(name)
        if found is None:
            if not self._on_demand:
                raise ApiError(*NOT_FOUND)
            found = self.calendars[name] = CalendarData(name)
        return found

    def freebusy(self, asked: Json) -> Json:
        """freebusy.query: errors of one calendar stay inside a 200."""
        start, end = _instant(asked.get("timeMin")), _instant(asked.get("timeMax"))
        if end <= start:
            raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.")
        if end - start > timedelta(days=92).total_seconds():
            raise ApiError(400, "timeRangeTooLong", "The requested time range is too long.")
        items, most = asked.get("items") or [], int(asked.get("calendarExpansionMax", 50))
        if most > 50:
            raise ApiError(400, "invalid", "Invalid calendarExpansionMax.")
        calendars: Json = {}
        for place, entry in enumerate(items):
            name = entry["id"]
            if place >= most:
                calendars[name] = _erred("tooManyCalendarsRequested")
            elif name not in self.calendars and not self._on_demand:
                calendars[name] = _erred("notFound")
            else:
                calendars[name] = {"busy": _busy(self.calendar(name), start, end)}
        return {
            "kind": "calendar#freeBusy",
            "timeMin": asked["timeMin"],
            "timeMax": asked["timeMax"],
            "calendars": calendars,
        }

    def insert(self, calendar: str, item: Json) -> Json:
        """events.insert with or without the caller's own id."""
        data = self.calendar(calendar)
        event_id = item.get("id") or uuid4().hex
        if not 5 <= len(event_id) <= 1024 or not ID_CHARACTERS.issuperset(event_id):
            raise ApiError(400, "invalid", "Invalid resource id value.")
        if event_id in data.events:
            raise ApiError(*DUPLICATE)
        return data.shown(data.put({**item, "id": event_id}))

    def get(self, calendar: str, event_id: str) -> Json:
        data = self.calendar(calendar)
        return data.shown(self._event(data, event_id))

    def change(self, calendar: str, event_id: str, item: Json, etag: str, *, whole: bool) -> Json:
        """events.update (`whole`) and events.patch."""
        data = self.calendar(calendar)
        stored = self._event(data, event_id)
        _check_etag(stored, etag)
        base = {} if whole else stored.item
        return data.shown(data.put({**base, **item, "id": event_id}))

    def delete(self, calendar: str, event_id: str, etag: str) -> None:
        data = self.calendar(calendar)
        stored = self._event(data, event_id)
        if stored.cancelled:
            raise ApiError(410, "deleted", "Resource has been deleted")
        _check_etag(stored, etag)
        data.drop(event_id)

    def list(self, calendar: str, query: dict[str, str]) -> Json:
        """events.list: the overlap test, pages, sync tokens."""
        data = self.calendar(calendar)
        since, shows_deleted = 0, query.get("showDeleted") == "true"
        low, high = float("-inf"), float("inf")
        if "syncToken" in query:
            if query.keys() & {"timeMin", "timeMax", "orderBy", "q", "updatedMin", "privateExtendedProperty"}:
                raise ApiError(400, "invalid", "Sync token cannot be used with other filters.")
            since, shows_deleted = _sync_version(query["syncToken"], data), True
        else:
            low = _instant(query["timeMin"]) if "timeMin" in query else low
            high = _instant(query["timeMax"]) if "timeMax" in query else high
        found = [
            stored
            for stored in data.events.values()
            if stored.version > since
            and stored.end > low
            and stored.start < high
            and (shows_deleted or not stored.cancelled)
            and _has_property(stored, query.get("privateExtendedProperty"))
        ]
        offset, size = int(query.get("pageToken", "0")), min(int(query.get("maxResults", "250")), data.page_size)
        page: Json = {
            "kind": "calendar#events",
            "summary": calendar,
            "timeZone": data.zone,
            "items": [data.shown(stored) for stored in found[offset : offset + size]],
        }
        if offset + size < len(found):
            page["nextPageToken"] = str(offset + size)
        else:
            page["nextSyncToken"] = f"sync-{data.version}"
        return page

    def _event(self, data: CalendarData, event_id: str) -> Stored:
        if event_id not in data.events:
            raise ApiError(*NOT_FOUND)
        return data.events[event_id]


def _erred(reason: str) -> Json:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _busy(data: CalendarData, start: float, end: float) -> list[Json]:
    spans = data.spans()
    low = bisect_right(spans, start, key=lambda span: span[1])
    high = bisect_left(spans, end, key=lambda span: span[0])
    return [
        shown if first >= start and last <= end else {"start": _z(max(first, start)), "end": _z(min(last, end))}
        for first, last, shown in spans[low:high]
    ]


def _z(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ApiError(400, "badRequest", "Bad Request") from None
    if moment.tzinfo is None:
        raise ApiError(400, "badRequest", "Bad Request")
    return moment.timestamp()


def _check_etag(stored: Stored, etag: str) -> None:
    if etag and etag not in ("*", stored.item["etag"]):
        raise ApiError(412, "conditionNotMet", "Precondition Failed")


def _sync_version(token: str, data: CalendarData) -> int:
    number = token.removeprefix("sync-")
    if not number.isdigit() or int(number) < data.oldest_sync:
        raise ApiError(*SYNC_TOKEN_GONE)
    return int(number)


def _has_property(stored: Stored, wanted: str | None) -> bool:
    if wanted is None:
        return True
    key, _, value = wanted.partition("=")
    private = stored.item.get("extendedProperties", {}).get("private", {})
    return bool(private.get(key) == value)
