"""Counting calls in the database: many at once, each distinct call once, never one more than the limits say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, tuple_, update

from app.audit.log import record
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import calls, cap_counts
from app.watch.volume_counts import CALL, Came, noted

FULL = 100
WARN_PERCENTS = (80, 95, FULL)

_insert = BulkInsert(calls)
_begin_count = BulkInsert(cap_counts)
_mine = (calls.c.platform == bindparam("this_platform")) & (calls.c.call_id == bindparam("this_call"))
_ADMITTED = Prepared(select(calls.c.admitted).where(_mine))
_TURN_ROUND = Prepared(update(calls).where(_mine).values(admitted=bindparam("let_in")))
_this_day = (cap_counts.c.scope == bindparam("this_scope")) & (cap_counts.c.day == bindparam("this_day"))
_USED = Prepared(select(cap_counts.c.used, cap_counts.c.warned_percent).where(_this_day))
_COUNT = Prepared(
    update(cap_counts)
    .where(_this_day)
    .values(
        used=bindparam("new_used", type_=cap_counts.c.used.type),
        warned_percent=bindparam("new_warned", type_=cap_counts.c.used.type),
    )
)


class Scope(NamedTuple):
    """One thing that is counted: a business or everything, on one day, up to `limit` (0: no limit)."""

    name: str
    day: str
    limit: int


class Arrival(NamedTuple):
    """A call to be counted. `let_in`: it is through already, whatever the count says."""

    platform: str
    call_id: str
    business: str
    scopes: tuple[Scope, ...]
    at: float
    let_in: bool = False
    line: str | None = None
    """The line whose volume it is part of; empty: not known which of the business's. None: of none."""

    @property
    def key(self) -> tuple[str, str]:
        return self.platform, self.call_id


class Warned(NamedTuple):
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


def reached(scope: Scope, used: int) -> int:
    """The highest of `WARN_PERCENTS` that this use comes to, each rounded up to whole calls; 0 for none."""
    return max((p for p in WARN_PERCENTS if scope.limit and used >= _calls(scope, p)), default=0)


def used_today(connection: Connection, scopes: Iterable[Scope]) -> dict[Scope, int]:
    """How much of each scope is used, in one look at all of them."""
    scopes, c = tuple(scopes), cap_counts.c
    named = c.scope.in_({scope.name for scope in scopes}), c.day.in_({scope.day for scope in scopes})
    used = {(name, day): many for name, day, many in connection.execute(select(c.scope, c.day, c.used).where(*named))}
    return {scope: used.get((scope.name, scope.day), 0) for scope in scopes}


def _fits(arrival: Arrival, tallies: dict[tuple[str, str], _Tally]) -> bool:
    return not any(scope.limit and tallies[scope.name, scope.day].used >= scope.limit for scope in arrival.scopes)


def _known(transaction: Transaction, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], bool]:
    """Whether each call that was seen before was let in."""
    keys = {arrival.key for arrival in arrivals}
    if len(keys) == 1:
        [(platform, call_id)] = keys
        row = _ADMITTED(transaction.connection, this_platform=platform, this_call=call_id).first()
        return {} if row is None else {(platform, call_id): bool(row.admitted)}
    # A rush asks once: all processes count under one lock, and wait for each other's round trips.
    asked = select(calls.c.platform, calls.c.call_id, calls.c.admitted)
    rows = transaction.connection.execute(asked.where(tuple_(calls.c.platform, calls.c.call_id).in_(list(keys))))
    return {(row.platform, row.call_id): bool(row.admitted) for row in rows}


def _tallies(connection: Connection, scopes: set[Scope]) -> dict[tuple[str, str], _Tally]:
    tallies: dict[tuple[str, str], _Tally] = {}
    for name, day in {(scope.name, scope.day) for scope in scopes}:
        row = _USED(connection, this_scope=name, this_day=day).first()
        tallies[name, day] = _Tally(row.used, row.warned_percent, row.used) if row else _Tally(0, 0, -1)
    return tallies


def _keep(
    transaction: Transaction,
    fresh: Sequence[Arrival],
    turned_round: Sequence[Arrival],
    known: dict[tuple[str, str], bool],
) -> None:
    if fresh:
        rows = [(a.platform, a.call_id, a.business, known[a.key], a.at) for a in fresh]
        _insert(transaction.connection, rows)
        came = [Came(a.business, a.line, CALL, a.at) for a in fresh if a.line is not None]
        noted(transaction.connection, came)
    for arrival in turned_round:
        _TURN_ROUND(transaction.connection, this_platform=arrival.platform, this_call=arrival.call_id, let_in=True)
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
    warned = reached(scope, tally.used)  # less than before where the limit was raised
    if tally.before < 0:
        _begin_count(transaction.connection, [(scope.name, scope.day, tally.used, warned)])
    elif tally.used != tally.before:
        place = {"this_scope": scope.name, "this_day": scope.day}
        _COUNT(transaction.connection, **place, new_used=tally.used, new_warned=warned)
    if tally.used == tally.before:
        return []
    return [Warned(scope, p, _calls(scope, p)) for p in WARN_PERCENTS if tally.warned < p <= warned]


def _calls(scope: Scope, percent: int) -> int:
    return ceil(scope.limit * percent / FULL)
