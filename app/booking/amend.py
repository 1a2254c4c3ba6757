"""One change of an appointment, claim to confirmation: hold the new time, read live, write once, look again.

The old time is kept until the change was seen. What is not known stays *pending* and holds both; `settle_change` finds
out. What a person changed on the calendar is never overwritten.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from app import log, metrics
from app.booking.amendments import (
    Amendment,
    Obstacle,
    begin_cancel,
    begin_move,
    finish_cancel,
    finish_move,
)
from app.booking.book import (
    HOLD_S,
    LIVE_READ_S,
    LOOK_AGAIN_S,
    RESERVE_S,
    TAKEN,
    UNAVAILABLE,
    WRITE_S,
    InTheWay,
    Outcome,
    Result,
    confirming,
    event_of,
    inspect,
    noting,
    ring_refused,
)
from app.booking.business import Business
from app.booking.by_hand import as_found, gone
from app.booking.calendar import Absent, Calendar, Changed, Event, Refused, Unknown
from app.booking.calendars import Calendars
from app.booking.change_ends import CHANGED_BY_HAND, carried_out, is_as_booked, is_gone, release, remember, undone
from app.booking.claims import Claims
from app.booking.former import Former
from app.booking.kept_notes import KeptNotes, Note
from app.booking.lookups import Lookups
from app.booking.noting import REASON_CHARS, change_noted, change_pending
from app.booking.overtaken import change_overtaken
from app.booking.slots import Slot
from app.booking.store import YIELD, Booking, by_id
from app.booking.unnoted import Unnoted
from app.booking.verification import Aftercare
from app.booking.whereabouts import still_on
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.errors import Code, ReadbackError
from app.watch.alarms import Alarms

logger = log.get(__name__)
Finish = Callable[[Transaction], Booking | None]


class Changes:
    """Moves and cancels appointments. Safe to call from any number of tasks and processes for the same one."""

    def __init__(  # noqa: PLR0913 - everything a change touches, handed in by name
        self,
        *,
        database: Database,
        calendars: Calendars,
        claims: Claims,
        lookups: Lookups,
        former: Former,
        alarms: Alarms,
        clock: Clock,
        kept: KeptNotes,
        care: Aftercare,
        hold_s: float = HOLD_S,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._claims = claims
        self._lookups = lookups
        self._former = former
        self._alarms = alarms
        self._clock = clock
        self._care = care
        self._hold_s = hold_s
        self._noting = Unnoted(database, kept)

    async def move(self, business: Business, booking: Booking, slot: Slot, call_key: str, deadline: float) -> Outcome:
        """Move an appointment to `slot`, answering before `deadline` (steady clock).

        Raises `DatabaseUnavailableError` or `OverloadedError` only while nothing can have been written yet.
        """
        now = self._clock.now()
        self._former.look_soon()
        wanted = _at(booking, slot)

        def begin(transaction: Transaction) -> Amendment | Obstacle:
            if self._former.has(transaction.connection, wanted, apart_from=booking.id):
                return Obstacle.TAKEN
            return begin_move(transaction, booking.id, slot, call_key, now=now, hold_s=self._hold_s)

        begun = await self._database.write(begin, within_s=self._left(deadline))
        if isinstance(begun, Obstacle):
            outcome = await self._stopped_by(begun, wanted)
        else:
            outcome = await self._move(business, begun, slot.service.name, deadline)
        metrics.count_booking(outcome.result.value)
        return outcome

    async def cancel(
        self, business: Business, booking: Booking, reason: str, call_key: str, deadline: float
    ) -> Outcome:
        """Cancel an appointment, answering before `deadline`; errors as `move`."""
        now = self._clock.now()
        begun = await self._database.write(
            lambda t: begin_cancel(t, booking.id, reason, call_key, now=now, hold_s=self._hold_s),
            within_s=self._left(deadline),
        )
        if isinstance(begun, Obstacle):
            outcome = await self._stopped_by(begun, booking, cancelling=True)
        else:
            outcome = await self._cancel(business, begun, deadline)
        metrics.count_booking(outcome.result.value)
        return outcome

    async def stop(self) -> None:
        """Give up noting what the database did not take."""
        await self._noting.stop()

    # --- moving -------------------------------------------------------------------------------------------------------

    async def _move(self, business: Business, amendment: Amendment, service: str, deadline: float) -> Outcome:
        change = amendment.change
        self._claims.add(change.calendar, change.id, (change.blocked_from, change.blocked_to))
        place, old_place = self._calendars.at(change.calendar), self._calendars.at(amendment.appointment.calendar)
        if isinstance(place, Unknown) or isinstance(old_place, Unknown):
            return await self._release(amendment, "no adapter for this kind of calendar", UNAVAILABLE, deadline)
        calendar, name = place
        seen = await self._free_to_move(business, place, old_place, amendment, deadline)
        if isinstance(seen, Outcome):
            return seen
        within_s = min(WRITE_S, self._left(deadline))
        if amendment.in_place:
            to = (change.starts, change.ends)
            written = await calendar.move(name, change.event_id, to, seen.etag, within_s=within_s)
        else:
            written = await calendar.book(name, _as_edited(amendment.wanted, service, seen), within_s=within_s)
        if isinstance(written, Refused):
            ring_refused(self._alarms, business, change.calendar, f"A move could not be written: {written.reason}")
            return await self._release(amendment, written.reason, UNAVAILABLE, deadline)
        if isinstance(written, Changed | Absent):
            return await self._changed(business, amendment, None, deadline)
        if isinstance(written, Unknown):
            return await self._leave(amendment, written.reason, deadline)
        self._alarms.clear("calendar_refuses_writes", change.calendar)
        return await self._look_again(calendar, name, amendment, (seen, written), deadline)

    async def _free_to_move(
        self,
        business: Business,
        place: tuple[Calendar, str],
        old_place: tuple[Calendar, str],
        amendment: Amendment,
        deadline: float,
    ) -> Event | Outcome:
        """The live reads before the write: our event as it is now, if it is as booked and the new time is free."""
        (calendar, name), (old_calendar, old_name) = place, old_place
        wanted = amendment.wanted
        within_s = self._reading(deadline)
        ours, there = await asyncio.gather(
            old_calendar.get(old_name, amendment.appointment.event_id, within_s=within_s),
            calendar.events(name, wanted.blocked_from, wanted.blocked_to, within_s=within_s),
        )
        if isinstance(ours, Unknown) or isinstance(there, Unknown):
            return await self._release(amendment, "the calendar does not tell", UNAVAILABLE, deadline)
        # Shown as free, it would hold its new time no more than this one.
        free = amendment.in_place and isinstance(ours, Event) and not ours.opaque
        if not isinstance(ours, Event) or not is_as_booked(ours, amendment.appointment) or free:
            return await self._changed(business, amendment, ours, deadline)
        if any(event.id != amendment.appointment.event_id for event in there):
            self._lookups.drop(wanted.calendar)
            return await self._release(amendment, "taken on the calendar", TAKEN, deadline)
        if self._left(deadline) < 2 * RESERVE_S:
            return await self._release(amendment, "no time left to write", UNAVAILABLE, deadline)
        return ours

    async def _look_again(
        self, calendar: Calendar, name: str, amendment: Amendment, seen: tuple[Event, Event], deadline: float
    ) -> Outcome:
        """Confirmed only if our event is seen at its new time, and no person's event is in its way."""
        before, written = seen
        found = await inspect(calendar, name, amendment.wanted, within_s=min(LOOK_AGAIN_S, self._left(deadline)))
        if isinstance(found, Unknown):
            return await self._leave(amendment, found.reason, deadline, written.etag)
        if isinstance(found, Absent):
            return await self._leave(amendment, "moved, but not seen there on the calendar", deadline, written.etag)
        if isinstance(found, InTheWay):
            self._lookups.drop(amendment.change.calendar)
            if await undone(calendar, name, amendment, found.etag, within_s=min(WRITE_S, self._left(deadline))):
                return await self._release(amendment, YIELD, TAKEN, deadline)
            await self._leave(amendment, YIELD, deadline, found.etag)
            return TAKEN
        now = self._clock.now()
        return await self._confirm(
            amendment,
            lambda t: finish_move(t, amendment, etag=found.etag, old_etag=before.etag, now=now, care=self._care),
            found.etag,
            deadline,
        )

    # --- cancelling ---------------------------------------------------------------------------------------------------

    async def _cancel(self, business: Business, amendment: Amendment, deadline: float) -> Outcome:
        appointment = amendment.appointment
        place = self._calendars.at(appointment.calendar)
        if isinstance(place, Unknown):
            return await self._release(amendment, place.reason, UNAVAILABLE, deadline)
        calendar, name = place
        seen = await calendar.get(name, appointment.event_id, within_s=self._reading(deadline))
        if isinstance(seen, Unknown):
            return await self._release(amendment, seen.reason, UNAVAILABLE, deadline)
        if is_gone(seen):
            return await self._cancel_gone(business, amendment, deadline)
        if not isinstance(seen, Event) or not is_as_booked(seen, appointment):
            return await self._changed(business, amendment, seen, deadline)
        if self._left(deadline) < 2 * RESERVE_S:
            return await self._release(amendment, "no time left to write", UNAVAILABLE, deadline)
        within_s = min(WRITE_S, self._left(deadline))
        done = await calendar.cancel(name, appointment.event_id, seen.etag, within_s=within_s)
        if isinstance(done, Changed):
            return await self._changed(business, amendment, None, deadline)
        if isinstance(done, Unknown):
            return await self._leave(amendment, done.reason, deadline)
        # A status code is not success: the time is free once the event is seen to be gone.
        seen = await calendar.get(name, appointment.event_id, within_s=min(LOOK_AGAIN_S, self._left(deadline)))
        if not is_gone(seen):
            return await self._leave(amendment, "cancelled, but not seen to be gone", deadline)
        return await self._cancelled(amendment, deadline)

    async def _cancel_gone(self, business: Business, amendment: Amendment, deadline: float) -> Outcome:
        """Gone, and not by us: nobody comes any more, unless somebody gave the visit to a colleague."""
        on = await still_on(self._calendars, business, amendment.appointment, within_s=self._reading(deadline))
        if isinstance(on, Unknown):
            return await self._leave(amendment, on.reason, deadline)
        if on:
            return await self._by_hand(amendment, gone(business, amendment.appointment, on), deadline)
        return await self._cancelled(amendment, deadline)

    async def _cancelled(self, amendment: Amendment, deadline: float) -> Outcome:
        now = self._clock.now()
        return await self._confirm(
            amendment,
            lambda t: finish_cancel(t, amendment, now=now, care=self._care),
            amendment.appointment.etag,
            deadline,
        )

    # --- ends ---------------------------------------------------------------------------------------------------------

    async def _confirm(self, amendment: Amendment, finish: Finish, etag: str, deadline: float) -> Outcome:
        now = self._clock.now()
        try:
            done = await self._database.write(
                lambda t: carried_out(t, amendment, finish, now=now), within_s=confirming(self._left(deadline))
            )
        except ReadbackError:
            # The calendar has it, but whether our rows say so is not known: settled from what is there.
            return await self._leave(amendment, "seen, but not recorded", deadline)
        if done is None:
            return await self._settled_meanwhile(amendment, "settled by somebody else", deadline, etag)
        remember(self._claims, self._lookups, amendment, done)
        return Outcome(Result.CONFIRMED, done)

    async def _stopped_by(self, obstacle: Obstacle, wanted: Booking, *, cancelling: bool = False) -> Outcome:
        if obstacle is Obstacle.TAKEN:
            metrics.count_claim_lost(wanted.business)
            return TAKEN
        if obstacle is Obstacle.THERE_ALREADY:
            return Outcome(Result.CONFIRMED, wanted)
        now: Booking | None = wanted
        try:
            now = await self._database.read(lambda c: by_id(c, wanted.id))
        except ReadbackError:
            # That it is under way, our rows have just said: not to read them again makes it no refusal.
            if obstacle is not Obstacle.ASKED_ALREADY:
                raise
        over = now is not None and now.status == "cancelled"
        if over and cancelling:
            return Outcome(Result.CONFIRMED, now)
        if obstacle is Obstacle.ASKED_ALREADY:
            return Outcome(Result.PENDING, now, Code.STILL_CHECKING)
        code = Code.NOT_FOUND if over or obstacle is Obstacle.GONE else Code.STILL_CHECKING
        return Outcome(Result.REFUSED, now, code)

    async def _changed(
        self, business: Business, amendment: Amendment, seen: Event | Absent | None, deadline: float
    ) -> Outcome:
        within_s = self._reading(deadline) / 2  # it may take two reads, one after the other
        found = await as_found(self._calendars, business, amendment.appointment, seen, within_s=within_s)
        return await self._by_hand(amendment, found, deadline)

    async def _by_hand(self, amendment: Amendment, found: str, deadline: float) -> Outcome:
        """A person changed the event: theirs stands, the caller hears of it, and somebody is told to look."""
        outcome = Outcome(Result.REFUSED, amendment.appointment, Code.NOT_ALLOWED)
        return await self._release(amendment, CHANGED_BY_HAND, outcome, deadline, found)

    async def _release(
        self, amendment: Amendment, reason: str, outcome: Outcome, deadline: float, found: str = ""
    ) -> Outcome:
        """Give the new time back: certainly nothing was changed on the calendar."""
        now, change = self._clock.now(), amendment.change
        try:
            await self._database.write(
                lambda t: release(t, amendment, reason, now=now, found=found), within_s=noting(deadline, self._clock)
            )
            self._claims.remove(change.calendar, change.id)
        except ReadbackError:
            # The hold stays until it is settled; that costs an offer, not a visit.
            logger.warning("hold_not_released", reference=amendment.appointment.reference)
        logger.info(
            "change_refused", reference=amendment.appointment.reference, intent=change.intent, reason=reason[:64]
        )
        return outcome

    async def _leave(self, amendment: Amendment, reason: str, deadline: float, etag: str = "") -> Outcome:
        """Keep both times; the background settles it by reading the calendar."""
        logger.warning("change_pending", reference=amendment.appointment.reference, reason=reason)
        now, outcome = self._clock.now(), Outcome(Result.PENDING, amendment.appointment, Code.STILL_CHECKING)
        try:
            left = await self._database.write(
                lambda t: change_pending(t, amendment, reason, etag, now=now), within_s=noting(deadline, self._clock)
            )
        except ReadbackError:
            return await self._note_later(amendment, reason, etag)
        return outcome if left else await self._settled_meanwhile(amendment, reason, deadline, etag)

    async def _note_later(self, amendment: Amendment, reason: str, etag: str) -> Outcome:
        def then(row: Booking | None) -> None:
            if row is not None:
                self._remembered(amendment, row)

        appointment, change, now = amendment.appointment, amendment.change, self._clock.now()
        note = Note(change.id, appointment.reference, reason[:REASON_CHARS], etag, change.hold_until, now)
        await self._noting.begin(note, lambda t: change_noted(t, amendment, reason, etag, now=self._clock.now()), then)
        return Outcome(Result.PENDING, appointment, Code.STILL_CHECKING)

    async def _settled_meanwhile(self, amendment: Amendment, reason: str, deadline: float, etag: str) -> Outcome:
        """Its own commit went through unheard, or somebody took this process for dead and settled it: theirs stands."""
        now, pending = self._clock.now(), Outcome(Result.PENDING, amendment.appointment, Code.STILL_CHECKING)
        try:
            row = await self._database.write(
                lambda t: change_overtaken(t, amendment, etag=etag, now=now, told_pending=False),
                within_s=noting(deadline, self._clock),
            )
        except ReadbackError:
            return await self._note_later(amendment, reason, etag)
        if row is None:
            return pending
        if self._remembered(amendment, row):
            return Outcome(Result.CONFIRMED, row)
        return pending if amendment.in_place else replace(UNAVAILABLE, booking=row)

    def _remembered(self, amendment: Amendment, row: Booking) -> bool:
        """Whether the appointment has become what was wanted; its times are kept in mind as they are."""
        done = row.revision == amendment.change.revision
        if done:
            remember(self._claims, self._lookups, amendment, row)
        else:
            self._claims.remove(amendment.change.calendar, amendment.change.id)
        return done

    def _reading(self, deadline: float) -> float:
        """For live reads, which go out together."""
        return max(0.05, min(LIVE_READ_S, self._left(deadline) - RESERVE_S))

    def _left(self, deadline: float) -> float:
        return max(0.05, deadline - self._clock.monotonic() - RESERVE_S)


def _at(booking: Booking, slot: Slot) -> Booking:
    """The appointment at this time, with the buffers it was booked with."""
    before, after = booking.starts - booking.blocked_from, booking.blocked_to - booking.ends
    return replace(
        booking,
        technician=slot.technician.id,
        calendar=slot.technician.calendar,
        starts=slot.start,
        ends=slot.end,
        blocked_from=slot.start - before,
        blocked_to=slot.end + after,
    )


def _as_edited(wanted: Booking, service: str, before: Event) -> Event:
    """The event for another calendar, with what people have written into the old one: a gate code, a note."""
    event = event_of(wanted, service)
    named = wanted.customer_name.casefold() in before.summary.casefold()
    return replace(event, summary=before.summary if named else event.summary, description=before.description)
