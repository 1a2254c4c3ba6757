"""A customer's change that met one which a person had made on the calendar: where the visit is now, and who is told.

Theirs stands; nothing here writes to a calendar.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from app.booking import verification
from app.booking.amendments import CANCEL, Amendment
from app.booking.business import Business
from app.booking.calendar import Absent, Event, Unknown
from app.booking.calendars import Calendars
from app.booking.comparison import is_there, shown, span
from app.booking.store import Booking
from app.booking.verdict_words import at
from app.booking.verification import BY_HAND_PAGE, BY_HAND_TASK, Watched
from app.booking.whereabouts import Place, still_on
from app.db.engine import Transaction
from app.review.tasks import OURSELVES, Task, closed, open_about, opened, paged
from app.watch.pages import Page

TELL_WITHIN_S = 900.0
_UTC = ZoneInfo("UTC")


async def as_found(
    calendars: Calendars,
    business: Business | None,
    appointment: Booking,
    seen: Event | Absent | None,
    *,
    within_s: float,
) -> str:
    """How an appointment was booked and what there is instead, in words for whoever has to call.

    `seen` is its event as it was just read; None when that is out of date. Takes at most twice `within_s` seconds.
    """
    now: Event | Absent | Unknown | None = seen
    if now is None:
        place = calendars.at(appointment.calendar)
        now = (
            place
            if isinstance(place, Unknown)
            else await place[0].get(place[1], appointment.event_id, within_s=within_s)
        )
    if not isinstance(now, Unknown) and not is_there(now):
        return gone(business, appointment, await still_on(calendars, business, appointment, within_s=within_s))
    zone = _zone(business)
    if isinstance(now, Unknown):
        there = f"how it is there now is not known ({now.reason})"
    else:
        there = f"there is {shown(now, zone)}" + (", with another reference" * (now.reference != appointment.reference))
    return f"{_promised(appointment, zone)}: {there}"


def gone(business: Business | None, appointment: Booking, on: Sequence[Place] | Unknown) -> str:
    """The same of an event that is on its own calendar no more, and was found on these."""
    zone = _zone(business)
    if isinstance(on, Unknown):
        there = f"it is gone from there ({on.reason})"
    elif not on:
        there = "it is gone from there, and on no other calendar of the business"
    else:
        there = f"the visit is now on {', '.join(at(place, zone) for place in on)}"
    return f"{_promised(appointment, zone)}: {there}"


def handed_over(transaction: Transaction, amendment: Amendment, found: str, *, now: float) -> None:
    """Have a person called in: one task and one page, and a look at the appointment at once.

    What an earlier task said of the same event is said by this one from now on.
    """
    appointment = amendment.appointment
    wish = "cancel it" if amendment.change.intent == CANCEL else "move it"
    reference = appointment.reference
    differs = f"its event on {appointment.calendar} is not as it was {found}."
    page = Page(
        BY_HAND_PAGE,
        reference,
        f"Appointment changed by hand: {reference}",
        f"The customer of {reference} asked to {wish}, but {differs} Nothing was overwritten. Call the customer, "
        f"agree on what holds, and put the calendar right: `readback bookings show {reference}` says whom.",
        appointment.business,
    )
    what = f"Call the customer of {reference}, who asked to {wish}: {differs}"
    phone = appointment.phone or appointment.caller
    key = f"{BY_HAND_TASK}{amendment.change.id}"
    watched = _seen_right_before(transaction, appointment)
    for earlier in open_about(transaction.connection, "tell_customer", reference):
        if earlier.startswith(BY_HAND_TASK) or (watched is not None and earlier == watched.task):
            closed(transaction, earlier, by=OURSELVES, note="the customer has asked since", now=now, goes_on=True)
    if watched is not None:
        verification.noted(transaction, appointment, task=key, seen="", next_look=now)
    due = now + TELL_WITHIN_S
    opened(transaction, Task(key, "tell_customer", appointment.business, reference, what, due, phone), now=now)
    paged(transaction, key, page, now=now)


def _seen_right_before(transaction: Transaction, appointment: Booking) -> Watched | None:
    """Its row where the sweep looks after it; what was never there as promised has pages and a task of its own."""
    found = verification.in_view(transaction.connection, appointment.id)
    return found.watched if found is not None and found.booking.verified_at else None


def _promised(appointment: Booking, zone: ZoneInfo) -> str:
    return f"booked for {span(appointment.starts, appointment.ends, zone)}"


def _zone(business: Business | None) -> ZoneInfo:
    return business.zone if business else _UTC
