"""freeBusy queries that share the road: in a crowd, lookups that come in the same turn of the loop go out as one query,
where that asks for no more than they do; one whose query failed or is late rides along with the next that goes out
anyway. No lookup waits for company on its first query.

One freeBusy query takes fifty calendars and two months for the price of one, so a widened query costs nothing.
"""

import asyncio
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.adapters import google_answers as answers
from app.adapters.google_answers import MalformedError
from app.adapters.google_connection import GoogleConnection
from app.adapters.google_hedge import Attempt
from app.adapters.google_transport import Broken, BuiltRequest, Failure, Reply, read_answer
from app.booking.calendar import Busy, Unknown
from app.watch.declared_shapes import FREEBUSY
from app.watch.shapes import observe

CALENDARS_PER_QUERY = 50
LONGEST_QUERY_S = 62 * 86_400
"""Google documents no limit; ranges of about three months are refused as too long."""

WAIT_FOR_A_RIDE_S = 0.05
BUSY_ROAD_GAP_S = 0.25
"""With fewer lookups than this apart, nobody will come by in time to ride with."""
CROWD = 24
"""Each so many lookups under way let one more of them share a query, because one core is then short. Sharing costs
time: who is answered together asks together again, and all go on in step and queue for their sentences.
"""
MOST_TOGETHER = 4
"""Lookups of one query, however large the crowd."""
REFUSED_AS_ASKED = (400, 404)
"""One calendar that Google takes offence at must not cost its neighbours their answer: each then asks alone."""

Answer = dict[str, Any] | Failure | Broken


@dataclass(frozen=True, slots=True)
class Ask:
    """What one query asks for: calendars, and a range in epoch seconds."""

    calendars: tuple[str, ...]
    start: int
    end: int

    def joined(self, other: "Ask") -> "Ask | None":
        """One ask that covers both; None when that is more than one query may ask."""
        both = Ask(
            tuple(dict.fromkeys(self.calendars + other.calendars)),
            min(self.start, other.start),
            max(self.end, other.end),
        )
        fits = len(both.calendars) <= CALENDARS_PER_QUERY and both.end - both.start <= LONGEST_QUERY_S
        return both if fits else None

    @property
    def size(self) -> int:
        """How much busy time it may bring: calendars times seconds."""
        return len(self.calendars) * (self.end - self.start)


@dataclass(eq=False, slots=True)
class _Party:
    """Lookups that came in the same turn of the loop. `ask` covers them all and asks for no more than they do."""

    ask: Ask
    waiting: list["asyncio.Future[Answer]"] = field(default_factory=list)
    query: asyncio.Task[None] | None = None

    def takes(self, ask: Ask, most: int) -> bool:
        """Take one more in, if that costs nothing and leaves no more than `most` together."""
        both = None if len(self.waiting) >= most else self.ask.joined(ask)
        if both is None or both.size > self.ask.size + ask.size:
            return False
        self.ask = both
        return True

    def left_by(self, mine: "asyncio.Future[Answer]") -> None:
        """Somebody has the answer, or gave up; what nobody waits for any more is not asked to its end."""
        if mine in self.waiting:
            self.waiting.remove(mine)
            if not self.waiting and self.query is not None:
                self.query.cancel()

    def told(self, answer: "Answer | Exception") -> None:
        """Everybody gets the one answer."""
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            if one.done():  # gave up in this very turn of the loop
                continue
            if isinstance(answer, Exception):
                one.set_exception(answer)
            else:
                one.set_result(answer)


@dataclass(eq=False, slots=True)
class _Rider:
    ask: Ask
    boarded: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    reply: asyncio.Future[Reply | Broken] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class FreeBusyQueries:
    """Asks Google for busy time. Each ask fits into one query."""

    def __init__(self, connection: GoogleConnection) -> None:
        self._connection = connection
        self._pattern: BuiltRequest | None = None
        self._waiting: list[_Rider] = []
        self._gathering: list[_Party] = []
        self._under_way = 0
        self._gap_s = 1.0
        self._last_ask = 0.0

    async def ask(self, ask: Ask) -> dict[str, Busy | Unknown]:
        """Busy time per calendar asked for; `Unknown` for each that the answer does not clearly tell."""
        self._note_traffic()
        self._under_way += 1
        try:
            most = min(MOST_TOGETHER, 1 + self._under_way // CROWD)
            answer = await (self._together(ask, most) if most > 1 else self._query(ask))
        finally:
            self._under_way -= 1
        if isinstance(answer, Failure | Broken):
            return dict.fromkeys(ask.calendars, Unknown(answer.reason))
        listed = answer.get("calendars")
        told: dict[str, Busy | Unknown] = dict.fromkeys(ask.calendars, Unknown("answer has no calendars"))
        if isinstance(listed, dict):
            told = {calendar: _busy_or_unknown(listed, calendar, ask) for calendar in ask.calendars}
        if any(isinstance(busy, Unknown) for busy in told.values()):
            observe(FREEBUSY, answer, unread=True)
        return told

    async def _together(self, ask: Ask, most: int) -> Answer:
        """The answer to a query that covers this ask, and perhaps others of the same turn of the loop."""
        loop = asyncio.get_running_loop()
        party = next((one for one in reversed(self._gathering) if one.takes(ask, most)), None)
        if party is None:
            if not self._gathering:
                loop.call_soon(self._depart)
            party = _Party(ask)
            self._gathering.append(party)
        mine: asyncio.Future[Answer] = loop.create_future()
        party.waiting.append(mine)
        try:
            answer = await mine
        finally:
            party.left_by(mine)
        if isinstance(answer, Failure) and answer.status in REFUSED_AS_ASKED and party.ask != ask:
            return await self._query(ask)
        return answer

    def _depart(self) -> None:
        parties, self._gathering = self._gathering, []
        for party in parties:
            if party.waiting:
                party.query = asyncio.get_running_loop().create_task(self._answered(party))

    async def _answered(self, party: _Party) -> None:
        try:
            party.told(await self._query(party.ask))
        except Exception as error:  # noqa: BLE001 - it is for those who asked, each of whom gets it
            party.told(error)

    async def _query(self, ask: Ask) -> Answer:
        request = self._built(ask)
        reply = await self._connection.steady(
            lambda token: self._send(ask, request, token), None, (lambda: self._ride(ask)) if self._road_busy else None
        )
        return read_answer(request, reply, FREEBUSY) if isinstance(reply, Reply) else reply

    @property
    def _road_busy(self) -> bool:
        return self._gap_s < BUSY_ROAD_GAP_S

    def _note_traffic(self) -> None:
        now = asyncio.get_running_loop().time()
        self._gap_s += 0.1 * (min(1.0, now - self._last_ask) - self._gap_s)
        self._last_ask = now

    def _built(self, ask: Ask) -> BuiltRequest:
        """The library's own request, with this ask in its body; all else is the same in each, and built once."""
        if self._pattern is None:
            self._pattern = self._connection.freebusy.query(body={})
        built = copy.copy(self._pattern)
        built.body = orjson.dumps(
            {
                "timeMin": answers.rfc3339(ask.start),
                "timeMax": answers.rfc3339(ask.end),
                "items": [{"id": calendar} for calendar in ask.calendars],
                "calendarExpansionMax": CALENDARS_PER_QUERY,
            }
        ).decode()
        return built

    async def _send(self, ask: Ask, request: BuiltRequest, token: str | None) -> Reply | Broken:
        """Send one query, widened for those who wait for a ride, and hand them its reply."""
        riders, whole = self._pick_up(ask)
        reply: Reply | Broken = Broken("the query ridden along with was given up", sent=True)
        try:
            reply = await self._connection.exchange(self._built(whole) if riders else request, token, None)
            return reply
        finally:
            for rider in riders:
                if not rider.reply.done():
                    rider.reply.set_result(reply)

    def _pick_up(self, ask: Ask) -> tuple[list[_Rider], Ask]:
        picked: list[_Rider] = []
        for rider in self._waiting:
            if both := ask.joined(rider.ask):
                ask = both
                picked.append(rider)
        for rider in picked:
            self._waiting.remove(rider)
            rider.boarded.set_result(None)
        return picked, ask

    async def _ride(self, ask: Ask) -> Attempt | None:
        """Wait a moment for a query to ride along with; None when none came by."""
        rider = _Rider(ask)
        self._waiting.append(rider)
        try:
            await asyncio.wait((rider.boarded,), timeout=WAIT_FOR_A_RIDE_S)
        finally:
            if rider in self._waiting:
                self._waiting.remove(rider)
        if not rider.boarded.done():
            return None

        async def arrive() -> Reply | Broken:
            return await rider.reply

        return arrive


def _busy_or_unknown(listed: Mapping[str, Any], calendar: str, ask: Ask) -> Busy | Unknown:
    try:
        return answers.busy_of(listed, calendar, ask.start, ask.end)
    except MalformedError as error:
        return Unknown(str(error))
