"""Reads one CalDAV collection at a time: busy time, events, one event, changes. Every answer is a value that the server
clearly gave; everything else raises `UnreadableError`. It writes nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from app.adapters import caldav_events as ical
from app.adapters import caldav_xml as xml
from app.adapters.busy_time import merged, without
from app.adapters.caldav_events import Placed
from app.adapters.caldav_freebusy import busy_of
from app.adapters.caldav_transport import CaldavTransport, Call, Reply
from app.adapters.caldav_xml import Member, Multistatus, NotExpandedError, UnreadableError
from app.adapters.http_pool import Broken
from app.booking.calendar import Busy, Changes, Event, Interval
from app.clock import Clock

XML = {"Content-Type": "application/xml; charset=utf-8"}
SYNC_DEPTH = "0"
"""The only one that is defined (RFC 6578, 3.2); the members are meant all the same."""
GONE = (404, 410)
NO_FREE_BUSY = frozenset({400, 403, 405, 406, 415, 422, 501})
"""What servers answer that do not know free-busy-query, or do not allow it: the events themselves tell as much."""
NO_PROPERTY = frozenset({403, 404, 405, 501})
WIDEN_S = 2 * 86_400
"""Events are looked for further out: a server may see an all-day one in another zone than we do, and Radicale 3.9 takes
one without an end for the first moment of its day."""
MOST_CHANGES = 2_000
HREFS_PER_MULTIGET = 200
ZONE_KNOWN_FOR_S = 3_600.0
OFF_THE_LOOP_BYTES = 16 * 2**10
PARSERS = 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """An event, the address it is kept at, and its calendar object."""

    href: str
    event: Event
    text: str


class CaldavReader:
    """`zones` are the time zones of calendars that name none themselves, by collection URL; without one, UTC."""

    def __init__(self, transport: CaldavTransport, zones: Mapping[str, tzinfo], clock: Clock) -> None:
        self._transport = transport
        self._zones = zones
        self._clock = clock
        self._known: dict[str, tuple[float, tzinfo]] = {}
        self._parsers = ThreadPoolExecutor(PARSERS, thread_name_prefix="caldav-parse")

    def close(self) -> None:
        """End the threads that parse."""
        self._parsers.shutdown(wait=False, cancel_futures=True)

    async def busy(self, url: str, start: int, end: int, within_s: float) -> Busy:
        """Busy time, merged and clipped: what the events say, and what a free-busy query says on top.

        The events alone would do, were it not for servers that show less of some events than of their time. Free-busy
        alone would not: servers that do not know the calendar's zone put all-day events into the wrong hours.
        """
        free_busy, placed = await asyncio.gather(
            self._free_busy(url, start, end, within_s), self._placed(url, start, end, within_s)
        )
        blocking = [one for one in placed if one.event.opaque and not one.event.cancelled]
        misplaced = [one.as_utc for one in placed if one.as_utc is not None]
        told = [(one.event.start, one.event.end) for one in blocking] + without(free_busy, misplaced)
        return merged((max(a, start), min(b, end)) for a, b in told if max(a, start) < min(b, end))

    async def events(self, url: str, start: int, end: int, within_s: float) -> tuple[Event, ...]:
        """Opaque, live events that overlap the range, by start."""
        placed = await self._placed(url, start, end, within_s)
        overlapping = (
            one.event
            for one in placed
            if one.event.opaque and not one.event.cancelled and max(one.event.start, start) < min(one.event.end, end)
        )
        return tuple(sorted(overlapping, key=lambda event: (event.start, event.id)))

    async def find(self, url: str, event_id: str, within_s: float) -> Found | None:
        """The event under the name we gave it, else, as people's programs rename, under any name. None: not there."""
        href = address_of(url, event_id)
        reply = await self._read(Call("GET", href), within_s)
        if reply.status in GONE:
            return await self._find_by_uid(url, event_id, within_s)
        etag, text = reply.headers.get("ETag", ""), _text(_expected(reply, 200))
        placed = await self._parse(len(text), lambda zone: ical.main_event(text, zone, etag), url, within_s)
        if placed.event.id != event_id:
            raise UnreadableError("answer is about another event")
        if not etag:  # optional on a GET (RFC 4791, 5.3.4), required of the property
            return await self._find_by_uid(url, event_id, within_s)
        return Found(href, placed.event, text)

    async def changes(self, url: str, cursor: str, within_s: float) -> Changes:
        """What changed since the sync token `cursor`; a token that the server does not know gives everything."""
        reply = await self._report(url, xml.sync_report(cursor), within_s, SYNC_DEPTH)
        reset = False
        if cursor and reply.status in (400, 403, 409, 410, 412) and xml.refuses_token(reply.body):
            reply, reset = await self._report(url, xml.sync_report(""), within_s, SYNC_DEPTH), True
        told = await self._multistatus(reply)
        if not told.sync_token:
            raise UnreadableError("listing has no sync token")
        members = [member for member in told.members if not member.href.endswith("/")]
        if len(members) > MOST_CHANGES or any(member.status == 507 for member in told.members):
            raise UnreadableError("more changes than one answer holds")
        gone = [Event(_id_of(m.href), 0, 0, cancelled=True) for m in members if m.status in GONE]
        kept = await self._resources(url, [m.href for m in members if m.status == 200], within_s)
        if len(gone) + len(kept) != len(members):
            raise UnreadableError("a change has an odd status")
        return Changes(told.sync_token, (*gone, *kept), reset)

    async def _free_busy(self, url: str, start: int, end: int, within_s: float) -> list[Interval]:
        """What a free-busy query says; nothing where the server cannot answer it in a way that can be read."""
        query = xml.free_busy_query(start, end)
        reply = await self._read(Call("REPORT", url, query, {**XML, "Depth": "1"}, NO_FREE_BUSY), within_s)
        if reply.status in NO_FREE_BUSY:
            return []
        body = _expected(reply, 200)
        try:
            return busy_of(body)
        except UnreadableError:
            return []

    async def _placed(self, url: str, start: int, end: int, within_s: float) -> list[Placed]:
        """Every event round the range, recurring ones expanded.

        Those alone are asked for expanded: some servers otherwise look through the whole calendar to answer.
        """
        span = (start - WIDEN_S, end + WIDEN_S)
        told = await self._multistatus(
            reply := await self._report(url, xml.events_query(*span, expand=False), within_s)
        )

        def single(zone: tzinfo) -> tuple[list[Placed], list[str]]:
            found: list[Placed] = []
            series: list[str] = []
            for member in told.members:
                events = ical.events_of(_data(member), zone, member.etag)
                if any(one.event.repeats for one in events):
                    series.append(member.href)
                else:
                    found += events
            return found, series

        found, series = await self._parse(len(reply.body), single, url, within_s)
        try:
            for at in range(0, len(series), HREFS_PER_MULTIGET):
                question = xml.multiget(series[at : at + HREFS_PER_MULTIGET], span)
                found += await self._instances(url, question, within_s)
        except NotExpandedError:
            return await self._instances(url, xml.events_query(*span, expand=True), within_s)
        return found

    async def _instances(self, url: str, question: bytes, within_s: float) -> list[Placed]:
        told = await self._multistatus(reply := await self._report(url, question, within_s))

        def read(zone: tzinfo) -> list[Placed]:
            objects = (ical.events_of(_data(member), zone, member.etag) for member in told.members)
            return [instance for events in objects for instance in ical.instances(events)]

        return await self._parse(len(reply.body), read, url, within_s)

    async def _find_by_uid(self, url: str, event_id: str, within_s: float) -> Found | None:
        reply = await self._report(url, xml.uid_query(event_id), within_s)
        told = await self._multistatus(reply)

        def found(zone: tzinfo) -> list[Found]:
            read = ((m, ical.main_event(_data(m), zone, m.etag).event) for m in told.members)
            ours = ((m, event) for m, event in read if event.id == event_id)  # a filter matches parts of it, too
            return [Found(_within(url, m.href), event, _data(m)) for m, event in ours]

        matches = await self._parse(len(reply.body), found, url, within_s)
        if len(matches) > 1:
            raise UnreadableError("two events have the same UID")
        return matches[0] if matches else None

    async def _resources(self, url: str, hrefs: list[str], within_s: float) -> list[Event]:
        found: list[Event] = []
        for at in range(0, len(hrefs), HREFS_PER_MULTIGET):
            reply = await self._report(url, xml.multiget(hrefs[at : at + HREFS_PER_MULTIGET]), within_s)
            told = await self._multistatus(reply)

            def read(zone: tzinfo, told: Multistatus = told) -> list[Event]:
                # What went between the two requests is reported as gone by the next one.
                there = [member for member in told.members if member.status not in GONE]
                return [ical.main_event(_data(member), zone, member.etag).event for member in there]

            found += await self._parse(len(reply.body), read, url, within_s)
        return found

    async def _parse(self, size: int, work: Callable[[tzinfo], T], url: str, within_s: float) -> T:
        """Run `work` with the calendar's zone, in a thread when there is much to do."""
        zone = await self._zone(url, within_s)
        if size <= OFF_THE_LOOP_BYTES:
            return work(zone)
        return await asyncio.get_running_loop().run_in_executor(self._parsers, work, zone)

    async def _zone(self, url: str, within_s: float) -> tzinfo:
        """The zone the calendar names itself, else the one handed in, else UTC; asked for once an hour."""
        known = self._known.get(url)
        if known is not None and self._clock.monotonic() - known[0] < ZONE_KNOWN_FOR_S:
            return known[1]
        call = Call("PROPFIND", url, xml.zone_question(), {**XML, "Depth": "0"}, NO_PROPERTY)
        reply = await self._read(call, within_s)
        members = () if reply.status in NO_PROPERTY else (await self._multistatus(reply)).members
        named = next((found for m in members if m.zone and (found := ical.zone_of(m.zone))), None)
        zone: tzinfo = named or self._zones.get(url, UTC)
        self._known[url] = (self._clock.monotonic(), zone)
        return zone

    async def _report(self, url: str, body: bytes, within_s: float, depth: str = "1") -> Reply:
        return await self._read(Call("REPORT", url, body, {**XML, "Depth": depth}), within_s)

    async def _multistatus(self, reply: Reply) -> Multistatus:
        body = _expected(reply, 207)
        if len(body) <= OFF_THE_LOOP_BYTES:
            return xml.multistatus(body)
        return await asyncio.get_running_loop().run_in_executor(self._parsers, xml.multistatus, body)

    async def _read(self, call: Call, within_s: float) -> Reply:
        answer = await self._transport.read(call, within_s)
        if isinstance(answer, Broken):
            raise UnreadableError(answer.reason, 0)
        return answer


def address_of(url: str, event_id: str) -> str:
    """Where an event of ours is kept: one resource name for each booking."""
    return f"{url}{quote(event_id, safe='')}.ics"


def told_by(reply: Reply) -> str:
    """What an answer that is no success means to whoever runs the service."""
    match status := reply.status:
        case 401 | 403 if reply.unkeyed:
            lacking = f"no line of READBACK_CALDAV_CREDENTIALS is at or above {reply.unkeyed}"
            return f"{status}: {lacking}, so the server was asked without a user and password"
        case 401:
            return "401: the server does not take the user and password that READBACK_CALDAV_CREDENTIALS has for it"
        case 403:
            return "403: this user may not do that on this calendar"
        case 404 | 410:
            return f"{status}: there is no such calendar"
        case 507:
            return "507: the server has no room left"
        case _ if 300 <= status < 400:
            return f"{status}: the calendar has moved; its address has to be the one it moved to"
        case _:
            return f"the server answered {status}"


def _expected(reply: Reply, status: int) -> bytes:
    if reply.status == status:
        return reply.body
    raise UnreadableError(told_by(reply), reply.status)


def _data(member: Member) -> str:
    if member.status != 200 or member.data is None:
        raise UnreadableError("an event came without its data")
    return member.data


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("an event is not UTF-8") from None


def _within(url: str, href: str) -> str:
    """The full address of a resource named in an answer; never one of another server."""
    whole = urljoin(url, href)
    if urlsplit(whole)[:2] != urlsplit(url)[:2]:
        raise UnreadableError("answer names a resource of another server")
    return whole


def _id_of(href: str) -> str:
    return unquote(urlsplit(href).path.rsplit("/", 1)[-1]).removesuffix(".ics")
