"""One booking, claim to confirmation: claim the time, read the calendar live, write once, look again, then say booked.

Nothing here is retried after a write may have gone out. What is not known stays held and *pending*; `settle` finds out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app import log, metrics
from app.booking.amendments import under_way
from app.booking.business import Business
from app.booking.calendar import Absent, Calendar, Cancelled, Event, Refused, Unknown
from app.booking.calendars import Calendars
from app.booking.called_again import gone_over, owe
from app.booking.claims import Claims
from app.booking.contact import same_name
from app.booking.former import Former
from app.booking.holders import Holder, Holders, in_own_way
from app.booking.kept_notes import KeptNotes, Note
from app.booking.lookups import Lookups
from app.booking.noting import FIRST_LOOK_AFTER_S, REASON_CHARS, booking_noted, booking_pending
from app.booking.overtaken import booking_overtaken
from app.booking.slots import Slot
from app.booking.store import CALL_KEY_CHARS, YIELD, Booking, Customer, by_id, claim, drafted, move, of_call
from app.booking.unnoted import Unnoted
from app.booking.verification import USUAL, Aftercare, confirmed
from app.clock import Clock
from app.db.batching import Together
from app.db.engine import Database, Transaction
from app.errors import Code, ReadbackError
from app.watch.alarms import Alarms

HOLD_S = 90.0
"""How long a claim stands when whoever made it is never heard of again; longer than any tool deadline."""
LIVE_READ_S = 2.5
WRITE_S = 3.0
LOOK_AGAIN_S = 2.5
RESERVE_S = 0.3
"""Kept back from each step for the database and the way home."""
NOTE_S = 1.0
"""For noting what became of it where the database did not say that it is booked."""
NOTED_AHEAD_S = 0.1
"""How long before the deadline that ends: past it nobody hears the reference that they are to be given."""

logger = log.get(__name__)


class Result(StrEnum):
    """The three outcomes of a booking. There is no fourth."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request to book. `code` says why it was refused.

    `booking` of a request that was refused is the one that stands: the caller's own, which is that very visit, say.
    `own` is another visit of the caller's, which has some of the time that is taken.
    """

    result: Result
    booking: Booking | None = None
    code: Code | None = None
    own: Booking | None = None

    @property
    def taken(self) -> bool:
        """Whether somebody else has the time now, so that another one can be offered."""
        return self.code is Code.SLOT_TAKEN


TAKEN = Outcome(Result.REFUSED, code=Code.SLOT_TAKEN)
UNAVAILABLE = Outcome(Result.REFUSED, code=Code.CALENDAR_UNAVAILABLE)


class Bookings:
    """Makes bookings. Safe to call from any number of tasks and processes for the same slot."""

    def __init__(  # noqa: PLR0913 - everything a booking touches, handed in by name
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
        hold_s: float = HOLD_S,
        care: Aftercare = USUAL,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._claims = claims
        self._lookups = lookups
        self._former = former
        self._alarms = alarms
        self._clock = clock
        self._hold_s = hold_s
        self._care = care
        self._noting = Unnoted(database, kept)

    async def book(self, business: Business, slot: Slot, customer: Customer, call_key: str, deadline: float) -> Outcome:
        """Book `slot`, answering before `deadline` (steady clock).

        Raises `DatabaseUnavailableError` or `OverloadedError` only while nothing can have been written yet.
        """
        outcome = await self._book(business, slot, customer, call_key.replace("\0", "")[:CALL_KEY_CHARS], deadline)
        metrics.count_booking(outcome.result.value)
        return outcome

    async def _book(
        self, business: Business, slot: Slot, customer: Customer, call_key: str, deadline: float
    ) -> Outcome:
        draft = drafted(business.id, slot, customer, call_key, now=self._clock.now(), hold_s=self._hold_s)
        self._former.look_soon()
        claiming = Together(self._claim, (draft, slot))
        held, otherwise = await self._database.write(claiming, within_s=self._left(deadline))
        if held is None:
            metrics.count_claim_lost(business.id)
            return otherwise
        self._claims.add(held.calendar, held.id, (held.blocked_from, held.blocked_to))
        place = self._calendars.at(held.calendar)
        if isinstance(place, Unknown):
            return await self._release(held, place.reason, UNAVAILABLE, deadline)
        calendar, name = place
        refusal = await self._still_free(calendar, name, held, deadline)
        if refusal is not None:
            return refusal
        event = event_of(held, slot.service.name)
        written = await calendar.book(name, event, within_s=min(WRITE_S, self._left(deadline)))
        if isinstance(written, Refused):
            ring_refused(self._alarms, business, held.calendar, f"A booking could not be written: {written.reason}")
            return await self._release(held, written.reason, UNAVAILABLE, deadline)
        if isinstance(written, Unknown):
            return await self._leave_pending(held, written.reason, deadline)
        self._alarms.clear("calendar_refuses_writes", held.calendar)
        return await self._look_again(calendar, name, held, written, deadline)

    async def _still_free(self, calendar: Calendar, name: str, held: Booking, deadline: float) -> Outcome | None:
        """The live re-read before the write. None when the time is still free."""
        within_s = min(LIVE_READ_S, self._left(deadline) - RESERVE_S)
        found = (await calendar.free([name], held.blocked_from, held.blocked_to, within_s=within_s)).get(
            name, Unknown("left out of the answer")
        )
        if isinstance(found, Unknown):
            return await self._release(held, found.reason, UNAVAILABLE, deadline)
        if found:
            self._lookups.drop(held.calendar)
            return await self._release(held, "taken on the calendar", TAKEN, deadline)
        if self._left(deadline) < 2 * RESERVE_S:
            return await self._release(held, "no time left to write", UNAVAILABLE, deadline)
        return None

    async def _look_again(
        self, calendar: Calendar, name: str, held: Booking, written: Event, deadline: float
    ) -> Outcome:
        """Confirmed only if our event is seen there, and no person's event is in its way."""
        found = await inspect(calendar, name, held, within_s=min(LOOK_AGAIN_S, self._left(deadline)))
        if isinstance(found, Unknown):
            return await self._leave_pending(held, found.reason, deadline, written.etag)
        if isinstance(found, Absent):
            return await self._leave_pending(held, "written, but not seen on the calendar", deadline, written.etag)
        if isinstance(found, InTheWay):
            self._lookups.drop(held.calendar)
            gone = await calendar.cancel(name, held.event_id, found.etag, within_s=min(WRITE_S, self._left(deadline)))
            if isinstance(gone, Cancelled):
                return await self._release(held, YIELD, TAKEN, deadline)
            await self._leave_pending(held, YIELD, deadline, found.etag)
            return TAKEN
        try:
            booked = await self._database.write(
                lambda t: self._confirmed(t, held, found.etag),
                within_s=confirming(self._left(deadline)),
            )
        except ReadbackError:
            # The event is there, but whether our row says so is not known: settled from what is there, not guessed at.
            return await self._leave_pending(held, "seen, but not recorded", deadline, found.etag)
        return (
            Outcome(Result.CONFIRMED, booked)
            if booked
            else await self._overtaken(held, "settled by somebody else", deadline, found.etag)
        )

    def _confirmed(self, transaction: Transaction, held: Booking, etag: str) -> Booking | None:
        now = self._clock.now()
        booked = confirmed(transaction, held, etag=etag, now=now, care=self._care)
        if booked is not None:
            owe(transaction, held, Result.CONFIRMED.value, now=now)
        return booked

    def _refused(self, transaction: Transaction, held: Booking, reason: str) -> None:
        now = self._clock.now()
        if move(transaction, held, "refused", now=now, reason=reason[:64]) is not None:
            owe(transaction, held, Result.REFUSED.value, now=now)

    def _claim(
        self, transaction: Transaction, wanted: Sequence[tuple[Booking, Slot]]
    ) -> list[tuple[Booking | None, Outcome]]:
        """For each the time, or else what is told: where the same call has it already it is asking again, and where
        the same customer has that visit from another call, it is theirs.
        """
        holders = Holders(transaction.connection, [draft for draft, _ in wanted])
        claimed = []
        for draft, slot in wanted:
            taken_by = holders.of(draft)
            taken = taken_by or self._former.has(transaction.connection, draft)
            held = None if taken else claim(transaction, draft)
            if held is not None:
                holders.add(held)
            again = held is None and draft.call_key and any(one.call_key == draft.call_key for one in taken_by)
            mine = self._asked_again(transaction, draft, slot) if again else None
            claimed.append((held, _again(mine) if mine else self._theirs(transaction, draft, taken_by)))
        return claimed

    def _asked_again(self, transaction: Transaction, draft: Booking, slot: Slot) -> Booking | None:
        mine = of_call(transaction.connection, draft.call_key, slot, draft.customer_name)
        if mine is not None and under_way(transaction.connection, [mine]):
            return None  # a move or cancellation may go through yet: nobody can be told that they have this
        if mine is not None and mine.status == "held":
            # Whoever is told "pending" is owed an end, also if the first request dies before it comes to one.
            mine = move(transaction, mine, "pending", now=self._clock.now())
        return mine

    def _theirs(self, transaction: Transaction, draft: Booking, taken_by: Sequence[Holder]) -> Outcome:
        """Taken; where it is by the very visit that is wanted, from the number that calls now, with that visit.

        What is only held was told to nobody, perhaps because that line dropped: who calls again waits for its end.
        """
        for one in taken_by:
            if not draft.caller or one.caller != draft.caller:
                continue
            found = by_id(transaction.connection, one.id)
            if found is None or found.reason == YIELD or found.synthetic or _what(found) != _what(draft):
                continue
            if not same_name(found.customer_name, draft.customer_name):
                continue
            if found.status != "held":
                left = under_way(transaction.connection, [found])
                return replace(TAKEN, booking=None if left else found)
            if not draft.call_key or found.call_key != draft.call_key:
                now = self._clock.now()
                mine = gone_over(transaction, found, draft.call_key, now=now, look_at=now + FIRST_LOOK_AFTER_S)
                return _pending(mine) if mine else TAKEN
        return replace(TAKEN, own=in_own_way(transaction.connection, draft, taken_by))

    async def _release(self, held: Booking, reason: str, outcome: Outcome, deadline: float) -> Outcome:
        """Give the time back: certainly nothing is on the calendar."""
        try:
            await self._database.write(lambda t: self._refused(t, held, reason), within_s=noting(deadline, self._clock))
            self._claims.remove(held.calendar, held.id)
        except ReadbackError:
            # The hold stays until it is settled; that costs an offer, not a visit.
            logger.warning("hold_not_released", reference=held.reference)
        logger.info("booking_refused", reference=held.reference, reason=reason, code=str(outcome.code))
        return outcome

    async def _leave_pending(self, held: Booking, reason: str, deadline: float, etag: str = "") -> Outcome:
        """Keep the time; the background settles it by reading the event's id."""
        logger.warning("booking_pending", reference=held.reference, calendar=held.calendar, reason=reason)
        now = self._clock.now()
        try:
            noted = await self._database.write(
                lambda t: booking_pending(t, held, reason, etag, now=now), within_s=noting(deadline, self._clock)
            )
        except ReadbackError:
            return await self._note_later(held, reason, etag)
        return _pending(noted) if noted else await self._overtaken(held, reason, deadline, etag)

    async def _note_later(self, held: Booking, reason: str, etag: str) -> Outcome:
        def then(row: Booking | None) -> None:
            if row is not None and row.status == "refused":
                self._claims.remove(held.calendar, held.id)

        note = Note(held.id, held.reference, reason[:REASON_CHARS], etag, held.hold_until, self._clock.now())
        await self._noting.begin(note, lambda t: booking_noted(t, held, reason, etag, now=self._clock.now()), then)
        return _pending(held)

    async def _overtaken(self, held: Booking, reason: str, deadline: float, etag: str) -> Outcome:
        """Somebody took this process for dead and settled the booking while it was being written: theirs stands."""
        now = self._clock.now()
        logger.warning("booking_overtaken", reference=held.reference)
        try:
            row = await self._database.write(
                lambda t: booking_overtaken(t, held, etag=etag, now=now, told_pending=False),
                within_s=noting(deadline, self._clock),
            )
        except ReadbackError:
            return await self._note_later(held, reason, etag)
        if row is None or row.status not in ("refused", "confirmed"):
            return _pending(row or held)
        if row.status == "confirmed":
            return Outcome(Result.CONFIRMED, row)
        self._claims.remove(held.calendar, held.id)
        return UNAVAILABLE

    async def stop(self) -> None:
        """Give up noting what the database did not take."""
        await self._noting.stop()

    def _left(self, deadline: float) -> float:
        return max(0.05, deadline - self._clock.monotonic() - RESERVE_S)


def confirming(left_s: float) -> float:
    """How long the commit that says booked may take, so that who has to hear "not sure yet" hears it in time."""
    return max(left_s - NOTE_S, min(left_s, NOTE_S))


def noting(deadline: float, clock: Clock) -> float:
    """How long noting what became of it may take; what is not noted by then is told in time all the same."""
    return min(NOTE_S, max(NOTED_AHEAD_S, deadline - clock.monotonic() - NOTED_AHEAD_S))


def ring_refused(alarms: Alarms, business: Business, calendar: str, what: str) -> None:
    """A calendar takes nothing of ours: `what` could not be done, and why."""
    body = f"{what}. Check that the calendar exists and is shared with permission to make changes to events."
    title = f"Calendar refuses bookings: {business.whose(calendar)}"
    alarms.ring("calendar_refuses_writes", calendar, title, body, business.page)


def _again(mine: Booking) -> Outcome:
    return Outcome(Result.CONFIRMED, mine) if mine.status == "confirmed" else _pending(mine)


def _what(booking: Booking) -> tuple[str, int, int]:
    """Not with its buffers: who has nine to ten does not have ten to eleven."""
    return booking.service, booking.starts, booking.ends


def _pending(booking: Booking) -> Outcome:
    return Outcome(Result.PENDING, booking, Code.STILL_CHECKING)


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Our event is there, and so is somebody else's over the same time. `etag` is ours."""

    etag: str


async def inspect(
    calendar: Calendar, name: str, booking: Booking, *, within_s: float, seen: Event | None = None
) -> Event | InTheWay | Absent | Unknown:
    """Read the booked range back: our own event as wanted, what is in its way, or that it is not there.

    `seen` is our event as just read by its id: one that somebody shows as free is in no list, and there all the same.
    """
    found = await calendar.events(name, booking.blocked_from, booking.blocked_to, within_s=within_s)
    if isinstance(found, Unknown):
        return found
    free = seen if seen is not None and not seen.opaque else None
    ours = next((event for event in found if event.id == booking.event_id), free)
    if ours is None or (ours.start, ours.end) != (booking.starts, booking.ends):
        return Absent()
    if any(event.id != booking.event_id for event in found):
        return InTheWay(ours.etag)
    return ours


def event_of(booking: Booking, service_name: str) -> Event:
    """The event a technician sees: who, what, and how to reach them."""
    lines = [f"Phone: {booking.phone or booking.caller or 'not given'}"]
    if booking.email:
        lines.append(f"E-mail: {booking.email}")
    if booking.address:
        lines.append(f"Address: {booking.address}")
    if booking.notes:
        lines.append(f"Notes: {booking.notes}")
    lines.append(f"Reference: {booking.reference}")
    return Event(
        id=booking.event_id,
        start=booking.starts,
        end=booking.ends,
        summary=f"{service_name}: {booking.customer_name}",
        description="\n".join(lines),
        reference=booking.reference,
    )
