"""Who has the time that is wanted: the cheap way to lose a race. A server is asked once for all who want some."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from app.booking.amendments import CANCEL, as_it_becomes, under_way
from app.booking.store import YIELD, Booking, by_id
from app.db.prepared import Prepared
from app.db.schema import ACTIVE_SQL

_OVER = f"{ACTIVE_SQL} AND blocked_from < :end AND blocked_to > :start"
_ON_ONE = Prepared(
    text(f"SELECT id, call_key, caller, status FROM bookings WHERE calendar = :calendar AND {_OVER}")  # noqa: S608 - our own
)
_ON_MANY = Prepared(
    text(
        "SELECT id, call_key, caller, status, calendar, blocked_from, blocked_to FROM bookings"  # noqa: S608 - our own
        f" WHERE calendar = ANY(CAST(:calendars AS text[])) AND {_OVER}"
    )
)
"""On PostgreSQL: everything over the whole time of several."""


class Holder(NamedTuple):
    """A booking that has some of the time, and whose it is: by its call, and by the number that called."""

    id: str
    call_key: str
    caller: str
    status: str


class Holders:
    """Which bookings hold any of the time that each of `drafts` wants."""

    def __init__(self, connection: Connection, drafts: Sequence[Booking]) -> None:
        self._connection = connection
        self._known: list[Any] | None = None
        if len(drafts) > 1 and connection.dialect.name == "postgresql":
            calendars = list({draft.calendar for draft in drafts})
            start, end = min(draft.blocked_from for draft in drafts), max(draft.blocked_to for draft in drafts)
            self._known = list(_ON_MANY(connection, calendars=calendars, start=start, end=end))

    def of(self, draft: Booking) -> list[Holder]:
        """All of them; a call that was not named has an empty key, a number that was withheld is empty."""
        if self._known is not None:
            found = [row for row in self._known if _overlap(row, draft)]
        else:
            wanted = {"calendar": draft.calendar, "start": draft.blocked_from, "end": draft.blocked_to}
            found = list(_ON_ONE(self._connection, **wanted))
        return [Holder(row.id, row.call_key, row.caller, row.status) for row in found]

    def add(self, held: Booking) -> None:
        """It has its time now, and is in the way of those that follow."""
        if self._known is not None:
            self._known.append(held)


def in_own_way(connection: Connection, draft: Booking, taken_by: Sequence[Holder]) -> Booking | None:
    """The visit of the number that calls that has some of the wanted time; not its buffers alone.

    Without a number it is that of the same call: within one nobody's number changes.
    A change under way is shown as the appointment that it is to make; what is being cancelled may be gone already.
    """
    for one in taken_by:
        if one.caller not in ("", draft.caller):  # a change under way bears no number of its own
            continue
        found = by_id(connection, one.id)
        if found is None or found.reason == YIELD or found.synthetic:
            continue
        if found.starts >= draft.ends or found.ends <= draft.starts:
            continue
        appointment = by_id(connection, found.amends) if found.amends else None
        same_call = draft.call_key and found.call_key == draft.call_key
        if (appointment or found).caller != draft.caller or not (draft.caller or same_call):
            continue
        change = found if appointment else under_way(connection, [found]).get(found.id)
        if change is not None and change.intent == CANCEL:
            continue
        return as_it_becomes(appointment, found) if appointment else found
    return None


def _overlap(one: Any, other: Booking) -> bool:
    within = one.blocked_from < other.blocked_to and one.blocked_to > other.blocked_from
    return bool(one.calendar == other.calendar and within)
