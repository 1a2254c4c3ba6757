"""A line that drops while a visit is being booked, and a caller who calls again for it: what is held is theirs.

They hear that it is not sure yet, so it is their new call that is owed the end, whoever comes to it.
"""

from app.booking.store import Booking, by_id, changed, move
from app.booking.verification import TELL_CUSTOMER
from app.db.engine import Transaction
from app.jobs.outbox import Job, put


def gone_over(transaction: Transaction, held: Booking, call_key: str, *, now: float, look_at: float) -> Booking | None:
    """Leave the held booking pending for this call; None when it was settled at this moment.

    It is looked at from `look_at` on: whoever was writing it may have died.
    """
    pending = move(transaction, held, "pending", now=now, look_at=look_at)
    return pending and changed(transaction, pending, call_key=call_key)


def has_gone_over(now_known: Booking, held: Booking) -> bool:
    """Whether the caller asks for it in another call than the one it was held in."""
    return now_known.call_key != held.call_key


def owe(transaction: Transaction, held: Booking, result: str, *, now: float) -> None:
    """Where another call waits for the end of a booking that was held in this one, have it told there."""
    row = by_id(transaction.connection, held.id)
    if row is not None and has_gone_over(row, held):
        data: dict[str, str | int | float | None] = {"booking": row.id, "result": result}
        put(transaction, Job(TELL_CUSTOMER, f"{row.id}:{result}", now, data), now=now)
