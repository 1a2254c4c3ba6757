"""Looks whether anything was heard of a transfer, and has the caller called back when nothing was."""

from collections.abc import Mapping
from typing import Any

from app.clock import Clock
from app.db.engine import Database
from app.jobs.outbox import Again
from app.promises.transfers import looked_at


class TransferFate:
    """The handler of `transfer_fate` jobs. Safe to call at any time and any number of times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, data: Mapping[str, Any]) -> Again | None:
        """Look at the transfer now; None once its end is known, or given up on."""
        call, attempt, now = str(data["call"]), int(data["attempt"]), self._clock.now()
        left = await self._database.write(lambda t: looked_at(t, call, attempt, now=now))
        return Again(left) if left else None
