"""CalDAV behind the calendar port, on plain requests: one resource for each booking, created and removed conditionally.

What a server does not clearly say is `Unknown`. A write is never repeated blindly and never hedged; nothing is taken as
free that was not read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from yarl import URL

from app.adapters import caldav_events as ical
from app.adapters.caldav_reader import GONE, CaldavReader, Found, address_of, told_by
from app.adapters.caldav_transport import CaldavTransport, Call, Credential, Reply
from app.adapters.caldav_xml import UnreadableError
from app.adapters.http_pool import Broken
from app.booking.calendar import Absent, Busy, Cancelled, Changed, Changes, Event, Interval, Refused, Unknown
from app.booking.ical import entry
from app.clock import Clock, SystemClock

WRITE_SHARE = 0.7
"""Part of a write's deadline for the write itself; the rest is for reading what became of it."""
WRITTEN = (200, 201, 204)
IN_USE = (409, 412)
"""Something with this name or UID is there: often enough our own event, written by a request that seemed to fail."""
LATE = Unknown("no answer in time")


@dataclass(frozen=True, slots=True)
class CaldavOptions:
    """`credentials` are (URL, user, password), the longest URL above a calendar's deciding.

    `zones` are the time zones, by calendar name, of calendars that do not name their own.
    """

    credentials: Sequence[Credential] = field(default=(), repr=False)
    zones: Mapping[str, tzinfo] = field(default_factory=dict)


class CaldavCalendar:
    """The calendar port. A calendar's name is the URL of its collection, as in `https://host/dana/`."""

    def __init__(self, options: CaldavOptions, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._transport = CaldavTransport(options.credentials)
        zones = {_collection(name): zone for name, zone in options.zones.items()}
        self._reader = CaldavReader(self._transport, zones, self._clock)

    async def start(self) -> None:
        """Make the pool of connections. A server that cannot be reached does not stop the start."""
        await self._transport.open()

    async def close(self) -> None:
        """Close connections and threads."""
        await self._transport.close()
        self._reader.close()

    async def free(
        self, calendars: Sequence[str], start: int, end: int, *, within_s: float
    ) -> Mapping[str, Busy | Unknown]:
        """Every calendar asked at once, each failing for itself alone."""
        names = list(dict.fromkeys(calendars))
        if end <= start:
            return dict.fromkeys(names, ())
        told = await asyncio.gather(*(self._free(name, start, end, within_s) for name in names))
        return dict(zip(names, told, strict=True))

    async def events(self, calendar: str, start: int, end: int, *, within_s: float) -> tuple[Event, ...] | Unknown:
        """Opaque events that overlap `[start, end)`, sorted by start; all-day ones in the calendar's zone."""
        try:
            async with asyncio.timeout(within_s):
                return await self._reader.events(_collection(calendar), start, end, within_s)
        except UnreadableError as error:
            return Unknown(str(error))
        except TimeoutError:
            return LATE

    async def book(self, calendar: str, event: Event, *, within_s: float) -> Event | Refused | Unknown:
        """Create the event's own resource; an unclear outcome, and a name in use, are settled by reading it."""
        try:
            async with asyncio.timeout(within_s):
                return await self._book(_collection(calendar), event, within_s)
        except TimeoutError:
            return LATE

    async def move(
        self, calendar: str, event_id: str, to: Interval, etag: str, *, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        """Write the event as it is with other times, if it still has `etag`; what is unclear is settled by reading."""
        try:
            async with asyncio.timeout(within_s):
                return await self._move(_collection(calendar), event_id, to, etag, within_s)
        except TimeoutError:
            return LATE

    async def get(self, calendar: str, event_id: str, *, within_s: float) -> Event | Absent | Unknown:
        """Read one event; one that somebody's program keeps under another name now is found by its UID.

        A removed event is `Absent`: CalDAV forgets what is deleted.
        """
        found = await self._find(_collection(calendar), event_id, within_s)
        return found.event if isinstance(found, Found) else found

    async def cancel(
        self, calendar: str, event_id: str, etag: str, *, within_s: float
    ) -> Cancelled | Changed | Unknown:
        """Delete, with If-Match when an etag is given; an unclear outcome is settled by reading."""
        try:
            async with asyncio.timeout(within_s):
                return await self._cancel(_collection(calendar), event_id, etag, within_s)
        except TimeoutError:
            return LATE

    async def changes(self, calendar: str, cursor: str, *, within_s: float) -> Changes | Unknown:
        """Changes since the sync token `cursor`. A deleted event is told by the name of its resource alone."""
        try:
            async with asyncio.timeout(within_s):
                return await self._reader.changes(_collection(calendar), cursor, within_s)
        except UnreadableError as error:
            return Unknown(str(error))
        except TimeoutError:
            return LATE

    async def _free(self, calendar: str, start: int, end: int, within_s: float) -> Busy | Unknown:
        try:
            async with asyncio.timeout(within_s):
                return await self._reader.busy(_collection(calendar), start, end, within_s)
        except UnreadableError as error:
            return Unknown(str(error))
        except TimeoutError:
            return LATE

    async def _find(self, url: str, event_id: str, within_s: float) -> Found | Absent | Unknown:
        try:
            async with asyncio.timeout(within_s):
                return await self._reader.find(url, event_id, within_s) or Absent()
        except UnreadableError as error:
            return Unknown(str(error))
        except TimeoutError:
            return LATE

    async def _book(self, url: str, event: Event, within_s: float) -> Event | Refused | Unknown:
        body = entry(event, int(self._clock.now()))
        headers = {"If-None-Match": "*", "Content-Type": "text/calendar; charset=utf-8"}
        answer = await self._write(Call("PUT", address_of(url, event.id), body, headers), within_s)
        left_s = within_s * (1 - WRITE_SHARE)
        if isinstance(answer, Broken):
            return await self._written(url, event, answer.reason, left_s) if answer.sent else Refused(answer.reason)
        if answer.status in WRITTEN:
            if etag := _strong_etag(answer):
                return ical.main_event(body.decode(), UTC, etag).event
            return await self._written(url, event, "written, but not seen", left_s)
        if answer.status in IN_USE:
            return await self._whose(url, event, answer, left_s)
        if _certainly_not_written(answer.status):
            return Refused(told_by(answer))
        return await self._written(url, event, told_by(answer), left_s)

    async def _whose(self, url: str, event: Event, answer: Reply, within_s: float) -> Event | Refused | Unknown:
        """The name is in use: by this very booking, or by something else?"""
        there = await self._find(url, event.id, within_s)
        if isinstance(there, Found):
            return there.event if there.event.matches(event) else Refused("the id is used by another event")
        if answer.status == 409:  # also what a server says to a calendar it does not have
            return Refused(there.reason if isinstance(there, Unknown) else told_by(answer))
        return there if isinstance(there, Unknown) else Unknown("in use, and yet not there")

    async def _written(self, url: str, event: Event, doubt: str, within_s: float) -> Event | Unknown:
        """Was it written after all? Not seeing it proves nothing: it may still arrive."""
        there = await self._find(url, event.id, within_s)
        return there.event if isinstance(there, Found) and there.event.matches(event) else Unknown(doubt)

    async def _move(
        self, url: str, event_id: str, to: Interval, etag: str, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        there = await self._find(url, event_id, within_s * (1 - WRITE_SHARE))
        if isinstance(there, Unknown):
            return Refused(there.reason)
        if isinstance(there, Absent) or there.event.cancelled:
            return Absent()
        if (there.event.start, there.event.end) == to:
            return there.event
        if there.event.etag != etag:
            return Changed()
        try:
            text = ical.moved(there.text, to, int(self._clock.now()))
        except UnreadableError as error:
            return Refused(str(error))
        headers = {"If-Match": etag, "Content-Type": "text/calendar; charset=utf-8"}
        answer = await self._write(Call("PUT", there.href, text.encode(), headers), within_s)
        if isinstance(answer, Reply) and answer.status in WRITTEN and (new := _strong_etag(answer)):
            return ical.main_event(text, UTC, new).event
        return await self._moved(url, event_id, to, answer, within_s * (1 - WRITE_SHARE))

    async def _moved(
        self, url: str, event_id: str, to: Interval, answer: Reply | Broken, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        """Was it moved, whatever the answer was? Not seeing it proves nothing: it may still arrive."""
        if isinstance(answer, Broken):
            certain, doubt = not answer.sent, answer.reason
        else:
            certain, doubt = _certainly_not_written(answer.status), told_by(answer)
        if certain and not (isinstance(answer, Reply) and answer.status in (*IN_USE, *GONE)):
            return Refused(doubt)
        there = await self._find(url, event_id, within_s)
        if isinstance(there, Found) and (there.event.start, there.event.end) == to and not there.event.cancelled:
            return there.event
        if certain and isinstance(there, Absent):
            return Absent()
        return Changed() if certain and isinstance(there, Found) else Unknown(doubt)

    async def _cancel(self, url: str, event_id: str, etag: str, within_s: float) -> Cancelled | Changed | Unknown:
        answer = await self._delete(address_of(url, event_id), etag, within_s)
        if isinstance(answer, Reply) and answer.status in WRITTEN:
            return Cancelled()
        left_s = within_s * (1 - WRITE_SHARE)
        there = await self._find(url, event_id, left_s)
        if isinstance(there, Absent):
            return Cancelled()
        if isinstance(there, Unknown) or isinstance(answer, Broken):
            return Unknown(answer.reason if isinstance(answer, Broken) else told_by(answer))
        if there.href != address_of(url, event_id) and answer.status in (412, *GONE):
            return await self._cancel_elsewhere(there, etag, left_s)
        return Changed() if answer.status == 412 else Unknown(told_by(answer))

    async def _cancel_elsewhere(self, there: Found, etag: str, within_s: float) -> Cancelled | Changed | Unknown:
        """Somebody's program keeps the event under another name now: that is the one to remove."""
        if etag and etag != there.event.etag:
            return Changed()
        answer = await self._delete(there.href, there.event.etag, within_s)
        if isinstance(answer, Reply) and (answer.status in WRITTEN or answer.status in GONE):
            return Cancelled()
        if isinstance(answer, Reply) and answer.status == 412:
            return Changed()
        return Unknown(answer.reason if isinstance(answer, Broken) else told_by(answer))

    async def _delete(self, href: str, etag: str, within_s: float) -> Reply | Broken:
        return await self._write(Call("DELETE", href, headers={"If-Match": etag} if etag else {}), within_s)

    async def _write(self, call: Call, within_s: float) -> Reply | Broken:
        try:
            async with asyncio.timeout(within_s * WRITE_SHARE):
                return await self._transport.exchange(call)
        except TimeoutError:
            return Broken("no answer in time", sent=True)


def _collection(name: str) -> str:
    """The collection's URL, as it goes over the wire."""
    url = name if name.isascii() else str(URL(name))
    return url if url.endswith("/") else f"{url}/"


def _strong_etag(answer: Reply) -> str:
    """Empty where the server gives none, which says that it has changed what it was given (RFC 4791, 5.3.4)."""
    etag = answer.headers.get("ETag", "")
    return "" if etag.startswith("W/") else etag


def _certainly_not_written(status: int) -> bool:
    """Whether this answer to a write leaves no doubt that it was not carried out."""
    return status in (501, 505, 507) or (300 <= status < 500 and status != 408)
