"""Who carries out a change: claimed once in the database, waited for where another process has it, handed back where
nobody will. Knows nothing of tools, and decides nothing about what is said.
"""

import asyncio
import secrets
from contextlib import suppress

from app.calls import ledger
from app.calls.model import ToolResult
from app.clock import Clock
from app.db.batching import Together
from app.db.engine import Database
from app.errors import ReadbackError

TAKE_OVER_AFTER_S = 15.0
"""A request whose process has not finished it by then is dead: longer than any deadline in here."""
POLL_S = 0.1
OPEN_WITHIN_S = 1.0
"""For noting what is done all the same where it cannot be noted."""
CLAIMED_WITHIN_S = 2.5
"""For claiming what is not done unless that is kept: past it nothing was done, and the caller has waited enough."""


class Claims:
    """The claims of one process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.owner = secrets.token_hex(8)

    async def claim(
        self, request: ledger.Request, stands: ledger.Stands, deadline: float, *, fails_open: bool
    ) -> ledger.Begin:
        """Ours to carry out, or answered; `Under` when another process still has it long after `deadline`.

        Raises `ReadbackError` where it is not known in time whether it could be claimed: then `hand_back` is owed.
        """
        within_s = OPEN_WITHIN_S if fails_open else CLAIMED_WITHIN_S
        begun = await self._database.write(Together(ledger.begin_each, (request, stands)), within_s)
        while isinstance(begun, ledger.Under):
            with suppress(ReadbackError):  # a database that is away says nothing of what the other process did
                begun = await self._end_of(begun)
            if not isinstance(begun, ledger.Under) or self._clock.monotonic() > deadline + TAKE_OVER_AFTER_S:
                break
            await asyncio.sleep(POLL_S)
        return begun

    async def hand_back(self, key: str, result: ToolResult) -> ToolResult:
        """What could not be claimed in time may be claimed all the same, once the database moves: whoever asks for it
        again then is not to wait for somebody to carry it out.
        """
        with suppress(ReadbackError):
            await self._database.write(lambda t: ledger.hand_back(t, key, self.owner, result), TAKE_OVER_AFTER_S)
        return result

    async def _end_of(self, under: ledger.Under) -> ledger.Begin:
        """The other process's answer, or what it left where it is dead; as it was while it is at work."""
        result = await self._database.read(lambda c: ledger.answered(c, under.key))
        if result is not None:
            return ledger.Answered(result)
        now = self._clock.now()
        if now - under.started_at <= TAKE_OVER_AFTER_S:
            return under
        taken = await self._database.write(lambda t: ledger.take_over(t, under, self.owner, now))
        return ledger.Begun(under.key) if taken else ledger.Under(under.key, under.owner, now)
