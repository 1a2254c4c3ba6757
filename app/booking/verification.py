"""What the independent reader keeps in mind of each appointment: what was promised, since when something is wrong, and
when to look again. All of it is in rows, so that a restart forgets nothing.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, Connection, bindparam, delete, exists, or_, select, update

from app.booking.since import came_since
from app.booking.store import Booking, booking_of, by_id, changed, move
from app.db.bulk import BulkInsert
from app.db.engine import Transaction
from app.db.prepared import Prepared, PreparedUpdate
from app.db.schema import bookings, pages, read_backs
from app.jobs.outbox import Job, put
from app.review.tasks import OURSELVES, closed
from app.watch.pages import NOT_RESOLVED, resolved

READ_BACK = "read_back"
"""The kind of job, and of page: one page per appointment and cause."""
TELL_CUSTOMER = "tell_customer"
"""The kind of job that has a customer told how their booking ended."""
MISMATCH_PAGE = "read_back_mismatch"
CHANGED_PAGE = "read_back_changed"
CANNOT_VERIFY_PAGE = "read_back_cannot_verify"
BY_HAND_PAGE = "appointment_changed"
"""A customer's own change met one that a person had made on the calendar."""
BY_HAND_TASK = "by_hand:"
"""How the key of that page's task begins: the customer was told that somebody calls, so only a person ends it."""
ABOUT_ONE = (MISMATCH_PAGE, CHANGED_PAGE, CANNOT_VERIFY_PAGE, BY_HAND_PAGE)
"""The pages whose key is the reference of the appointment."""
AFTER_S = 300.0
"""Between a write and its read-back, unless the environment says otherwise."""
GRACE_S = 900.0
"""After this the sweep looks for itself, whatever became of the job."""

_insert = BulkInsert(read_backs)
_r = read_backs.c
_OF = Prepared(select(read_backs).where(_r.booking == bindparam("this")))
_NOTE = PreparedUpdate(read_backs, _r.booking)
_amending = bookings.alias()
_UNDER_WAY = exists().where(
    _amending.c.amends == bookings.c.id, or_(_amending.c.status == "held", _amending.c.status == "pending")
)
_IN_VIEW = Prepared(
    select(bookings, *read_backs.columns, _UNDER_WAY)
    .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    .select_from(bookings.outerjoin(read_backs, _r.booking == bookings.c.id))
    .where(bookings.c.id == bindparam("this"))
)
"""One round trip for what every look at an appointment needs, twice."""
_BOOKING, _WATCHED = tuple(bookings.columns.keys()), tuple(read_backs.columns.keys())


@dataclass(frozen=True, slots=True)
class Watched:
    """One row. `starts` and `ends` are what the customer was promised; the booking itself follows the calendar.

    `wrong_since` and `blind_since` are 0 while all is well. `seen` says what the open `task` is about.
    """

    booking: str
    revision: int
    starts: int
    ends: int
    wrong_since: float
    blind_since: float
    seen: str
    task: str
    next_look: float


@dataclass(frozen=True, slots=True)
class InView:
    """A booking, what is kept in mind of it unless nobody watches it, and whether a change of it is under way."""

    booking: Booking
    watched: Watched | None
    changing: bool


FollowUp = Callable[[Booking, float], Sequence[Job]]
"""Further jobs that a booking in its new state needs, at a moment in epoch seconds; committed with that state."""


def nothing_follows(_: Booking, __: float) -> Sequence[Job]:
    """A booking that nobody else follows."""
    return ()


@dataclass(frozen=True, slots=True)
class Aftercare:
    """What every change that was written to a calendar is owed, in the same commit."""

    after_s: float = AFTER_S
    """Until it is read back independently."""
    also: FollowUp = nothing_follows


USUAL = Aftercare()


def expected(transaction: Transaction, booking: Booking, *, now: float, care: Aftercare) -> Booking:
    """A change was written to the calendar and seen there: have it read back, in the same commit.

    To be called whenever a booking becomes confirmed, is moved or is cancelled, with its new revision, times and
    status. What was wrong with an earlier revision is over, and whoever is to call the customer hears of it.
    """
    data: dict[str, str | int | float | None] = {"booking": booking.id, "revision": booking.revision}
    put(transaction, Job(READ_BACK, f"{booking.id}:{booking.revision}", now + care.after_s, data), now=now)
    dropped(transaction, booking, note="written anew", now=now)
    row = (booking.id, booking.revision, booking.starts, booking.ends, 0.0, 0.0, "", "", now + care.after_s + GRACE_S)
    _insert(transaction.connection, [row])
    put(transaction, *care.also(booking, now), now=now)
    came_since(transaction, booking, now=now)
    return changed(transaction, booking, verification="written", verified_at=0.0)


def confirmed(transaction: Transaction, booking: Booking, *, etag: str, now: float, care: Aftercare) -> Booking | None:
    """Move a held or pending booking to confirmed, to be read back; None when somebody else already settled it."""
    moved = move(transaction, booking, "confirmed", now=now, etag=etag)
    return expected(transaction, moved, now=now, care=care) if moved else None


def of(connection: Connection, booking: Booking) -> Watched | None:
    """What is kept in mind of a booking; None when nobody watches it any more."""
    row = _OF(connection, this=booking.id).first()
    return Watched(**row._mapping) if row else None


def in_view(connection: Connection, identity: str) -> InView | None:
    """A booking with all that a look at it needs; None when there is no such booking."""
    row = _IN_VIEW(connection, this=identity).first()
    if row is None:
        return None
    values, ends = tuple(row), len(_BOOKING)
    watched = Watched(**dict(zip(_WATCHED, values[ends:-1], strict=True))) if values[ends] is not None else None
    return InView(Booking(**dict(zip(_BOOKING, values[:ends], strict=True))), watched, bool(values[-1]))


def noted(transaction: Transaction, booking: Booking, **values: Any) -> None:
    """Set columns of a booking's row."""
    _NOTE(transaction.connection, booking.id, **values)


def dropped(transaction: Transaction, booking: Booking, *, note: str, now: float) -> None:
    """Nobody need watch this any more: its task and pages are over with it."""
    watched = of(transaction.connection, booking)
    if watched is None:
        return
    if watched.task:
        closed(transaction, watched.task, by=OURSELVES, note=note, now=now)
    for kind in ABOUT_ONE:
        resolved(transaction, kind, booking.reference, now=now)
    transaction.connection.execute(delete(read_backs).where(_r.booking == booking.id))


def lease(transaction: Transaction, *, now: float, until: float, limit: int) -> list[Booking]:
    """Appointments whose next look has come; each is this process's own to look at until `until`.

    What needs no watching any more, because the visit is over or nothing is promised, is forgotten; its pages stay.
    """
    due = transaction.connection.execute(
        select(_r.booking, _r.ends).where(_r.next_look <= now).order_by(_r.next_look).limit(limit)
    ).fetchall()
    found: list[Booking] = []
    for identity, promised_end in due:
        booking = by_id(transaction.connection, identity)
        if booking is None or _over(booking, promised_end, now):
            transaction.connection.execute(delete(read_backs).where(_r.booking == identity))
            if booking is not None:
                resolved(transaction, CANNOT_VERIFY_PAGE, booking.reference, now=now)
            continue
        transaction.connection.execute(update(read_backs).where(_r.booking == identity).values(next_look=until))
        if booking.status in ("confirmed", "cancelled"):
            found.append(booking)
    return found


def hurried(transaction: Transaction, served: Container[tuple[str, str, str]], *, now: float) -> None:
    """Have visits to come looked at now where their calendar is in no business file any more as that technician's.

    `served`: business, technician and calendar of everybody who is. Nobody drives there, for all that is known.
    """
    b = bookings.c
    ahead = b.status == "confirmed", b.ends > int(now), b.verification != "cannot_verify"
    placed = select(b.business, b.technician, b.calendar).where(*ahead).distinct()
    for place in transaction.connection.execute(placed).fetchall():
        if tuple(place) not in served:
            theirs = b.business == place.business, b.technician == place.technician, b.calendar == place.calendar
            left = _r.booking.in_(select(b.id).where(*ahead, *theirs))
            transaction.connection.execute(update(read_backs).where(left, _r.next_look > now).values(next_look=now))


def left_with(connection: Connection, booking: Booking, now: float) -> list[Booking]:
    """The other visits to come that the page about this one's calendar tells of, soonest first; none for who has a page
    of its own, not having been seen yet.
    """
    if not booking.verified_at:
        return []
    b = bookings.c
    theirs = b.business == booking.business, b.technician == booking.technician, b.calendar == booking.calendar
    ahead = b.status == "confirmed", b.ends > int(now), b.verified_at > 0, b.id != booking.id
    found = connection.execute(select(bookings).where(*theirs, *ahead).order_by(b.starts))
    return [booking_of(row) for row in found]


def seen_or_over(transaction: Transaction, *, now: float) -> None:
    """End pages about calendars that nobody waits to see any more: what stood there was moved, cancelled or is over.

    A page lasts while any appointment of its business cannot be seen.
    """
    p = pages.c
    raised = transaction.connection.execute(
        select(p.key, p.business).where(p.kind == CANNOT_VERIFY_PAGE, NOT_RESOLVED)
    ).fetchall()
    for key, business in raised:
        unseen = select(_r.booking).join(bookings, bookings.c.id == _r.booking).where(_r.blind_since > 0)
        if transaction.connection.execute(unseen.where(bookings.c.business == business).limit(1)).first() is None:
            resolved(transaction, CANNOT_VERIFY_PAGE, key, now=now)


def _over(booking: Booking, promised_end: int, now: float) -> bool:
    """Where somebody moved it to an earlier day, its customer may still wait for the time that was promised."""
    return booking.status in ("refused", "released") or max(booking.ends, promised_end) <= now
