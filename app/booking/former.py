"""Visits that a technician still has on a calendar which the business file has given up for another: the time is theirs
to drive all the same. Claims are by calendar, so nothing else keeps it from being offered and booked once more.
"""

import asyncio
import math
from collections.abc import Mapping

from sqlalchemy import Connection, select, text

from app.booking.business import Businesses
from app.booking.calendar import Interval
from app.booking.store import Booking
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.db.prepared import Prepared
from app.db.schema import ACTIVE_SQL, bookings

LOOK_EVERY_S = 15.0
"""While servers are replaced one after the other, those with the old file book on the old calendar."""
LOOK_AGAIN_S = 1.0
"""After a look that the database did not answer."""

_b = bookings.c
_active = text(ACTIVE_SQL)
_ON_OTHERS = Prepared(
    text(
        "SELECT id FROM bookings WHERE calendar <> :calendar AND business = :business AND technician = :technician"  # noqa: S608 - our own
        f" AND id <> :appointment AND {ACTIVE_SQL} AND blocked_from < :end AND blocked_to > :start"
    )
)
_Times = Mapping[tuple[str, str], tuple[Interval, ...]]
"""Padded ranges by business and technician."""


class Former:
    """What technicians have on calendars that are theirs no more; nearly always nothing."""

    def __init__(self, database: Database, businesses: Businesses, clock: Clock) -> None:
        self._database = database
        self._calendars = {(b.id, t.id): t.calendar for b in businesses.by_id.values() for t in b.technicians}
        self._clock = clock
        self._times: _Times = {}
        self._looked_at = -math.inf
        self._look_at = -math.inf
        self._looking: asyncio.Task[None] | None = None
        self.version = 0

    @property
    def known(self) -> bool:
        """Whether it has been looked at; before that, nobody's time can be offered."""
        return self._looked_at > -math.inf

    def times(self, business: str, technician: str) -> tuple[Interval, ...]:
        """Ranges that are not free although no claim on the technician's calendar says so."""
        return self._times.get((business, technician), ())

    def look_soon(self) -> None:
        """See that what is known does not grow old. Never waits: what is known answers until it is known anew."""
        if self._clock.monotonic() >= self._look_at and self._looking is None:
            self._begin()

    async def look(self) -> None:
        """As `look_soon`, waiting for it while nothing is known at all. Raises `DatabaseUnavailableError` then."""
        if self.known:
            self.look_soon()
            return
        await asyncio.shield(self._looking or self._begin())
        if not self.known:
            raise DatabaseUnavailableError("what technicians have on calendars of before is not known")

    def has(self, connection: Connection, wanted: Booking, *, apart_from: str = "") -> bool:
        """Whether the technician has any of the wanted time there, as the database says at this moment."""
        fresh = self._clock.monotonic() - self._looked_at < LOOK_EVERY_S
        if fresh and not self.times(wanted.business, wanted.technician):
            return False
        asked: dict[str, str | int] = {
            "calendar": wanted.calendar,
            "business": wanted.business,
            "technician": wanted.technician,
        }
        asked |= {"appointment": apart_from, "start": wanted.blocked_from, "end": wanted.blocked_to}
        return _ON_OTHERS(connection, **asked).first() is not None

    async def stop(self) -> None:
        """Give up a look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _begin(self) -> asyncio.Task[None]:
        self._looking = asyncio.get_running_loop().create_task(self._look())
        return self._looking

    async def _look(self) -> None:
        self._look_at = self._clock.monotonic() + LOOK_AGAIN_S
        try:
            found = await self._database.read(self._found)
        except DatabaseUnavailableError:
            return  # what is known stands; who has to know is told that nothing is
        finally:
            self._looking = None
        self._looked_at = self._clock.monotonic()
        self._look_at = self._looked_at + LOOK_EVERY_S
        if found != self._times:
            self._times = found
            self.version += 1

    def _found(self, connection: Connection) -> _Times:
        ahead = _active, _b.blocked_to > int(self._clock.now())
        placed = select(_b.business, _b.technician, _b.calendar).where(*ahead).distinct()
        places = connection.execute(placed).fetchall()
        times: dict[tuple[str, str], tuple[Interval, ...]] = {}
        for business, technician, calendar in places:
            if self._calendars.get((business, technician), calendar) == calendar:
                continue  # theirs, or of somebody who is offered no more
            there = _b.business == business, _b.technician == technician, _b.calendar == calendar
            ranges = connection.execute(select(_b.blocked_from, _b.blocked_to).where(*ahead, *there))
            mine = [*times.get((business, technician), ()), *((row.blocked_from, row.blocked_to) for row in ranges)]
            times[business, technician] = tuple(sorted(mine))
        return times
