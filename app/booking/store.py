"""Bookings in the database: the one atomic claim on time, and the few moves a booking can make afterwards."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from app.audit.log import record
from app.booking.availability import claim_range
from app.booking.contact import same_name
from app.booking.slots import Slot
from app.db.engine import Transaction
from app.db.prepared import Prepared, PreparedUpdate
from app.db.schema import ACTIVE, ACTIVE_SQL, bookings
from app.errors import OverloadedError

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter or digit that sounds or looks like another one's twin (0/O, 1/I/L, U/V)."""
REFERENCE_CHARS = 6
MAX_FOUND = 20
REFERENCE_TRIES = 5
CALL_KEY_CHARS = 320
CALLER_CHARS = 64
SYNTHETIC_CALLER = "+99900000100"
"""Where the calls come from that we make to ourselves: of a country code that is not assigned, so it is nobody's."""
YIELD = "a person's event was there first"
"""Why a booking is given up after it was written. Its caller heard "taken", even while our event is still there."""
YIELD_AWAITED = "a person's event was there first, and the caller waits"
"""The same where they had called again meanwhile: who hears "taken" is a line that dropped."""


_COLUMNS = tuple(column.name for column in bookings.columns)
_new = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in bookings.columns}
_active = text(ACTIVE_SQL)
_unsettled = text("status IN ('held', 'pending')")
_taken = and_(
    bookings.c.calendar == _new["calendar"],
    _active,
    bookings.c.blocked_from < _new["blocked_to"],
    bookings.c.blocked_to > _new["blocked_from"],
)
_CLAIM_SQLITE = Prepared(
    # IGNORE is for the reference alone, as on PostgreSQL: one that is in use is no error, and no sign of a taken slot.
    insert(bookings)
    .prefix_with("OR IGNORE")
    .from_select(list(_COLUMNS), select(*_new.values()).where(~select(bookings.c.id).where(_taken).exists()))
)
_CLAIM_POSTGRESQL = Prepared(postgresql_insert(bookings).values(_new).on_conflict_do_nothing().returning(bookings.c.id))
_changes = {name: _new[name] for name in ("status", "reason", "etag", "updated_at", "hold_until")}
_MOVE_ACTIVE = Prepared(update(bookings).where(bookings.c.id == bindparam("booking"), _active).values(_changes))
_MOVE_UNSETTLED = Prepared(update(bookings).where(bookings.c.id == bindparam("booking"), _unsettled).values(_changes))
_BY_ID = Prepared(select(bookings).where(bookings.c.id == bindparam("this")))
_CHANGE = PreparedUpdate(bookings, bookings.c.id)
_BY_CALLER = Prepared(
    select(bookings)
    .where(
        bookings.c.business == bindparam("business"),
        or_(bookings.c.caller == bindparam("caller"), bookings.c.phone == bindparam("caller")),
        _active,
        bookings.c.reason != YIELD,
        bookings.c.amends == "",
        bookings.c.ends > bindparam("after"),
    )
    .order_by(bookings.c.starts)
    .limit(MAX_FOUND)
)
_OF_CALL = Prepared(
    select(bookings).where(
        bookings.c.calendar == bindparam("calendar"),
        bookings.c.blocked_to > bindparam("start"),
        _active,
        bookings.c.starts == bindparam("start"),
        bookings.c.service == bindparam("service"),
        bookings.c.call_key == bindparam("call_key"),
        bookings.c.reason != YIELD,
    )
)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who the visit is for, as told; `caller` is the number the platform signalled."""

    name: str
    phone: str = ""
    caller: str = ""
    email: str = ""
    address: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """One row. Times in epoch seconds UTC; `status` is held, pending, confirmed, cancelled, refused or released.

    A row that `amends` another one is no appointment: it is a change of that one under way, and holds the new time.
    """

    id: str
    reference: str
    business: str
    service: str
    technician: str
    calendar: str
    starts: int
    ends: int
    blocked_from: int
    blocked_to: int
    status: str
    reason: str
    event_id: str
    etag: str
    call_key: str
    customer_name: str
    phone: str
    caller: str
    email: str
    address: str
    notes: str
    hold_until: float
    created_at: float
    updated_at: float
    revision: int = 1
    """Goes up with every change that was written to the calendar; each one is read back on its own."""
    verification: str = ""
    """How far an independent read has come: written, verified, mismatch, changed or cannot_verify; empty before."""
    verified_at: float = 0.0
    """When an independent read last saw it as wanted; 0 for never."""
    amends: str = ""
    """The id of the appointment that this row is to change; empty for an appointment itself."""
    intent: str = ""
    """What an amending row is for: move or cancel."""
    told: str = ""
    """Which late outcome the customer has heard in their call: confirmed, refused, or empty for none."""

    @property
    def active(self) -> bool:
        """Whether it keeps its time taken."""
        return self.status in ACTIVE

    @property
    def synthetic(self) -> bool:
        """Whether a call of our own made it: read back like any other, but there is no customer to it."""
        return self.caller == SYNTHETIC_CALLER


def drafted(business: str, slot: Slot, customer: Customer, call_key: str, *, now: float, hold_s: float) -> Booking:
    """A booking that holds its slot, buffers included, until `hold_s` from now. The event's id is the booking's own."""
    identity = uuid.uuid4().hex
    blocked_from, blocked_to = claim_range(slot.service, slot.start)
    return Booking(
        id=identity,
        reference=new_reference(),
        business=business,
        service=slot.service.id,
        technician=slot.technician.id,
        calendar=slot.technician.calendar,
        starts=slot.start,
        ends=slot.end,
        blocked_from=blocked_from,
        blocked_to=blocked_to,
        status="held",
        reason="",
        # Hexadecimal is within the a-v and 0-9 that event ids may use.
        event_id=identity,
        etag="",
        call_key=call_key,
        customer_name=customer.name,
        phone=customer.phone,
        caller=customer.caller,
        email=customer.email,
        address=customer.address,
        notes=customer.notes,
        hold_until=now + hold_s,
        created_at=now,
        updated_at=now,
    )


def claim(transaction: Transaction, booking: Booking) -> Booking | None:
    """Take the time, or return None when any active booking of that calendar overlaps it. One statement decides."""
    held = take(transaction, booking)
    if held is not None:
        record(
            transaction,
            "booking_held",
            business=held.business,
            subject=held.reference,
            at=held.created_at,
            calendar=held.calendar,
            starts=held.starts,
            ends=held.ends,
            service=held.service,
            technician=held.technician,
        )
    return held


def take(transaction: Transaction, booking: Booking) -> Booking | None:
    """As `claim`, for whoever writes the audit row themselves."""
    for _ in range(REFERENCE_TRIES):
        if _inserted(transaction.connection, booking):
            break
        if not _reference_in_use(transaction.connection, booking.reference):
            return None
        booking = replace(booking, reference=new_reference())
    else:
        raise OverloadedError("no free reference was found")
    return booking


def move(  # noqa: PLR0913 - the columns a move may change, each by name
    transaction: Transaction,
    booking: Booking,
    status: str,
    *,
    now: float,
    reason: str = "",
    etag: str = "",
    look_at: float | None = None,
    doubt: bool = False,
) -> Booking | None:
    """Change a held or pending booking's status; None when somebody else already settled it.

    `look_at` is when a pending one is to be looked at again. `doubt` takes back a confirmation of our own that was
    committed, but not heard of in time: its caller was told that it is not sure, and has to be told again.
    """
    moved = put_status(transaction, booking, status, now=now, reason=reason, etag=etag, look_at=look_at, doubt=doubt)
    if moved is not None:
        record(
            transaction,
            f"booking_{status}",
            business=booking.business,
            subject=booking.reference,
            at=now,
            calendar=booking.calendar,
            event=booking.event_id,
            reason=reason,
        )
    return moved


def put_status(  # noqa: PLR0913 - as `move`
    transaction: Transaction,
    booking: Booking,
    status: str,
    *,
    now: float,
    reason: str = "",
    etag: str = "",
    look_at: float | None = None,
    doubt: bool = False,
) -> Booking | None:
    """As `move`, for whoever writes the audit row themselves."""
    changes: dict[str, Any] = {
        "status": status,
        "reason": reason,
        "etag": etag or booking.etag,
        "updated_at": now,
        "hold_until": booking.hold_until if look_at is None else look_at,
    }
    moved = {f"new_{name}": value for name, value in changes.items()}
    done = (_MOVE_ACTIVE if doubt else _MOVE_UNSETTLED)(transaction.connection, booking=booking.id, **moved)
    return replace(booking, **changes) if done.rowcount == 1 else None


def lease(transaction: Transaction, *, now: float, until: float, limit: int) -> list[Booking]:
    """Unsettled bookings whose time has come; each is this process's own to settle until `until`."""
    due = transaction.connection.execute(
        select(bookings)
        .where(bookings.c.status.in_(("held", "pending")), bookings.c.hold_until <= now)
        .order_by(bookings.c.hold_until)
        .limit(limit)
    ).fetchall()
    if due:
        transaction.connection.execute(
            update(bookings).where(bookings.c.id.in_([row.id for row in due])).values(hold_until=until)
        )
    return [booking_of(row) for row in due]


def of_call(connection: Connection, call_key: str, slot: Slot, customer_name: str) -> Booking | None:
    """An active booking of exactly this slot, for the same service and person, that the same call made before."""
    row = _OF_CALL(
        connection,
        calendar=slot.technician.calendar,
        start=slot.start,
        service=slot.service.id,
        call_key=call_key,
    ).first()
    return booking_of(row) if row and same_name(row.customer_name, customer_name) else None


def by_id(connection: Connection, identity: str) -> Booking | None:
    """The booking with this id, in any state."""
    row = _BY_ID(connection, this=identity).first()
    return booking_of(row) if row else None


def changed(transaction: Transaction, booking: Booking, **values: Any) -> Booking:
    """Set columns of a booking that the caller has just read in this very transaction."""
    _CHANGE(transaction.connection, booking.id, **values)
    return replace(booking, **values)


def in_the_way(connection: Connection, booking: Booking, blocked: tuple[int, int]) -> bool:
    """Whether another active booking of the same calendar overlaps that range."""
    overlapping = select(bookings.c.id).where(
        bookings.c.calendar == booking.calendar,
        bookings.c.id != booking.id,
        _active,
        bookings.c.blocked_from < blocked[1],
        bookings.c.blocked_to > blocked[0],
    )
    return connection.execute(overlapping.limit(1)).first() is not None


def by_reference(connection: Connection, business: str, reference: str) -> Booking | None:
    """The booking with this reference at this business, in any state."""
    row = connection.execute(
        select(bookings).where(
            bookings.c.reference == reference, bookings.c.business == business, bookings.c.amends == ""
        )
    ).first()
    return booking_of(row) if row else None


def with_reference(connection: Connection, reference: str) -> Booking | None:
    """The booking with this reference, whosever and in any state: for the operator, never for a caller."""
    row = connection.execute(select(bookings).where(bookings.c.reference == reference, bookings.c.amends == "")).first()
    return booking_of(row) if row else None


def by_caller(connection: Connection, business: str, caller: str, after: int) -> Sequence[Booking]:
    """Bookings, confirmed or not yet, made from or for this number that end after `after`, soonest first."""
    return [booking_of(row) for row in _BY_CALLER(connection, business=business, caller=caller, after=after)]


def changed_for(connection: Connection, business: str, caller: str, between: tuple[float, float]) -> bool:
    """Whether an appointment of this caller's was made, moved or cancelled between two moments, both included."""
    b = bookings.c
    here = (b.business == business, b.caller == caller, b.amends == "", b.status.in_(("confirmed", "cancelled")))
    return connection.execute(select(b.id).where(*here, b.updated_at.between(*between)).limit(1)).first() is not None


def _inserted(connection: Connection, booking: Booking) -> bool:
    row = _row(booking)
    if connection.dialect.name == "postgresql":
        return _CLAIM_POSTGRESQL(connection, **row).first() is not None
    return _CLAIM_SQLITE(connection, **row).rowcount == 1


def _row(booking: Booking) -> dict[str, Any]:
    return {f"new_{name}": getattr(booking, name) for name in _COLUMNS}


def _reference_in_use(connection: Connection, reference: str) -> bool:
    return connection.execute(select(bookings.c.id).where(bookings.c.reference == reference)).first() is not None


def new_reference() -> str:
    """A reference that nobody guesses; whether it is in use already is for the insert to tell."""
    number = secrets.randbelow(len(REFERENCE_ALPHABET) ** REFERENCE_CHARS)
    signs = []
    for _ in range(REFERENCE_CHARS):
        number, place = divmod(number, len(REFERENCE_ALPHABET))
        signs.append(REFERENCE_ALPHABET[place])
    return "".join(signs)


def as_kept(reference: str) -> str:
    """A reference that somebody said, read out or typed, as it is kept: `k 7-q m2x` is K7QM2X."""
    return "".join(sign for sign in reference.upper() if sign.isalnum())


def booking_of(row: Any) -> Booking:
    """The booking in a row of the table."""
    return Booking(**row._mapping)
