"""Where the event of an appointment stands when it is not on its own calendar: every one of its business is asked.

A calendar that does not tell may have it, so it is named, never left out.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

from app.booking.business import Business
from app.booking.calendar import Event, Unknown
from app.booking.calendars import Calendars
from app.booking.store import Booking

READ_S: Final = 5.0
"""For one request to a calendar, where no caller waits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Another calendar of the business that has the event. `technician` is whose it is, empty where several share."""

    calendar: str
    technician: str
    event: Event


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the other calendars of the business say: those that have the event, that have it not, that do not tell."""

    found: tuple[Place, ...] = ()
    without: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def calendars(self) -> tuple[str, ...]:
        """Those that have it."""
        return tuple(place.calendar for place in self.found)


@dataclass(frozen=True, slots=True)
class Hidden(Unknown):
    """Its own calendar has told; others of the business, which may have it, do not tell."""


NOWHERE: Final = Elsewhere()


async def find_elsewhere(
    calendars: Calendars, business: Business | None, booking: Booking, *, within_s: float = READ_S
) -> Elsewhere:
    """Ask every other calendar of the business at once, live."""
    technicians = business.technicians if business is not None else ()
    whose = {t.calendar: t.id for t in technicians if t.calendar != booking.calendar}
    shared = Counter(t.calendar for t in technicians)
    addresses = sorted(whose)
    answers = await asyncio.gather(*(_event(calendars, address, booking.event_id, within_s) for address in addresses))
    found, without, silent = [], [], []
    for address, answer in zip(addresses, answers, strict=True):
        if isinstance(answer, Unknown):
            silent.append(address)
        elif answer is None:
            without.append(address)
        else:
            found.append(Place(address, whose[address] if shared[address] == 1 else "", answer))
    return Elsewhere(tuple(found), tuple(without), tuple(silent))


async def still_on(
    calendars: Calendars, business: Business | None, booking: Booking, *, within_s: float = READ_S
) -> tuple[Place, ...] | Unknown:
    """Where the visit stands although its event was found gone; nowhere only when every calendar tells."""
    own, elsewhere = await asyncio.gather(
        _listed(calendars, booking, within_s), find_elsewhere(calendars, business, booking, within_s=within_s)
    )
    events = () if isinstance(own, Unknown) else own
    copies = [event for event in events if event.reference == booking.reference and event.id != booking.event_id]
    if copies or elsewhere.found:
        return (*(Place(booking.calendar, booking.technician, copy) for copy in copies), *elsewhere.found)
    if isinstance(own, Unknown):
        return own
    if any(event.id == booking.event_id for event in own):
        return Unknown("the event is gone by its id, but still listed")
    return not_telling(elsewhere) or ()


def not_telling(elsewhere: Elsewhere) -> Hidden | None:
    """Which calendars may have the event, for all that is known; None when every one of them told."""
    if not elsewhere.silent:
        return None
    return Hidden(f"whether the event is on {', '.join(elsewhere.silent)} is not known")


async def _event(calendars: Calendars, address: str, event_id: str, within_s: float) -> Event | Unknown | None:
    place = calendars.at(address)
    if isinstance(place, Unknown):
        return place
    found = await place[0].get(place[1], event_id, within_s=within_s)
    return found if isinstance(found, Unknown) or (isinstance(found, Event) and not found.cancelled) else None


async def _listed(calendars: Calendars, booking: Booking, within_s: float) -> tuple[Event, ...] | Unknown:
    place = calendars.at(booking.calendar)
    if isinstance(place, Unknown):
        return place
    return await place[0].events(place[1], booking.starts, booking.ends, within_s=within_s)
