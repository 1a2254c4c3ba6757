"""What each process has counted lately, in the database: written off the way of every call, added up by who judges.

A process writes one small row every half minute, also when nothing happened: that somebody was counting is what makes
a zero a zero. A row whose commit is not known is written again under its own number, so nothing is counted twice.
"""

import asyncio
import uuid
from typing import Final

import orjson
from sqlalchemy import Connection, select

from app import log, metrics
from app.background import Background
from app.clock import Clock
from app.db.bulk import BulkInsert
from app.db.engine import Database, Transaction
from app.db.schema import figure_samples
from app.errors import ReadbackError
from app.watch.figure_sums import EVERY_S, Sample
from app.watch.own_use import LIMITS, LOOK_S, OwnUse

AHEAD_S: Final = 120.0
"""What was noted so far in the future says that a clock jumped."""
WRITE_WITHIN_S: Final = 5.0

Row = tuple[str, int, float, float, str]

_insert = BulkInsert(figure_samples, keep_first=True)
_f = figure_samples.c
_log = log.get(__name__)


class Counting:
    """This process's rows. `keep` is called every `EVERY_S` from `start` to `stop`, and once more at the end.

    `own` is what it uses of limits.
    """

    def __init__(
        self, database: Database, clock: Clock, every_s: float = EVERY_S, *, own: OwnUse | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._every_s = every_s
        self._own = own or OwnUse()
        self._process = uuid.uuid4().hex
        self._number = 0
        self._before = metrics.counted()
        self._counted_at = clock.monotonic()
        self._unwritten: Row | None = None
        self._loop = Background()

    def start(self) -> None:
        """Begin; what was counted before is nobody's."""
        self._before, self._counted_at = metrics.counted(), self._clock.monotonic()
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Write down the rest."""
        if await self._loop.end():
            await self.keep()

    async def keep(self) -> bool:
        """Write what was counted since the last row; False where the database did not take it, and it comes later."""
        if self._unwritten is None:
            metrics.hand_in()
            now, steady = self._clock.now(), self._clock.monotonic()
            counts = await asyncio.to_thread(metrics.counted)
            self._unwritten = self._row(counts, now, steady - self._counted_at)
            self._before, self._counted_at = counts, steady
        row = self._unwritten
        try:
            await self._database.write(lambda transaction: kept(transaction, row), WRITE_WITHIN_S)
        except ReadbackError as error:
            _log.warning("figures_not_kept", reason=str(error))
            return False
        self._unwritten = None
        return True

    async def _forever(self) -> None:
        while True:
            for _ in range(looks := max(1, round(self._every_s / LOOK_S))):
                await asyncio.sleep(self._every_s / looks)
                self._own.look()
            late = self._unwritten is not None
            if await self.keep() and late:
                await self.keep()

    def _row(self, counts: metrics.Counts, now: float, seconds: float) -> Row:
        self._number += 1
        before = self._before
        times = [
            (name, of, [new - old for new, old in zip(buckets, was, strict=True)])
            for name, family in counts.times.items()
            for of, buckets in family.items()
            if buckets != (was := before.times[name].get(of, (0,) * len(buckets)))
        ]
        numbers = [
            (name, labels, more)
            for name, family in counts.numbers.items()
            for labels, number in family.items()
            if (more := number - before.numbers[name].get(labels, 0))
        ]
        counted = orjson.dumps({"times": times, "numbers": numbers, LIMITS: self._own.taken()}).decode()
        return (self._process, self._number, now, seconds, counted)


def kept(transaction: Transaction, row: Row) -> None:
    """Keep a row, unless it is there already."""
    _insert(transaction.connection, [row])


def samples(connection: Connection, since: float, now: float, *, ahead_s: float = AHEAD_S) -> list[Sample]:
    """Rows of all processes that ended since then, without what a clock ahead of ours has noted."""
    asked = select(_f.at, _f.seconds, _f.counted).where(_f.at > since, _f.at <= now + ahead_s)
    return [Sample(row.at, row.seconds, row.counted) for row in connection.execute(asked)]
