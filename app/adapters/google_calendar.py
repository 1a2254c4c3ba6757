"""Google Calendar behind the calendar port. The Google library builds every request and reads every answer; what an
answer does not clearly say is `Unknown`. A write is never repeated blindly and never hedged.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from app.adapters import google_answers as answers
from app.adapters.busy_time import merged
from app.adapters.google_answers import MalformedError
from app.adapters.google_connection import GoogleConnection, GoogleOptions, Sending
from app.adapters.google_credentials import TokenError
from app.adapters.google_freebusy import CALENDARS_PER_QUERY, LONGEST_QUERY_S, Ask, FreeBusyQueries
from app.adapters.google_transport import Broken, BuiltRequest, Failure
from app.booking.calendar import (
    Absent,
    Busy,
    Cancelled,
    Changed,
    Changes,
    Event,
    Interval,
    Refused,
    Unknown,
)
from app.clock import Clock, SystemClock
from app.watch.declared_shapes import CHANNEL, EVENTS, NO_CONTENT, of_event
from app.watch.shapes import Shape, observe

EVENTS_PER_PAGE = 2500
MOST_PAGES = 20
WRITE_SHARE = 0.7
"""Part of a write's deadline for the write itself; the rest is for reading back what became of it."""
CERTAINLY_NOT_WRITTEN = frozenset({400, 401, 403, 404, 413, 429})
GONE = (404, 410)

__all__ = ["GoogleCalendar", "GoogleOptions"]


class GoogleCalendar:
    """The calendar port over one Google account. A calendar's name is its Google id, as in `dana@acme.example`."""

    def __init__(self, options: GoogleOptions, clock: Clock | None = None) -> None:
        self._connection = GoogleConnection(options, clock or SystemClock())
        self._queries = FreeBusyQueries(self._connection)

    async def start(self) -> None:
        """Build the library's resources, parse the credentials, open connections; raises ConfigurationError.

        An unreachable Google does not stop the start.
        """
        await self._connection.start()

    def requests_lately(self) -> int:
        """Requests of the last minute."""
        return self._connection.requests_lately()

    def busiest_lately(self) -> int:
        """Requests of the last minute for the calendar with most of them."""
        return self._connection.busiest_lately()

    async def warm(self, connections: int) -> int:
        """Open that many connections ahead of the first caller; returns how many are open."""
        return await self._connection.warm(connections)

    async def close(self) -> None:
        """Close connections and threads."""
        await self._connection.close()

    async def free(
        self, calendars: Sequence[str], start: int, end: int, *, within_s: float
    ) -> Mapping[str, Busy | Unknown]:
        """One freeBusy query for up to fifty calendars and the whole range; beyond that, chunks in parallel."""
        if not calendars or end <= start:
            return dict.fromkeys(calendars, ())
        try:
            async with asyncio.timeout(within_s):
                return await self._free(list(dict.fromkeys(calendars)), start, end)
        except TimeoutError:
            return dict.fromkeys(calendars, Unknown("no answer in time"))

    async def events(self, calendar: str, start: int, end: int, *, within_s: float) -> tuple[Event, ...] | Unknown:
        """Opaque events that overlap `[start, end)`, sorted by start; all-day ones in the calendar's zone."""
        asked = {"timeMin": answers.rfc3339(start), "timeMax": answers.rfc3339(end)}
        try:
            async with asyncio.timeout(within_s):
                listed = await self._list(calendar, asked)
        except TimeoutError:
            return Unknown("no answer in time")
        if isinstance(listed, Failure):
            return Unknown(listed.reason)
        overlapping = (e for e in listed[0] if e.opaque and not e.cancelled and max(e.start, start) < min(e.end, end))
        return tuple(sorted(overlapping, key=lambda event: (event.start, event.id)))

    async def book(self, calendar: str, event: Event, *, within_s: float) -> Event | Refused | Unknown:
        """Insert under the event's own id; an unclear outcome and a 409 are settled by reading that id."""
        sending = Sending()
        try:
            async with asyncio.timeout(within_s):
                return await self._book(calendar, event, sending, within_s * WRITE_SHARE)
        except TimeoutError:
            return Unknown("no answer in time") if sending.sent else Refused("no turn to send in time")

    async def move(
        self, calendar: str, event_id: str, to: Interval, etag: str, *, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        """Patch the times with If-Match; an unclear outcome and a 412 are settled by reading the id."""
        sending = Sending()
        try:
            async with asyncio.timeout(within_s):
                return await self._move(calendar, (event_id, *to), etag, sending, within_s * WRITE_SHARE)
        except TimeoutError:
            return Unknown("no answer in time") if sending.sent else Refused("no turn to send in time")

    async def get(self, calendar: str, event_id: str, *, within_s: float) -> Event | Absent | Unknown:
        """Read one event by id."""
        try:
            async with asyncio.timeout(within_s):
                return await self._get_or_absent(calendar, event_id)
        except TimeoutError:
            return Unknown("no answer in time")

    async def cancel(
        self, calendar: str, event_id: str, etag: str, *, within_s: float
    ) -> Cancelled | Changed | Unknown:
        """Delete, with If-Match when an etag is given; an unclear outcome is settled by reading the id."""
        try:
            async with asyncio.timeout(within_s):
                return await self._cancel(calendar, event_id, etag, within_s * WRITE_SHARE)
        except TimeoutError:
            return Unknown("no answer in time")

    async def changes(self, calendar: str, cursor: str, *, within_s: float) -> Changes | Unknown:
        """Changes since the sync token `cursor`; a token Google has dropped gives everything, with `reset`."""
        try:
            async with asyncio.timeout(within_s):
                listed = await self._list(calendar, {"syncToken": cursor} if cursor else {})
                reset = isinstance(listed, Failure) and listed.status == 410 and bool(cursor)
                if reset:
                    listed = await self._list(calendar, {})
        except TimeoutError:
            return Unknown("no answer in time")
        if isinstance(listed, Failure):
            return Unknown(listed.reason)
        if not listed[1]:
            return Unknown("listing has no sync token")
        return Changes(listed[1], listed[0], reset)

    async def watch(
        self, calendar: str, channel_id: str, token: str, address: str, *, within_s: float
    ) -> tuple[str, int] | Unknown:
        """Ask for push messages to `address`; returns the resource id and when the channel ends, epoch seconds."""
        body = {"id": channel_id, "type": "web_hook", "address": address, "token": token}
        request = self._events.watch(calendarId=calendar, body=body)
        answer = await self._write_within(request, calendar, within_s, CHANNEL)
        if isinstance(answer, Failure):
            return Unknown(answer.reason)
        resource, expiration = answer.get("resourceId"), answer.get("expiration")
        if not isinstance(resource, str) or not str(expiration).isdigit():
            return Unknown("channel has no resource id or no end")
        return resource, int(str(expiration)) // 1000

    async def unwatch(self, channel_id: str, resource_id: str, *, within_s: float) -> Cancelled | Unknown:
        """Stop a channel; one that is already gone counts as stopped."""
        request = self._connection.channels.stop(body={"id": channel_id, "resourceId": resource_id})
        answer = await self._write_within(request, None, within_s, NO_CONTENT)
        if isinstance(answer, Failure) and answer.status not in GONE:
            return Unknown(answer.reason)
        return Cancelled()

    @property
    def _events(self) -> Any:
        return self._connection.events

    async def _free(self, calendars: list[str], start: int, end: int) -> dict[str, Busy | Unknown]:
        ranges = [(at, min(at + LONGEST_QUERY_S, end)) for at in range(start, end, LONGEST_QUERY_S)]
        groups = [calendars[at : at + CALENDARS_PER_QUERY] for at in range(0, len(calendars), CALENDARS_PER_QUERY)]
        if len(ranges) == 1 and len(groups) == 1:
            return await self._queries.ask(Ask(tuple(calendars), start, end))
        parts = await asyncio.gather(*(self._queries.ask(Ask(tuple(g), *piece)) for g in groups for piece in ranges))
        whole: dict[str, Busy | Unknown] = {}
        for part in parts:
            for calendar, busy in part.items():
                whole[calendar] = _joined(whole.get(calendar, ()), busy)
        return whole

    async def _list(self, calendar: str, asked: Mapping[str, str]) -> tuple[tuple[Event, ...], str] | Failure:
        """All pages of a listing: the events and the next sync token."""
        found: list[Event] = []
        page_token: str | None = None
        for _ in range(MOST_PAGES):
            request = self._events.list(
                calendarId=calendar, singleEvents=True, maxResults=EVENTS_PER_PAGE, pageToken=page_token, **asked
            )
            answer = await self._connection.read(request, calendar, EVENTS)
            if isinstance(answer, Failure):
                return answer
            try:
                page = answers.page_of(answer)
                for item in page.items[:1]:
                    observe(of_event(item, listed=True), item)
                found += [answers.event_of(item, page.zone) for item in page.items]
            except MalformedError as error:
                _unread(answer)
                return Failure(200, str(error))
            if not page.next_page:
                return tuple(found), page.next_sync
            page_token = page.next_page
        return Failure(200, f"more than {MOST_PAGES} pages")

    async def _get_or_absent(self, calendar: str, event_id: str) -> Event | Absent | Unknown:
        """As `_get`, where not seeing it is to prove something.

        Google answers 404 to a calendar that is no longer shared as well; a listing tells the two apart.
        """
        there = await self._get(calendar, event_id)
        if not isinstance(there, Absent):
            return there
        listed = await self._connection.read(self._events.list(calendarId=calendar, maxResults=1), calendar, EVENTS)
        if isinstance(listed, Failure):
            return Unknown(listed.reason)
        try:
            answers.page_of(listed)
        except MalformedError as error:
            _unread(listed)
            return Unknown(str(error))
        return there

    async def _get(self, calendar: str, event_id: str) -> Event | Absent | Unknown:
        request = self._events.get(calendarId=calendar, eventId=event_id)
        answer = await self._connection.read(request, calendar, of_event)
        if isinstance(answer, Failure):
            return Absent() if answer.status in GONE else Unknown(answer.reason)
        try:
            # One event's answer does not name the calendar's zone. Ours are never all-day; if a person made one so, any
            # zone shows that its times are not the wanted ones.
            event = answers.event_of(answer, "UTC")
        except MalformedError as error:
            return Unknown(str(error))
        return event if event.id == event_id else Unknown("answer is about another event")

    async def _book(self, calendar: str, event: Event, sending: Sending, write_s: float) -> Event | Refused | Unknown:
        request = self._events.insert(calendarId=calendar, sendUpdates="none", body=_body_of(event))
        try:
            async with asyncio.timeout(write_s):
                answer = await self._connection.write(request, calendar, sending, of_event)
        except TimeoutError:
            if not sending.sent:
                return Refused("no turn to send in time")
            return await self._written(calendar, event, "no answer in time")
        except TokenError as error:
            return Unknown(str(error))
        if isinstance(answer, Broken):
            return await self._written(calendar, event, answer.reason) if answer.sent else Refused(answer.reason)
        if isinstance(answer, Failure):
            return await self._not_inserted(calendar, event, answer)
        try:
            written = answers.event_of(answer, "UTC")
        except MalformedError as error:
            return Unknown(f"written, but {error}")
        return written if written.matches(event) else Unknown("written, but the answer shows another event")

    async def _not_inserted(self, calendar: str, event: Event, failure: Failure) -> Event | Refused | Unknown:
        if failure.status == 409:
            there = await self._get(calendar, event.id)
            if isinstance(there, Event) and there.matches(event):
                return there
            if isinstance(there, Event):
                return Refused("id used by another event")
            return Unknown("id is taken, and by what could not be read")
        if failure.status in CERTAINLY_NOT_WRITTEN:
            return Refused(failure.reason)
        if failure.status >= 500:
            return await self._written(calendar, event, failure.reason)
        return Unknown(failure.reason)

    async def _written(self, calendar: str, event: Event, doubt: str) -> Event | Unknown:
        """Was it written after all? Not seeing it proves nothing: it may still arrive."""
        there = await self._get(calendar, event.id)
        return there if isinstance(there, Event) and there.matches(event) else Unknown(doubt)

    async def _move(
        self, calendar: str, wanted: tuple[str, int, int], etag: str, sending: Sending, write_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        event_id, start, end = wanted
        times = {"start": {"dateTime": answers.rfc3339(start)}, "end": {"dateTime": answers.rfc3339(end)}}
        request = self._events.patch(calendarId=calendar, eventId=event_id, sendUpdates="none", body=times)
        request.headers["If-Match"] = etag
        try:
            async with asyncio.timeout(write_s):
                answer = await self._connection.write(request, calendar, sending, of_event)
        except TimeoutError:
            answer = Broken("no answer in time", sent=sending.sent)
        except TokenError as error:
            return Refused(str(error))
        if isinstance(answer, Broken):
            return await self._moved(calendar, wanted, answer.reason) if answer.sent else Refused(answer.reason)
        if isinstance(answer, Failure):
            return await self._not_moved(calendar, wanted, answer)
        try:
            moved = answers.event_of(answer, "UTC")
        except MalformedError as error:
            return Unknown(f"moved, but {error}")
        return moved if _is_at(moved, wanted) else Unknown("moved, but the answer shows another event or time")

    async def _not_moved(
        self, calendar: str, wanted: tuple[str, int, int], failure: Failure
    ) -> Event | Absent | Changed | Refused | Unknown:
        if failure.status in GONE:
            there = await self._get_or_absent(calendar, wanted[0])
            return there if isinstance(there, Absent) else Refused(failure.reason)
        if failure.status in CERTAINLY_NOT_WRITTEN:
            return Refused(failure.reason)
        moved = await self._moved(calendar, wanted, failure.reason)
        return Changed() if failure.status == 412 and isinstance(moved, Unknown) else moved

    async def _moved(self, calendar: str, wanted: tuple[str, int, int], doubt: str) -> Event | Unknown:
        """Was it moved after all? Not seeing it proves nothing: it may still arrive."""
        there = await self._get(calendar, wanted[0])
        return there if isinstance(there, Event) and _is_at(there, wanted) else Unknown(doubt)

    async def _cancel(self, calendar: str, event_id: str, etag: str, write_s: float) -> Cancelled | Changed | Unknown:
        request = self._events.delete(calendarId=calendar, eventId=event_id, sendUpdates="none")
        if etag:
            request.headers["If-Match"] = etag
        try:
            async with asyncio.timeout(write_s):
                answer = await self._connection.write(request, calendar, Sending(), NO_CONTENT)
        except TimeoutError:
            answer = Broken("no answer in time", sent=True)
        except TokenError as error:
            return Unknown(str(error))
        if not isinstance(answer, Broken | Failure):
            return Cancelled()
        if isinstance(answer, Failure) and answer.status in CERTAINLY_NOT_WRITTEN.difference(GONE):
            return Unknown(answer.reason)
        # A 412 may be the echo of our own first attempt: aiohttp repeats a DELETE whose kept connection had died.
        there = await self._get_or_absent(calendar, event_id)
        if isinstance(there, Absent) or (isinstance(there, Event) and there.cancelled):
            return Cancelled()
        if isinstance(answer, Failure) and answer.status == 412 and isinstance(there, Event):
            return Changed()
        return Unknown(answer.reason)

    async def _write_within(
        self, request: BuiltRequest, calendar: str | None, within_s: float, shape: Shape
    ) -> dict[str, Any] | Failure:
        """A write whose fate needs no settling."""
        try:
            async with asyncio.timeout(within_s):
                answer = await self._connection.write(request, calendar, Sending(), shape)
        except TimeoutError:
            return Failure(0, "no answer in time")
        except TokenError as error:
            return Failure(0, str(error))
        return Failure(0, answer.reason) if isinstance(answer, Broken) else answer


def _unread(answer: Mapping[str, Any]) -> None:
    """A listing that could not be read, and every event in it: one of them is why."""
    observe(EVENTS, answer, unread=True)
    items = answer.get("items")
    for item in items if isinstance(items, list) else ():
        observe(of_event(item, listed=True), item, unread=True)


def _joined(left: Busy | Unknown, right: Busy | Unknown) -> Busy | Unknown:
    if isinstance(left, Unknown):
        return left
    return right if isinstance(right, Unknown) else merged(left + right)


def _body_of(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "summary": event.summary,
        "description": event.description,
        "start": {"dateTime": answers.rfc3339(event.start)},
        "end": {"dateTime": answers.rfc3339(event.end)},
        "transparency": "opaque",
        "status": "confirmed",
        "extendedProperties": {"private": {answers.REFERENCE_KEY: event.reference}},
    }


def _is_at(there: Event, wanted: tuple[str, int, int]) -> bool:
    return not there.cancelled and (there.id, there.start, there.end) == wanted
