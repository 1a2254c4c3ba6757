"""What people read of a look at an appointment: pages, and what to tell the customer. It decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from app.booking.calendar import Absent, Event
from app.booking.comparison import Difference, Wanted, is_there, moved, shown, span
from app.booking.store import Booking
from app.booking.verification import CANNOT_VERIFY_PAGE, CHANGED_PAGE, MISMATCH_PAGE, Watched
from app.booking.whereabouts import NOWHERE, Elsewhere, Place, not_telling
from app.watch.pages import Page

MOST_NAMED: Final = 20
OUR_OWN: Final = "; a synthetic call of ours booked it, so nobody waits for it."


@dataclass(frozen=True, slots=True)
class Sight:
    """What an independent read saw. `elsewhere` was asked where the event is on its own calendar no more."""

    found: Event | Absent
    problems: tuple[Difference, ...]
    elsewhere: Elsewhere = NOWHERE


def mismatch_page(booking: Booking, wanted: Wanted, sight: Sight, zone: ZoneInfo) -> Page:
    """What a person hears of an appointment that is not on the calendar as it should be."""
    title = f"Read-back mismatch: {booking.reference} on {booking.calendar}"
    call = f", or call the customer: `readback bookings show {booking.reference}` says whom."
    body = f"{_compared(booking, wanted, sight, zone)}\nPut the calendar right{OUR_OWN if booking.synthetic else call}"
    return Page(MISMATCH_PAGE, booking.reference, title, body, booking.business)


def changed_page(booking: Booking, wanted: Wanted, sight: Sight, zone: ZoneInfo, told: str) -> Page:
    title = f"Read-back mismatch: {booking.reference} was changed on {booking.calendar}"
    body = f"{_compared(booking, wanted, sight, zone)}\n{told}"
    return Page(CHANGED_PAGE, booking.reference, title, body, booking.business)


def blind_page(
    booking: Booking, watched: Watched, reason: str, zone: ZoneInfo, on: str = "", left: Sequence[Booking] | None = None
) -> Page:
    """What a person hears of an appointment that cannot be seen; `on` is the calendar that hides it, if not its own.

    `left`: what else stands on a calendar that is nobody's any more, soonest first; None where it only does not tell.
    """
    when = span(watched.starts, watched.ends, zone)
    wanted = "which was cancelled" if booking.status == "cancelled" else f"wanted at {when}"
    if on:
        title, key = f"Cannot verify appointments on {on}", on
    elif booking.verified_at:  # seen before: what is to be looked at is the calendar, not each appointment on it
        title, key = f"Cannot verify appointments on {booking.calendar}", booking.calendar
    else:
        title, key = f"Cannot verify {booking.reference} on {booking.calendar}", booking.reference
    body = f"Booking {booking.reference} on {booking.calendar}, {wanted}, cannot be verified: {reason}.\n"
    if left is None:
        body += "Look at the calendar; check that it exists, is shared with our account and belongs to the technician."
    else:
        body += _to_be_taken_over(booking, left, zone)
    return Page(CANNOT_VERIFY_PAGE, key, title, body, booking.business)


def _to_be_taken_over(booking: Booking, left: Sequence[Booking], zone: ZoneInfo) -> str:
    body = (
        "For all that is known nobody goes there. Put the business file right and start again, or have a colleague "
        f"take it over and tell the customer: `readback bookings show {booking.reference}` says whom."
    )
    named = [f"{one.reference} at {span(one.starts, one.ends, zone)}" for one in left[:MOST_NAMED]]
    if len(left) > MOST_NAMED:
        named.append(f"and {len(left) - MOST_NAMED} more")
    return f"{body}\nThe same goes for {', '.join(named)}." if named else body


def at(place: Place, zone: ZoneInfo) -> str:
    """Which calendar has the event, and when."""
    return f"{place.calendar} at {span(place.event.start, place.event.end, zone)}"


def _compared(booking: Booking, wanted: Wanted, sight: Sight, zone: ZoneInfo) -> str:
    what = f"an event at {span(wanted.start, wanted.end, zone)}" if wanted.there else "no event: it was cancelled"
    there = shown(sight.found, zone)
    if sight.elsewhere.found:
        there += f"; the event is on {', '.join(at(place, zone) for place in sight.elsewhere.found)}"
    return (
        f"Booking {booking.reference} ({booking.service}) on {booking.calendar}.\n"
        f"Wanted: {what}.\nThere: {there}.\nWrong: {'; '.join(sight.problems)}."
    )


def to_put_right(booking: Booking, wanted: Wanted, zone: ZoneInfo) -> str:
    promised = f"promised for {span(wanted.start, wanted.end, zone)}" if wanted.there else "which was cancelled"
    return (
        f"The calendar does not show appointment {booking.reference}, {promised}, as it should be. "
        f"Put the calendar right{OUR_OWN if booking.synthetic else ', or agree with the customer on what it shows.'}"
    )


def telling(booking: Booking, wanted: Wanted, sight: Sight, zone: ZoneInfo, *, overlaps: bool = False) -> str:
    return f"Tell the customer: {became(booking, wanted, sight, zone, overlaps=overlaps)}"


def became(booking: Booking, wanted: Wanted, sight: Sight, zone: ZoneInfo, *, overlaps: bool) -> str:
    """What was promised, and what there is instead."""
    promised = span(wanted.start, wanted.end, zone)
    found = sight.found
    if sight.elsewhere.found:
        what = f"is now on {', '.join(at(place, zone) for place in sight.elsewhere.found)}"
    elif not is_there(found):
        what = "is no longer on the calendar"
        if unknown := not_telling(sight.elsewhere):
            what += f" ({unknown.reason})"
    elif moved(wanted, found):
        what = f"is now at {span(found.start, found.end, zone)}"
    else:
        what = f"was edited on the calendar ({'; '.join(sight.problems)})"
    clash = " That time overlaps another booking of ours: find out which one stands." if overlaps else ""
    return f"appointment {booking.reference}, promised for {promised}, {what}.{clash}"
