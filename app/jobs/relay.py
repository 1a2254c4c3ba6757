"""Carries jobs from the outbox to the durable engine when they are due: those that wait cost the engine nothing.

A row leaves the outbox only when the engine has kept it. A crash between the two carries it once more, which the engine
takes for what it is: the same job. The process that leads carries what falls due; what was due when it was put, the
process that put it, at once. A second later everybody may, so that nothing depends on one process.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from app import log
from app.background import Background
from app.clock import Clock
from app.db.engine import Database
from app.db.write_queue import nobody_waits
from app.errors import ReadbackError
from app.jobs.entry import Entry
from app.jobs.outbox import TOPIC, Waiting, next_due, taken, waiting

LOOK_EVERY_S = 0.5
LOOK_ALONE_EVERY_S = 2.0
"""Where no other process writes, a commit of this one wakes the relay, and it knows when the next job is due."""
OTHERS_AFTER_S = 1.0
TOGETHER_S = 0.25
"""Between the beginnings of two loads: what falls due in the meantime shares the commits of one."""
RETRY_AFTER_S = 2.0
FINISH_WITHIN_S = 2.0
MOST_AT_ONCE = 200

HandOver = Callable[[list[Entry]], Awaitable[None]]
"""Keeps entries for good, or raises `ReadbackError`."""

logger = log.get(__name__)


class Relay:
    """One loop. It never gives up: while the engine is down the rows stay where they are."""

    def __init__(
        self, database: Database, hand_over: HandOver, clock: Clock, leads: Callable[[], bool] = lambda: True
    ) -> None:
        self._database = database
        self._hand_over = hand_over
        self._clock = clock
        self._leads = leads
        self._woken = asyncio.Event()
        self._ending = asyncio.Event()
        self._next_due: float | None = None
        self._loop = Background()
        database.listen(TOPIC, self._woken.set)

    def start(self) -> None:
        """Begin with whatever is there."""
        self._woken.set()
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Finish the load under way; what is not carried yet stays in the outbox."""
        self._ending.set()
        self._woken.set()
        await self._loop.end(FINISH_WITHIN_S)

    def alive(self) -> bool:
        """Whether the loop is still going round."""
        return self._loop.runs

    async def carry(self, before: float | None = None) -> int:
        """Carry one load; how many rows that was.

        `before`: what others put later than that and was due at once is left to them, and where this process does not
        lead, so is what fell due later than that.
        """
        now = self._clock.now()
        due = now if before is None or self._leads() else before
        rows, self._next_due = await self._database.read(
            lambda connection: (waiting(connection, MOST_AT_ONCE, due=due, before=before), next_due(connection, now))
        )
        if rows:
            await self._hand_over([_entry(row) for row in rows])
            await self._database.write(lambda transaction: taken(transaction, rows))
        return len(rows)

    async def _forever(self) -> None:
        nobody_waits()
        while not self._ending.is_set():
            everything = self._woken.is_set() or not self._database.shared
            self._woken.clear()
            began = self._clock.monotonic()
            try:
                if await self.carry(None if everything else self._clock.now() - OTHERS_AFTER_S) == MOST_AT_ONCE:
                    self._woken.set()  # there may be more
                    continue
            except Exception as error:
                unexpected = not isinstance(error, ReadbackError)
                logger.warning("jobs_not_carried", error=type(error).__name__, exc_info=unexpected)
                await _set(self._ending, RETRY_AFTER_S)
                self._woken.set()
                continue
            await _set(self._woken, self._pause_s())
            await _set(self._ending, began + TOGETHER_S - self._clock.monotonic())

    def _pause_s(self) -> float:
        """Until the next look. The clock may be set meanwhile, so it is never long."""
        pause_s = LOOK_EVERY_S if self._database.shared else LOOK_ALONE_EVERY_S
        if self._next_due is None or not self._leads():
            return pause_s
        return min(pause_s, self._next_due - self._clock.now())


async def _set(event: asyncio.Event, within_s: float) -> None:
    """Wait until somebody sets it, so long at most."""
    if within_s > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await event.wait()


def _entry(row: Waiting) -> Entry:
    return Entry(row.kind, row.key, row.due, row.data)
