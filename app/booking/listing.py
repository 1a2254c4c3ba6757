"""Appointments as a person looks through them: the newest first, or those of which it is not sure that they hold."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, select, text

from app.booking.read_back import SETTLED
from app.booking.store import Booking, booking_of
from app.db.schema import bookings
from app.db.schema_dashboard import DOUBTED_SQL

MOST_LISTED: Final = 50

_b = bookings.c


def recent(
    connection: Connection, before: tuple[float, str] | None = None, most: int = MOST_LISTED
) -> Sequence[Booking]:
    """What changed last, the newest first; `before`: when the last one of the page before did, and its id."""
    asked = select(bookings).where(_b.amends == "").order_by(_b.updated_at.desc(), _b.id.desc()).limit(most)
    if before is not None:
        asked = asked.where(_b.updated_at <= before[0], (_b.updated_at < before[0]) | (_b.id < before[1]))
    return [booking_of(row) for row in connection.execute(asked)]


def is_doubted(now: float) -> ColumnElement[bool]:
    """Whether an independent read has found a visit that is still to come otherwise than promised, or could not see it.

    However long ago it was booked: a read moves nothing but what it has found.
    """
    return and_(text(DOUBTED_SQL), _b.status.in_(SETTLED), _b.starts > now)


def doubted(connection: Connection, now: float, most: int = MOST_LISTED) -> Sequence[Booking]:
    """Those of which `is_doubted` is true, what was changed last first."""
    wrong = select(bookings).where(is_doubted(now)).order_by(_b.updated_at.desc())
    return [booking_of(row) for row in connection.execute(wrong.limit(most))]


def is_unsettled(since: float) -> ColumnElement[bool]:
    """Whether it is neither booked nor refused, though its hold was over by then."""
    return and_(text("status IN ('held', 'pending')"), _b.hold_until < since)
