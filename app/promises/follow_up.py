"""Follows a task to its end: pages before it is late, again and higher when it is, until a person has done it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import pages
from app.jobs.outbox import Again
from app.review.tasks import DUE_SOON, LATE, Kept, by_key, due_soon, late, told_by
from app.watch.pages import is_raised, raised, rounds_of, superseded

AGAIN_AFTER_S = 3_600.0
AGAIN_AT_MOST_S = 86_400.0
"""A late task is paged anew after an hour, then after twice as long each time, but every day."""


class TaskFollowUp:
    """The handler of `task_due` jobs. Safe to call at any time and any number of times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, data: Mapping[str, Any]) -> Again | None:
        """Look at the task now; None once it is done."""
        key, now = str(data["task"]), self._clock.now()
        return await self._database.write(lambda t: _looked_at(t, key, now))


def _looked_at(transaction: Transaction, key: str, now: float) -> Again | None:
    task = by_key(transaction.connection, key)
    if task is None or task.status != "open":
        return None
    if now < task.warn_at:
        return Again(task.warn_at - now)
    if now < task.due:
        if not any(is_raised(transaction, *page) for page in told_by(task)):
            raised(transaction, due_soon(task), now=now)
        return Again(task.due - now)
    return _late(transaction, task, now)


def _late(transaction: Transaction, task: Kept, now: float) -> Again:
    """A page instead of those before, as high up as they got; acknowledged, it is raised anew: to have heard is not to
    have called, and whoever takes it again and again keeps it from nobody.
    """
    before = [(DUE_SOON, task.key), *told_by(task)]
    if _acknowledged(transaction, task.key, now - AGAIN_AFTER_S):
        before.append((LATE, task.key))
    reached = max(rounds_of(transaction, kind, about) for kind, about in before)
    for kind, about in before:
        superseded(transaction, kind, about, now=now)
    raised(transaction, late(task), now=now, reached=reached)
    return Again(min(max(AGAIN_AFTER_S, now - task.due), AGAIN_AT_MOST_S))


def _acknowledged(transaction: Transaction, key: str, before: float) -> bool:
    found = transaction.connection.execute(
        select(pages.c.status, pages.c.changed_at).where(
            pages.c.kind == LATE, pages.c.key == key, pages.c.status != "resolved"
        )
    ).first()
    return found is not None and found.status != "open" and found.changed_at <= before
