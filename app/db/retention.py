"""Forgets what has done its work: answers that no retry can ask for any more, the calls they belonged to,
what models were sent, and texts.

Bookings, consent, reports about calls and the audit log are records, and stay.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, Table, delete, select

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import (
    calls,
    canary_calls,
    ended_sessions,
    figure_samples,
    inferences,
    model_asides,
    model_claims,
    synthetic_calls,
    text_outbox,
    texts_in,
    tool_calls,
    volume,
)

EVERY_S = 3_600.0
KEEP_ANSWERS_S = 8 * 86_400
"""Longer than the longest window in which a request may be repeated."""
KEEP_CALLS_S = 40 * 86_400
KEEP_INFERENCES_S = 40 * 86_400
"""What customers wrote, as models saw it; the audit log keeps its hashes."""
KEEP_VOLUME_S = 100 * 86_400
"""Hourly counts; what is usual is learned from the last five weeks."""
KEEP_TEXTS_S = 400 * 86_400
"""What was texted, for disputes; longer than any visit is booked ahead, as no reminder may be sent anew."""
KEEP_LOST_S = 86_400
"""Money that nobody settled, and that counts as spent: who is later than that settles nothing any more."""
KEEP_FIGURES_S = 86_400
"""What processes counted; a figure looks back half an hour, a person perhaps at last night."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of a table that go when `column` is `keep_s` old; only those in these `states`, where some are named."""

    table: Table
    column: str
    keep_s: float
    states: tuple[str, ...] = ()


KEPT: Final = (
    Kept(tool_calls, "started_at", KEEP_ANSWERS_S),
    Kept(inferences, "at", KEEP_INFERENCES_S),
    Kept(model_asides, "at", KEEP_LOST_S, ("lost",)),
    Kept(model_claims, "until", 0.0),
    Kept(synthetic_calls, "at", KEEP_CALLS_S),
    Kept(ended_sessions, "until", 0.0),
    Kept(figure_samples, "at", KEEP_FIGURES_S),
    Kept(volume, "hour", KEEP_VOLUME_S),
    Kept(calls, "first_seen", KEEP_CALLS_S),
    Kept(canary_calls, "at", KEEP_CALLS_S),
    Kept(texts_in, "received_at", KEEP_TEXTS_S, ("done",)),
    Kept(
        text_outbox,
        "created_at",
        KEEP_TEXTS_S,
        ("accepted", "sent", "delivered", "undelivered", "failed", "rejected", "withheld", "expired"),
    ),
)


class Retention:
    """Deletes a little at a time, so that nobody waits behind it; run as a timer, every `EVERY_S`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def forget(self) -> int:
        """Delete everything that is old enough; how many rows that was."""
        now, total = self._clock.now(), 0
        for kept in KEPT:
            while gone := await self._database.write(partial(_delete_batch, kept=kept, now=now)):
                total += gone
        return total


def _delete_batch(transaction: Transaction, kept: Kept, now: float) -> int:
    connection: Connection = transaction.connection
    table = kept.table
    key = table.primary_key.columns
    old = select(*key).where(table.c[kept.column] < now - kept.keep_s).limit(BATCH)
    if kept.states:
        old = old.where(table.c.state.in_(kept.states))
    rows = connection.execute(old).fetchall()
    for row in rows:
        connection.execute(delete(table).where(*(column == value for column, value in zip(key, row, strict=True))))
    return len(rows)
