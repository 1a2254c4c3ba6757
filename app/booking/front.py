"""The front desk as tools see it: what was asked for, in the business's own terms, and the parts that answer it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import nsmallest
from operator import attrgetter
from typing import Any

from app.booking.amend import Changes
from app.booking.availability import Opening, PartOfDay, bookable, choose
from app.booking.book import Bookings
from app.booking.business import Business, Service, Technician
from app.booking.contact import one_line
from app.booking.desk import Desk, local_today
from app.booking.owner import Owners
from app.booking.slots import Slot, SlotIds
from app.booking.speech import joined, local_iso, spell, spoken_time
from app.booking.store import Booking
from app.clock import Clock
from app.db.engine import Database
from app.errors import Code, SaidError

ALTERNATIVES = 3
ALTERNATIVE_DAYS = (2, 7)
"""First as few days as nearly always have them: in a rush for one time everybody but one has this worked out."""
_start_of = attrgetter("start")
RESERVE_S = 0.3
"""Kept back for the way home."""


@dataclass(frozen=True, slots=True)
class Front:
    """Everything a tool may use."""

    desk: Desk
    bookings: Bookings
    slot_ids: SlotIds
    database: Database
    clock: Clock
    changes: Changes
    owners: Owners
    texting: bool = False
    """Whether there is a carrier that takes texts."""

    def when(self, business: Business, start: int) -> str:
        """A time as a caller hears it now: in the business's zone, with the year unless it is this one."""
        return spoken_time(start, business.zone, int(self.clock.now()))


def wanted_service(business: Business, wanted: str | None) -> Service:
    """The service meant; the only one when none is named. Raises `SaidError` with the list to choose from."""
    if not wanted:
        said = business.services_said()
        if len(said) == 1:
            return said[0]
        raise SaidError(Code.INVALID_ARGUMENTS, f"Which service is it for? There is {joined(_names(said), 'and')}.")
    service = business.service(wanted)
    if service is None:
        names = joined(_names(business.services_said()), "and")
        raise SaidError(
            Code.UNKNOWN_SERVICE, f"{business.name} has no service {one_line(wanted)[:60]}. There is {names}."
        )
    return service


def wanted_technicians(business: Business, service: Service, wanted: str | None) -> tuple[Technician, ...]:
    """Who can do it, or the one asked for. Raises `SaidError` with the names to choose from."""
    able = business.technicians_for(service)
    if not able:
        raise SaidError(Code.UNKNOWN_SERVICE, f"Nobody does {service.name} at the moment.")
    if not wanted:
        return able
    technician = business.technician(wanted)
    if technician is not None and service.id in technician.services:
        return (technician,)
    names = joined(_names(able), "and")
    if technician is None:
        raise SaidError(
            Code.INVALID_ARGUMENTS,
            f"Nobody here is called {one_line(wanted)[:60]}. For {service.name} there is {names}.",
        )
    raise SaidError(Code.INVALID_ARGUMENTS, f"{technician.name} does not do {service.name}. For that there is {names}.")


def calendar_silent() -> SaidError:
    """What a caller hears when the calendars do not tell."""
    return SaidError(
        Code.CALENDAR_UNAVAILABLE,
        "I can't see the calendar right now, so I can't say what is free. Please try again in a few minutes, "
        "or I can have someone call you back.",
    )


def offered(front: Front, business: Business, service: Service, openings: Sequence[Opening]) -> list[dict[str, Any]]:
    """Openings as slots with ids, times with the business's offset."""
    now = front.clock.now()
    mint, zone = front.slot_ids.mint, business.zone
    return [
        {
            "slot_id": mint(business, service.id, opening.technician, opening.start, now),
            "start": local_iso(opening.start, zone),
            "end": local_iso(opening.end, zone),
            "technician": opening.technician,
        }
        for opening in openings
    ]


async def alternatives(front: Front, business: Business, slot: Slot, deadline: float) -> list[Opening]:
    """The times from that day on that are nearest to the one wanted, by start: another's at the very same time, say.

    Few rather than late: that nothing was done has to be said in time.
    """
    service, desk = slot.service, front.desk
    technicians = business.technicians_for(service)
    first = local_today(business, slot.start)
    found: list[Opening] = []
    try:
        async with asyncio.timeout(deadline - front.clock.monotonic() - RESERVE_S):
            for days in ALTERNATIVE_DAYS:
                asked = (business, service, technicians, first, first + timedelta(days=days - 1))
                view = desk.open_now(*asked) or await desk.open(*asked)
                open_slots = bookable(business, view.openings, int(front.clock.now()))
                load = desk.load(technicians)
                starts = choose(open_slots, PartOfDay.ANY, business.zone, load, len(open_slots), False)
                found = sorted(nsmallest(ALTERNATIVES, starts, lambda o: abs(o.start - slot.start)), key=_start_of)
                if len(found) == ALTERNATIVES:
                    break
    except TimeoutError:
        pass
    return found


def has_same_time(openings: Sequence[Opening], slot: Slot) -> bool:
    """Whether somebody else can come at the very time that is gone: then it matters who, and names have to be said."""
    return any(opening.start == slot.start for opening in openings)


def visit_said(front: Front, business: Business, booking: Booking) -> str:
    """An appointment as its own caller hears of it, with its reference."""
    service, technician = business.service(booking.service), business.technician(booking.technician)
    what, who = service.name if service else booking.service, technician.name if technician else booking.technician
    sure = "" if booking.status == "confirmed" else ", not confirmed by the calendar yet"
    return f"{what} with {who} on {front.when(business, booking.starts)}{sure}, reference {spell(booking.reference)}"


def own_visit(front: Front, business: Business, booking: Booking) -> str:
    """The sentence that says whose the time is that cannot be had: the caller's own.

    Of what is only held its caller is promised nothing, not even its end.
    """
    visit = visit_said(front, business, booking)
    if booking.status == "held":
        return f"It is just being booked for you: {visit}. Ask again in a moment."
    return f"You already have {visit}."


def _names(things: Sequence[Service] | Sequence[Technician]) -> list[str]:
    return [thing.name for thing in things]
