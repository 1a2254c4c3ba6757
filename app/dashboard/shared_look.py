"""What is worked out once for all who look: it goes through weeks of counts, or many rows, too much for each one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from app.clock import Clock
from app.errors import ReadbackError

T = TypeVar("T")

FRESH_S: Final = 20.0
STALE_S: Final = 60.0
"""Older than this nobody is shown it; younger, they are, while it is read anew."""


class SharedLook(Generic[T]):
    """What `look` found last, and when."""

    def __init__(self, clock: Clock, look: Callable[[], Awaitable[Sequence[T]]]) -> None:
        self._clock = clock
        self._look = look
        self._kept: tuple[T, ...] = ()
        self._began = self._at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def now(self) -> tuple[T, ...]:
        """All of it. Raises `DatabaseUnavailableError` when there is nothing fresh enough to show."""
        age_s = self._clock.monotonic() - self._at
        if age_s < FRESH_S:
            return self._kept
        if self._reading is None or self._reading.done():
            self._began = self._clock.monotonic()
            self._reading = asyncio.get_running_loop().create_task(self._looked(), name="dashboard look")
            self._reading.add_done_callback(_looked_at)
        if age_s >= STALE_S:
            await asyncio.shield(self._reading)
        return self._kept

    async def soon(self, within_s: float) -> tuple[T, ...] | None:
        """All of it, or None where it is not there so long after the first who asked; the look goes on all the same."""
        under_way = self._reading is not None and not self._reading.done()
        waited_s = self._clock.monotonic() - self._began if under_way else 0.0
        try:
            async with asyncio.timeout(max(0.0, within_s - waited_s)):
                return await self.now()
        except TimeoutError:
            return None

    async def stop(self) -> None:
        """Leave a read that is under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _looked(self) -> None:
        self._kept = tuple(await self._look())
        self._at = self._clock.monotonic()


def _looked_at(reading: "asyncio.Task[None]") -> None:
    """A read that failed while something was there to show is tried again by the next who looks."""
    if not reading.cancelled() and not isinstance(reading.exception(), ReadbackError | type(None)):
        reading.result()
