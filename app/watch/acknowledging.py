"""Acknowledging a page by its signed link. Looking changes nothing, so a link preview acknowledges nothing."""

from collections.abc import Callable

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.watch import links, pages
from app.watch.pages import Kept


class Acknowledging:
    """`secret` is the installation's; `wake` tells the pager that receivers have something to hear."""

    def __init__(self, database: Database, secret: bytes, clock: Clock, wake: Callable[[], None]) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._wake = wake

    async def look(self, page_id: str, token: str) -> Kept | None:
        """The page, None when the token is not its own or there is no such page."""
        if not links.genuine(self._secret, page_id, token):
            return None
        return await self._database.read(lambda connection: pages.found(connection, page_id))

    async def acknowledge(self, page_id: str, token: str, by: str) -> Kept | None:
        """The page afterwards, whoever acknowledged it first; None as `look`."""
        if not links.genuine(self._secret, page_id, token):
            return None
        now = self._clock.now()

        def work(transaction: Transaction) -> Kept | None:
            pages.acknowledged(transaction, page_id, by=by, now=now)
            return pages.found(transaction.connection, page_id)

        kept = await self._database.write(work)
        self._wake()
        return kept
