"""What the dashboard needs from the rest of the product, handed in by `main`; it knows no concrete class itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection

from app.booking.business import Businesses
from app.clock import Clock
from app.db.engine import READ_DEADLINE_S, Database, DatabaseUnavailableError, Transaction
from app.watch.figure_overview import Shown
from app.watch.limits import Limit
from app.watch.unheard import Unheard
from app.watch.volume_lines import Watched

ALL_TOGETHER: Final = "*"
"""Instead of a business, where the cap of the installation is meant."""

T = TypeVar("T")
At = TypeVar("At")


class Counting(Protocol):
    """Counts what is to be rare, by where it comes from."""

    async def count(self, host: str) -> int | None:
        """One more: None while it is within bounds, else whole seconds to wait."""


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything handed in. `token` None: nobody may sign in, and every page refuses.

    `wake` tells the pager that a page was changed, `refused` notes a refused request in the audit log, `limits` reads
    every limit with its present use, `confirmable` are those that a person enters, `works` says whether anybody works
    on background jobs, None while that is not known, `unheard` which pages reach nobody, `unapproved` for whom a model
    works unseen though new, in a line that is empty for nobody.
    """

    database: Database
    clock: Clock
    businesses: Businesses
    watched: Sequence[Watched]
    token: str | None
    secret: bytes
    public_url: str | None
    anchors: Path
    wake: Callable[[], None]
    refused: Callable[[str, str], None]
    works: Callable[[], bool | None]
    limits: Callable[[Connection, float], Sequence[Mapping[str, Any]]]
    used_up: Callable[[Connection, float], Sequence[str]]
    """Businesses whose daily cap is reached, so that callers are turned away; * for that of the installation."""
    confirmable: Mapping[str, Limit]
    figures: Callable[[Connection, float], Sequence[Shown]]
    """Reads every service figure."""
    states: Callable[[], Awaitable[Mapping[str, str]]]
    """How each dependency is: `ok`, `degraded` or `down`."""
    unheard: Unheard | None
    unapproved: Callable[[Connection, float], str]
    synthetic_every_s: float
    """Between two calls that we make to ourselves; 0 for none."""
    refusals: Counting
    tries: Counting
    """Attempts to sign in, by source."""
    all_tries: Counting
    """The same of everybody together."""

    async def read(self, work: Callable[[Connection], T], within_s: float = READ_DEADLINE_S) -> T:
        """As the database reads. A file that was moved away still answers whoever has it open: here it is not there."""
        return await self.database.read(lambda connection: self._there(work, connection), within_s)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """As the database writes, but nothing into a file that nobody will find again."""
        return await self.database.write(lambda transaction: self._there(work, transaction))

    def _there(self, work: Callable[[At], T], at: At) -> T:
        if not self.database.is_there():
            raise DatabaseUnavailableError("the database's file is gone")
        return work(at)

    def zone_of(self, business: str) -> tzinfo:
        """Whose clocks a time is told by: the business's, UTC for the whole installation."""
        known = self.businesses.by_id.get(business)
        return known.zone if known else UTC

    def name_of(self, business: str) -> str:
        """What people call it; the id of one that is served no more."""
        known = self.businesses.by_id.get(business)
        return known.name if known else "all businesses together" if business == ALL_TOGETHER else business

    @property
    def secure(self) -> bool:
        """Whether people reach us over https."""
        return (self.public_url or "").startswith("https://")
