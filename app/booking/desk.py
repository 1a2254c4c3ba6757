"""The front desk's view of the calendars: which times can be offered, and how sure that is."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

from app import metrics
from app.booking.availability import Opening, candidates, reach
from app.booking.business import Business, Service, Technician
from app.booking.calendar import Interval, Unknown
from app.booking.claims import Claimed, Claims
from app.booking.former import Former
from app.booking.lookups import GONE_AT_ONCE, Day, Lookups
from app.booking.store import Booking
from app.booking.zones import local_date
from app.clock import Clock
from app.db.engine import DatabaseUnavailableError

MAX_MEMOS = 1_024
ALONE_S = 2.5
PREFETCH_DAYS = 8
"""Today and the seven days after it: what a question without a date looks at."""


@dataclass(frozen=True, slots=True)
class View:
    """What the calendars say about some days. `openings` are not yet filtered by notice and window."""

    openings: Sequence[Opening]
    unknown: frozenset[str]
    """Technicians whose calendar did not tell; none of their time is in `openings`."""
    read_at: float
    """The oldest read this rests on, steady clock."""
    told: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was made of it, by kind of question: gone when it is."""


@dataclass(slots=True)
class _Memo:
    versions: tuple[int, int, int]
    days: tuple[Day, ...]
    claimed: tuple[Claimed, ...]
    view: View


class Desk:
    """Answers what is open. Pure arithmetic over the cached reads and our own claims."""

    def __init__(self, lookups: Lookups, claims: Claims, clock: Clock, former: Former) -> None:
        self._lookups = lookups
        self._claims = claims
        self._former = former
        self._clock = clock
        self._memos: OrderedDict[tuple[object, ...], _Memo] = OrderedDict()

    def open_now(
        self, business: Business, service: Service, technicians: Sequence[Technician], first: date, last: date
    ) -> View | None:
        """The view if everything needed is in memory and fresh; None when it has to be fetched. Never waits."""
        self._former.look_soon()
        if not self._former.known or not self._claims.known(t.calendar for t in technicians):
            return None
        view = self._remembered(business, service, technicians, first, last)
        if view is not None:
            metrics.count_cache("availability", "hit")
        return view

    async def open(
        self, business: Business, service: Service, technicians: Sequence[Technician], first: date, last: date
    ) -> View:
        """As `open_now`, fetching what is missing. Who uses a calendar that does not tell is unknown, not free."""
        self._former.look_soon()
        start, end = reach(business, service, first, last)
        addresses = [t.calendar for t in technicians]
        if self._lookups.known(addresses, start, end) is None:
            found = await self._lookups.days(addresses, start, end)
        else:
            found = {}
            metrics.count_cache("availability", "hit")
        try:
            await self._claims.views(addresses, start)
            await self._former.look()  # begun above: both are waited for at once
        except DatabaseUnavailableError:
            # Without our own bookings over it, no answer of a calendar is safe to offer from.
            return View((), frozenset(_ids(technicians)), self._clock.monotonic())
        view = self._remembered(business, service, technicians, first, last)
        if view is not None:
            return view
        if not found:
            found = await self._lookups.days(addresses, start, end)
        known: dict[str, tuple[Day, ...]] = {}
        for technician in technicians:
            days = found[technician.calendar]
            if not isinstance(days, Unknown):
                known[technician.id] = days
        own = [self._claims.view(t.calendar) for t in technicians]  # as it is now, after all that was waited for
        return self._computed(business, service, technicians, known, own, (first, last))

    async def open_to_move(
        self,
        business: Business,
        service: Service,
        technicians: Sequence[Technician],
        days: tuple[date, date],
        visit: Booking,
    ) -> View:
        """As `open`, for whoever wants to move `visit`: its own time is free to them, so half an hour later is as well.

        Only where its calendar says at this moment that nothing else is there; what calendars call busy is one piece.
        """
        alone, view = await asyncio.gather(
            self._lookups.alone(visit.calendar, visit.event_id, visit.starts, visit.ends, within_s=ALONE_S),
            self.open(business, service, technicians, *days),
        )
        mover = next((t for t in technicians if t.calendar == visit.calendar), None)
        if mover is None or not alone or mover.id in view.unknown:
            return view
        needed = [mover.calendar], *reach(business, service, *days)
        # What may be kept for no time at all has to be read once more.
        read = self._lookups.known(*needed) or (await self._lookups.days(*needed))[mover.calendar]
        if isinstance(read, Unknown):
            return view
        busy = _without([interval for day in read for interval in day.busy], (visit.starts, visit.ends))
        claimed = [
            own for own in self._claims.view(mover.calendar).ranges if own != (visit.blocked_from, visit.blocked_to)
        ]
        claimed += self._former.times(business.id, mover.id)
        theirs = candidates(business, service, (mover,), {mover.id: busy}, {mover.id: claimed}, *days)
        # Theirs first: of technicians who are equally free, the one who was to come comes.
        openings = [opening for opening in theirs if opening.start != visit.starts]
        openings += [opening for opening in view.openings if opening.technician != mover.id]
        return replace(view, openings=sorted(openings, key=lambda opening: opening.start))

    def _remembered(
        self, business: Business, service: Service, technicians: Sequence[Technician], first: date, last: date
    ) -> View | None:
        """The view of what is in memory, worked out once for as long as nothing in it changes."""
        key = (business.id, service.id, first, last, *[t.id for t in technicians])
        memo = self._memos.get(key)
        versions = (self._lookups.version, self._claims.version, self._former.version)
        if memo is not None and memo.versions == versions and self._lookups.is_fresh(memo.view.read_at):
            return memo.view
        days = self._lookups.known([t.calendar for t in technicians], *reach(business, service, first, last))
        if days is None:
            return None
        claimed = tuple(self._claims.view(t.calendar) for t in technicians)
        former_same = memo is not None and memo.versions[2] == versions[2]
        if memo is not None and former_same and _same(memo.days, days) and _same(memo.claimed, claimed):
            memo.versions = versions
            return memo.view
        view = self._computed(business, service, technicians, _grouped(technicians, days), claimed, (first, last))
        self._memos[key] = _Memo(versions, days, claimed, view)
        self._memos.move_to_end(key)
        for old, kept in list(islice(self._memos.items(), GONE_AT_ONCE)):
            if len(self._memos) <= MAX_MEMOS and self._lookups.is_fresh(kept.view.read_at):
                break
            del self._memos[old]
        return view

    def prefetch(self, business: Business) -> None:
        """Start fetching the coming days of everybody, so that the first question finds them."""
        self._former.look_soon()
        today = local_today(business, self._clock.now())
        last = today + timedelta(days=PREFETCH_DAYS - 1)
        # The first question may be about any service, and the longest one looks furthest into the night.
        reaches = [reach(business, service, today, last) for service in business.services]
        start, end = min(start for start, _ in reaches), max(end for _, end in reaches)
        self._lookups.prefetch([t.calendar for t in business.technicians], start, end)

    def load(self, technicians: Sequence[Technician]) -> dict[str, int]:
        """How many visits each technician has ahead."""
        return {t.id: self._claims.load_of(t.calendar) for t in technicians}

    def _computed(
        self,
        business: Business,
        service: Service,
        technicians: Sequence[Technician],
        known: dict[str, tuple[Day, ...]],
        claimed: Sequence[Claimed],
        days: tuple[date, date],
    ) -> View:
        busy: dict[str, list[Interval]] = {
            who: [interval for day in read for interval in day.busy] for who, read in known.items()
        }
        ours = {
            who.id: (*own.ranges, *self._former.times(business.id, who.id))
            for who, own in zip(technicians, claimed, strict=True)
        }
        openings = candidates(business, service, technicians, busy, ours, days[0], days[1])
        unknown = frozenset(t.id for t in technicians if t.id not in known)
        read_at = min((day.read_at for read in known.values() for day in read), default=self._clock.monotonic())
        return View(openings, unknown, read_at)


def local_today(business: Business, now: float) -> date:
    """Today where the business is."""
    return local_date(business.zone, int(now))


def _without(busy: Sequence[Interval], hole: Interval) -> list[Interval]:
    pieces = [piece for start, end in busy for piece in ((start, min(end, hole[0])), (max(start, hole[1]), end))]
    return [(start, end) for start, end in pieces if start < end]


def _ids(technicians: Sequence[Technician]) -> list[str]:
    return [t.id for t in technicians]


def _same(before: Sequence[object], after: Sequence[object]) -> bool:
    return len(before) == len(after) and all(a is b for a, b in zip(before, after, strict=True))


def _grouped(technicians: Sequence[Technician], days: tuple[Day, ...]) -> dict[str, tuple[Day, ...]]:
    each = len(days) // len(technicians)
    return {t.id: days[i * each : (i + 1) * each] for i, t in enumerate(technicians)}
