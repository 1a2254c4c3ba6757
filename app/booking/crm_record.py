"""What is known of each copy in a CRM, in the database: so that nothing is sent a second time blindly, whoever died.

A copy is *sending* before the first byte leaves. Who finds it so later does not know whether it arrived, and looks.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update
from sqlalchemy.exc import NoResultFound

from app.booking.crm import BOOKED, CANCELLED, MOVED
from app.booking.store import Booking
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.schema import bookings, crm_copies

WAITING, SENDING, UNKNOWN = "waiting", "sending", "unknown"
COPIED, ACCEPTED, VERIFIED = "copied", "accepted", "verified"
DEAD, SUPERSEDED, DROPPED = "dead", "superseded", "dropped"
"""Given up; overtaken by a newer state of the booking, after it may have been sent, and before."""
OPEN = (WAITING, SENDING, UNKNOWN)
"""Not there yet, as far as we know."""
LEASE_S = 60.0
"""How long one who is sending has a customer's copies to himself; longer than sending may take."""
TROUBLED_ATTEMPTS = 2

_insert = BulkInsert(crm_copies, keep_first=True)
_c = crm_copies.c


@dataclass(frozen=True, slots=True)
class Key:
    """One event of one booking, as jobs carry it."""

    booking: str
    revision: int
    event: str


@dataclass(frozen=True, slots=True)
class Record:
    """One row. `since` is when the copy was first taken in hand, or a person asked for it again; epoch seconds."""

    booking: str
    revision: int
    event: str
    business: str
    state: str
    external_id: str
    attempts: int
    rewrites: int
    """How often it was written again because it was not seen there."""
    cause: str
    since: float
    changed_at: float

    @property
    def key(self) -> Key:
        return Key(self.booking, self.revision, self.event)

    @property
    def overtaken(self) -> str:
        """The state it has once the booking has moved on."""
        untouched = self.state == WAITING and not self.attempts and not self.rewrites
        return DROPPED if untouched else SUPERSEDED


def event_of(booking: Booking) -> str:
    """What a CRM is to be told of a booking in its present state; empty while that is not settled."""
    if booking.amends:
        return ""
    if booking.status == "confirmed":
        return BOOKED if booking.revision == 1 else MOVED
    return "" if booking.status in ("held", "pending") else CANCELLED


def found(transaction: Transaction, key: Key, business: str, *, now: float) -> Record:
    """The record of a copy, made now if there is none."""
    row = (key.booking, key.revision, key.event, business, WAITING, "", 0, 0, "", now, now)
    _insert(transaction.connection, [row])
    return read(transaction.connection, key)


def read(connection: Connection, key: Key) -> Record:
    """The record of a copy that has one."""
    row = connection.execute(select(crm_copies).where(*_is(key))).first()
    if row is None:
        raise NoResultFound(f"no copy {key}")
    return Record(**row._mapping)


def noted(transaction: Transaction, record: Record, *, now: float, **changes: Any) -> Record:
    """Write changes of a record; the record as it is then."""
    values = {**changes, "changed_at": now}
    transaction.connection.execute(update(crm_copies).where(*_is(record.key)).values(values))
    return read(transaction.connection, record.key)


def somebody_sends(connection: Connection, booking: Booking, *, now: float) -> bool:
    """Whether a copy for the same booking or customer is on its way: two at once would make two of one contact."""
    number = booking.phone or booking.caller
    same: ColumnElement[bool] = bookings.c.id == booking.id
    if number:
        same = or_(same, bookings.c.phone == number, bookings.c.caller == number)
    fresh = and_(_c.state == SENDING, _c.changed_at > now - LEASE_S, _c.business == booking.business)
    return bool(connection.scalar(select(exists().where(fresh, _c.booking == bookings.c.id, same))))


def ever_sent(connection: Connection, booking: str) -> bool:
    """Whether the CRM may have heard of this booking at all."""
    sent = or_(_c.state.not_in((WAITING, DROPPED)), _c.attempts > 0, _c.rewrites > 0)
    heard = and_(_c.booking == booking, sent)
    return bool(connection.scalar(select(exists().where(heard))))


def late(connection: Connection, business: str, *, before: float) -> bool:
    """Whether a copy of this business that was wanted before a moment is still not there."""
    waits = and_(_c.state.in_(OPEN), _c.business == business, _c.since < before)
    return bool(connection.scalar(select(exists().where(waits))))


def troubled(connection: Connection) -> bool:
    """Whether any copy fails to get there, in whichever process."""
    bad = and_(_c.state.in_((WAITING, UNKNOWN)), _c.attempts >= TROUBLED_ATTEMPTS)
    return bool(connection.scalar(select(exists().where(bad))))


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return _c.booking == key.booking, _c.revision == key.revision, _c.event == key.event
