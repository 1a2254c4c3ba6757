"""The daily cap: how many distinct calls a business, and the whole installation, take in a day.

It fails open. When its store is down or slow the call goes through, an alarm says so, and the count is made up later:
wrongly turning a caller away costs more than one call too many.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from sqlalchemy import insert, select, update

from app import metrics
from app.audit.log import record
from app.booking.business import Business
from app.booking.desk import local_today
from app.calls.model import CallRef
from app.clock import Clock
from app.db.behind import Behind
from app.db.engine import Database, Transaction
from app.db.schema import calls, cap_counts
from app.errors import ReadbackError
from app.watch.alarms import Alarms

DECIDE_WITHIN_S = 0.05
WARN_PERCENTS = (80, 95)
MAX_CALLS_REMEMBERED = 20_000
TOTAL = "*"
"""The scope of the installation's own cap; its day is UTC's."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing that is counted: a business or everything, on one day, up to `limit` (0: no limit)."""

    name: str
    day: str
    limit: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call to be counted. `forced` ones are already let through and only need counting."""

    platform: str
    call_id: str
    business: str
    scopes: tuple[Scope, ...]
    at: float
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """What counting came to: whether the call is let in, each scope's use, and warnings reached just now."""

    admitted: bool
    used: tuple[tuple[Scope, int], ...] = ()
    warnings: tuple[tuple[Scope, int, int], ...] = ()


class DailyCap:
    """Counts each distinct call once. `total` is the installation's cap, 0 for none."""

    def __init__(self, database: Database, alarms: Alarms, clock: Clock, total: int) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._total = total
        self._seen: OrderedDict[tuple[str, str], bool] = OrderedDict()
        self._businesses: dict[str, Business] = {}
        self._later: Behind[Arrival] = Behind(database, self._count_later, lambda _lost: None)

    def known(self, ref: CallRef) -> bool | None:
        """Whether this call was let in, if this process knows; a call without an id cannot be counted and is let in."""
        if ref.call_id is None:
            return True
        return self._seen.get((ref.platform, ref.call_id))

    async def admit(self, ref: CallRef, business: Business) -> bool:
        """Count the call and say whether it is let in. Never raises; answers within 50 ms or lets it in."""
        known = self.known(ref)
        if known is not None or ref.call_id is None:
            return known is not False
        self._businesses[business.id] = business
        arrival = self._arrival(ref.platform, ref.call_id, business)
        if not any(scope.limit for scope in arrival.scopes):
            return self._let_in(arrival)
        try:
            count = await self._database.write(lambda t: counted(t, arrival), DECIDE_WITHIN_S)
        except ReadbackError as error:
            self._alarms.ring(
                "cap_store_down",
                "cap",
                "The daily call cap cannot be counted",
                f"Calls are let through uncounted until the database answers in time again ({error}).",
                business.page,
            )
            return self._let_in(arrival)
        self._alarms.clear("cap_store_down", "cap")
        self._announce(count, business)
        self._remember(arrival, count.admitted)
        return count.admitted

    async def drain(self) -> None:
        """Write the counts that are still waiting."""
        await self._later.drain()

    def _arrival(self, platform: str, call_id: str, business: Business) -> Arrival:
        now = self._clock.now()
        utc_day = datetime.fromtimestamp(now, UTC).date().isoformat()
        own = Scope(business.id, local_today(business, now).isoformat(), business.daily_call_cap)
        return Arrival(platform, call_id, business.id, (own, Scope(TOTAL, utc_day, self._total)), now)

    def _let_in(self, arrival: Arrival) -> bool:
        self._remember(arrival, admitted=True)
        self._later.add(
            Arrival(arrival.platform, arrival.call_id, arrival.business, arrival.scopes, arrival.at, forced=True)
        )
        return True

    def _remember(self, arrival: Arrival, admitted: bool) -> None:
        self._seen[arrival.platform, arrival.call_id] = admitted
        if len(self._seen) > MAX_CALLS_REMEMBERED:
            self._seen.popitem(last=False)

    def _count_later(self, transaction: Transaction, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            for scope, used in counted(transaction, arrival).used:
                metrics.set_cap(scope.name, used, scope.limit)

    def _announce(self, count: Count, business: Business) -> None:
        for scope, used in count.used:
            metrics.set_cap(scope.name, used, scope.limit)
        for scope, percent, used in count.warnings:
            whose = business.name if scope.name == business.id else "all businesses together"
            self._alarms.ring(
                "cap_near",
                f"{scope.name} {scope.day} {percent}",
                f"Daily call cap {percent} % used: {whose}",
                f"{used} of {scope.limit} calls on {scope.day}. At the cap, callers go to a person or must call "
                "back. Raise it with READBACK_DAILY_CALL_CAPS or READBACK_DAILY_CALL_CAP.",
                business.page,
            )


def counted(transaction: Transaction, arrival: Arrival) -> Count:
    """Count a call once, in the transaction's own order: as many are let in as the limits say, never one more."""
    connection = transaction.connection
    mine = (calls.c.platform == arrival.platform) & (calls.c.call_id == arrival.call_id)
    before = connection.execute(select(calls.c.admitted).where(mine)).scalar()
    if before is True or (before is False and not arrival.forced):
        return Count(before)
    used = {scope: _used(transaction, scope) for scope in arrival.scopes}
    full = any(scope.limit and used[scope][0] >= scope.limit for scope in arrival.scopes)
    admitted = arrival.forced or not full
    if before is None:
        connection.execute(
            insert(calls).values(
                platform=arrival.platform,
                call_id=arrival.call_id,
                business=arrival.business,
                admitted=admitted,
                first_seen=arrival.at,
            )
        )
    else:
        connection.execute(update(calls).where(mine).values(admitted=True))
    record(
        transaction,
        "call_admitted" if admitted else "call_over_cap",
        business=arrival.business,
        subject=arrival.call_id,
        at=arrival.at,
        platform=arrival.platform,
    )
    if not admitted:
        return Count(False, tuple((scope, count) for scope, (count, _) in used.items()))
    warnings = [_add_one(transaction, scope, *used[scope]) for scope in arrival.scopes]
    return Count(
        True,
        tuple((scope, count + 1) for scope, (count, _) in used.items()),
        tuple(warning for warning in warnings if warning is not None),
    )


def _used(transaction: Transaction, scope: Scope) -> tuple[int, int]:
    row = transaction.connection.execute(
        select(cap_counts.c.used, cap_counts.c.warned_percent).where(
            cap_counts.c.scope == scope.name, cap_counts.c.day == scope.day
        )
    ).first()
    if row is not None:
        return row.used, row.warned_percent
    transaction.connection.execute(insert(cap_counts).values(scope=scope.name, day=scope.day, used=0, warned_percent=0))
    return 0, 0


def _add_one(transaction: Transaction, scope: Scope, used: int, warned: int) -> tuple[Scope, int, int] | None:
    used += 1
    reached = max((p for p in WARN_PERCENTS if scope.limit and used >= ceil(scope.limit * p / 100)), default=0)
    transaction.connection.execute(
        update(cap_counts)
        .where(cap_counts.c.scope == scope.name, cap_counts.c.day == scope.day)
        .values(used=used, warned_percent=max(reached, warned))
    )
    return (scope, reached, used) if reached > warned else None
