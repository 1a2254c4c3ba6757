"""Snapshots and baselines in the database, which everybody shares; a baseline on one laptop protects nobody else.

Every step at a platform is in the audit log, in the same commit as the snapshot that it made.
"""

import secrets as random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar

import orjson
from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from app.audit.log import record
from app.db.engine import Transaction
from app.db.schema import platform_baselines, platform_holds, platform_snapshots
from app.provisioning.platform import Document, Key, Kind
from app.provisioning.sealing import Sealer

T = TypeVar("T")

MOST_SNAPSHOTS: Final = 60
"""Of one record; the oldest go, but never the one that a baseline stands on."""
APART_S: Final = 1e-5

_s, _b, _h = platform_snapshots.c, platform_baselines.c, platform_holds.c


class Books(Protocol):
    """A database to read and to commit to."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that reads."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction, and commit it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A record in an environment."""

    environment: str
    key: Key

    def __str__(self) -> str:
        return f"{self.environment}: {self.key}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A record as it was, sealed, without what nobody can set."""

    id: str
    place: Place
    record_id: str
    why: str
    by: str
    at: float
    document: Document

    def sealed(self, sealer: Sealer) -> "Snapshot":
        """The same as it would be sealed today: what counts as a secret grows."""
        return replace(self, document=sealer.sealed(self.document))


@dataclass(frozen=True, slots=True)
class Baseline:
    """A record as it was after the last apply, and what was asked for then. `held_until`: by an apply under way."""

    snapshot: Snapshot
    asked: Document
    by: str
    at: float
    held_until: float

    @property
    def record_id(self) -> str:
        return self.snapshot.record_id

    @property
    def document(self) -> Document:
        return self.snapshot.document

    def sealed(self, sealer: Sealer) -> "Baseline":
        """The same as it would be sealed today."""
        return replace(self, snapshot=self.snapshot.sealed(sealer), asked=sealer.sealed(self.asked))


@dataclass(frozen=True, slots=True)
class Step:
    """Who does it, and when."""

    by: str
    at: float


def snapshot(
    transaction: Transaction, place: Place, record_id: str, document: Mapping[str, Any], *, why: str, step: Step
) -> Snapshot:
    """Keep a sealed record as it is now; later than those that are kept already, whatever the clock says."""
    newest = transaction.connection.execute(select(func.max(_s.at)).where(_of(platform_snapshots, place))).scalar()
    at = step.at if newest is None else max(step.at, newest + APART_S)
    made = Snapshot(random.token_hex(6), place, record_id, why, step.by, at, dict(document))
    transaction.connection.execute(
        insert(platform_snapshots).values(
            id=made.id,
            **_columns(place),
            record_id=record_id,
            why=why,
            by=step.by,
            at=at,
            document=orjson.dumps(document).decode(),
        )
    )
    _forget(transaction.connection, place)
    return made


def applied(transaction: Transaction, kept: Snapshot, asked: Mapping[str, Any], step: Step) -> None:
    """The record as it is in this snapshot is what is compared with from now on."""
    values = {
        "record_id": kept.record_id,
        "snapshot": kept.id,
        "asked": orjson.dumps(asked).decode(),
        "by": step.by,
        "at": step.at,
    }
    there = update(platform_baselines).where(_of(platform_baselines, kept.place)).values(**values)
    if not transaction.connection.execute(there).rowcount:
        transaction.connection.execute(insert(platform_baselines).values(**_columns(kept.place), **values))


def forgotten(transaction: Transaction, place: Place, step: Step) -> bool:
    """Compare the record with nothing any more, what is kept of it stays; False when it has no baseline."""
    gone = transaction.connection.execute(delete(platform_baselines).where(_of(platform_baselines, place)))
    if gone.rowcount:
        noted(transaction, "forgotten", place, step)
    return bool(gone.rowcount)


def held(transaction: Transaction, place: Place, owner: str, *, now: float, until: float) -> bool:
    """Take the record for one owner alone; False while anybody has it."""
    there, connection = _of(platform_holds, place), transaction.connection
    connection.execute(delete(platform_holds).where(there, _h.held_until <= now))
    if connection.execute(select(_h.owner).where(there)).first() is not None:
        return False
    connection.execute(insert(platform_holds).values(**_columns(place), owner=owner, held_until=until))
    return True


def held_on(transaction: Transaction, place: Place, owner: str, *, until: float) -> bool:
    """Hold it longer; False when it is not this owner's any more."""
    mine = update(platform_holds).where(_of(platform_holds, place), _h.owner == owner).values(held_until=until)
    return bool(transaction.connection.execute(mine).rowcount)


def released(transaction: Transaction, place: Place, owner: str) -> None:
    """Let others have it again, if it is this owner's still."""
    transaction.connection.execute(delete(platform_holds).where(_of(platform_holds, place), _h.owner == owner))


def noted(transaction: Transaction, what: str, place: Place, step: Step, **data: Any) -> None:
    """One step in the audit log. No value of a record is in it, only names."""
    record(transaction, f"settings_{what}", subject=str(place), at=step.at, by=step.by, **data)


def baseline(connection: Connection, place: Place) -> Baseline | None:
    """The baseline of one record; None when nothing was ever applied."""
    return next(iter(_baselines(connection, _of(platform_baselines, place))), None)


def baselines(connection: Connection, environment: str) -> list[Baseline]:
    """Every baseline of an environment, in the order in which records refer to each other."""
    found = _baselines(connection, _b.environment == environment)
    order = list(Kind)
    return sorted(found, key=lambda b: (order.index(b.snapshot.place.key.kind), b.snapshot.place.key.name))


def environments(connection: Connection) -> list[str]:
    """Environments in which anything was applied."""
    return sorted(connection.execute(select(_b.environment).distinct()).scalars())


def snapshots(connection: Connection, place: Place) -> list[Snapshot]:
    """What is kept of one record, the newest first."""
    order = (_s.at.desc(), _s.id)
    rows = connection.execute(select(platform_snapshots).where(_of(platform_snapshots, place)).order_by(*order))
    return [_snapshot(row) for row in rows]


def _baselines(connection: Connection, which: ColumnElement[bool]) -> list[Baseline]:
    own = (
        _b.asked,
        _b.by.label("applied_by"),
        _b.at.label("applied_at"),
        func.coalesce(_h.held_until, 0.0).label("held"),
    )
    held = (_h.environment == _b.environment) & (_h.kind == _b.kind) & (_h.name == _b.name)
    joined = platform_baselines.join(platform_snapshots, _s.id == _b.snapshot).outerjoin(platform_holds, held)
    return [
        Baseline(_snapshot(row), orjson.loads(row.asked), row.applied_by, row.applied_at, row.held)
        for row in connection.execute(select(*own, platform_snapshots).select_from(joined).where(which))
    ]


def _snapshot(row: Any) -> Snapshot:
    place = Place(row.environment, Key(Kind(row.kind), row.name))
    return Snapshot(row.id, place, row.record_id, row.why, row.by, row.at, orjson.loads(row.document))


def _forget(connection: Connection, place: Place) -> None:
    standing = set(connection.execute(select(_b.snapshot).where(_of(platform_baselines, place))).scalars())
    order = select(_s.id).where(_of(platform_snapshots, place)).order_by(_s.at.desc(), _s.id)
    old = connection.execute(order.offset(MOST_SNAPSHOTS)).scalars().all()
    for snapshot_id in set(old) - standing:
        connection.execute(delete(platform_snapshots).where(_s.id == snapshot_id))


def _columns(place: Place) -> dict[str, str]:
    return {"environment": place.environment, "kind": place.key.kind.value, "name": place.key.name}


def _of(table: Table, place: Place) -> ColumnElement[bool]:
    return (
        (table.c.environment == place.environment)
        & (table.c.kind == place.key.kind.value)
        & (table.c.name == place.key.name)
    )
