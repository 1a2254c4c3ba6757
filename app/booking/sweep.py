"""Looks at coming appointments again and again, for what people change, cancel or delete after all was well.

How often depends on how near the visit is (`verdicts.next_look`): every ten minutes on its last day, hourly for three
days before, four times a day further ahead, every two minutes while something is wrong. It never writes to a calendar.
What an edited business file has left behind is looked at as soon as a process that has read it first looks.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from app import log
from app.booking.business import Business
from app.booking.read_back import ReadBacks
from app.booking.store import Booking
from app.booking.verification import hurried, lease, seen_or_over
from app.clock import Clock
from app.db.engine import Database, Transaction

EVERY_S: Final = 5.0
BATCH: Final = 20
"""Looked at in one round; with the pause between rounds also the limit on requests to calendars."""
AT_ONCE: Final = 4
LEASE_S: Final = 60.0

logger = log.get(__name__)


class Sweep:
    """Safe to run in any number of processes: each due appointment is leased to one of them at a time."""

    def __init__(
        self, database: Database, read_backs: ReadBacks, businesses: Mapping[str, Business], clock: Clock
    ) -> None:
        self._database = database
        self._read_backs = read_backs
        self._served = {(b.id, t.id, t.calendar) for b in businesses.values() for t in b.technicians}
        self._clock = clock
        self._looked = False
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def look(self) -> None:
        """Look at what is due now; one process does so every few seconds."""
        await self.sweep_once(self._clock.now())

    async def sweep_once(self, now: float) -> int:
        """Look at what is due at `now`, at most one batch; how many appointments that was."""

        def leased(transaction: Transaction) -> list[Booking]:
            if not self._looked:
                hurried(transaction, self._served, now=now)
            due = lease(transaction, now=now, until=now + LEASE_S, limit=BATCH)
            seen_or_over(transaction, now=now)
            return due

        due = await self._database.write(leased)
        self._looked = True
        ends = await asyncio.gather(*(self._look(booking) for booking in due), return_exceptions=True)
        for booking, end in zip(due, ends, strict=True):
            if isinstance(end, Exception):
                # Its lease runs out, and it is looked at again; the others are none the worse for it.
                logger.error("sweep_look_failed", reference=booking.reference, exc_info=end)
        return len(due)

    async def _look(self, booking: Booking) -> None:
        async with self._gate:
            await self._read_backs.look(booking, first=booking.verification in ("", "written"))
