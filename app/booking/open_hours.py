"""When a business is open, in UTC: spans of open time, and how a stretch of it carries over closed hours and days.

Pure. A wall time that the clocks skip is open to nobody, a repeated one twice.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.booking.business import Business, WeeklyHours
from app.booking.calendar import Interval
from app.booking.zones import local_date, pieces
from app.errors import ReadbackError

LOOK_AHEAD_DAYS = 400
"""Past the longest list of closed days anybody keeps."""
DAY_MINUTES = 1_440
_MINUTE_S = 60


class NeverOpenError(ReadbackError):
    """There is no open time ahead at all."""


def open_spans(hours: WeeklyHours, closed: Collection[date], zone: ZoneInfo, day: date) -> Sequence[Interval]:
    """The open spans of one local day, `(start, end)` in epoch seconds, sorted; none on a closed day."""
    if day in closed:
        return ()
    return [
        (start, end)
        for from_, to, midnight in pieces(zone, day)
        for opens, closes in hours[day.weekday()]
        if (start := max(from_, midnight + opens * _MINUTE_S)) < (end := min(to, midnight + closes * _MINUTE_S))
    ]


def longest_stretch(hours: WeeklyHours) -> int:
    """The most minutes on end in a week, also over midnight where one day goes on in the next."""
    longest = begun = ended = 0
    for day in range(2 * len(hours)):  # twice, for a week goes on in the next
        for opens, closes in hours[day % len(hours)]:
            midnight = day * DAY_MINUTES
            begun = begun if midnight + opens == ended else midnight + opens
            ended = midnight + closes
            longest = max(longest, ended - begun)
    return longest


def open_at(hours: WeeklyHours, closed: Collection[date], zone: ZoneInfo, moment: int) -> bool:
    """Whether somebody is there at `moment`; at closing time nobody is."""
    return any(start <= moment < end for start, end in open_spans(hours, closed, zone, local_date(zone, moment)))


def spans_ahead(business: Business, moment: int) -> Iterator[Interval]:
    """The business's open spans from `moment` on, the one under way cut at it."""
    day = local_date(business.zone, moment)
    for _ in range(LOOK_AHEAD_DAYS):
        for start, end in open_spans(business.hours, business.closed, business.zone, day):
            if end > moment:
                yield max(start, moment), end
        day += timedelta(days=1)


def after_open_time(business: Business, moment: int, seconds: int) -> int:
    """When so much open time has passed since `moment`. Raises `NeverOpenError`."""
    left = seconds
    for start, end in spans_ahead(business, moment):
        if left <= end - start:
            return start + left
        left -= end - start
    raise NeverOpenError(f"business {business.id} has no open time ahead")
