"""Weeks of counts as a line's baseline learns from them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.watch.baseline import HOUR_S, History, hours_of

CHICAGO = ZoneInfo("America/Chicago")
EARLY: Mapping[int, int] = {6: 2, 7: 2, 8: 2, 9: 2, 10: 2, 11: 1, 13: 1, 14: 1, 15: 1}
"""Fourteen calls, most of them before eleven."""
OFFICE: Mapping[int, int] = {8: 2, 9: 2, 10: 2, 11: 1, 12: 1, 13: 1, 14: 2, 15: 2, 16: 1}
"""Fourteen calls over a day of eight to five."""


def at(text: str, zone: ZoneInfo = CHICAGO) -> float:
    """A wall time as epoch seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def weeks(
    first: date,
    days: int,
    usual: Mapping[int, int] = EARLY,
    *,
    zone: ZoneInfo = CHICAGO,
    weekdays: int = 7,
    other: Mapping[date, Mapping[int, int]] | None = None,
) -> History:
    """So many days of the same calls at the same hours, on the first `weekdays` of each week; `other` days differ."""
    counts: dict[int, int] = {}
    for number in range(days):
        day = first + timedelta(days=number)
        of_day = usual if day.weekday() < weekdays else {}
        of_day = (other or {}).get(day, of_day)
        for start, hour in zip(*hours_of(zone, day), strict=True):
            if of_day.get(hour):
                counts[start] = of_day[hour]
    return History(counts, hours_of(zone, first)[0][0] - 2 * HOUR_S)
