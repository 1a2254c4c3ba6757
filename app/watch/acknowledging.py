"""Acknowledging a page by its signed link. Looking changes nothing, so a link preview acknowledges nothing.

The page about a database that is away is in none: whoever tells of it knows it, and afterwards the database does.
"""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.watch import links, pages
from app.watch.outage_hand import KEY, KIND, PAGE_ID
from app.watch.pages import Kept


class Outage(Protocol):
    """What tells of a database that is away."""

    def standing(self) -> Kept | None:
        """The page; None while the database is there."""

    def take(self, by: str) -> Kept | None:
        """The page once somebody has it; None while the database is there."""


class Acknowledging:
    """`secret` is the installation's; `wake` tells the pager that receivers have something to hear."""

    def __init__(
        self, database: Database, secret: bytes, clock: Clock, wake: Callable[[], None], outage: Outage
    ) -> None:
        self._database = database
        self._outage = outage
        self._secret = secret
        self._clock = clock
        self._wake = wake

    async def look(self, page_id: str, token: str) -> Kept | None:
        """The page, None when the token is not its own or there is no such page."""
        if not links.genuine(self._secret, page_id, token):
            return None
        standing = self._outage.standing() if page_id == PAGE_ID else None
        return standing or await self._database.read(lambda connection: _found(connection, page_id))

    async def acknowledge(self, page_id: str, token: str, by: str) -> Kept | None:
        """The page afterwards, whoever acknowledged it first; None as `look`."""
        if not links.genuine(self._secret, page_id, token):
            return None
        if page_id == PAGE_ID and (taken := self._outage.take(by)):
            return taken
        now = self._clock.now()

        def work(transaction: Transaction) -> Kept | None:
            found = _found(transaction.connection, page_id)
            if found is None or not pages.acknowledged(transaction, found.id, by=by, now=now):
                return found
            return pages.found(transaction.connection, found.id)

        kept = await self._database.write(work)
        self._wake()
        return kept


def _found(connection: Connection, page_id: str) -> Kept | None:
    return pages.newest(connection, KIND, KEY) if page_id == PAGE_ID else pages.found(connection, page_id)
