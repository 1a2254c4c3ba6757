"""What is worked out once for all who look: it goes through weeks of counts, or many rows, too much for each one."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from app.clock import Clock
from app.errors import ReadbackError

T = TypeVar("T")
A = TypeVar("A")

FRESH_S: Final = 20.0
STALE_S: Final = 60.0
"""Older than this nobody is shown it; younger, they are, while it is read anew."""
LOOK_WITHIN_S: Final = 20.0


class Reading(Protocol):
    """A database, as far as it is looked at."""

    async def read(self, work: Callable[[Connection], A], within_s: float) -> A:
        """What `work` finds. Raises `DatabaseUnavailableError`."""


class SharedLook(Generic[T]):
    """What `read` found last, and when."""

    def __init__(self, database: Reading, clock: Clock, read: Callable[[Connection], Sequence[T]]) -> None:
        self._database = database
        self._clock = clock
        self._read = read
        self._kept: tuple[T, ...] = ()
        self._at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def now(self) -> tuple[T, ...]:
        """All of it. Raises `DatabaseUnavailableError` when there is nothing fresh enough to show."""
        age_s = self._clock.monotonic() - self._at
        if age_s < FRESH_S:
            return self._kept
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._look(), name="dashboard look")
            self._reading.add_done_callback(_looked_at)
        if age_s >= STALE_S:
            await asyncio.shield(self._reading)
        return self._kept

    async def stop(self) -> None:
        """Leave a read that is under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _look(self) -> None:
        began = self._clock.monotonic()
        self._kept, self._at = tuple(await self._database.read(self._read, LOOK_WITHIN_S)), began


def _looked_at(reading: "asyncio.Task[None]") -> None:
    """A read that failed while something was there to show is tried again by the next who looks."""
    if not reading.cancelled() and not isinstance(reading.exception(), ReadbackError | type(None)):
        reading.result()
