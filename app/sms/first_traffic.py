"""When something first came in for a business, from which its first two weeks count where its file does not say.

Asked of the database once for each: what is known does not change.
"""

from app.booking.business import NEW_FOR, Business
from app.db.engine import Database
from app.watch.volume_counts import first_known


class FirstTraffic:
    """One for each process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, float] = {}

    async def makes_new(self, business: Business, now: float) -> bool:
        """Whether it is in its first two weeks. One for which nothing has come in yet begins them now."""
        if business.live_since is not None:
            return business.is_new(now)
        first = self._known.get(business.id)
        if first is None:
            before = now - NEW_FOR.total_seconds()
            first = await self._database.read(lambda connection: first_known(connection, business.id, before))
        if first is None:
            return True
        self._known[business.id] = first
        return business.is_new(now, first)
