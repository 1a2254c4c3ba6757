"""Time that is already ours: holds and bookings, laid over every answer of a calendar.

Kept in memory while this process is the only writer, and on PostgreSQL while it is told what others write. Else read
from the database for every question.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, false, literal_column, select

from app.booking.calendar import Interval
from app.clock import Clock
from app.db.engine import Database
from app.db.listening import EVERYTHING, Listening
from app.db.prepared import Prepared
from app.db.schema import ACTIVE, bookings


@dataclass(frozen=True, slots=True)
class Claimed:
    """Padded ranges of one calendar, with a version that changes whenever they do."""

    version: int
    ranges: tuple[Interval, ...]


_b = bookings.c
NOTHING = Claimed(0, ())
Wanted = tuple[tuple[str, ...], int]
"""Calendars, and since when."""
FORGET_AFTER_S = 86_400
CHANNEL = "readback_claims"
"""Under which the database tells of a calendar whose claims have changed: a trigger of its own does, whoever writes."""


class Claims:
    """Active claims by calendar address."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._held: dict[str, dict[str, Interval]] = {}
        self._views: dict[str, Claimed] = {}
        self._loads: dict[str, tuple[int, float, int]] = {}
        """By calendar: of which version, until when, and how many."""
        self._reads: dict[Wanted, asyncio.Task[None]] = {}
        self._next_reads: dict[Wanted, asyncio.Task[None]] = {}
        self._listening = Listening(database, clock, CHANNEL, self._heard)
        self._told = 0
        self._current: set[str] = set()
        """Calendars of which nothing was told since they were read."""
        self.version = 0

    async def start(self) -> None:
        """Read every claim that is not over, before the first question, and listen from then on."""
        since = self._over()
        for booking, calendar, start, end in await self._database.read(lambda c: _active(c, None, since)):
            self._held.setdefault(calendar, {})[booking] = (start, end)
        for calendar in self._held:
            self._renew(calendar)
        self._listening.start()

    async def stop(self) -> None:
        """Listen no more."""
        await self._listening.stop()

    def known(self, calendars: Iterable[str]) -> bool:
        """Whether memory alone is the truth about these calendars, so that nothing needs to be awaited."""
        return not self._database.shared or (self._listening.sure and self._current.issuperset(calendars))

    def view(self, calendar: str) -> Claimed:
        """What is claimed on a calendar, as far as this process knows."""
        return self._views.get(calendar, NOTHING)

    async def views(self, calendars: Sequence[str], start: int) -> Mapping[str, Claimed]:
        """What is claimed on each calendar from `start` on, with other processes' claims in it."""
        if self.known(calendars):
            return {calendar: self.view(calendar) for calendar in calendars}
        # Not only from `start` on: what is read here is also what `load_of` counts, whatever day was asked about.
        wanted = (tuple(calendars), min(start, self._over()))
        next_read = self._next_reads.get(wanted)
        if next_read is None:
            next_read = asyncio.get_running_loop().create_task(self._read(wanted, self._reads.get(wanted)))
            self._next_reads[wanted] = next_read
        await asyncio.shield(next_read)
        return {calendar: self.view(calendar) for calendar in calendars}

    async def _read(self, wanted: Wanted, under_way: asyncio.Task[None] | None) -> None:
        """One read for all who ask before it begins; who asks later gets the next, which sees what they saw."""
        if under_way is not None:
            await asyncio.wait({under_way})
        self._reads[wanted] = self._next_reads.pop(wanted)
        try:
            await self._refresh(*wanted)
        finally:
            del self._reads[wanted]

    async def _refresh(self, calendars: Sequence[str], since: int) -> None:
        told = self._told
        found: dict[str, dict[str, Interval]] = {calendar: {} for calendar in calendars}
        for booking, calendar, claimed_from, claimed_to in await self._database.read(
            lambda c: _active(c, calendars, since)
        ):
            found[calendar][booking] = (claimed_from, claimed_to)
        for calendar, held in found.items():
            if held != self._held.get(calendar, {}):
                self._held[calendar] = held
                self._renew(calendar)
        if told == self._told:  # else something was committed after this look, perhaps
            self._current.update(calendars)

    def _heard(self, calendar: str) -> None:
        self._told += 1
        if calendar == EVERYTHING:
            self._current.clear()
        self._current.discard(calendar)

    def add(self, calendar: str, booking: str, claimed: Interval) -> None:
        """A claim was committed."""
        self._held.setdefault(calendar, {})[booking] = claimed
        self._renew(calendar)

    def remove(self, calendar: str, booking: str) -> None:
        """A claim was given up."""
        if self._held.get(calendar, {}).pop(booking, None) is not None:
            self._renew(calendar)

    def load_of(self, calendar: str) -> int:
        """How many claims a calendar carries that are not over: the measure of who has been booked least."""
        view, now = self.view(calendar), self._clock.now()
        version, until, load = self._loads.get(calendar, (-1, 0.0, 0))
        if version != view.version or now >= until:
            ahead = [end for _, end in view.ranges if end > now]
            load = len(ahead)
            self._loads[calendar] = (view.version, min(ahead, default=math.inf), load)
        return load

    def _over(self) -> int:
        """Claims that ended before this are forgotten; what began today may still lie in somebody's question."""
        return int(self._clock.now()) - FORGET_AFTER_S

    def _renew(self, calendar: str) -> None:
        self.version += 1
        held = self._held[calendar]
        over = self._over()
        for booking in [booking for booking, (_, end) in held.items() if end <= over]:
            del held[booking]
        self._views[calendar] = Claimed(self.version, tuple(sorted(held.values())))


def _active(connection: Connection, calendars: Sequence[str] | None, start: int) -> list[tuple[str, str, int, int]]:
    names = {f"calendar_{number}": calendar for number, calendar in enumerate(calendars or ())}
    found = _statement(None if calendars is None else len(calendars))(connection, start=start, **names)
    return [(row.id, row.calendar, row.blocked_from, row.blocked_to) for row in found]


@lru_cache(maxsize=64)
def _statement(calendars: int | None) -> Prepared:
    """Claims on so many calendars, or on all."""
    wanted = select(_b.id, _b.calendar, _b.blocked_from, _b.blocked_to).where(
        _b.status.in_([literal_column(f"'{status}'") for status in ACTIVE]), _b.blocked_to > bindparam("start")
    )
    if calendars is not None:
        names: list[Any] = [bindparam(f"calendar_{number}") for number in range(calendars)]
        wanted = wanted.where(_b.calendar.in_(names) if names else false())
    return Prepared(wanted)
