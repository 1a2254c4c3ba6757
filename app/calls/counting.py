"""Counting calls in the database: many at once, each distinct call once, never one more than the limits say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import Connection, insert, select, tuple_, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import calls, cap_counts

WARN_PERCENTS = (80, 95)

_insert = BulkInsert(calls)


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing that is counted: a business or everything, on one day, up to `limit` (0: no limit)."""

    name: str
    day: str
    limit: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call to be counted. `let_in`: it is through already, whatever the count says."""

    platform: str
    call_id: str
    business: str
    scopes: tuple[Scope, ...]
    at: float
    let_in: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.platform, self.call_id


@dataclass(frozen=True, slots=True)
class Warned:
    """A scope that has just reached `percent` of its limit."""

    scope: Scope
    percent: int
    used: int


@dataclass(frozen=True, slots=True)
class Count:
    """What counting came to: each arrival's admission in order, each scope's use, and warnings reached just now."""

    admitted: tuple[bool, ...]
    used: tuple[tuple[Scope, int], ...]
    warnings: tuple[Warned, ...]


@dataclass(slots=True)
class _Tally:
    used: int
    warned: int
    before: int
    """`used` as the database has it; -1 where it has no row."""


def counted(transaction: Transaction, arrivals: Sequence[Arrival]) -> Count:
    """Count arrivals in their order. Transactions are ordered too, so the limits hold over any number of processes."""
    known = _known(transaction, arrivals)
    tallies = _tallies(transaction.connection, {scope for arrival in arrivals for scope in arrival.scopes})
    admitted: list[bool] = []
    fresh: list[Arrival] = []
    turned_round: list[Arrival] = []
    for arrival in arrivals:
        before = known.get(arrival.key)
        if before is None:
            fresh.append(arrival)
        elif not before and arrival.let_in:
            turned_round.append(arrival)  # counted as over the cap, too late to turn it away
        if not before and (arrival.let_in or (before is None and _fits(arrival, tallies))):
            for scope in arrival.scopes:
                tallies[scope.name, scope.day].used += 1
            before = True
        known[arrival.key] = bool(before)
        admitted.append(bool(before))
    _keep(transaction, fresh, turned_round, known)
    scopes = {scope: None for arrival in arrivals for scope in arrival.scopes}
    warnings = [warned for scope in scopes for warned in _written(transaction, scope, tallies[scope.name, scope.day])]
    return Count(
        tuple(admitted),
        tuple((scope, tallies[scope.name, scope.day].used) for scope in scopes),
        tuple(warnings),
    )


def used_today(connection: Connection, scopes: Iterable[Scope]) -> dict[Scope, int]:
    """How much of each scope is used."""
    tallies = _tallies(connection, set(scopes))
    return {scope: tallies[scope.name, scope.day].used for scope in scopes}


def _fits(arrival: Arrival, tallies: dict[tuple[str, str], _Tally]) -> bool:
    return not any(scope.limit and tallies[scope.name, scope.day].used >= scope.limit for scope in arrival.scopes)


def _known(transaction: Transaction, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], bool]:
    """Whether each call that was seen before was let in."""
    keys = {arrival.key for arrival in arrivals}
    wanted = select(calls.c.platform, calls.c.call_id, calls.c.admitted).where(
        tuple_(calls.c.platform, calls.c.call_id).in_(keys)
    )
    return {(row.platform, row.call_id): row.admitted for row in transaction.connection.execute(wanted)}


def _tallies(connection: Connection, scopes: set[Scope]) -> dict[tuple[str, str], _Tally]:
    keys = {(scope.name, scope.day) for scope in scopes}
    wanted = select(cap_counts).where(tuple_(cap_counts.c.scope, cap_counts.c.day).in_(keys))
    found = {(row.scope, row.day): _Tally(row.used, row.warned_percent, row.used) for row in connection.execute(wanted)}
    return {key: found.get(key) or _Tally(0, 0, -1) for key in keys}


def _keep(
    transaction: Transaction,
    fresh: Sequence[Arrival],
    turned_round: Sequence[Arrival],
    known: dict[tuple[str, str], bool],
) -> None:
    if fresh:
        rows = [(a.platform, a.call_id, a.business, known[a.key], a.at) for a in fresh]
        _insert(transaction.connection, rows)
    for arrival in turned_round:
        mine = (calls.c.platform == arrival.platform) & (calls.c.call_id == arrival.call_id)
        transaction.connection.execute(update(calls).where(mine).values(admitted=True))
    for arrival in (*fresh, *turned_round):
        kind = "call_admitted" if known[arrival.key] else "call_over_cap"
        record(
            transaction,
            kind,
            business=arrival.business,
            subject=arrival.call_id,
            at=arrival.at,
            platform=arrival.platform,
        )


def _written(transaction: Transaction, scope: Scope, tally: _Tally) -> list[Warned]:
    """Store a scope's new count; the warnings it has just reached, each once per day over all processes."""
    reached = [p for p in WARN_PERCENTS if scope.limit and tally.used >= ceil(scope.limit * p / 100)]
    new = {"used": tally.used, "warned_percent": max([tally.warned, *reached])}
    if tally.before < 0:
        row = {"scope": scope.name, "day": scope.day, **new}
        transaction.connection.execute(insert(cap_counts).values(**row))
    elif tally.used != tally.before:
        where = (cap_counts.c.scope == scope.name) & (cap_counts.c.day == scope.day)
        transaction.connection.execute(update(cap_counts).where(where).values(**new))
    if tally.used == tally.before:
        return []
    return [Warned(scope, p, ceil(scope.limit * p / 100)) for p in reached if p > tally.warned]
