"""What a customer has done since a person was asked to call them: nobody calls without knowing of it.

Nothing is closed here: what was promised to a customer, or not told them yet, is still to be said.
"""

from sqlalchemy import Connection, bindparam, or_, select

from app.booking.contact import same_name
from app.booking.store import Booking, by_caller
from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import tasks
from app.review.tasks import seen_last

_t = tasks.c
_ABOUT_OTHERS = Prepared(
    select(_t.key).where(
        _t.status == "open",
        _t.business == bindparam("business"),
        or_(_t.phone == bindparam("phone"), _t.phone == bindparam("caller")),
        _t.phone != "",
        _t.subject != bindparam("reference"),
    )
)


def came_since(transaction: Transaction, booking: Booking, *, now: float) -> None:
    """The customer has just booked, moved or cancelled this: whoever is to call them about something else reads so."""
    whose = {"phone": booking.phone, "caller": booking.caller}
    about_others = _ABOUT_OTHERS(
        transaction.connection, business=booking.business, reference=booking.reference, **whose
    ).all()
    done = "cancelled" if booking.status == "cancelled" else "moved" if booking.revision > 1 else "booked"
    words = f"appointment {booking.reference} was {done}."
    for task in about_others:
        seen_last(transaction, task.key, words, now=now, ring=False, elsewhere=True)


def another_since(connection: Connection, refused: Booking) -> Booking | None:
    """What the customer of a booking that could not be made has booked of the same service since."""
    theirs = by_caller(connection, refused.business, refused.caller or refused.phone, 0)
    for other in theirs:
        same = other.service == refused.service and same_name(other.customer_name, refused.customer_name)
        if same and other.status == "confirmed" and other.created_at > refused.created_at:
            return other
    return None
