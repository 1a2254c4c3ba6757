"""Looks how much of each limit is used and tells a person long before one declines somebody. Run as a timer.

What it knows is in the database, points of use and whether a page is up: neither a restart nor another leader forgets.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from app import metrics
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.watch.amounts import in_digits
from app.watch.limit_book import KEPT_S, pointed, points
from app.watch.limits import Forecast, Limit, Point, forecast, near
from app.watch.pages import Page, called_over, is_raised, not_resolved, raised, resolved

LOOK_EVERY_S: Final = 60.0
PAGE: Final = "limit_near"
TOLD_AGAIN_S: Final = 6 * 3_600.0
"""What a person called over and has been near ever since is paged again only after so long."""


@dataclass(frozen=True, slots=True)
class Use:
    """A limit as it stands now: its value, what is used of it, and when use begins anew (None: never by itself)."""

    limit: Limit
    value: float
    used: float
    resets_at: float | None = None


Count = Callable[[float], Awaitable[Sequence[Use]]]
"""Counts what can be counted, at a time."""


class LimitWatch:
    """Run as a timer, every `LOOK_EVERY_S`. `limits`: all there are, also those that nobody counts now."""

    def __init__(self, database: Database, count: Count, clock: Clock, limits: Sequence[Limit] = ()) -> None:
        self._database = database
        self._count = count
        self._clock = clock
        self._has_use = {limit.name for limit in limits if limit.has_use}

    async def look(self) -> Mapping[str, Forecast]:
        """Look once; where use of each limit goes."""
        now = self._clock.now()
        uses = await self._count(now)
        kept = await self._database.read(lambda c: points(c, now - KEPT_S))
        found = {use.limit.name: foreseen(use, kept.get(use.limit.name, ()), now) for use in uses}
        for use in uses:
            metrics.set_limit(use.limit.name, use.used, use.value)
        await self._database.write(lambda transaction: self._keep(transaction, uses, kept, found, now))
        return found

    def _keep(
        self,
        transaction: Transaction,
        uses: Sequence[Use],
        kept: Mapping[str, Sequence[Point]],
        found: Mapping[str, Forecast],
        now: float,
    ) -> None:
        unknown = self._has_use & kept.keys()  # not for ever: points of what nobody counts any more are forgotten
        _end_others(transaction, {use.limit.name for use in uses} | unknown, now)
        pointed(transaction, {use.limit.name: use.used for use in uses}, now)
        for use in uses:
            _page_or_end(transaction, use, kept.get(use.limit.name, ()), found[use.limit.name], now)


def foreseen(use: Use, kept: Sequence[Point], now: float) -> Forecast:
    """Where use goes, from the points that were kept and the present one."""
    before = [point for point in kept if point.at < now]
    return forecast(use.limit.kind, use.value, [*before, Point(now, use.used)], now, use.resets_at)


def _end_others(transaction: Transaction, known: Set[str], now: float) -> None:
    """A cap that was taken away, say: nobody could end its page any more."""
    for kind, name in not_resolved(transaction.connection):
        if kind == PAGE and name not in known:
            resolved(transaction, PAGE, name, now=now)


def _page_or_end(transaction: Transaction, use: Use, kept: Sequence[Point], expected: Forecast, now: float) -> None:
    name = use.limit.name
    up = is_raised(transaction, PAGE, name)
    told = near(use.limit, expected, now, up=up)
    if told and not up:
        if not _silenced(transaction, use, kept, now):
            raised(transaction, _page(use, expected), now=now)
    elif up and not told:
        resolved(transaction, PAGE, name, now=now)


def _silenced(transaction: Transaction, use: Use, kept: Sequence[Point], now: float) -> bool:
    """Whether a person called this stretch over: since then no point was seen at which its page would have ended."""
    over_at = called_over(transaction.connection, PAGE, use.limit.name, now - TOLD_AGAIN_S)
    if over_at is None:
        return False
    since = [point for point in kept if point.at > over_at]
    then = ((point.at, foreseen(replace(use, used=point.used), kept, point.at)) for point in since)
    return all(near(use.limit, forecast, at, up=True) for at, forecast in then)


def _page(use: Use, expected: Forecast) -> Page:
    limit = use.limit
    goes = ""
    if use.used >= use.value:
        goes = " It is reached."
    elif expected.reached_at is not None:
        when = datetime.fromtimestamp(expected.reached_at, UTC)
        goes = f" At its present rate it is reached at {when:%Y-%m-%d %H:%M} UTC."
    body = (
        f"{in_digits(use.used)} of {in_digits(use.value)} {limit.unit} are used.{goes} It bounds: {limit.bounds}. "
        f"Owner: {limit.owner}. {limit.how}"
    )
    return Page(PAGE, limit.name, f"Limit near: {limit.name}, {expected.share:.0%} used", body, limit.business)
