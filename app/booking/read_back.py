"""An independent reader: fetches each written appointment from its calendar and holds it against what was promised.

It shares nothing with the write path but the row, trusts no cache and never writes to a calendar.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from app import log, metrics
from app.booking import verification
from app.booking.business import Business
from app.booking.calendar import Absent, Calendar, Event, Unknown
from app.booking.calendars import Calendars
from app.booking.claims import Claims
from app.booking.comparison import Difference, Wanted, differences, is_there
from app.booking.store import Booking, by_id
from app.booking.verdict_words import Sight
from app.booking.verdicts import BLIND_PAUSE_S, VERIFIED, Case, Verdict, judge, next_look, wanted_of
from app.booking.verification import GRACE_S, FollowUp, InView, Watched, in_view
from app.booking.whereabouts import READ_S, find_elsewhere
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.outbox import Again, put

SETTLED: Final = ("confirmed", "cancelled")
_UTC: Final = ZoneInfo("UTC")

logger = log.get(__name__)


class ReadBacks:
    """Reads appointments back. Any number of processes may; the same look twice has the effect of one.

    Where a person has agreed on something else with the customer, what follows a booking follows that: `also`.
    """

    def __init__(
        self,
        *,
        database: Database,
        calendars: Calendars,
        claims: Claims,
        businesses: Mapping[str, Business],
        clock: Clock,
        also: FollowUp,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._claims = claims
        self._businesses = businesses
        self._clock = clock
        self._also = also

    async def handle(self, data: Mapping[str, Any]) -> Again | None:
        """The job: read one revision of one booking back until it is known what became of it."""
        found = await self._database.read(lambda c: in_view(c, str(data["booking"])))
        if found is None or found.booking.revision != data["revision"]:
            return None
        booking = found.booking
        if booking.status in ("held", "pending") or found.changing:
            return Again(BLIND_PAUSE_S[1])  # in doubt, or half-way through a change: settled first, then read back
        if booking.status not in SETTLED or booking.verification not in ("", "written"):
            return None
        verdict = await self._looked(found, first=True, grace_s=GRACE_S)
        return Again(verdict.again_s) if verdict.again_s > 0 else None

    async def look(self, booking: Booking, *, first: bool, grace_s: float = 0.0) -> Verdict:
        """Look once and draw the consequences. The `first` look also wants to see the calendar's own list.

        Where it has to look again, the sweep leaves that to whoever asked for `grace_s` longer than that.
        """
        found = await self._database.read(lambda c: in_view(c, booking.id))
        return await self._looked(found, first=first, grace_s=grace_s) if found is not None else Verdict()

    async def _looked(self, found: InView, *, first: bool, grace_s: float) -> Verdict:
        booking = found.booking
        if found.watched is None or booking.status not in SETTLED:
            return Verdict()
        sight, lasting = await self._seen(booking, found.watched, first=first)
        verdict = await self._database.write(
            lambda t: self._concluded(t, booking, sight, grace_s=grace_s, lasting=lasting)
        )
        calendar = verdict.agreed.calendar if verdict.agreed is not None else booking.calendar
        if verdict.claimed is not None:
            self._claims.add(calendar, booking.id, verdict.claimed)
        if verdict.released or calendar != booking.calendar:
            self._claims.remove(booking.calendar, booking.id)
        if verdict.outcome:
            metrics.count_read_back(verdict.outcome)
            logger.info("read_back", reference=booking.reference, outcome=verdict.outcome, revision=booking.revision)
        return verdict

    def _concluded(
        self, transaction: Transaction, looked_at: Booking, sight: Sight | Unknown, *, grace_s: float, lasting: bool
    ) -> Verdict:
        """Judged on the rows as they are now; what changed while we looked is not judged by what we saw."""
        found = in_view(transaction.connection, looked_at.id)
        if found is None or found.watched is None:
            return Verdict()
        booking = found.booking
        if booking.status != looked_at.status or booking.revision != looked_at.revision:
            return Verdict()
        if found.changing:
            verification.noted(transaction, booking, next_look=self._clock.now() + BLIND_PAUSE_S[1])
            return Verdict()
        business = self._businesses.get(booking.business)
        now = self._clock.now()
        case = Case(booking, found.watched, business.zone if business else _UTC, sight, now, lasting)
        verdict = judge(transaction, case)
        if verdict.again_s > 0:
            verification.noted(transaction, booking, next_look=now + verdict.again_s + grace_s)
        elif not verdict.released:
            self._planned(transaction, booking, verdict, now)
        if verdict.agreed is not None:
            put(transaction, *self._also(verdict.agreed, now), now=now)
        return verdict

    def _planned(self, transaction: Transaction, booking: Booking, verdict: Verdict, now: float) -> None:
        if verdict == Verdict(VERIFIED):  # as nearly all are: nothing else has changed
            judged = replace(booking, verification=VERIFIED)
        else:
            judged = by_id(transaction.connection, booking.id) or booking
        if judged.status == "cancelled" and judged.verification == VERIFIED:
            verification.dropped(transaction, judged, note="", now=now)
            return
        verification.noted(transaction, judged, next_look=next_look(judged, now))

    async def _seen(self, booking: Booking, watched: Watched, *, first: bool) -> tuple[Sight | Unknown, bool]:
        """What is there, or why that cannot be said and whether waiting would not help."""
        business = self._businesses.get(booking.business)
        # Of one that was cancelled, it is the calendar it stood on that must not show it, whoever looks there by now.
        gone = _not_ours(business, booking) if booking.status != "cancelled" else None
        place = self._calendars.at(booking.calendar)
        if gone is not None or business is None:
            return gone or Unknown("the business is no longer served"), True
        if isinstance(place, Unknown):
            return place, True
        calendar, name = place
        wanted = wanted_of(booking, watched)
        found = await calendar.get(name, booking.event_id, within_s=READ_S)
        if isinstance(found, Unknown):
            return found, False
        problems = differences(wanted, found)
        if wanted.there and not first and not problems:
            return Sight(found, ()), False
        return await self._in_full(business, booking, calendar, name, wanted, found), False

    async def _in_full(
        self,
        business: Business,
        booking: Booking,
        calendar: Calendar,
        name: str,
        wanted: Wanted,
        found: Event | Absent,
    ) -> Sight | Unknown:
        """Also the calendar's own list, and the other calendars of the business where the event is on its own no more.

        A cancelled visit must be gone from all of them.
        """
        listed = await calendar.events(name, wanted.start, wanted.end, within_s=READ_S)
        if isinstance(listed, Unknown):
            return listed
        problems = differences(wanted, found, listed)
        if is_there(found) or (wanted.there and not problems):
            return Sight(found, problems)
        elsewhere = await find_elsewhere(self._calendars, business, booking)
        if not wanted.there and elsewhere.found:
            problems = (Difference.STILL_THERE,)
        return Sight(found, problems, elsewhere)


def _not_ours(business: Business | None, booking: Booking) -> Unknown | None:
    """Why nobody can say that the technician looks at this calendar; None when they do."""
    if business is None:
        return Unknown("the business is no longer served")
    technician = next((t for t in business.technicians if t.id == booking.technician), None)
    if technician is None:
        return Unknown(f"technician {booking.technician} is no longer in the business file")
    if technician.calendar != booking.calendar:
        return Unknown(f"the calendar of technician {booking.technician} is now {technician.calendar}")
    return None
