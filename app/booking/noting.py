"""The note that somebody heard "not sure yet", in its transaction: by who told them, or from a file by another.

Whoever settles a row before it is noted knows of nobody who waits, so then the end is owed with the note.
"""

from dataclasses import replace

from app.booking.amendments import RELEASED, Amendment, leave_pending
from app.booking.called_again import why_pending
from app.booking.kept_notes import Note
from app.booking.overtaken import booking_overtaken, change_overtaken
from app.booking.store import YIELD, YIELD_AWAITED, Booking, by_caller, by_id, move
from app.db.engine import Transaction

FIRST_LOOK_AFTER_S = 5.0
REASON_CHARS = 64
NOT_USABLE = "not usable"


def booking_pending(transaction: Transaction, held: Booking, reason: str, etag: str, *, now: float) -> Booking | None:
    """Keep the time of a booking until it is settled; None when somebody did that already."""
    why = why_pending(transaction, held, reason)[:REASON_CHARS]
    look_at = now + FIRST_LOOK_AFTER_S
    # Once the hold is over, a confirmation is of whoever settled it, and known to be one.
    doubt = now < held.hold_until
    return move(transaction, held, "pending", now=now, reason=why, etag=etag, look_at=look_at, doubt=doubt)


def change_pending(transaction: Transaction, amendment: Amendment, reason: str, etag: str, *, now: float) -> bool:
    """Keep both times of a change until it is settled; False when somebody did that already."""
    return leave_pending(transaction, amendment, reason, etag=etag, now=now, look_at=now + FIRST_LOOK_AFTER_S)


def booking_noted(transaction: Transaction, held: Booking, reason: str, etag: str, *, now: float) -> Booking | None:
    """The booking as it is now, with its end owed to who waits for it."""
    noted = booking_pending(transaction, held, reason, etag, now=now)
    return noted or booking_overtaken(transaction, held, etag=etag, now=now, told_pending=True)


def change_noted(
    transaction: Transaction, amendment: Amendment, reason: str, etag: str, *, now: float
) -> Booking | None:
    """The appointment as it is where its change was settled, None where that is still to come; its end is owed."""
    if change_pending(transaction, amendment, reason, etag, now=now):
        return None
    return change_overtaken(transaction, amendment, etag=etag, now=now, told_pending=True)


def carried_out(transaction: Transaction, note: Note, *, now: float) -> str:
    """Do of a kept note what is not done yet; the row's status afterwards, or `NOT_USABLE` where a person has to see.

    What came since is the news then: a customer who has the visit by another call, or changed it again, hears no more
    of what the first call came to; and nobody is told by itself about a visit that has begun.
    """
    row = by_id(transaction.connection, note.booking)
    if row is None:
        return NOT_USABLE
    if row.told or (row.status == "pending" and row.reason in (note.reason, YIELD_AWAITED)):
        return row.status  # who wrote it was killed before the file was gone
    reason = note.reason
    if reason == YIELD and row.status == "pending":
        reason = YIELD_AWAITED  # asked for once more meanwhile, and that heard "not sure yet"
    if not row.amends:
        if not row.active and _has_another(transaction, row):
            return row.status
        if row.starts <= now:
            return NOT_USABLE
        after = booking_noted(transaction, replace(row, hold_until=note.hold_until), reason, note.etag, now=now)
        return after.status if after else NOT_USABLE
    appointment = by_id(transaction.connection, row.amends)
    if appointment is None:
        return NOT_USABLE
    if row.status == RELEASED and appointment.revision != row.revision - (row.reason not in ("moved", "cancelled")):
        return row.status
    if appointment.starts <= now:
        return NOT_USABLE
    change_noted(transaction, Amendment(appointment, row), reason, note.etag, now=now)
    return row.status


def _has_another(transaction: Transaction, row: Booking) -> bool:
    """Whether its customer has a visit at the same time by now."""
    theirs = by_caller(transaction.connection, row.business, row.caller or row.phone, row.starts)
    return any(each.id != row.id and each.active and each.starts == row.starts for each in theirs)
