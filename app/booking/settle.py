"""Finds out what became of bookings left held or pending, by reading the event's id; never by writing again."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping

from app import log
from app.booking.book import InTheWay, Result, inspect
from app.booking.business import Business
from app.booking.calendar import Absent, Calendar, Cancelled, Event, Unknown
from app.booking.calendars import Calendars
from app.booking.claims import Claims
from app.booking.store import YIELD, Booking, lease, move
from app.clock import Clock
from app.db.engine import Database
from app.errors import ReadbackError
from app.watch.alarms import Alarms

EVERY_S = 5.0
LEASE_S = 20.0
BATCH = 20
READ_S = 5.0
SURELY_ABSENT_AFTER_S = 60.0
"""A write that has not shown by then will not come any more."""
PAGE_AFTER_S = 150.0

logger = log.get(__name__)
Tell = Callable[[Booking, Result], Awaitable[None]]


class Settler:
    """A loop that any number of processes may run: each unsettled booking is leased to one of them at a time."""

    def __init__(  # noqa: PLR0913 - everything settling touches, handed in by name
        self,
        *,
        database: Database,
        calendars: Calendars,
        claims: Claims,
        businesses: Mapping[str, Business],
        alarms: Alarms,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._claims = claims
        self._businesses = businesses
        self._alarms = alarms
        self._clock = clock
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin looking, at once and then every few seconds."""
        self._task = asyncio.get_running_loop().create_task(self._forever())

    async def stop(self) -> None:
        """Stop between two looks; what is unsettled is found again at the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def settle_due(self) -> int:
        """Settle everything whose time has come; returns how many were looked at."""
        now = self._clock.now()
        due = await self._database.write(lambda t: lease(t, now=now, until=now + LEASE_S, limit=BATCH))
        ends = await asyncio.gather(*(self._settle(booking) for booking in due), return_exceptions=True)
        for booking, end in zip(due, ends, strict=True):
            if isinstance(end, Exception):
                # Its lease runs out, and it is looked at again; the others are none the worse for it.
                logger.error("settle_failed", reference=booking.reference, exc_info=end)
        return len(due)

    async def _forever(self) -> None:
        while True:
            try:
                await self.settle_due()
                self._alarms.clear("database_down", "database")
            except ReadbackError as error:
                self._alarms.ring(
                    "database_down",
                    "database",
                    "The database does not answer",
                    f"Nothing can be booked, and unsettled bookings cannot be settled, until it does ({error}).",
                )
            await asyncio.sleep(EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311 - only keeps processes apart

    async def _settle(self, booking: Booking) -> None:
        place = self._calendars.at(booking.calendar)
        if isinstance(place, Unknown):
            self._cannot_tell(booking, place.reason)
            return
        calendar, name = place
        seen = await calendar.get(name, booking.event_id, within_s=READ_S)
        if isinstance(seen, Unknown):
            self._cannot_tell(booking, seen.reason)
        elif isinstance(seen, Absent) or seen.cancelled:
            if self._clock.now() - booking.created_at >= SURELY_ABSENT_AFTER_S:
                await self._finish(booking, Result.REFUSED, "not on the calendar")
        elif (seen.start, seen.end) != (booking.starts, booking.ends):
            self._cannot_tell(booking, "the event is there, at another time")
        else:
            await self._settle_present(calendar, name, booking, seen)

    async def _settle_present(self, calendar: Calendar, name: str, booking: Booking, seen: Event) -> None:
        found: Event | InTheWay | Absent | Unknown = InTheWay(seen.etag)
        if booking.reason != YIELD:
            found = await inspect(calendar, name, booking, within_s=READ_S)
        if isinstance(found, Event):
            await self._finish(booking, Result.CONFIRMED, "", found.etag)
        elif isinstance(found, InTheWay):
            gone = await calendar.cancel(name, booking.event_id, found.etag, within_s=READ_S)
            if isinstance(gone, Cancelled):
                await self._finish(booking, Result.REFUSED, YIELD)
            else:
                self._cannot_tell(booking, "a person's event is in the way, and ours could not be removed")
        else:
            self._cannot_tell(booking, found.reason if isinstance(found, Unknown) else "seen by id, not in the list")

    async def _finish(self, booking: Booking, result: Result, reason: str, etag: str = "") -> None:
        now = self._clock.now()
        settled = await self._database.write(
            lambda t: move(t, booking, result.value, now=now, reason=reason, etag=etag)
        )
        if settled is None:
            return
        if result is Result.REFUSED:
            self._claims.remove(booking.calendar, booking.id)
        self._alarms.clear("booking_unsettled", booking.reference)
        logger.info("booking_settled", reference=booking.reference, outcome=result.value, reason=reason)
        # A hold that never became a booking was never promised to anybody, and who was told "taken" knows already;
        # everything else somebody waits for.
        if result is Result.CONFIRMED or (booking.status == "pending" and booking.reason != YIELD):
            await self._tell(settled, result)

    def _cannot_tell(self, booking: Booking, reason: str) -> None:
        if self._clock.now() - booking.created_at < PAGE_AFTER_S:
            return
        business = self._businesses.get(booking.business)
        self._alarms.ring(
            "booking_unsettled",
            booking.reference,
            f"Booking cannot be verified: {booking.reference}",
            f"Booking {booking.reference} on {booking.calendar} may or may not have been written; the calendar does "
            f"not tell ({reason}). The caller was told that it is not sure yet. Look at the calendar and call them.",
            business.page if business else (),
        )
