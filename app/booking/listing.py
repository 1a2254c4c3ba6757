"""Appointments as a person looks through them: the newest first, or those of which it is not sure that they hold."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select, text

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


def doubted(connection: Connection, since: float, most: int = MOST_LISTED) -> Sequence[Booking]:
    """What an independent read has found otherwise than promised, or could not see, since then."""
    wrong = select(bookings).where(text(DOUBTED_SQL), _b.updated_at >= since).order_by(_b.updated_at.desc())
    return [booking_of(row) for row in connection.execute(wrong.limit(most))]


def unsettled(connection: Connection, most: int = MOST_LISTED) -> Sequence[Booking]:
    """What is neither booked nor refused yet, the longest first."""
    waiting = select(bookings).where(text("status IN ('held', 'pending')")).order_by(_b.hold_until)
    return [booking_of(row) for row in connection.execute(waiting.limit(most))]
