"""One whole look at the lines: what it takes to read, learn, judge and write, and for how long it has the loop.

The watch rests after each piece of its work, so that callers hardly notice it. The rests are no work and left out here.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.audit.log import seal
from app.clock import SystemClock
from app.db.engine import Database, Transaction
from app.watch import pieces
from app.watch.volume import VolumeWatch
from app.watch.volume_lines import Watched
from tests.dashboard.crowd import line

T = TypeVar("T")
LONGEST_LOOK_S: Final = 1.0
LONGEST_HOLD_MS: Final = 10.0
LOOKS: Final = 5
WITHIN_S: Final = 60.0


@dataclass(slots=True)
class Look:
    """What one look took: its work on the database's threads and on the loop, and the longest turn on the loop."""

    work_s: float
    held_ms: float


@dataclass(slots=True)
class Looks:
    """The look after a start, which learns everything, and the best of those that follow."""

    anew: Look
    again: Look


def looks(url: str, lines: int) -> Looks:
    """Look at so many lines whose weeks are in this database."""
    zone = ZoneInfo("America/Chicago")
    watched = [Watched(f"b{number}", f"Business {number}", zone, (line(number),)) for number in range(lines)]
    with patch.object(pieces, "MOST_REST_S", 0.0):
        first, *others = asyncio.run(_looked(url, watched))
    return Looks(first, Look(min(one.work_s for one in others), min(one.held_ms for one in others)))


async def _looked(url: str, watched: list[Watched]) -> list[Look]:
    database, found = _Timed(url), []
    await database.start()
    try:
        watch = VolumeWatch(database, watched, SystemClock())
        for _ in range(1 + LOOKS):
            held: list[float] = []
            database.took.clear()
            await Turns(watch.look(), held)
            found.append(Look(sum(database.took) + sum(held), max(held) * 1_000))
    finally:
        await database.stop()
    return found


@dataclass(slots=True)
class Turns:
    """Awaits something and notes, for each turn that it has on the loop, the seconds of its own thread's work."""

    of: Coroutine[Any, Any, Any]
    held: list[float] = field(default_factory=list)

    def __await__(self) -> Generator[Any, Any, None]:
        """Each turn is one step of the coroutine."""
        while True:
            began = time.thread_time()
            try:
                waits_for = self.of.send(None)
            except StopIteration:
                return
            finally:
                self.held.append(time.thread_time() - began)
            yield waits_for


class _Timed(Database):
    """Notes the seconds of work that its threads do for whoever asks."""

    def __init__(self, url: str) -> None:
        super().__init__(url, seal)
        self.took: list[float] = []

    async def read(self, work: Callable[[Connection], T], within_s: float = WITHIN_S) -> T:
        return await super().read(self._noted(work), within_s)

    async def write(self, work: Callable[[Transaction], T], within_s: float = WITHIN_S, *, lasting: bool = True) -> T:
        return await super().write(self._noted(work), within_s, lasting=lasting)

    def _noted(self, work: Callable[[Any], T]) -> Callable[[Any], T]:
        def noted(given: Any) -> T:
            began = time.perf_counter()
            try:
                return work(given)
            finally:
                self.took.append(time.perf_counter() - began)

        return noted
