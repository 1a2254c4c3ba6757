"""The calendar that needs no account: a table in our own database, behind the same port as the others."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, bindparam, func, select, update

from app.audit.log import record
from app.booking.calendar import (
    Absent,
    Busy,
    Cancelled,
    Changed,
    Changes,
    Event,
    Interval,
    Refused,
    Unknown,
)
from app.clock import Clock
from app.db.bulk import BulkInsert
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.prepared import Prepared
from app.db.schema import embedded_events
from app.errors import OverloadedError

CURSOR_DIGITS = 18
"""What a database's integer holds; a longer number was never one of our cursors."""

T = TypeVar("T")
_e = embedded_events.c


_this = _e.calendar == bindparam("calendar")
_ONE = Prepared(select(embedded_events).where(_this, _e.id == bindparam("event")))
_OVERLAPPING = Prepared(
    select(embedded_events)
    .where(
        _this,
        _e.ends > bindparam("start"),
        _e.starts < bindparam("end"),
        _e.cancelled.is_(False),
        _e.opaque.is_(True),
    )
    .order_by(_e.starts)
)
_NEWEST_CHANGE = Prepared(select(func.max(_e.changed)).where(_this))
_INSERT = BulkInsert(embedded_events)


class EmbeddedCalendar:
    """Calendars by name; one exists as soon as it is named."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def free(
        self, calendars: Sequence[str], start: int, end: int, *, within_s: float
    ) -> Mapping[str, Busy | Unknown]:
        """Busy time of each calendar; the database not answering makes all of them unknown."""
        found = await self._read(lambda c: _busy(c, calendars, start, end), within_s)
        if isinstance(found, Unknown):
            return dict.fromkeys(calendars, found)
        return found

    async def events(self, calendar: str, start: int, end: int, *, within_s: float) -> tuple[Event, ...] | Unknown:
        """Live, opaque events that overlap the range, by start."""
        return await self._read(lambda c: _overlapping(c, calendar, start, end), within_s)

    async def book(self, calendar: str, event: Event, *, within_s: float) -> Event | Refused | Unknown:
        """Insert one event; the same id with the same reference and time is the same booking."""
        now = self._clock.now()
        try:
            return await self._database.write(lambda t: _insert(t, calendar, event, now), within_s)
        except OverloadedError as error:
            return Refused(str(error))
        except DatabaseUnavailableError as error:
            return Unknown(str(error))

    async def move(
        self, calendar: str, event_id: str, to: Interval, etag: str, *, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        """Change an event's times if its etag still is `etag`."""
        now = self._clock.now()
        try:
            return await self._database.write(lambda t: _move(t, calendar, event_id, to, etag, now), within_s)
        except OverloadedError as error:
            return Refused(str(error))
        except DatabaseUnavailableError as error:
            return Unknown(str(error))

    async def get(self, calendar: str, event_id: str, *, within_s: float) -> Event | Absent | Unknown:
        """One event by id."""
        return await self._read(lambda c: _one(c, calendar, event_id), within_s)

    async def cancel(
        self, calendar: str, event_id: str, etag: str, *, within_s: float
    ) -> Cancelled | Changed | Unknown:
        """Mark an event cancelled if its etag still is `etag`."""
        now = self._clock.now()
        try:
            return await self._database.write(lambda t: _cancel(t, calendar, event_id, etag, now), within_s)
        except (OverloadedError, DatabaseUnavailableError) as error:
            return Unknown(str(error))

    async def changes(self, calendar: str, cursor: str, *, within_s: float) -> Changes | Unknown:
        """Events changed since `cursor`, the cancelled ones included."""
        if cursor and not (cursor.isdecimal() and len(cursor) <= CURSOR_DIGITS):
            return await self.changes(calendar, "", within_s=within_s)
        return await self._read(lambda c: _changes(c, calendar, int(cursor or 0)), within_s)

    async def _read(self, work: Callable[[Connection], T], within_s: float) -> T | Unknown:
        try:
            return await self._database.read(work, within_s)
        except DatabaseUnavailableError as error:
            return Unknown(str(error))


def _overlaps(start: int, end: int) -> Any:
    return and_(_e.ends > start, _e.starts < end, _e.cancelled.is_(False), _e.opaque.is_(True))


def _busy(connection: Connection, calendars: Sequence[str], start: int, end: int) -> dict[str, Busy | Unknown]:
    intervals: dict[str, list[Interval]] = {name: [] for name in calendars}
    for row in connection.execute(
        select(_e.calendar, _e.starts, _e.ends)
        .where(_e.calendar.in_(calendars), _overlaps(start, end))
        .order_by(_e.starts)
    ):
        mine = intervals[row.calendar]
        first, last = max(row.starts, start), min(row.ends, end)
        if mine and first <= mine[-1][1]:
            mine[-1] = (mine[-1][0], max(mine[-1][1], last))
        else:
            mine.append((first, last))
    return {name: tuple(found) for name, found in intervals.items()}


def _overlapping(connection: Connection, calendar: str, start: int, end: int) -> tuple[Event, ...]:
    return tuple(_event(row) for row in _OVERLAPPING(connection, calendar=calendar, start=start, end=end))


def _one(connection: Connection, calendar: str, event_id: str) -> Event | Absent:
    row = _ONE(connection, calendar=calendar, event=event_id).first()
    return _event(row) if row else Absent()


def _insert(transaction: Transaction, calendar: str, event: Event, now: float) -> Event | Refused:
    connection = transaction.connection
    there = _one(connection, calendar, event.id)
    if isinstance(there, Event):
        wanted = (event.reference, event.start, event.end, False)
        if (there.reference, there.start, there.end, there.cancelled) == wanted:
            return there
        return Refused("the id is used by another event")
    etag = secrets.token_hex(8)
    # Writers queue for the whole database, so nobody can have taken the id since it was looked for.
    what = (event.summary, event.description, event.reference, etag, False, event.opaque, now)
    changed = _next_change(connection, calendar)
    _INSERT(connection, [(calendar, event.id, event.start, event.end, *what, changed, now)])
    record(
        transaction,
        "calendar_written",
        subject=event.reference,
        at=now,
        calendar=f"embedded:{calendar}",
        event=event.id,
    )
    written = _one(connection, calendar, event.id)
    return written if isinstance(written, Event) else Refused("the event was not kept")


def _move(
    transaction: Transaction, calendar: str, event_id: str, to: Interval, etag: str, now: float
) -> Event | Absent | Changed:
    connection = transaction.connection
    there = _one(connection, calendar, event_id)
    if isinstance(there, Absent) or there.cancelled:
        return Absent()
    if (there.start, there.end) == to:
        return there
    if there.etag != etag:
        return Changed()
    _change(connection, calendar, event_id, now, starts=to[0], ends=to[1])
    record(
        transaction,
        "calendar_moved",
        subject=there.reference,
        at=now,
        calendar=f"embedded:{calendar}",
        event=event_id,
    )
    return _one(connection, calendar, event_id)


def _cancel(transaction: Transaction, calendar: str, event_id: str, etag: str, now: float) -> Cancelled | Changed:
    connection = transaction.connection
    there = _one(connection, calendar, event_id)
    if isinstance(there, Absent) or there.cancelled:
        return Cancelled()
    if etag and there.etag != etag:
        return Changed()
    _change(connection, calendar, event_id, now, cancelled=True)
    record(
        transaction,
        "calendar_cancelled",
        subject=there.reference,
        at=now,
        calendar=f"embedded:{calendar}",
        event=event_id,
    )
    return Cancelled()


def _changes(connection: Connection, calendar: str, after: int) -> Changes:
    rows = connection.execute(
        select(embedded_events).where(_e.calendar == calendar, _e.changed > after).order_by(_e.changed)
    ).fetchall()
    cursor = rows[-1].changed if rows else after
    return Changes(str(cursor), tuple(_event(row) for row in rows), reset=after == 0)


def _change(connection: Connection, calendar: str, event_id: str, now: float, **to: Any) -> None:
    newer = {"etag": secrets.token_hex(8), "changed": _next_change(connection, calendar), "modified": now}
    connection.execute(update(embedded_events).where(_e.calendar == calendar, _e.id == event_id).values(**to, **newer))


def _next_change(connection: Connection, calendar: str) -> int:
    # Writers queue for the whole database, so the next number cannot be taken twice.
    newest = _NEWEST_CHANGE(connection, calendar=calendar).scalar()
    return (newest or 0) + 1


def _event(row: Any) -> Event:
    return Event(
        id=row.id,
        start=row.starts,
        end=row.ends,
        summary=row.summary,
        description=row.description,
        reference=row.reference,
        etag=row.etag,
        cancelled=bool(row.cancelled),
        opaque=bool(row.opaque),
        created=str(row.created),
        sequence=row.changed,
        modified=str(row.modified) if row.modified else "",
    )
