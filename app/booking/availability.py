"""When somebody can come: opening hours, minus what is busy or claimed, on the slot grid.

Pure arithmetic on whole epoch seconds: values and `now` in, values out. A technician whose busy time is not known is
never offered.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from itertools import groupby, islice
from operator import attrgetter
from zoneinfo import ZoneInfo

from app.booking.business import Business, Service, Technician
from app.booking.calendar import Interval
from app.booking.zones import DAY_S, day_start, grid, local_date, pieces, today, wall

_NOON_S = 12 * 3600
_EVENING_S = 17 * 3600
_ONE_DAY = timedelta(days=1)
_start_of = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Opening:
    """A visit that could be booked. Epoch seconds of the visit itself, without buffers; a technician's id."""

    start: int
    end: int
    technician: str


class PartOfDay(StrEnum):
    """A part of the day, by the local start of a visit."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    ANY = "any"


PARTS_S: dict[PartOfDay, tuple[int, int]] = {
    PartOfDay.MORNING: (0, _NOON_S),
    PartOfDay.AFTERNOON: (_NOON_S, _EVENING_S),
    PartOfDay.EVENING: (_EVENING_S, DAY_S),
    PartOfDay.ANY: (0, DAY_S),
}


def candidates(  # noqa: PLR0913 -- the whole question in one call
    business: Business,
    service: Service,
    technicians: Sequence[Technician],
    busy: Mapping[str, Sequence[Interval]],
    claimed: Mapping[str, Sequence[Interval]],
    first: date,
    last: date,
) -> tuple[Opening, ...]:
    """Every visit on local days `first` to `last` inclusive, by start, then technician, whatever the time is now:
    without minimum notice and booking window, so that it can be kept a while.

    `busy` (events of people, as they are) and `claimed` (our own bookings, with their buffers) are keyed by technician
    id. Who is missing from `busy` is unknown, and not offered; who is missing from `claimed` has no bookings.
    """
    length = service.minutes * 60
    runs = _grid(business, first, last)
    found: list[Opening] = []
    for technician in technicians:
        if technician.id not in busy:
            continue
        blocks = _blocks(service, (*busy[technician.id], *claimed.get(technician.id, ())))
        stretches = _stretches(business, technician, first, _last_touched(service, last))
        starts = _intersect(_free(stretches, blocks, length), runs)
        found.extend([Opening(start, start + length, technician.id) for start in starts])
    # Stable: within one start the technicians keep the order they came in.
    found.sort(key=_start_of)
    return tuple(found)


def bookable(business: Business, candidates: Sequence[Opening], now: int) -> Sequence[Opening]:
    """Those of `candidates` (sorted by start) that keep minimum notice and booking window at `now`."""
    earliest, end = _bookable_range(business, now)
    low = bisect_left(candidates, earliest, key=_start_of)
    high = bisect_left(candidates, end, lo=low, key=_start_of)
    return candidates if high - low == len(candidates) else candidates[low:high]


def choose(
    openings: Sequence[Opening],
    part: PartOfDay,
    zone: ZoneInfo,
    load: Mapping[str, int],
    limit: int,
    each_technician: bool,
) -> list[Opening]:
    """The earliest `limit` of `openings` (sorted by start) in that part of the day.

    One per start, with the technician who has the lowest `load` (missing counts as 0), the first one given among
    equals; every technician's when `each_technician`.
    """
    chosen: list[Opening] = []
    if limit <= 0:
        return chosen
    fitting: Iterable[Opening] = openings if part is PartOfDay.ANY else within(openings, PARTS_S[part], zone)
    for _, same_start in groupby(fitting, key=_start_of):
        if each_technician:
            chosen.extend(same_start)
        else:
            chosen.append(min(same_start, key=lambda opening: load.get(opening.technician, 0)))
        if len(chosen) >= limit:
            break
    return chosen[:limit]


def within(openings: Sequence[Opening], clock: Interval, zone: ZoneInfo) -> Iterator[Opening]:
    """Those of `openings` (sorted by start) that begin in `clock`: seconds since midnight, by the clock on the wall."""
    low, high = clock
    here = 0
    while here < len(openings):
        _, end, midnight = wall(zone, openings[here].start)
        stop = bisect_left(openings, end, lo=here, key=_start_of)
        begin = bisect_left(openings, midnight + low, lo=here, hi=stop, key=_start_of)
        until = bisect_left(openings, midnight + high, lo=begin, hi=stop, key=_start_of)
        yield from islice(openings, begin, until)
        here = stop


def overlaps(part: PartOfDay, clock: int, end: int) -> bool:
    """Whether some of `[clock, end)`, in seconds since midnight, lies in that part of the day."""
    return clock < PARTS_S[part][1] and end > PARTS_S[part][0]


def part_of(start: time) -> PartOfDay:
    """The part of the day in which a visit begins, by the clock on the wall."""
    since_midnight_s = start.hour * 3600 + start.minute * 60
    named = (part for part in PartOfDay if part is not PartOfDay.ANY)
    return next(part for part in named if overlaps(part, since_midnight_s, since_midnight_s + 1))


def is_open(business: Business, service: Service, technician: Technician, start: int, now: int) -> bool:
    """Whether a visit at `start` is one that could be offered at `now`, leaving aside what is busy or claimed."""
    earliest, end = _bookable_range(business, now)
    if not earliest <= start < end:
        return False
    midnight = wall(business.zone, start)[2]
    if (start - midnight) % (business.slot_step_minutes * 60):
        return False
    day = local_date(business.zone, start)
    stretches = _stretches(business, technician, day, _last_touched(service, day))
    return any(opens <= start and start + service.minutes * 60 <= closes for opens, closes in stretches)


def reach(business: Business, service: Service, first: date, last: date) -> Interval:
    """The time that must be known about a calendar before visits on days `first` to `last` can be offered."""
    return (
        day_start(business.zone, first) - service.buffer_before_minutes * 60,
        day_start(business.zone, last + _ONE_DAY) + (service.minutes + service.buffer_after_minutes) * 60,
    )


def claim_range(service: Service, start: int) -> Interval:
    """What a visit at `start` takes from a technician's day: the visit with its buffers."""
    end = start + service.minutes * 60
    return start - service.buffer_before_minutes * 60, end + service.buffer_after_minutes * 60


def last_bookable_day(business: Business, now: int) -> date:
    """The last local day of the booking window."""
    return today(business.zone, now) + timedelta(days=business.booking_window_days)


def _bookable_range(business: Business, now: int) -> Interval:
    return (
        now + business.minimum_notice_minutes * 60,
        day_start(business.zone, last_bookable_day(business, now) + _ONE_DAY),
    )


def _last_touched(service: Service, last: date) -> date:
    """The last day a visit that starts on `last` may reach into; its end may fall in the night after."""
    return last + timedelta(days=1 + service.minutes // 1440)


def _grid(business: Business, first: date, last: date) -> list[range]:
    step_s = business.slot_step_minutes * 60
    runs = [run for day in _days(first, last) for run in grid(business.zone, day, step_s)]
    runs.sort(key=lambda run: run.start)
    return runs


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _stretches(business: Business, technician: Technician, first: date, last: date) -> list[Interval]:
    """When this technician works, in real time. A second is open when the wall clock's time of that day is in hours."""
    found: list[Interval] = []
    for day in _days(first, last):
        hours = technician.hours[day.weekday()]
        if not hours or day in technician.closed or day in business.closed:
            continue
        for start, end, midnight in pieces(business.zone, day):
            for opens, closes in hours:
                inside = max(start, midnight + opens * 60), min(end, midnight + closes * 60)
                if inside[0] < inside[1]:
                    found.append(inside)
    return _joined(found, touching=True)


def _blocks(service: Service, taken: Iterable[Interval]) -> list[Interval]:
    """Starts strictly inside one of these would bring the visit, with its buffers, into what is taken."""
    before = service.buffer_before_minutes * 60
    after = (service.minutes + service.buffer_after_minutes) * 60
    # A start exactly on the border of two blocks is free, so blocks that only touch stay apart.
    return _joined([(start - after, end + before) for start, end in taken if start < end], touching=False)


def _joined(intervals: list[Interval], *, touching: bool) -> list[Interval]:
    intervals.sort()
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and (start < joined[-1][1] or (touching and start == joined[-1][1])):
            if end > joined[-1][1]:
                joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def _free(stretches: Sequence[Interval], blocks: Sequence[Interval], length: int) -> list[Interval]:
    """Possible starts as inclusive `(lowest, highest)` pairs: inside a stretch with `length` to go, in no block."""
    free: list[Interval] = []
    i = 0
    for opens, closes in stretches:
        lowest, highest = opens, closes - length
        while i < len(blocks) and blocks[i][1] <= lowest:
            i += 1
        for start, end in blocks[i:]:
            if start >= highest:
                break
            if lowest <= start:
                free.append((lowest, start))
            lowest = end
        if lowest <= highest:
            free.append((lowest, highest))
    return free


def _intersect(free: Sequence[Interval], runs: Sequence[range]) -> list[int]:
    starts: list[int] = []
    i = j = 0
    while i < len(free) and j < len(runs):
        (lowest, highest), run = free[i], runs[j]
        begin = max(run.start, run.start - (run.start - lowest) // run.step * run.step)
        starts.extend(range(begin, min(highest, run[-1]) + 1, run.step))
        if highest < run[-1]:
            i += 1
        else:
            j += 1
    return starts
