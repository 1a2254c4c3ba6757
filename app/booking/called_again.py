"""A line that drops while a visit is being booked, and a caller who calls again for it: what is held is theirs.

They hear that it is not sure yet, so it is their new call that is owed the end, whoever comes to it.
"""

import uuid

from app.booking.store import YIELD, YIELD_AWAITED, Booking, by_id, changed, move
from app.booking.verification import TELL_CUSTOMER
from app.db.engine import Transaction
from app.jobs.outbox import Job, put

UNNAMED = "again:"
"""Begins the call key of what was asked for again in a call without a name."""


def gone_over(transaction: Transaction, held: Booking, call_key: str, *, now: float, look_at: float) -> Booking | None:
    """Leave the held booking pending for this call; None when it was settled at this moment.

    It is looked at from `look_at` on: whoever was writing it may have died. A call that the platform does not name gets
    a name that no call has, so that a text or a person tells its caller.
    """
    pending = move(transaction, held, "pending", now=now, look_at=look_at)
    return pending and changed(transaction, pending, call_key=call_key or f"{UNNAMED}{uuid.uuid4().hex}")


def has_gone_over(now_known: Booking, held: Booking) -> bool:
    """Whether the caller asks for it in another call than the one it was held in."""
    return now_known.call_key != held.call_key


def waits(transaction: Transaction, held: Booking) -> bool:
    """Whether another call waits for the end of a booking that was held in this one."""
    row = by_id(transaction.connection, held.id)
    return row is not None and has_gone_over(row, held)


def why_pending(transaction: Transaction, held: Booking, reason: str) -> str:
    """The reason to leave it pending for: that this call heard "taken" is no end to another one."""
    return YIELD_AWAITED if reason == YIELD and waits(transaction, held) else reason


def owe(transaction: Transaction, held: Booking, result: str, *, now: float) -> None:
    """Where another call waits for the end of a booking that was held in this one, have it told there."""
    if waits(transaction, held):
        data: dict[str, str | int | float | None] = {"booking": held.id, "result": result}
        put(transaction, Job(TELL_CUSTOMER, f"{held.id}:{result}", now, data), now=now)
