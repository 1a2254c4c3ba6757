"""Requests refused at the door, in the audit log: one row for each route and reason and moment, however many they were.

Whoever floods the door with refused requests must not fill the database with them.
"""

import asyncio
from collections import Counter
from typing import Final

from app import log
from app.audit.log import record
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.errors import ReadbackError

GATHER_S: Final = 2.0
AGAIN_AFTER_S: Final = 10.0
"""When the database is away; what was refused meanwhile is counted on."""

logger = log.get(__name__)


class RefusedRequests:
    """Counts refusals and writes the counts down. `route` is a route's pattern, `reason` a word of a closed set."""

    def __init__(self, database: Database, clock: Clock, gather_s: float = GATHER_S) -> None:
        self._database = database
        self._clock = clock
        self._gather_s = gather_s
        self._counts: Counter[tuple[str, str]] = Counter()
        self._writer: asyncio.Task[None] | None = None

    def note(self, route: str, reason: str) -> None:
        """Count one refusal; costs a microsecond and never waits."""
        self._counts[route, reason] += 1
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_later())

    async def stop(self) -> None:
        """Write down what was counted."""
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None
        await self._write()

    async def _write_later(self) -> None:
        try:
            wait_s = self._gather_s
            while self._counts:
                await asyncio.sleep(wait_s)
                wait_s = self._gather_s if await self._write() else AGAIN_AFTER_S
        finally:
            self._writer = None

    async def _write(self) -> bool:
        """Write the counts down; False when the database did not take them."""
        counts, self._counts = self._counts, Counter()
        now = self._clock.now()

        def note_down(transaction: Transaction) -> None:
            for (route, reason), times in counts.items():
                record(transaction, "requests_refused", subject=route, at=now, reason=reason, times=times)

        try:
            if counts:
                await self._database.write(note_down)
        except ReadbackError as error:
            self._counts.update(counts)
            logger.warning("refusals_not_noted", error=str(error))
            return False
        return True
