"""Local days in terms of UTC, so that availability is arithmetic on whole seconds and never on wall clocks.

A local day is a handful of pieces with one UTC offset each: one piece on most days, two where the clocks change, none
for a day that a zone skipped. It refuses to guess: a skipped wall time is in no piece, a repeated one in two.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_S = 86_400
_QUARTER_S = 900
_PROBE_EVERY_S = 4 * 3600
_WIDEST_OFFSET_S = 16 * 3600
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_CACHED_DAYS = 16_384

Piece = tuple[int, int, int]
"""`(start, end, midnight)`, epoch seconds: in `[start, end)` the wall shows `t - midnight` seconds since midnight."""


def today(zone: ZoneInfo, now: int) -> date:
    """The date on the wall now; cheap, as no zone of our time begins a day or changes its clocks off a quarter hour."""
    return _date_of_quarter(zone, now // _QUARTER_S)


def local_date(zone: ZoneInfo, moment: int) -> date:
    """The date on the wall at `moment` (epoch seconds)."""
    return datetime.fromtimestamp(moment, zone).date()


@lru_cache(maxsize=_CACHED_DAYS)
def pieces(zone: ZoneInfo, day: date) -> tuple[Piece, ...]:
    """Every second whose local date is `day`, as pieces sorted by start; the clock does not change inside a piece."""
    utc_midnight = (day.toordinal() - _EPOCH_ORDINAL) * DAY_S
    found: list[Piece] = []
    start, end = utc_midnight - _WIDEST_OFFSET_S, utc_midnight + DAY_S + _WIDEST_OFFSET_S
    while start < end:
        offset = _offset(zone, start)
        until = _offset_lasts(zone, start, end)
        midnight = utc_midnight - offset
        inside = max(start, midnight), min(until, midnight + DAY_S)
        if inside[0] < inside[1]:
            found.append((*inside, midnight))
        start = until
    return tuple(found)


@lru_cache(maxsize=_CACHED_DAYS)
def day_start(zone: ZoneInfo, day: date) -> int:
    """The first second of `day`; of the day after it where the zone skipped `day`."""
    parts = pieces(zone, day)
    return parts[0][0] if parts else day_start(zone, day + timedelta(days=1))


@lru_cache(maxsize=_CACHED_DAYS)
def grid(zone: ZoneInfo, day: date, step_s: int) -> tuple[range, ...]:
    """Every second of `day` at which the wall clock shows a multiple of `step_s` since midnight."""
    runs = (
        range(midnight + -(-(start - midnight) // step_s) * step_s, end, step_s)
        for start, end, midnight in pieces(zone, day)
    )
    return tuple(run for run in runs if run)


def wall(zone: ZoneInfo, moment: int) -> Piece:
    """The piece of its local day that holds `moment`."""
    return next(p for p in pieces(zone, local_date(zone, moment)) if p[0] <= moment < p[1])


def clock_of(zone: ZoneInfo, moment: int) -> int:
    """Seconds since midnight that the clock on the wall shows at `moment`."""
    return moment - wall(zone, moment)[2]


@lru_cache(maxsize=_CACHED_DAYS)
def _date_of_quarter(zone: ZoneInfo, quarter: int) -> date:
    return local_date(zone, quarter * _QUARTER_S)


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset() or timedelta()
    return offset.days * DAY_S + offset.seconds


def _offset_lasts(zone: ZoneInfo, start: int, end: int) -> int:
    """Until when, at most `end`, the offset at `start` holds. No zone changes its clocks twice within four hours."""
    offset = _offset(zone, start)
    same = start
    while same < end:
        probe = min(same + _PROBE_EVERY_S, end)
        if _offset(zone, probe) != offset:
            return _first_other(zone, same, probe, offset)
        same = probe
    return end


def _first_other(zone: ZoneInfo, same: int, other: int, offset: int) -> int:
    while other - same > 1:
        middle = (same + other) // 2
        if _offset(zone, middle) == offset:
            same = middle
        else:
            other = middle
    return other
