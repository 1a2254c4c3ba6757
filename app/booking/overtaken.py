"""A write that ends after somebody else took its process for dead and settled what it was for: a machine that stood
still, or a clock that jumped. What is on the calendar by then is nobody's, so it is taken away or looked at.
"""

from app.booking.amendments import Amendment, removal
from app.booking.called_again import has_gone_over
from app.booking.change_ends import owe
from app.booking.store import Booking, by_id, changed
from app.booking.verification import TELL_CUSTOMER, noted
from app.db.engine import Transaction
from app.jobs.outbox import Job, put

LATE_WRITE_S = 60.0
"""A write that has not shown by then will not come any more."""


def booking_overtaken(
    transaction: Transaction, held: Booking, *, etag: str, now: float, told_pending: bool
) -> Booking | None:
    """What holds of a booking that somebody else settled: its row as it is now.

    `etag` is that of the event where it was seen; empty where it may still come. `told_pending` says that the caller
    was told "not sure yet", and is owed the end.
    """
    row = by_id(transaction.connection, held.id)
    if row is None or row.status not in ("refused", "confirmed"):
        return row
    if row.status == "refused":
        due = now if etag else now + LATE_WRITE_S
        put(transaction, removal(held, etag, key=held.id, due=due), now=now)
    if told_pending:
        data: dict[str, str | int | float | None] = {"booking": row.id, "result": row.status}
        put(transaction, Job(TELL_CUSTOMER, f"{row.id}:{row.status}", now, data), now=now)
        return row
    if has_gone_over(row, held):
        return row
    return changed(transaction, row, told=row.status)  # the caller hears it now, and nobody need tell them again


def change_overtaken(
    transaction: Transaction, amendment: Amendment, *, etag: str, now: float, told_pending: bool
) -> Booking | None:
    """The appointment as it is now, where somebody else settled its change, for good or not; arguments as above.

    Where it was given up, a new event on another calendar is taken away. An event that was changed in place is looked
    at: the appointment follows what is there, and a person tells the customer.
    """
    row = by_id(transaction.connection, amendment.appointment.id)
    if row is None:
        return None
    done = row.revision == amendment.change.revision
    unsure = amendment.in_place and not etag
    if told_pending or (unsure and not done):
        owe(transaction, amendment, done=done, now=now)
    if not done:
        due = now if etag else now + LATE_WRITE_S
        if amendment.in_place:
            noted(transaction, row, next_look=due)
        else:
            put(transaction, removal(amendment.wanted, etag, key=amendment.change.id, due=due), now=now)
    return row
