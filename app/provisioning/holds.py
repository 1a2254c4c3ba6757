"""A record belongs to one apply at a time, from its first look to its last.

A hold has an owner, is renewed for as long as the work takes, and ends by itself soon after its process has died.
"""

import asyncio
import secrets as random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from app.clock import Clock
from app.db.engine import Transaction
from app.errors import ReadbackError
from app.provisioning import book
from app.provisioning.book import Books, Place
from app.provisioning.platform import UnreachableError

HELD_S: Final = 30.0
"""How long a hold outlives the last that was heard of its owner."""
RENEWED_EVERY: Final = 1 / 3
"""Of that time."""


class HeldError(UnreachableError):
    """Somebody else has the record, so nothing is written."""


class Holds:
    """What one owner holds."""

    def __init__(self, books: Books, clock: Clock, held_s: float = HELD_S) -> None:
        self._books = books
        self._clock = clock
        self._held_s = held_s
        self._owner = random.token_hex(8)

    @asynccontextmanager
    async def alone(self, place: Place) -> AsyncIterator[None]:
        """Have the record alone. Raises `HeldError`, also where this owner has it already."""
        now = self._clock.now()
        until = now + self._held_s
        if not await self._books.write(lambda t: book.held(t, place, self._owner, now=now, until=until)):
            raise HeldError("somebody else is applying it just now")
        renewing = asyncio.create_task(self._renew(place), name=f"hold {place}")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._books.write(lambda t: book.released(t, place, self._owner))

    def still(self, transaction: Transaction, place: Place) -> None:
        """Hold it on, in the commit that says what is about to be written. Raises `HeldError`: it ran out meanwhile."""
        if not book.held_on(transaction, place, self._owner, until=self._clock.now() + self._held_s):
            raise HeldError("somebody else applies it by now")

    async def _renew(self, place: Place) -> None:
        while True:
            await asyncio.sleep(self._held_s * RENEWED_EVERY)
            with suppress(ReadbackError):  # asked again before anything is written
                await self._books.write(lambda t: self.still(t, place))
