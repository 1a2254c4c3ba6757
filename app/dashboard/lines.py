"""Every line's volume, worked out once for all who look: it is read from weeks of counts, too much for each of them."""

import asyncio
from typing import Final

from app.dashboard.house import House
from app.errors import ReadbackError
from app.watch.volume_overview import LineVolume, overview

FRESH_S: Final = 20.0
STALE_S: Final = 60.0
"""Older than this nobody is shown it; younger, they are, while it is read anew."""
LINES_READ_WITHIN_S: Final = 20.0


class Lines:
    """What was worked out last, and when."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: tuple[LineVolume, ...] = ()
        self._at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def now(self) -> tuple[LineVolume, ...]:
        """Every line. Raises `DatabaseUnavailableError` when there is nothing fresh enough to show."""
        age_s = self._house.clock.monotonic() - self._at
        if age_s < FRESH_S:
            return self._kept
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read(), name="dashboard lines")
            self._reading.add_done_callback(_looked_at)
        if age_s >= STALE_S:
            await asyncio.shield(self._reading)
        return self._kept

    async def stop(self) -> None:
        """Leave a read that is under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(self) -> None:
        house, began = self._house, self._house.clock.monotonic()
        found = await house.database.read(
            lambda connection: overview(connection, house.watched, house.clock.now()), LINES_READ_WITHIN_S
        )
        self._kept, self._at = tuple(found), began


def _looked_at(reading: "asyncio.Task[None]") -> None:
    """A read that failed while something was there to show is tried again by the next who looks."""
    if not reading.cancelled() and not isinstance(reading.exception(), ReadbackError | type(None)):
        reading.result()
