"""Time that is already ours: holds and bookings, laid over every answer of a calendar.

Kept in memory while this process is the only writer; read from the database for every question once it is not. On
PostgreSQL, where others come and go, everything is read again after a while in which nobody else has written.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, false, literal_column, select

from app.booking.calendar import Interval
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
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
ALONE_AFTER_S = 5.0
"""Without a stranger's record: who works beside this process writes every few seconds."""


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
        self._strangers, self._alone_since = -1, 0.0
        self._whole_at = -1
        """How many strangers' records had been come upon when everything was read; -1: never."""
        self._whole: asyncio.Task[None] | None = None
        self.version = 0

    async def load(self) -> None:
        """Read every claim that is not over; once, before the first question."""
        since = self._over()
        for booking, calendar, start, end in await self._database.read(lambda c: _active(c, None, since)):
            self._held.setdefault(calendar, {})[booking] = (start, end)
        for calendar in self._held:
            self._renew(calendar)

    @property
    def complete(self) -> bool:
        """Whether memory alone is the truth, so that nothing needs to be awaited."""
        return not self._database.shared or self._whole_at == self._database.strangers

    def view(self, calendar: str) -> Claimed:
        """What is claimed on a calendar, as far as this process knows."""
        return self._views.get(calendar, NOTHING)

    async def views(self, calendars: Sequence[str], start: int) -> Mapping[str, Claimed]:
        """What is claimed on each calendar from `start` on, with other processes' claims in it."""
        if self.complete:
            return {calendar: self.view(calendar) for calendar in calendars}
        self._read_all_when_alone()
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

    def _read_all_when_alone(self) -> None:
        database, now = self._database, self._clock.monotonic()
        if database.is_sqlite or (self._whole is not None and not self._whole.done()):
            return
        if self._strangers != database.strangers:
            self._strangers, self._alone_since = database.strangers, now
        elif now - self._alone_since >= ALONE_AFTER_S:
            self._whole = asyncio.get_running_loop().create_task(self._read_all(database.strangers))

    async def _read_all(self, strangers: int) -> None:
        """Everything at once; for nothing where a claim of our own came or went meanwhile, which it may not know."""
        version, since = self.version, self._over()
        try:
            rows = await self._database.read(lambda c: _active(c, None, since))
        except DatabaseUnavailableError:
            return  # the question that comes next is answered as the ones before
        if self.version != version:
            return
        found: dict[str, dict[str, Interval]] = {calendar: {} for calendar in self._held}
        for booking, calendar, claimed_from, claimed_to in rows:
            found.setdefault(calendar, {})[booking] = (claimed_from, claimed_to)
        self._take(found)
        self._whole_at = strangers

    async def _refresh(self, calendars: Sequence[str], since: int) -> None:
        found: dict[str, dict[str, Interval]] = {calendar: {} for calendar in calendars}
        for booking, calendar, claimed_from, claimed_to in await self._database.read(
            lambda c: _active(c, calendars, since)
        ):
            found[calendar][booking] = (claimed_from, claimed_to)
        if not self.complete:  # else everything was read meanwhile, and has been kept up since
            self._take(found)

    def _take(self, found: Mapping[str, dict[str, Interval]]) -> None:
        for calendar, held in found.items():
            if held != self._held.get(calendar, {}):
                self._held[calendar] = held
                self._renew(calendar)

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
