"""Forgets what has done its work: answers that no retry can ask for any more, and the calls they belonged to.

Bookings, reports about calls and the audit log are records, and stay.
"""

import asyncio
import contextlib

from sqlalchemy import Connection, Table, delete, select

from app import log
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import calls, tool_calls
from app.errors import ReadbackError

EVERY_S = 3_600.0
KEEP_ANSWERS_S = 8 * 86_400
"""Longer than the longest window in which a request may be repeated."""
KEEP_CALLS_S = 40 * 86_400
BATCH = 500

logger = log.get(__name__)


class Retention:
    """A loop that deletes a little at a time, so that nobody waits behind it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, at once and then every hour."""
        self._task = asyncio.get_running_loop().create_task(self._forever())

    async def stop(self) -> None:
        """Stop between two batches."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def forget(self) -> int:
        """Delete everything that is old enough; how many rows that was."""
        now = self._clock.now()
        answers = await self._delete(tool_calls, "started_at", now - KEEP_ANSWERS_S)
        return answers + await self._delete(calls, "first_seen", now - KEEP_CALLS_S)

    async def _delete(self, table: Table, column: str, before: float) -> int:
        total = 0
        while gone := await self._database.write(lambda t: _delete_batch(t, table, column, before)):
            total += gone
        return total

    async def _forever(self) -> None:
        while True:
            try:
                if gone := await self.forget():
                    logger.info("forgotten", rows=gone)
            except ReadbackError as error:
                logger.warning("nothing_forgotten", error=str(error))
            await asyncio.sleep(EVERY_S)


def _delete_batch(transaction: Transaction, table: Table, column: str, before: float) -> int:
    connection: Connection = transaction.connection
    key = table.primary_key.columns
    old = select(*key).where(table.c[column] < before).limit(BATCH)
    rows = connection.execute(old).fetchall()
    for row in rows:
        connection.execute(delete(table).where(*(column == value for column, value in zip(key, row, strict=True))))
    return len(rows)
