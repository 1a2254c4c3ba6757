"""Appointments as a person looks through them: the newest first, or those of which it is not sure that they hold."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, select, text

from app.booking.read_back import SETTLED
from app.booking.store import Booking, booking_of
from app.db.schema import bookings
from app.db.schema_dashboard import DOUBTED_SQL

MOST_LISTED: Final = 50

_b = bookings.c
_IS_OPEN = text("bookings.status IN ('held', 'pending')")


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
    """Whether it was asked for before then and is neither booked nor refused, or a change of it neither made nor not.

    When it is looked at next says nothing: whoever settles it moves that on at every look.
    """
    whose = case((_b.amends == "", _b.id), else_=_b.amends)
    return _b.id.in_(select(whose).where(_IS_OPEN, _b.created_at < since).correlate(None))


def changes(connection: Connection, appointments: Sequence[Booking]) -> dict[str, str]:
    """What is under way of these appointments, by their ids: `move` or `cancel`, as in `Booking.intent`."""
    of_these = select(_b.amends, _b.intent).where(_b.amends.in_([one.id for one in appointments]), _IS_OPEN)
    return {row.amends: row.intent for row in connection.execute(of_these)}


def _before(asked: Select[Any], place: tuple[float, str] | None) -> Select[Any]:
    if place is None:
        return asked
    return asked.where(_b.updated_at <= place[0], (_b.updated_at < place[0]) | (_b.id < place[1]))
