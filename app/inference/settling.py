"""Settling what was set aside, until it is kept: a database that is away for a moment costs nobody money.

Refuses to remember without end: what is past that, or left when the process stops, counts as spent, as a dead one's.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from app import log, metrics
from app.db.engine import Database, DatabaseRefusedError, DatabaseUnavailableError
from app.db.write_queue import nobody_waits
from app.errors import OverloadedError
from app.inference import asides
from app.inference.asides import OPEN, Aside

AGAIN_S: Final = 1.0
"""After which what was not kept is tried again."""
MOST_UNSETTLED: Final = 1_000
TOGETHER: Final = 64
"""Tried again at once; they share a commit."""

_log = log.get(__name__)


class Settling:
    """The settling of one process. `settled` is told of each business that has money back."""

    def __init__(self, database: Database, settled: Callable[[str], None], again_s: float = AGAIN_S) -> None:
        self._database = database
        self._settled = settled
        self._again_s = again_s
        self._left: dict[Aside, int] = {}
        """What each of them cost that is not kept yet, the oldest first."""
        self._trying: asyncio.Task[None] | None = None
        self._stopped = False

    async def settle(self, aside: Aside, cost: int) -> None:
        """Exchange what was set aside for what it cost, now or later. Raises nothing but a cancellation, after which
        it is settled all the same.
        """
        try:
            kept = await self._kept(aside, cost)
        except asyncio.CancelledError:  # what is cancelled before its turn is not written
            self._later(aside, cost)
            raise
        if not kept:
            self._later(aside, cost)

    async def stop(self) -> None:
        """Try what is left once more, the last time."""
        self._stopped = True
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)
        await self._try(len(self._left))
        for aside in self._left:
            _never(aside, "the process stops")

    def _later(self, aside: Aside, cost: int) -> None:
        if self._stopped:
            _never(aside, "the process stops")
            return
        if len(self._left) >= MOST_UNSETTLED:
            oldest = next(iter(self._left))
            del self._left[oldest]
            _never(oldest, "too many are not settled")
        self._left[aside] = cost
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._until_kept())

    async def _until_kept(self) -> None:
        nobody_waits()
        while self._left:
            await asyncio.sleep(self._again_s)
            while self._left and await self._try(TOGETHER):
                pass

    async def _try(self, most: int) -> bool:
        """Try so many of what is left; whether all of them are done with."""
        some = list(self._left.items())[:most]
        done = await asyncio.gather(*(self._kept(aside, cost, again=True) for aside, cost in some))
        for (aside, _), kept in zip(some, done, strict=True):
            if kept:
                self._left.pop(aside, None)  # it may have made room meanwhile
        return all(done)

    async def _kept(self, aside: Aside, cost: int, *, again: bool = False) -> bool:
        """Whether nothing is left to do: it is kept, or never will be."""
        try:
            state = await self._database.write(lambda t: asides.settle(t, aside, cost))
        except DatabaseRefusedError as error:
            _never(aside, str(error))
        except (DatabaseUnavailableError, OverloadedError) as error:
            if not again:
                _log.warning("spend not settled yet", business=aside.business, micros=aside.micros, reason=str(error))
            return False
        else:
            if state == OPEN or (again and state is None):  # then it was kept, though nobody said so in time
                metrics.count_spend(aside.business, cost)
        self._settled(aside.business)
        return True


def _never(aside: Aside, why: str) -> None:
    _log.error("spend not settled", business=aside.business, micros=aside.micros, reason=why)
