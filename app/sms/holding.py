"""One conversation is in one pair of hands at a time, under a hold that runs out by itself when its worker dies: a turn
of it, or what people decided about it.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.errors import ReadbackError
from app.sms import conversations
from app.sms.conversations import Held

HOLD_S: Final = 12.0
"""How long a conversation stays with a worker that is not heard of any more."""
HELD_AGAIN_S: Final = 0.5
"""Until who found it in other hands looks again."""


class Holding:
    """The holds of one process."""

    def __init__(self, database: Database, clock: Clock, hold_s: float = HOLD_S) -> None:
        self._database = database
        self._clock = clock
        self._hold_s = hold_s

    def taken(self, transaction: Transaction, conversation: str) -> Held | None:
        """Take a conversation in hand; None while somebody else has it."""
        now = self._clock.now()
        return conversations.hold(transaction, conversation, secrets.token_hex(8), now=now, until=now + self._hold_s)

    @asynccontextmanager
    async def kept(self, held: Held) -> AsyncIterator[None]:
        """Keep the hold alive while inside."""
        keeping = asyncio.get_running_loop().create_task(self._keep(held))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def let_go(self, held: Held) -> None:
        """As it was found. After a failure whoever tries next need not wait for the hold to run out."""
        with contextlib.suppress(ReadbackError):
            await asyncio.shield(
                self._database.write(lambda t: conversations.release(t, held, None, now=self._clock.now()))
            )

    async def _keep(self, held: Held) -> None:
        while True:
            await asyncio.sleep(self._hold_s / 3)
            with contextlib.suppress(ReadbackError):
                await self._database.write(lambda t: conversations.hold_on(t, held, self._clock.now() + self._hold_s))
