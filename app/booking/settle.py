"""Finds out what became of bookings left held or pending, by reading the event's id; never by writing again.

The end of one commits together with the job that has its customer told, and with every page about it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from zoneinfo import ZoneInfo

from app import log
from app.background import Background
from app.booking.book import InTheWay, Result, inspect
from app.booking.business import Business
from app.booking.calendar import Absent, Calendar, Cancelled, Event, Unknown
from app.booking.calendars import Calendars
from app.booking.claims import Claims
from app.booking.comparison import Wanted, differences
from app.booking.store import YIELD, YIELD_AWAITED, Booking, by_id, changed, lease, move
from app.booking.verdict_words import Sight, mismatch_page
from app.booking.verification import MISMATCH_PAGE, TELL_CUSTOMER, USUAL, Aftercare, confirmed
from app.booking.whereabouts import NOWHERE, READ_S, Elsewhere, find_elsewhere
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.errors import ReadbackError
from app.jobs.outbox import Job, put
from app.watch.pages import Page, is_raised, raised, resolved

EVERY_S = 5.0
LEASE_S = 20.0
BATCH = 20
SURELY_ABSENT_AFTER_S = 60.0
"""A write that has not shown by then will not come any more."""
PAGE_AFTER_S = 150.0
TELL_AFTER_S = 10.0
"""What the process that settled it has for saying it in the live call itself."""
UNSETTLED_PAGE = "booking_unsettled"
_UTC = ZoneInfo("UTC")

logger = log.get(__name__)
Tell = Callable[[Booking, Result], Awaitable[bool]]
"""Says the end of a booking in the call it was made in; False when this process cannot."""


class Settler:
    """A loop that any number of processes may run: each unsettled booking is leased to one of them at a time.

    `fails` hears after each look why the database did not let it settle; empty when it did.
    """

    def __init__(  # noqa: PLR0913 - everything settling touches, handed in by name
        self,
        *,
        database: Database,
        calendars: Calendars,
        claims: Claims,
        businesses: Mapping[str, Business],
        clock: Clock,
        tell: Tell,
        settle_change: Callable[[Booking], Awaitable[None]],
        care: Aftercare = USUAL,
        fails: Callable[[str], None] = lambda _: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._claims = claims
        self._businesses = businesses
        self._clock = clock
        self._tell = tell
        self._settle_change = settle_change
        self._care = care
        self._fails = fails
        self._beat = beat
        self._loop = Background()

    def start(self) -> None:
        """Begin looking, at once and then every few seconds."""
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Stop between two looks; what is unsettled is found again at the next start."""
        await self._loop.end()

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
            self._beat()
            try:
                if self._database.is_there():
                    await self.settle_due()
                    self._fails("")
            except ReadbackError as error:
                self._fails(f"Unsettled bookings cannot be settled ({error}); it is tried on.")
            except Exception:
                # Settling must not end with what went wrong once; its beat tells that it goes on.
                logger.error("settling_failed", exc_info=True)
            await asyncio.sleep(EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311 - only keeps processes apart

    async def _settle(self, booking: Booking) -> None:
        if booking.amends:
            await self._settle_change(booking)
            return
        place = self._calendars.at(booking.calendar)
        if isinstance(place, Unknown):
            await self._cannot_tell(booking, place.reason)
            return
        calendar, name = place
        seen = await calendar.get(name, booking.event_id, within_s=READ_S)
        if isinstance(seen, Unknown):
            await self._cannot_tell(booking, seen.reason)
        elif isinstance(seen, Absent) or seen.cancelled:
            if self._clock.now() - booking.created_at >= SURELY_ABSENT_AFTER_S:
                await self._settle_absent(calendar, name, booking, seen)
        elif (seen.start, seen.end) != (booking.starts, booking.ends):
            await self._page_late(booking, self._mismatch(booking, seen))
        else:
            await self._settle_present(calendar, name, booking, seen)

    async def _settle_absent(self, calendar: Calendar, name: str, booking: Booking, seen: Event | Absent) -> None:
        """Refused; where another calendar of the business has the event, a person has to take it away."""
        listed = await calendar.events(name, booking.blocked_from, booking.blocked_to, within_s=READ_S)
        if isinstance(listed, Unknown):
            await self._cannot_tell(booking, listed.reason)
            return
        if any(event.id == booking.event_id for event in listed):
            await self._cannot_tell(booking, "not there by its id, but listed")
            return
        business = self._businesses.get(booking.business)
        elsewhere = await find_elsewhere(self._calendars, business, booking)
        stray = self._mismatch(booking, seen, elsewhere) if elsewhere.found else None
        await self._finish(booking, Result.REFUSED, "not on the calendar", stray=stray)

    async def _settle_present(self, calendar: Calendar, name: str, booking: Booking, seen: Event) -> None:
        found: Event | InTheWay | Absent | Unknown = InTheWay(seen.etag)
        if booking.reason not in (YIELD, YIELD_AWAITED):
            found = await inspect(calendar, name, booking, within_s=READ_S, seen=seen)
        if isinstance(found, Event):
            await self._finish(booking, Result.CONFIRMED, "", found.etag)
        elif isinstance(found, InTheWay):
            gone = await calendar.cancel(name, booking.event_id, found.etag, within_s=READ_S)
            if isinstance(gone, Cancelled):
                await self._finish(booking, Result.REFUSED, YIELD)
            else:
                await self._cannot_tell(booking, "a person's event is in the way, and ours could not be removed")
        else:
            reason = found.reason if isinstance(found, Unknown) else "seen by id, not in the list"
            await self._cannot_tell(booking, reason)

    async def _finish(
        self, booking: Booking, result: Result, reason: str, etag: str = "", stray: Page | None = None
    ) -> None:
        settled = await self._database.write(lambda t: self._ended(t, booking, result, reason, etag, stray))
        if settled is None:
            return
        ended, awaited = settled
        if result is Result.REFUSED:
            self._claims.remove(booking.calendar, booking.id)
        logger.info("booking_settled", reference=booking.reference, outcome=result.value, reason=reason)
        if awaited and await self._tell(ended, result):
            await self._database.write(lambda t: changed(t, ended, told=result.value))

    def _ended(
        self,
        transaction: Transaction,
        booking: Booking,
        result: Result,
        reason: str,
        etag: str,
        stray: Page | None,
    ) -> tuple[Booking, bool] | None:
        """The booking as it ended, and whether somebody waits for that; None when it was settled already."""
        now = self._clock.now()
        row = by_id(transaction.connection, booking.id)  # who calls again while we look waits for it from then on
        if row is None:
            return None
        if result is Result.CONFIRMED:
            settled = confirmed(transaction, row, etag=etag, now=now, care=self._care)
        else:
            settled = move(transaction, row, result.value, now=now, reason=reason, etag=etag)
            if settled is not None:  # it may have been confirmed for a moment, and been followed then
                put(transaction, *self._care.also(settled, now), now=now)
        if settled is None:
            return None
        resolved(transaction, UNSETTLED_PAGE, booking.reference, now=now)
        resolved(transaction, MISMATCH_PAGE, booking.reference, now=now)
        if stray is not None:
            raised(transaction, stray, now=now)
        awaited = _awaited(row, result)
        if awaited:
            data: dict[str, str | int | float | None] = {"booking": booking.id, "result": result.value}
            put(transaction, Job(TELL_CUSTOMER, f"{booking.id}:{result.value}", now + TELL_AFTER_S, data), now=now)
        return settled, awaited

    async def _cannot_tell(self, booking: Booking, reason: str) -> None:
        if booking.synthetic:
            return  # nobody is to be called, and the call that asked for it tells of the trouble
        body = (
            f"Booking {booking.reference} on {booking.calendar} may or may not have been written; the calendar does "
            f"not tell ({reason}). The caller heard at most that it is not sure yet. Look at the calendar and call "
            f"them: `readback bookings show {booking.reference}` says whom."
        )
        title = f"Booking cannot be verified: {booking.reference}"
        await self._page_late(booking, Page(UNSETTLED_PAGE, booking.reference, title, body, booking.business))

    async def _page_late(self, booking: Booking, page: Page) -> None:
        """Page once it has been in doubt for too long."""
        now = self._clock.now()
        if now - booking.created_at >= PAGE_AFTER_S:
            await self._database.write(lambda t: _raised_once(t, booking, page, now))

    def _mismatch(self, booking: Booking, seen: Event | Absent, elsewhere: Elsewhere = NOWHERE) -> Page:
        business = self._businesses.get(booking.business)
        wanted = Wanted(booking.event_id, booking.starts, booking.ends, booking.reference, booking.customer_name)
        sight = Sight(seen, differences(wanted, seen), elsewhere)
        return mismatch_page(booking, wanted, sight, business.zone if business else _UTC)


def _raised_once(transaction: Transaction, booking: Booking, page: Page, now: float) -> None:
    """One page for one booking: what is seen there says more than that it could not be seen."""
    there = by_id(transaction.connection, booking.id)
    if there is None or there.status not in ("held", "pending"):
        return  # whoever settled it meanwhile has ended its pages
    if page.kind == MISMATCH_PAGE:
        resolved(transaction, UNSETTLED_PAGE, page.key, now=now)
    elif is_raised(transaction, MISMATCH_PAGE, page.key):
        return
    raised(transaction, page, now=now)


def _awaited(booking: Booking, result: Result) -> bool:
    """Whether somebody waits for the end of it: a hold that never became a booking was never promised to anybody, who
    was told "taken" knows already, and nobody waits for what a synthetic call asked for.
    """
    promised = result is Result.CONFIRMED or (booking.status == "pending" and booking.reason != YIELD)
    return promised and not booking.synthetic
