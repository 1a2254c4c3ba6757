"""Finds out what became of moves and cancellations left held or pending, by reading the events they are about.

A move is never written again; a cancellation that was promised is, since it is conditional and doing it twice is once.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from app import log
from app.booking.amendments import CANCEL, Amendment, finish_cancel, finish_move, of_appointment
from app.booking.book import InTheWay, Result, inspect
from app.booking.business import Business
from app.booking.by_hand import as_found, gone
from app.booking.calendar import Absent, Calendar, Event, Unknown
from app.booking.calendars import Calendars
from app.booking.change_ends import CHANGED_BY_HAND, is_as_booked, is_gone, owe, release, remember, undone
from app.booking.claims import Claims
from app.booking.comparison import span
from app.booking.lookups import Lookups
from app.booking.store import YIELD, YIELD_AWAITED, Booking, by_id
from app.booking.verification import Aftercare
from app.booking.whereabouts import READ_S, Hidden, still_on
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.review.tasks import OURSELVES, closed
from app.watch.pages import Page, raised, resolved

SURELY_NOT_WRITTEN_AFTER_S = 60.0
"""A write that has not shown by then will not come any more."""
PAGE_AFTER_S = 150.0
UNSETTLED_PAGE = "change_unsettled"
_UTC = ZoneInfo("UTC")

logger = log.get(__name__)
TellChange = Callable[[Amendment, Result], Awaitable[bool]]
"""Says in the call how a change ended; False when it could not be said there."""


class ChangeSettler:
    """Settles one leased change at a time; leasing, and the loop, are the settler's of bookings."""

    def __init__(  # noqa: PLR0913 - everything settling touches, handed in by name
        self,
        *,
        database: Database,
        calendars: Calendars,
        claims: Claims,
        lookups: Lookups,
        businesses: Mapping[str, Business],
        clock: Clock,
        tell: TellChange,
        care: Aftercare,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._claims = claims
        self._lookups = lookups
        self._businesses = businesses
        self._clock = clock
        self._tell = tell
        self._care = care

    async def settle(self, change: Booking) -> None:
        """Look at what is there; whatever cannot be told now is looked at again when its lease is over."""
        appointment = await self._database.read(lambda c: by_id(c, change.amends))
        if appointment is None:
            raise LookupError(f"the appointment of change {change.id} is not there")
        amendment = Amendment(appointment, change)
        if appointment.status in ("held", "pending"):
            # Its own booking came into doubt: that is settled first.
            return
        if appointment.status != "confirmed" or appointment.revision != change.revision - 1:
            await self._refuse(amendment, "the appointment is not as it was")
            return
        place = self._calendars.at(change.calendar)
        if isinstance(place, Unknown):
            await self._cannot_tell(amendment, place.reason)
        elif change.intent == CANCEL:
            await self._settle_cancel(*place, amendment)
        else:
            await self._settle_move(*place, amendment)

    async def _settle_move(self, calendar: Calendar, name: str, amendment: Amendment) -> None:
        wanted = amendment.wanted
        seen = await calendar.get(name, wanted.event_id, within_s=READ_S)
        if isinstance(seen, Unknown):
            await self._cannot_tell(amendment, seen.reason)
        elif isinstance(seen, Event) and is_as_booked(seen, wanted):
            await self._settle_moved(calendar, name, amendment, seen)
        elif amendment.in_place and not is_as_booked(seen, amendment.appointment):
            await self._changed(amendment, seen)
        elif amendment.in_place or is_gone(seen):
            if self._age(amendment) >= SURELY_NOT_WRITTEN_AFTER_S:
                await self._refuse(amendment, "not moved on the calendar")
        else:
            await self._cannot_tell(amendment, "the event is there, at another time")

    async def _settle_moved(self, calendar: Calendar, name: str, amendment: Amendment, seen: Event) -> None:
        found: object = InTheWay(seen.etag)
        if amendment.change.reason not in (YIELD, YIELD_AWAITED):
            found = await inspect(calendar, name, amendment.wanted, within_s=READ_S, seen=seen)
        if isinstance(found, Event):
            now, etag = self._clock.now(), found.etag
            await self._finish(
                amendment,
                lambda t: finish_move(t, amendment, etag=etag, old_etag="", now=now, care=self._care),
            )
        elif isinstance(found, InTheWay):
            if await undone(calendar, name, amendment, found.etag, within_s=READ_S):
                await self._refuse(amendment, YIELD)
            else:
                await self._cannot_tell(amendment, "a person's event is in the way, and ours could not be moved back")
        else:
            await self._cannot_tell(
                amendment, found.reason if isinstance(found, Unknown) else "seen by id, not in the list"
            )

    async def _settle_cancel(self, calendar: Calendar, name: str, amendment: Amendment) -> None:
        change = amendment.change
        seen = await calendar.get(name, change.event_id, within_s=READ_S)
        if isinstance(seen, Event) and is_as_booked(seen, amendment.appointment):
            if change.status == "held":
                # Nobody was promised anything by a request that died.
                if self._age(amendment) >= SURELY_NOT_WRITTEN_AFTER_S:
                    await self._refuse(amendment, "not cancelled on the calendar")
                return
            await calendar.cancel(name, change.event_id, seen.etag, within_s=READ_S)
            seen = await calendar.get(name, change.event_id, within_s=READ_S)
            if is_gone(seen):
                await self._cancelled(amendment)
                return
        if is_gone(seen):
            await self._settle_gone(amendment)
        elif isinstance(seen, Event) and not is_as_booked(seen, amendment.appointment):
            await self._changed(amendment, seen)
        else:
            await self._cannot_tell(amendment, seen.reason if isinstance(seen, Unknown) else "it is still there")

    async def _settle_gone(self, amendment: Amendment) -> None:
        """It was gone when we came: by our own request, or because somebody gave the visit to a colleague."""
        appointment = amendment.appointment
        business = self._businesses.get(appointment.business)
        on = await still_on(self._calendars, business, appointment, within_s=READ_S)
        if isinstance(on, Unknown) and not (isinstance(on, Hidden) and self._age(amendment) >= PAGE_AFTER_S):
            await self._cannot_tell(amendment, on.reason)
        elif on:  # or only a colleague who does not tell may have it: that can last, so a person asks them
            await self._refuse(amendment, CHANGED_BY_HAND, gone(business, appointment, on))
        else:
            await self._cancelled(amendment)

    async def _changed(self, amendment: Amendment, seen: Event | Absent) -> None:
        appointment = amendment.appointment
        business = self._businesses.get(appointment.business)
        found = await as_found(self._calendars, business, appointment, seen, within_s=READ_S)
        await self._refuse(amendment, CHANGED_BY_HAND, found)

    async def _cancelled(self, amendment: Amendment) -> None:
        now = self._clock.now()
        await self._finish(amendment, lambda t: finish_cancel(t, amendment, now=now, care=self._care))

    async def _finish(self, amendment: Amendment, finish: Callable[[Transaction], Booking | None]) -> None:
        now = self._clock.now()

        def work(transaction: Transaction) -> Booking | None:
            done = finish(transaction)
            if done is not None:
                resolved(transaction, UNSETTLED_PAGE, done.reference, now=now)
                owe(transaction, amendment, done=True, now=now)
            return done

        done = await self._database.write(work)
        if done is not None:
            remember(self._claims, self._lookups, amendment, done)
            await self._settled(amendment, Result.CONFIRMED, "", owed=True)

    async def _refuse(self, amendment: Amendment, reason: str, found: str = "") -> None:
        now, change = self._clock.now(), amendment.change
        # Who was told "taken" knows already, and a request that died promised nothing.
        owed = change.status == "pending" and change.reason != YIELD

        def work(transaction: Transaction) -> bool:
            released = release(transaction, amendment, reason, now=now, found=found)
            if released:
                resolved(transaction, UNSETTLED_PAGE, amendment.appointment.reference, now=now)
            if released and owed and reason != CHANGED_BY_HAND:  # of that another task tells already
                owe(transaction, amendment, done=False, now=now)
            return released

        if await self._database.write(work):
            self._claims.remove(change.calendar, change.id)
            await self._settled(amendment, Result.REFUSED, reason, owed=owed)

    async def _settled(self, amendment: Amendment, result: Result, reason: str, *, owed: bool) -> None:
        appointment, change = amendment.appointment, amendment.change
        logger.info(
            "change_settled",
            reference=appointment.reference,
            intent=change.intent,
            outcome=result.value,
            reason=reason,
        )
        ended = replace(amendment, change=replace(change, reason=reason))
        if owed and await self._tell(ended, result):
            now = self._clock.now()
            await self._database.write(
                lambda t: closed(t, f"change:{change.id}", by=OURSELVES, note="said in the call", now=now)
            )

    def _age(self, amendment: Amendment) -> float:
        return self._clock.now() - amendment.change.created_at

    async def _cannot_tell(self, amendment: Amendment, reason: str) -> None:
        if self._age(amendment) < PAGE_AFTER_S or amendment.appointment.synthetic:
            return
        appointment, change = amendment.appointment, amendment.change
        business = self._businesses.get(appointment.business)
        zone = business.zone if business else _UTC
        before, to = (
            f"{span(one.starts, one.ends, zone)} with {business.whose(one.calendar) if business else one.technician}"
            for one in (appointment, change)
        )
        what = "cancelled" if change.intent == CANCEL else f"moved to {to}"
        page = Page(
            UNSETTLED_PAGE,
            appointment.reference,
            f"Change cannot be verified: {appointment.reference}",
            f"Appointment {appointment.reference}, {before}, may or may not have been {what}; the calendar does not "
            f"tell ({reason}). The caller heard at most that it is not sure. Look at the calendar and call them: "
            f"`readback bookings show {appointment.reference}` says whom.",
            appointment.business,
        )
        now = self._clock.now()

        def work(transaction: Transaction) -> None:
            lasts = of_appointment(transaction.connection, appointment.id)
            if lasts is not None and lasts.id == change.id:  # else whoever settled it meanwhile has ended its page
                raised(transaction, page, now=now)

        await self._database.write(work)
