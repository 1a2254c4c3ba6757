"""Reads of the calendars of record, kept for a stated time. One flight per lookup, all that is missing in one request.

What another process has read within that time is taken from the place they share, where there is one.

Busy time is kept per calendar and UTC day. What is unknown is never kept, and never handed out as free.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from app import log, metrics
from app.booking.calendar import Busy, Interval, Unknown
from app.booking.calendars import Calendars
from app.booking.shared_days import Key, Shared, SharedDays
from app.clock import Clock, ended

DAY_S = 86_400
MAX_DAYS_KEPT = 50_000
GONE_AT_ONCE = 4
"""What is too old to be offered from makes room, the oldest of it whenever something is kept."""
FETCH_DEADLINE_S = 10.0
"""A fetch outlives the caller that started it, so that the next question finds its answer."""

logger = log.get(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """One calendar's busy time on one UTC day, as read at `read_at` (steady clock)."""

    read_at: float
    busy: Busy


Flights = dict[Key, "asyncio.Future[Day | Unknown]"]


class Lookups:
    """The cache in front of the calendars. `ttl_s` is how old a read may be when a slot is offered."""

    def __init__(self, calendars: Calendars, clock: Clock, ttl_s: float, shared: SharedDays | None = None) -> None:
        self._calendars = calendars
        self._clock = clock
        self._ttl_s = ttl_s
        self._shared = shared if ttl_s > 0 else None  # what may not be kept for a moment cannot come from others
        self._forgotten: OrderedDict[str, float] = OrderedDict()
        """When each calendar was last known to have changed (steady clock): older reads of others are not taken."""
        self._days: OrderedDict[Key, Day] = OrderedDict()
        self._flights: Flights = {}
        self._fetches: set[asyncio.Task[None]] = set()
        self.version = 0
        """Goes up whenever anything known changes: what was worked out at one version holds until the next."""

    def is_fresh(self, read_at: float) -> bool:
        """Whether what was read at `read_at` (steady clock) may still be offered from."""
        return read_at > self._clock.monotonic() - self._ttl_s

    def known(self, addresses: Sequence[str], start: int, end: int) -> tuple[Day, ...] | None:
        """Every day of every address if all are fresh, in a fixed order; None when anything is missing. Never waits."""
        oldest = self._clock.monotonic() - self._ttl_s
        days = self._days
        found: list[Day] = []
        for address in addresses:
            for number in range(start // DAY_S, (end - 1) // DAY_S + 1):
                day = days.get((address, number))
                if day is None or day.read_at <= oldest:
                    return None
                found.append(day)
        return tuple(found)

    async def days(self, addresses: Sequence[str], start: int, end: int) -> dict[str, tuple[Day, ...] | Unknown]:
        """As `known`, fetching what is missing. Safe to cancel: the fetch goes on for whoever asks next."""
        numbers = range(start // DAY_S, (end - 1) // DAY_S + 1)
        pending = self._begin(addresses, numbers)
        metrics.count_cache("availability", "hit" if not pending else "miss")
        while waiting := [flight for flight in pending.values() if not flight.done()]:
            await ended(waiting)
            # What was there when we began may have been dropped while we waited.
            pending = {**self._begin(addresses, numbers, besides=pending), **pending}
        answer: dict[str, tuple[Day, ...] | Unknown] = {}
        for address in addresses:
            found: list[Day] = []
            for number in numbers:
                key = (address, number)
                day = pending[key].result() if key in pending else self._days.get(key, Unknown("dropped meanwhile"))
                if isinstance(day, Unknown):
                    answer[address] = day
                    break
                found.append(day)
            else:
                answer[address] = tuple(found)
        return answer

    async def alone(self, address: str, event_id: str, start: int, end: int, *, within_s: float) -> bool:
        """Whether nothing but this event is there at that time, asked live; not where the calendar does not tell."""
        place = self._calendars.at(address)
        if isinstance(place, Unknown):
            return False
        calendar, name = place
        there = await calendar.events(name, start, end, within_s=within_s)
        return not isinstance(there, Unknown) and all(event.id == event_id for event in there)

    def prefetch(self, addresses: Sequence[str], start: int, end: int) -> None:
        """Start fetching what is missing, and come back at once."""
        self._begin(addresses, range(start // DAY_S, (end - 1) // DAY_S + 1))

    def drop(self, address: str) -> None:
        """A calendar changed: forget what is known of it, here and in every other process."""
        self.forget(address)
        if self._shared is not None:
            self._shared.drop(address)

    def forget(self, address: str) -> None:
        """Forget what this process knows of a calendar. A fetch under way is not kept, nor joined by who asks later."""
        self.version += 1
        self._forgotten[address] = self._clock.monotonic()
        self._forgotten.move_to_end(address)
        if len(self._forgotten) > MAX_DAYS_KEPT:
            self._forgotten.popitem(last=False)
        for key in [key for key in self._days if key[0] == address]:
            del self._days[key]
        for key in [key for key in self._flights if key[0] == address]:
            del self._flights[key]

    async def stop(self) -> None:
        """Give up the fetches under way."""
        for task in list(self._fetches):
            task.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)

    def _begin(self, addresses: Sequence[str], numbers: range, besides: Container[Key] = ()) -> Flights:
        """Flights to wait for, by key; starts one fetch for all that nobody is fetching yet."""
        oldest = self._clock.monotonic() - self._ttl_s
        pending: Flights = {}
        missing: Flights = {}
        for address in addresses:
            for number in numbers:
                key = (address, number)
                day = self._days.get(key)
                if key in besides or (day is not None and day.read_at > oldest):
                    continue
                flight = self._flights.get(key)
                if flight is None:
                    flight = asyncio.get_running_loop().create_future()
                    self._flights[key] = missing[key] = flight
                pending[key] = flight
        if missing:
            task = asyncio.get_running_loop().create_task(self._fetch(missing))
            self._fetches.add(task)
            task.add_done_callback(self._fetches.discard)
        return pending

    async def _fetch(self, flights: Flights) -> None:
        answer: dict[str, Busy | Unknown] = {}
        kept: dict[Key, Busy] = {}
        shared, left = Shared(), flights
        read_at = self._clock.monotonic()
        try:
            if self._shared is not None:
                shared = await self._shared.find(list(flights))
                left = self._land_shared(flights, shared, read_at)
            if left:
                read_at = self._clock.monotonic()
                answer = await self._ask(left)
        except Exception as error:
            # Whatever it was, those who wait are owed an "unknown".
            logger.error("lookup_failed", exc_info=error)
        finally:
            kept = self._land(left, answer, read_at)
        if self._shared is not None and shared.ticket is not None and kept:
            self._shared.give(shared.ticket, kept)

    async def _ask(self, flights: Flights) -> dict[str, Busy | Unknown]:
        addresses = list(dict.fromkeys(address for address, _ in flights))
        first = min(number for _, number in flights)
        last = max(number for _, number in flights)
        return await self._calendars.free(addresses, first * DAY_S, (last + 1) * DAY_S, within_s=FETCH_DEADLINE_S)

    def _land_shared(self, flights: Flights, shared: Shared, asked_at: float) -> Flights:
        """Land what others have read and is fresh; the flights that are left."""
        left = dict(flights)
        for key, (age_s, busy) in shared.days.items():
            read_at = asked_at - age_s
            if self.is_fresh(read_at) and read_at > self._forgotten.get(key[0], -math.inf):
                self._arrive(key, left.pop(key), Day(read_at, busy))
        return left

    def _land(self, flights: Flights, answer: dict[str, Busy | Unknown], read_at: float) -> dict[Key, Busy]:
        """Land every flight, with what the calendars told or as unknown; the days that were kept."""
        kept: dict[Key, Busy] = {}
        for key, flight in flights.items():
            address, number = key
            busy = answer.get(address, Unknown("the lookup failed"))
            found = (
                busy if isinstance(busy, Unknown) else Day(read_at, clipped(busy, number * DAY_S, (number + 1) * DAY_S))
            )
            if self._arrive(key, flight, found) and isinstance(found, Day):
                kept[key] = found.busy
        return kept

    def _arrive(self, key: Key, flight: "asyncio.Future[Day | Unknown]", found: Day | Unknown) -> bool:
        """Hand a day to those who wait for it; it is kept unless its calendar changed meanwhile."""
        current = self._flights.get(key) is flight
        if current:
            del self._flights[key]
            if isinstance(found, Day):
                self._keep(key, found)
        if not flight.done():
            flight.set_result(found)
        return current

    def _keep(self, key: Key, day: Day) -> None:
        self.version += 1
        if self._ttl_s <= 0:
            return
        self._days[key] = day
        self._days.move_to_end(key)
        for old, kept in list(islice(self._days.items(), GONE_AT_ONCE)):
            if len(self._days) <= MAX_DAYS_KEPT and self.is_fresh(kept.read_at):
                break
            del self._days[old]


def clipped(busy: Iterable[Interval], start: int, end: int) -> Busy:
    """The parts of `busy` inside `[start, end)`."""
    return tuple((max(a, start), min(b, end)) for a, b in busy if a < end and b > start)
