"""Changes of appointments in the database: a second row holds the new time until the appointment has it, so that a
claim never has a gap. It never touches the appointment before the calendar was seen to have changed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection, bindparam, or_, select, update

from app.audit.log import record
from app.booking.slots import Slot
from app.booking.store import (
    CALL_KEY_CHARS,
    YIELD,
    YIELD_AWAITED,
    Booking,
    booking_of,
    by_id,
    new_reference,
    put_status,
    take,
)
from app.booking.verification import TELL_CUSTOMER, Aftercare, expected
from app.db.engine import Transaction
from app.db.prepared import Prepared
from app.db.schema import bookings
from app.errors import ReadbackError
from app.jobs.outbox import Job, put
from app.review.tasks import OURSELVES, closed, open_about

MOVE, CANCEL = "move", "cancel"
REMOVE_EVENT = "remove_event"
RELEASED = "released"
"""The state of an amending row that is over, whatever came of it."""
_UNSETTLED = ("held", "pending")
_OF_APPOINTMENT = Prepared(
    select(bookings).where(
        bookings.c.amends == bindparam("this"), or_(*(bookings.c.status == status for status in _UNSETTLED))
    )
)
_CHANGED = (
    *("technician", "calendar", "starts", "ends", "blocked_from", "blocked_to", "status", "event_id", "etag"),
    *("updated_at", "revision", "verification", "verified_at"),
)


class NotAsItWasError(ReadbackError):
    """The appointment itself is unsettled; nothing of the transaction stands, and it is to be tried later."""

    retryable = True


class Obstacle(StrEnum):
    """Why a change was not begun."""

    TAKEN = "taken"
    GONE = "gone"
    NOT_BOOKED_YET = "not booked yet"
    UNDER_WAY = "another change is under way"
    ASKED_ALREADY = "this very change is under way"
    THERE_ALREADY = "it is there already"


@dataclass(frozen=True, slots=True)
class Amendment:
    """An appointment as it is, and the row that holds what it is to become."""

    appointment: Booking
    change: Booking

    @property
    def in_place(self) -> bool:
        """Whether the event stays on its calendar."""
        return self.change.calendar == self.appointment.calendar

    @property
    def wanted(self) -> Booking:
        """The appointment as it will be once it is moved; it keeps the buffers it was booked with."""
        old, new = self.appointment, self.change
        return replace(
            old,
            technician=new.technician,
            calendar=new.calendar,
            starts=new.starts,
            ends=new.ends,
            blocked_from=new.starts - (old.starts - old.blocked_from),
            blocked_to=new.ends + (old.blocked_to - old.ends),
            event_id=new.event_id,
            revision=new.revision,
        )


def as_it_becomes(appointment: Booking, change: Booking) -> Booking:
    """An appointment as its change that is under way is to make it, as sure as that change is."""
    return replace(Amendment(appointment, change).wanted, status=change.status)


def begin_move(
    transaction: Transaction, identity: str, slot: Slot, call_key: str, *, now: float, hold_s: float
) -> Amendment | Obstacle:
    """Claim `slot` for an appointment that keeps its own time, or say what is in the way."""
    appointment = _ready(transaction, identity)
    if isinstance(appointment, Obstacle):
        return appointment
    under_way = of_appointment(transaction.connection, identity)
    if under_way is not None:
        same = (under_way.intent, under_way.calendar, under_way.starts) == (MOVE, slot.technician.calendar, slot.start)
        return _promised(transaction, under_way, now) if same else Obstacle.UNDER_WAY
    if (appointment.calendar, appointment.starts, appointment.ends) == (
        slot.technician.calendar,
        slot.start,
        slot.end,
    ):
        return Obstacle.THERE_ALREADY
    change = _draft(appointment, MOVE, call_key, now=now, hold_s=hold_s)
    change = replace(
        change,
        technician=slot.technician.id,
        calendar=slot.technician.calendar,
        starts=slot.start,
        ends=slot.end,
        event_id=appointment.event_id if slot.technician.calendar == appointment.calendar else change.id,
    )
    remainder = _besides(appointment, Amendment(appointment, change).wanted)
    if remainder is None:
        return Obstacle.TAKEN
    held = take(transaction, replace(change, blocked_from=remainder[0], blocked_to=remainder[1]))
    if held is None:
        return Obstacle.TAKEN
    _audit(transaction, "appointment_move_held", appointment, now, calendar=held.calendar, starts=held.starts)
    return Amendment(appointment, held)


def begin_cancel(
    transaction: Transaction, identity: str, reason: str, call_key: str, *, now: float, hold_s: float
) -> Amendment | Obstacle:
    """Note that an appointment is being cancelled; it keeps its time until it is certainly gone."""
    appointment = _ready(transaction, identity)
    if isinstance(appointment, Obstacle):
        return appointment
    under_way = of_appointment(transaction.connection, identity)
    if under_way is not None:
        return _promised(transaction, under_way, now) if under_way.intent == CANCEL else Obstacle.UNDER_WAY
    end = appointment.blocked_to
    change = replace(
        _draft(appointment, CANCEL, call_key, now=now, hold_s=hold_s), blocked_from=end, blocked_to=end, notes=reason
    )
    held = take(transaction, change)
    if held is None:
        return Obstacle.UNDER_WAY
    _audit(transaction, "appointment_cancel_begun", appointment, now)
    return Amendment(appointment, held)


def finish_move(
    transaction: Transaction, amendment: Amendment, *, etag: str, old_etag: str, now: float, care: Aftercare
) -> Booking | None:
    """Give the appointment its new time, let go of the old one, and order what is left to do; None when it was done.

    `old_etag` is that of the event on the old calendar, as it was last seen unchanged; empty when it was not.
    """
    appointment, change = amendment.appointment, amendment.change
    if _let_go(transaction, change, "moved", now) is None:
        return None
    wanted = replace(amendment.wanted, etag=etag, updated_at=now, verification="written", verified_at=0.0)
    moved = _written(transaction, appointment, wanted)
    if not amendment.in_place:
        key = f"{appointment.id}:{appointment.revision}"
        put(transaction, removal(appointment, old_etag, key=key, due=now), now=now)
    expected(transaction, moved, now=now, care=care)
    _nothing_else_owed(transaction, moved, now)
    _audit(
        transaction,
        "appointment_moved",
        moved,
        now,
        calendar=moved.calendar,
        starts=moved.starts,
        old_calendar=appointment.calendar,
        old_starts=appointment.starts,
    )
    return moved


def finish_cancel(transaction: Transaction, amendment: Amendment, *, now: float, care: Aftercare) -> Booking | None:
    """The event is gone: free its time and order the read-back; None when it was done."""
    appointment, change = amendment.appointment, amendment.change
    if _let_go(transaction, change, "cancelled", now) is None:
        return None
    wanted = replace(
        appointment,
        status="cancelled",
        revision=change.revision,
        updated_at=now,
        verification="written",
        verified_at=0.0,
    )
    cancelled = _written(transaction, appointment, wanted)
    expected(transaction, cancelled, now=now, care=care)
    _nothing_else_owed(transaction, cancelled, now)
    _audit(transaction, "appointment_cancelled", cancelled, now, calendar=cancelled.calendar)
    return cancelled


def give_up(transaction: Transaction, amendment: Amendment, reason: str, *, now: float) -> bool:
    """Nothing was changed: the appointment stays as it is. False when somebody else settled it."""
    if _let_go(transaction, amendment.change, reason[:64], now) is None:
        return False
    kind = f"appointment_{amendment.change.intent}_refused"
    _audit(transaction, kind, amendment.appointment, now, reason=reason[:64])
    return True


def leave_pending(
    transaction: Transaction, amendment: Amendment, reason: str, *, etag: str, now: float, look_at: float
) -> bool:
    """What became of it is not known: it keeps both times until it is. False when it is settled."""
    if reason == YIELD and _is_awaited(transaction, amendment.change):
        reason = YIELD_AWAITED
    left = put_status(transaction, amendment.change, "pending", now=now, reason=reason[:64], etag=etag, look_at=look_at)
    if left is None:
        return False
    kind = f"appointment_{amendment.change.intent}_pending"
    _audit(transaction, kind, amendment.appointment, now, reason=reason[:64])
    return True


def of_appointment(connection: Connection, identity: str) -> Booking | None:
    """The change of this appointment that is under way."""
    row = _OF_APPOINTMENT(connection, this=identity).first()
    return booking_of(row) if row else None


def under_way(connection: Connection, appointments: Sequence[Booking]) -> dict[str, Booking]:
    """The changes of these appointments that are under way, by their ids; none whose caller heard "taken"."""
    b = bookings.c
    asked = b.amends.in_([booking.id for booking in appointments]), b.status.in_(_UNSETTLED), b.reason != YIELD
    return {row.amends: booking_of(row) for row in connection.execute(select(bookings).where(*asked))}


def removal(booked: Booking, etag: str, *, key: str, due: float) -> Job:
    """The job that takes away the event of a booking as it was, if it is still so and no longer the booking's own.

    `etag` is that of the event as it was last seen unchanged; empty when it was not.
    """
    data: dict[str, str | int | float | None] = {
        "booking": booked.id,
        "calendar": booked.calendar,
        "event": booked.event_id,
        "starts": booked.starts,
        "ends": booked.ends,
        "etag": etag,
    }
    return Job(REMOVE_EVENT, key, due, data)


def _ready(transaction: Transaction, identity: str) -> Booking | Obstacle:
    appointment = by_id(transaction.connection, identity)
    if appointment is not None and appointment.status in _UNSETTLED:
        return Obstacle.NOT_BOOKED_YET
    return appointment if appointment is not None and appointment.status == "confirmed" else Obstacle.GONE


def _promised(transaction: Transaction, change: Booking, now: float) -> Obstacle:
    """Whoever is told "pending" is owed an end, also if the first request dies before it comes to one."""
    if change.status == "held":
        put_status(transaction, change, "pending", now=now)
    return Obstacle.ASKED_ALREADY


def _is_awaited(transaction: Transaction, change: Booking) -> bool:
    """Whether the same was asked for again meanwhile: that hears "pending" and not what this request hears."""
    row = by_id(transaction.connection, change.id)
    return row is not None and row.status == "pending" and row.reason != YIELD


def _draft(appointment: Booking, intent: str, call_key: str, *, now: float, hold_s: float) -> Booking:
    """A row without a word about the customer: those stay with the appointment."""
    return replace(
        appointment,
        id=uuid.uuid4().hex,
        reference=new_reference(),
        status="held",
        reason="",
        etag="",
        call_key=call_key.replace("\0", "")[:CALL_KEY_CHARS],
        customer_name="",
        phone="",
        caller="",
        email="",
        address="",
        notes="",
        hold_until=now + hold_s,
        created_at=now,
        updated_at=now,
        revision=appointment.revision + 1,
        verification="",
        verified_at=0.0,
        amends=appointment.id,
        intent=intent,
    )


def _besides(appointment: Booking, wanted: Booking) -> tuple[int, int] | None:
    """What of the wanted time the appointment does not hold already. None when that is in two pieces.

    Two pieces need a visit that was made longer since it was booked, moved by less than that; there are other times.
    """
    start, end = wanted.blocked_from, wanted.blocked_to
    if wanted.calendar != appointment.calendar or start >= appointment.blocked_to or end <= appointment.blocked_from:
        return start, end
    if start < appointment.blocked_from:
        return (start, appointment.blocked_from) if end <= appointment.blocked_to else None
    return appointment.blocked_to, max(end, appointment.blocked_to)


def _let_go(transaction: Transaction, change: Booking, reason: str, now: float) -> Booking | None:
    return put_status(transaction, change, RELEASED, now=now, reason=reason)


def _written(transaction: Transaction, before: Booking, after: Booking) -> Booking:
    done = transaction.connection.execute(
        update(bookings)
        .where(bookings.c.id == before.id, bookings.c.status == "confirmed", bookings.c.revision == before.revision)
        .values({column: getattr(after, column) for column in _CHANGED})
    )
    if done.rowcount != 1:
        raise NotAsItWasError("the appointment is not as it was when its change was begun")
    return after


def _nothing_else_owed(transaction: Transaction, appointment: Booking, now: float) -> None:
    """Who has just changed an appointment need not be told how it stood before, or how an earlier try ended."""
    for key in open_about(transaction.connection, TELL_CUSTOMER, appointment.reference):
        closed(transaction, key, by=OURSELVES, note="the customer has changed it since", now=now)


def _audit(transaction: Transaction, kind: str, appointment: Booking, now: float, **data: str | int) -> None:
    record(transaction, kind, business=appointment.business, subject=appointment.reference, at=now, **data)
