"""Runs what is due in the outbox when a test asks, one job after the other: the durable engine without its works."""

import json
from collections.abc import Mapping

from sqlalchemy import delete, select, update

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import job_outbox
from app.jobs.outbox import Handler


class DueJobs:
    """A job stays in the outbox until its handler says that it is over. `ran` holds every call as `(kind, key)`."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self._database = database
        self._handlers = handlers
        self._clock = clock
        self.ran: list[tuple[str, str]] = []

    async def run_due(self) -> int:
        """Run everything that is due now, each job once; how many that was."""
        now = self._clock.now()
        due = select(job_outbox).where(job_outbox.c.due <= now).order_by(job_outbox.c.due, job_outbox.c.key)
        rows = await self._database.read(lambda c: c.execute(due).fetchall())
        for row in rows:
            self.ran.append((row.kind, row.key))
            again = await self._handlers[row.kind](json.loads(row.data))
            after_s = None if again is None else again.after_s
            await self._database.write(lambda t, row=row, after_s=after_s: _noted(t, row.kind, row.key, after_s, now))
        return len(rows)

    async def waiting(self) -> dict[tuple[str, str], float]:
        """When each job that is not over is due."""
        rows = await self._database.read(lambda c: c.execute(select(job_outbox)).fetchall())
        return {(row.kind, row.key): row.due for row in rows}


def _noted(transaction: Transaction, kind: str, key: str, after_s: float | None, now: float) -> None:
    this = (job_outbox.c.kind == kind, job_outbox.c.key == key)
    if after_s is None:
        transaction.connection.execute(delete(job_outbox).where(*this))
    else:
        transaction.connection.execute(update(job_outbox).where(*this).values(due=now + after_s))
