"""How a change of an appointment ends, live or settled later: what counts as unchanged or gone, and who is told."""

from collections.abc import Callable

from app.booking.amendments import CANCEL, Amendment, give_up
from app.booking.by_hand import TELL_WITHIN_S, handed_over
from app.booking.calendar import Absent, Calendar, Cancelled, Event, Unknown
from app.booking.claims import Claims
from app.booking.lookups import Lookups
from app.booking.store import Booking, by_id
from app.db.engine import Transaction
from app.review.tasks import Task, opened

CHANGED_BY_HAND = "changed on the calendar by a person"


def is_as_booked(seen: Event | Absent | Unknown, appointment: Booking) -> bool:
    """Whether the event is where and whose it should be. Its words may have been edited: those are kept by a move."""
    return (
        isinstance(seen, Event)
        and not seen.cancelled
        and not seen.repeats  # to move or cancel it would be to do so with every visit of a series
        and (seen.start, seen.end) == (appointment.starts, appointment.ends)
        and seen.reference == appointment.reference
    )


def is_gone(seen: Event | Absent | Unknown) -> bool:
    """Whether the calendar says for certain that there is no such event any more."""
    return isinstance(seen, Absent) or (isinstance(seen, Event) and seen.cancelled)


async def undone(calendar: Calendar, name: str, amendment: Amendment, etag: str, *, within_s: float) -> bool:
    """Take a move back that a person's event is in the way of; True when that is certain."""
    appointment, change = amendment.appointment, amendment.change
    if not amendment.in_place:
        return isinstance(await calendar.cancel(name, change.event_id, etag, within_s=within_s), Cancelled)
    back = (appointment.starts, appointment.ends)
    return isinstance(await calendar.move(name, change.event_id, back, etag, within_s=within_s), Event)


def release(transaction: Transaction, amendment: Amendment, reason: str, *, now: float, found: str = "") -> bool:
    """Give the change up; when a person's own change of the event is why, somebody has to call, and is paged.

    `found` is then how it was booked and what there is instead, as `by_hand` says it.
    """
    unsure = _told_unsure(transaction, amendment)
    if not give_up(transaction, amendment, reason, now=now):
        return False
    if reason == CHANGED_BY_HAND and not amendment.appointment.synthetic:
        handed_over(transaction, amendment, found, now=now)
    elif unsure:
        owe(transaction, amendment, done=False, now=now)
    return True


def carried_out(
    transaction: Transaction, amendment: Amendment, finish: Callable[[Transaction], Booking | None], *, now: float
) -> Booking | None:
    """The appointment after `finish`, which is None where somebody else settled the change."""
    unsure = _told_unsure(transaction, amendment)
    done = finish(transaction)
    if done is not None and unsure:
        owe(transaction, amendment, done=True, now=now)
    return done


def owe(transaction: Transaction, amendment: Amendment, *, done: bool, now: float) -> None:
    """Somebody has to tell the customer how the change ended, where there is a customer."""
    appointment, change = amendment.appointment, amendment.change
    if appointment.synthetic:
        return
    cancels = change.intent == CANCEL
    if done:
        what = "is cancelled now" if cancels else "is moved now, as the customer asked"
    else:
        what = "was not cancelled: look how it stands" if cancels else "could not be moved and stays as it was"
    task = Task(
        f"change:{change.id}",
        "tell_customer",
        appointment.business,
        appointment.reference,
        f"Appointment {appointment.reference} {what}. The customer heard at most that it was not sure: tell them.",
        now + TELL_WITHIN_S,
        appointment.phone or appointment.caller,
    )
    opened(transaction, task, now=now)


def _told_unsure(transaction: Transaction, amendment: Amendment) -> bool:
    """Whether the same was asked for in another call meanwhile, which heard that it is not sure yet and was promised
    the end: a line that dropped, say. Who hears the end of this one now may be nobody.
    """
    row = by_id(transaction.connection, amendment.change.id)
    return amendment.change.status == "held" and row is not None and row.status == "pending"


def remember(claims: Claims, lookups: Lookups | None, amendment: Amendment, after: Booking) -> None:
    """Bring memory to what was committed: the new time first, so that it is never seen as free."""
    before, change = amendment.appointment, amendment.change
    if after.status == "confirmed":
        claims.add(after.calendar, after.id, (after.blocked_from, after.blocked_to))
    if after.status != "confirmed" or after.calendar != before.calendar:
        claims.remove(before.calendar, before.id)
    claims.remove(change.calendar, change.id)
    if lookups is not None:
        for calendar in {before.calendar, after.calendar}:
            lookups.drop(calendar)
