"""A promised callback: a task with a time, opened once however often the same call asks for it."""

import uuid
from dataclasses import dataclass

from app.db.engine import Transaction
from app.errors import OverloadedError
from app.promises.references import digest, reference
from app.review.tasks import Task, added, by_key, opened

KIND = "callback"
MAX_OF_ONE_CALL = 50
"""Callbacks that one conversation can ask for, each when the one before is over."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What is promised. `asked` names, next to call and phone, which callback it is: the caller's own words for when.

    `by` is the time in words, for whoever calls; `due` is in epoch seconds. `reason` is the caller's and stays private.
    """

    business: str
    call_key: str
    phone: str
    reason: str
    asked: str
    by: str
    due: int


@dataclass(frozen=True, slots=True)
class Promised:
    """A callback that is on somebody's list."""

    reference: str
    due: int


def promised(transaction: Transaction, wanted: Callback, *, now: float) -> Promised:
    """Promise it. The one that the same call was promised before stands, and is about this reason too, unless it is
    done or its time is over.
    """
    whose = wanted.call_key or uuid.uuid4().hex
    for number in range(MAX_OF_ONE_CALL):
        name = digest(KIND, wanted.business, whose, wanted.phone, wanted.asked, number)
        key, said = f"{KIND}:{name}", reference("C", name)
        before = by_key(transaction.connection, key)
        if before is None:
            opened(transaction, _task(key, said, wanted), now=now)
            return Promised(said, wanted.due)
        if before.status == "open" and before.due >= now:
            added(transaction, before, wanted.reason)
            return Promised(said, int(before.due))
    raise OverloadedError("this call has asked for too many callbacks")


def _task(key: str, said: str, wanted: Callback) -> Task:
    return Task(
        key=key,
        kind=KIND,
        business=wanted.business,
        subject=said,
        what=f"Call a customer back {wanted.by}.",
        due=wanted.due,
        phone=wanted.phone,
        details=wanted.reason,
    )
