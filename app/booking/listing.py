"""Appointments as a person looks through them: the newest first, or those of which it is not sure that they hold."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, select, text

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
    return [booking_of(row) for row in connection.execute(_before(asked, before))]


def is_doubted(now: float) -> ColumnElement[bool]:
    """Whether an independent read has found a visit that is still to come otherwise than promised, or could not see it.

    However long ago it was booked: a read moves nothing but what it has found.
    """
    return and_(text(DOUBTED_SQL), _b.status.in_(SETTLED), _b.starts > now)


def such(
    connection: Connection,
    which: ColumnElement[bool],
    before: tuple[float, str] | None = None,
    most: int = MOST_LISTED,
) -> Sequence[Booking]:
    """Those of which one of the conditions here is true, what was changed last first; `before` as of `recent`."""
    asked = select(bookings).where(which).order_by(_b.updated_at.desc(), _b.id.desc()).limit(most)
    return [booking_of(row) for row in connection.execute(_before(asked, before))]


def is_unsettled(since: float) -> ColumnElement[bool]:
    """Whether it is neither booked nor refused, though its hold was over by then."""
    return and_(text("status IN ('held', 'pending')"), _b.hold_until < since)


def _before(asked: Select[Any], place: tuple[float, str] | None) -> Select[Any]:
    if place is None:
        return asked
    return asked.where(_b.updated_at <= place[0], (_b.updated_at < place[0]) | (_b.id < place[1]))
