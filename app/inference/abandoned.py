"""Money that processes which are gone have set aside: it counts as spent, as their questions may have been answered.

Versions that set money aside without a row leave no time behind, so of theirs it is remembered since when it is seen.
"""

from collections.abc import Mapping

from app import log, metrics
from app.clock import Clock
from app.db.engine import Database
from app.inference import asides
from app.inference.asides import ABANDONED_S, Account

_log = log.get(__name__)


class Abandoned:
    """What one process sees of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen: dict[Account, tuple[int, float]] = {}
        """What no row accounts for, as little as it ever was since it is seen, by the process's own clock."""

    async def settle_rows(self) -> None:
        """Count as spent what was set aside too long ago. Raises `DatabaseUnavailableError`."""
        now = self._clock.now()
        if await self._database.read(lambda c: asides.any_lost(c, now)):
            _tell(await self._database.write(lambda t: asides.settle_lost(t, now)))

    async def settle(self) -> None:
        """The same, and what no row accounts for and has not for as long. Raises `DatabaseUnavailableError`."""
        await self.settle_rows()
        now, seen = self._clock.monotonic(), await self._database.read(asides.unaccounted)
        self._seen = {account: self._since(account, micros, now) for account, micros in seen.items()}
        old = {account: micros for account, (micros, since) in self._seen.items() if now - since > ABANDONED_S}
        if old:
            _tell(await self._database.write(lambda t: asides.account_for(t, old)))
            for account in old:
                del self._seen[account]

    def _since(self, account: Account, micros: int, now: float) -> tuple[int, float]:
        before, since = self._seen.get(account, (0, now))
        least = asides.nearer(before, micros)
        return (least, since) if least else (micros, now)


def _tell(lost: Mapping[str, int]) -> None:
    for business, micros in lost.items():
        _log.error("model spend of a process that is gone", business=business, micros=micros)
        metrics.count_spend(business, micros)
