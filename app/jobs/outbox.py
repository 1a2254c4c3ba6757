"""Work for later, noted in the same commit as what it is about; a relay hands it to the durable engine.

A job carries ids and nothing personal: whoever carries it out reads the rest where it is kept.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, select, tuple_

from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import job_outbox

Data = Mapping[str, str | int | float | None]

TOPIC = "jobs"
"""What a commit that put a job says it left, so that it need not be looked for."""

_insert = BulkInsert(job_outbox, keep_first=True)
_o = job_outbox.c


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. The same (`kind`, `key`) is the same job: it is carried out once, however often it is put.

    `kind` names the handler, at most 64 characters; `key` has at most 200. `due` is in epoch seconds.
    """

    kind: str
    key: str
    due: float
    data: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Again:
    """What a handler gives back when its job is not over: it is called again, with the same data, after so long."""

    after_s: float


Handler = Callable[[Mapping[str, Any]], Awaitable[Again | None]]
"""Carries out one job from its data. Called at least once, so it looks first at what is done already.

Gives None when the job is over. An error is tried again with growing pauses, and becomes a dead letter in the end.
"""


def put(transaction: Transaction, *jobs: Job, now: float) -> None:
    """Note jobs in the caller's transaction; one that was noted before stays as it was."""
    if jobs:
        transaction.topics.add(TOPIC)
        rows = [(job.kind, job.key, job.due, orjson.dumps(job.data).decode(), now) for job in jobs]
        _insert(transaction.connection, rows)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in the outbox, due now or later."""

    kind: str
    key: str
    due: float
    data: Mapping[str, Any]


def waiting(connection: Connection, most: int, *, due: float, before: float | None) -> list[Waiting]:
    """Jobs due by a moment that nobody has taken yet, the most urgent first.

    `before`: what was due as soon as it was put is left out if it was put after that, as whoever put it knows of it.
    """
    asked = select(_o.kind, _o.key, _o.due, _o.data).where(_o.due <= due).order_by(_o.due).limit(most)
    if before is not None:
        asked = asked.where((_o.created_at < before) | (_o.due > _o.created_at))
    return [Waiting(row.kind, row.key, row.due, orjson.loads(row.data)) for row in connection.execute(asked)]


def next_due(connection: Connection, after: float) -> float | None:
    """When the first of those falls due that are not due at a moment."""
    found: float | None = connection.execute(select(func.min(_o.due)).where(_o.due > after)).scalar_one()
    return found


def taken(transaction: Transaction, rows: list[Waiting]) -> None:
    """Remove jobs that are kept elsewhere now."""
    these = [(row.kind, row.key) for row in rows]
    transaction.connection.execute(delete(job_outbox).where(tuple_(_o.kind, _o.key).in_(these)))
