"""Forgets what has done its work: answers that no retry can ask for any more, the calls they belonged to,
and what models were sent.

Bookings, reports about calls and the audit log are records, and stay.
"""

from sqlalchemy import Connection, Table, delete, select

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import calls, inferences, synthetic_calls, tool_calls, volume

EVERY_S = 3_600.0
KEEP_ANSWERS_S = 8 * 86_400
"""Longer than the longest window in which a request may be repeated."""
KEEP_CALLS_S = 40 * 86_400
KEEP_INFERENCES_S = 40 * 86_400
"""What customers wrote, as models saw it; the audit log keeps its hashes."""
KEEP_VOLUME_S = 100 * 86_400
"""Hourly counts; what is usual is learned from the last five weeks."""
BATCH = 500


class Retention:
    """Deletes a little at a time, so that nobody waits behind it; run as a timer, every `EVERY_S`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def forget(self) -> int:
        """Delete everything that is old enough; how many rows that was."""
        now = self._clock.now()
        answers = await self._delete(tool_calls, "started_at", now - KEEP_ANSWERS_S)
        answers += await self._delete(inferences, "at", now - KEEP_INFERENCES_S)
        calls_to_ourselves = await self._delete(synthetic_calls, "at", now - KEEP_CALLS_S)
        counts = await self._delete(volume, "hour", now - KEEP_VOLUME_S)
        return answers + calls_to_ourselves + counts + await self._delete(calls, "first_seen", now - KEEP_CALLS_S)

    async def _delete(self, table: Table, column: str, before: float) -> int:
        total = 0
        while gone := await self._database.write(lambda t: _delete_batch(t, table, column, before)):
            total += gone
        return total


def _delete_batch(transaction: Transaction, table: Table, column: str, before: float) -> int:
    connection: Connection = transaction.connection
    key = table.primary_key.columns
    old = select(*key).where(table.c[column] < before).limit(BATCH)
    rows = connection.execute(old).fetchall()
    for row in rows:
        connection.execute(delete(table).where(*(column == value for column, value in zip(key, row, strict=True))))
    return len(rows)
