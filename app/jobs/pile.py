"""Looks at the pile of dead letters: how many lie open, and whether one has lain there too long with nobody caring."""

from sqlalchemy import Connection

from app import metrics
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.dead_letters import Pile, pile
from app.watch.pages import Page, called_over, not_resolved, raised, resolved

LOOK_EVERY_S = 30.0
OLD_AFTER_S = 3_600.0
OVER_BELOW = 0.5
"""Share of that, below which it is over: of a pile that is worked off, the next oldest is nearly as old."""
TOLD_AGAIN_S = 6 * 3_600.0
"""What a person called over though old letters lie there is paged again only after so long."""
PAGE = "dead_letters_old"
KEY = "oldest"


class PileWatch:
    """Run as a timer. The page about an old letter stays up until no open letter is half as old."""

    def __init__(self, database: Database, clock: Clock, old_after_s: float = OLD_AFTER_S) -> None:
        self._database = database
        self._clock = clock
        self._old_after_s = old_after_s

    async def look(self) -> Pile:
        """Look once."""
        found = await self._database.read(pile)
        age_s = max(0.0, self._clock.now() - found.oldest_at) if found.letters else 0.0
        metrics.set_dead_letters(found.letters, age_s)
        if await self._database.read(lambda connection: self._changes(connection, age_s)):
            await self._database.write(lambda transaction: self._paged(transaction, found, age_s))
        return found

    def _changes(self, connection: Connection, age_s: float) -> bool:
        """Whether there is a page to be raised or ended."""
        if (PAGE, KEY) in not_resolved(connection):
            return age_s <= OVER_BELOW * self._old_after_s
        if age_s <= self._old_after_s:
            return False
        return called_over(connection, PAGE, KEY, self._clock.now() - TOLD_AGAIN_S) is None

    def _paged(self, transaction: Transaction, found: Pile, age_s: float) -> None:
        now = self._clock.now()
        if age_s <= OVER_BELOW * self._old_after_s:
            resolved(transaction, PAGE, KEY, now=now)
            return
        body = (
            f"{found.letters} dead letters are open, the oldest for more than {self._old_after_s / 3600:g} h. "
            "`readback dead-letters list` shows them; replay or discard each."
        )
        raised(transaction, Page(PAGE, KEY, "Dead letters that nobody deals with", body), now=now)
