"""Removes the event that a move to another calendar left behind, or that came when its booking was refused already.
What a person has changed there, or put on a third calendar, is left alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app import log
from app.booking.business import Business
from app.booking.calendar import Changed, Event, Unknown
from app.booking.calendars import Calendars
from app.booking.change_ends import is_gone
from app.booking.comparison import is_there
from app.booking.lookups import Lookups
from app.booking.store import Booking, by_id
from app.booking.whereabouts import find_elsewhere, not_telling
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.errors import ReadbackError
from app.jobs.outbox import Again
from app.watch.pages import Page, called_over, is_raised, raised, resolved

REMOVE_S = 5.0
LOOK_AGAIN_AFTER_S = 10.0
LEFT_LOOK_AGAIN_AFTER_S = 600.0
"""Between two looks at what was left to a person."""
PAGE_KIND = "event_left_over"
REFUSED = "refused"

logger = log.get(__name__)


class NotRemovedError(ReadbackError):
    """The calendar does not say that the event is gone."""

    retryable = True


class LeftOver:
    """Carries out `remove_event`: reads first, deletes only what is unchanged, and believes only a second read."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        lookups: Lookups,
        businesses: Mapping[str, Business],
        clock: Clock,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._businesses = businesses
        self._lookups = lookups
        self._clock = clock

    async def remove(self, data: Mapping[str, Any]) -> Again | None:
        """The handler. Raises `NotRemovedError` while the calendar does not tell.

        What a person has edited is looked at until they have removed it, say that it may stay, or its time is over.
        """
        address, event_id = str(data["calendar"]), str(data["event"])
        appointment = await self._database.read(lambda c: by_id(c, str(data["booking"])))
        if appointment is None or _is_its_own(appointment, address, event_id):
            return None
        place = self._calendars.at(address)
        if isinstance(place, Unknown):
            return await self._not_told(address, appointment, place)
        calendar, name = place
        there = await calendar.get(name, event_id, within_s=REMOVE_S)
        if isinstance(there, Unknown):
            return await self._not_told(address, appointment, there)
        if not is_there(there):
            return await self._gone_unasked(address, event_id, appointment)
        was = (int(data["starts"]), int(data["ends"]), appointment.reference)
        etag = str(data["etag"] or "")
        if (etag and there.etag != etag) or (there.start, there.end, there.reference) != was:
            return await self._leave(address, appointment, there, address)
        done = await calendar.cancel(name, event_id, there.etag, within_s=REMOVE_S)
        if isinstance(done, Changed):
            return await self._leave(address, appointment, there, address)
        if isinstance(done, Unknown):
            raise NotRemovedError(done.reason)
        if not is_gone(await calendar.get(name, event_id, within_s=REMOVE_S)):
            return Again(LOOK_AGAIN_AFTER_S)
        await self._gone(address, appointment)
        return None

    async def _gone_unasked(self, address: str, event_id: str, appointment: Booking) -> Again | None:
        """Gone, and perhaps not by us: nobody drives there, unless somebody has put it on another calendar."""
        old = replace(appointment, calendar=address, event_id=event_id)
        business = self._businesses.get(appointment.business)
        elsewhere = await find_elsewhere(self._calendars, business, old, within_s=REMOVE_S)
        for place in elsewhere.found:
            return await self._leave(address, appointment, place.event, place.calendar)
        if unknown := not_telling(elsewhere):
            return await self._not_told(address, appointment, unknown)
        await self._gone(address, appointment)
        return None

    async def _not_told(self, address: str, appointment: Booking, unknown: Unknown) -> Again:
        """An error, unless a person has it in hand already: then it is only looked at later."""
        key = _key(appointment, address)
        if not await self._database.write(lambda t: is_raised(t, PAGE_KIND, key)):
            raise NotRemovedError(unknown.reason)
        return Again(LEFT_LOOK_AGAIN_AFTER_S)

    async def _gone(self, address: str, appointment: Booking) -> None:
        self._lookups.drop(address)
        await self._over(address, appointment)
        logger.info("left_over_removed", reference=appointment.reference, calendar=address)

    async def _over(self, address: str, appointment: Booking) -> None:
        now = self._clock.now()
        await self._database.write(lambda t: resolved(t, PAGE_KIND, _key(appointment, address), now=now))

    async def _leave(self, address: str, appointment: Booking, there: Event, on: str) -> Again | None:
        now, page = self._clock.now(), _page(appointment, address, on)
        if there.end <= now:
            await self._over(address, appointment)
            return None

        def told(transaction: Transaction) -> bool:
            if called_over(transaction.connection, PAGE_KIND, page.key, appointment.updated_at) is not None:
                return False
            raised(transaction, page, now=now)
            return True

        return Again(LEFT_LOOK_AGAIN_AFTER_S) if await self._database.write(told) else None


def _is_its_own(appointment: Booking, address: str, event_id: str) -> bool:
    """Whether this is the event an appointment stands on; that of a refused booking is nobody's."""
    return appointment.status != REFUSED and (appointment.calendar, appointment.event_id) == (address, event_id)


def _page(appointment: Booking, address: str, on: str) -> Page:
    reference = appointment.reference
    if appointment.status == REFUSED:
        title, what = "Refused booking is on a calendar", "came to nothing"
    else:
        title, what = f"Moved appointment is still on {on} as well", f"was moved to {appointment.calendar}"
    return Page(
        PAGE_KIND,
        _key(appointment, address),
        f"{title}: {reference}",
        f"Appointment {reference} {what}, but its old event is on {on}, as a person has edited or put it there, and is "
        "left alone. Remove it if nobody needs it: until then somebody may drive there.",
        appointment.business,
    )


def _key(appointment: Booking, address: str) -> str:
    return f"{appointment.reference} {address}"[:500]
