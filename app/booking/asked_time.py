"""The time of day that comes along with a day: `tomorrow morning`, `tuesday at 3pm`, `between 2 and 4`,
`2026-12-01T15:00`.

Refuses to guess: an hour that can be one of the morning and one of the afternoon is said back.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.booking.availability import PARTS_S, PartOfDay
from app.booking.business import Business, Technician
from app.booking.calendar import Interval
from app.booking.dates import Days, is_bare_day, iso_moment, plain
from app.booking.speech import MONTHS
from app.booking.zones import DAY_S, pieces
from app.errors import Code, SaidError

_CACHED_TEXTS = 4_096
_HALF_DAY = 12
_LATEST_HOUR = 23
_LATER = frozenset(("from", "after", "past"))
_NOON_S = 12 * 3600
_A_PART = r"(?:in the\s+)?(morning|afternoon|evening)"
_PART = re.compile(rf"(?:(.+?),?\s+)??{_A_PART}")
_MOMENT = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[t ][0-9]{2}.*")
_ENDING_IN_A_SPAN = re.compile(rf"{_MOMENT.pattern[:-2]}:[0-9]{{2}}(?::[0-9]{{2}})?-[0-9]{{2}}:[0-9]{{2}}")
"""It may as well end in an offset."""


def _clock(number: int) -> str:
    return (
        rf"(?:(?P<hour{number}>[0-9]{{1,2}})(?::(?P<minute{number}>[0-5][0-9]))?(?P<clock{number}>\s*o'?clock)?"
        rf"\s*(?P<half{number}>[ap]\.?m\b\.?)?|(?P<noon{number}>noon|midday))"
    )


_TIME = (
    rf"(?:(?P<how>at|around|about|from|after|past)\s+)?{_clock(1)}(?P<on>\s+(?:on(?!\s)|onwards?|or later|or after))?"
)
_BEFORE = rf"(?P<how>before|until|till|earlier than)\s+{_clock(2)}"
_FROM_TO = (
    rf"(?:(?P<how>between|from|after)\s+)?{_clock(1)}\s*"
    rf"(?:-|to|until|till|(?:and|but)\s+before|before|(?P<and>and))\s*{_clock(2)}"
)
_FORMS = tuple(
    re.compile(form)
    for time in (_FROM_TO, _BEFORE, _TIME)
    for form in (rf"(?:(?P<day>.*?[^\s,])[\s,]+)??{time}", rf"{time}[\s,]+(?:on\s+)?(?P<day>.+)")
)
"""What has two times before what has one, which would take the first of them for a part of the day's name."""
_MARKS = ("minute", "clock", "half", "noon")
_MONTH = rf"(?:{'|'.join(f'{name.lower()}|{name[:3].lower()}' for name in MONTHS)}|sept)\.?"
_ENDS_IN_A_MONTH = re.compile(rf"(?:[^0-9]*\s)?{_MONTH}")
"""Without its day: after `1 december` a number is an hour."""
_A_MONTH = re.compile(rf"(?:of\s+)?{_MONTH}(?:,?\s+20[0-9]{{2}})?(?:,?\s+{_A_PART})?")
_OF_AN_HOUR = frozenset(("at", "around", "about"))
"""What is said of an hour in a month as well; `after 3` may be any day after the third."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour as it was said: `clocks`, in seconds since midnight, that it can be; `moment` where it has a zone."""

    clocks: tuple[int, ...]
    moment: datetime | None = None
    later: bool = False
    """Whether any hour after it does as well."""
    every_day: bool = True
    """Whether it goes for each day asked for; else the days asked for begin at it."""
    ends: tuple[int, ...] = ()
    """Before what it has to be, for each of `clocks`; empty where it may be as late as it likes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said of a day: the day itself, the part of it and the hour; empty and None where there was none."""

    day: str | None
    part: PartOfDay = PartOfDay.ANY
    hour: Hour | None = None


@lru_cache(maxsize=_CACHED_TEXTS)
def asked(given: str | None) -> Asked:
    """A day as an agent gives it, taken apart; what is no time of day stays in `day`, for `dates.resolve` to judge."""
    words = plain(given or "").replace("@", "at ")
    hour = _moment(words)
    if hour is not None:
        return Asked(given, hour=hour)
    day, hour = _without_hour(words)
    day = "this evening" if day == "tonight" else day
    found = _PART.fullmatch(day)
    if found is not None:
        return Asked("today" if found[1] == "this" else found[1] or "", PartOfDay(found[2]), hour)
    return Asked(day if hour else given, hour=hour)


def span_meant(
    hour: Hour, business: Business, technicians: Sequence[Technician], days: Days, part: PartOfDay
) -> Interval:
    """From when and before when, in seconds since midnight, on those days. Of two halves of the day, the one in `part`
    or in hours. Raises `SaidError` where that leaves both or none.
    """
    if hour.moment is not None:
        local = hour.moment.astimezone(business.zone)
        return local.hour * 3600 + local.minute * 60, DAY_S
    said = tuple(zip(hour.clocks, hour.ends or (DAY_S,) * len(hour.clocks), strict=True))
    fitting = said
    if len(fitting) > 1:
        hours = [who.hours[weekday] for who in technicians for weekday in _weekdays(days) if who.hours[weekday]]
        spans = [(spans[0][0] * 60, spans[-1][1] * 60) for spans in hours] if part is PartOfDay.ANY else [PARTS_S[part]]
        fitting = tuple(one for one in fitting if any(_fits(one, span, bool(hour.ends)) for span in spans))
        fitting = fitting if spans else said[:1]  # nobody works on these days, whichever it is
    if len(fitting) != 1:
        raise SaidError(
            Code.INVALID_ARGUMENTS, "Ask whether morning or afternoon is meant, and give the time as 15:00."
        )
    return fitting[0]


def _fits(said: Interval, span: Interval, ends: bool) -> bool:
    """Whether what was said can be meant of a day like this; of what only has an end that end lies in it."""
    if ends and said[0]:
        return said[0] < span[1] and said[1] > span[0]
    return span[0] < said[1] <= span[1] if ends else span[0] <= said[0] < span[1]


def _weekdays(days: Days) -> set[int]:
    return {(days.first + timedelta(days=ahead)).weekday() for ahead in range((days.last - days.first).days + 1)}


def moment_of(zone: ZoneInfo, day: date, clock: int) -> int:
    """When the clock on the wall first shows `clock` or more on `day`; epoch seconds."""
    of_day = pieces(zone, day)
    later = (max(start, midnight + clock) for start, end, midnight in of_day if midnight + clock < end)
    return next(later, of_day[-1][1] if of_day else 0)


def _moment(words: str) -> Hour | None:
    """The hour of a date in ISO form; None where it has none, or midnight, which is how a bare day is often written."""
    if not _MOMENT.fullmatch(words):
        return None
    with suppress(ValueError):
        read = iso_moment(words)
        if read.time() == time.min and (read.tzinfo is None or is_bare_day(read)):
            return None
        clock = read.hour * 3600 + read.minute * 60
        return Hour((clock,), read if read.tzinfo else None, every_day=False)
    return None


def _without_hour(words: str) -> tuple[str, Hour | None]:
    for form in () if _ENDING_IN_A_SPAN.fullmatch(words) else _FORMS:
        found = form.fullmatch(words)
        hour = _hour(found.groupdict()) if found and not _is_of_a_date(found) else None
        if found and hour:
            return found["day"] or "", hour
    return words, None


def _hour(parts: dict[str, str | None]) -> Hour | None:
    """The hour in what a form has found; None for numbers alone, which may be the end of a date."""
    how = parts["how"]
    if not (how or parts.get("on") or any(parts.get(f"{mark}{number}") for mark in _MARKS for number in (1, 2))):
        return None
    ends = tuple(clock or DAY_S for clock in _clocks(parts, 2)) if "hour2" in parts else ()
    clocks = _clocks(parts, 1) if "hour1" in parts else (0,) * len(ends)
    if "hour2" not in parts:
        return Hour(clocks, later=bool(parts["on"]) or how in _LATER) if clocks else None
    if "hour1" not in parts:
        return Hour(clocks, later=True, ends=ends) if ends else None
    if parts["and"] and how != "between":
        return None
    # As people say it the two are near each other: "2 to 4 pm" is not from the night on, nor "11 to 1" over night.
    spans = [(start, end) for start in clocks for end in ends if start < end]
    shortest = min((end - start for start, end in spans), default=0)
    near = [span for span in spans if span[1] - span[0] == shortest]
    return Hour(tuple(s for s, _ in near), later=True, ends=tuple(e for _, e in near)) if near else None


def _is_of_a_date(found: re.Match[str]) -> bool:
    """Whether a number may be the day of the month beside it: `december 1 to 4pm`, `after 3 december`."""
    parts = found.groupdict()
    numbers = [number for number in (1, 2) if f"hour{number}" in parts]
    if found.start("day") == 0:
        number, beside, of_an_hour = numbers[0], _ENDS_IN_A_MONTH, parts["how"] in _OF_AN_HOUR
    else:
        number, beside, of_an_hour = numbers[-1], _A_MONTH, bool(parts.get("on"))
    marked = of_an_hour or any(parts[f"{mark}{number}"] for mark in _MARKS)
    return not marked and beside.fullmatch(parts["day"] or "") is not None


def _clocks(parts: dict[str, str | None], number: int) -> tuple[int, ...]:
    """What an hour can mean, in seconds since midnight; nothing for one that no clock has."""
    if parts[f"noon{number}"]:
        return (_NOON_S,)
    said, half = parts[f"hour{number}"] or "", (parts[f"half{number}"] or "")[:1]
    hour, seconds = int(said), int(parts[f"minute{number}"] or 0) * 60
    if hour > _LATEST_HOUR or (half and not 1 <= hour <= _HALF_DAY):
        return ()
    halves = {"a": (0,), "p": (_NOON_S,)}.get(half, (0, _NOON_S))
    if not half and (said.startswith("0") or hour > _HALF_DAY):
        return (hour * 3600 + seconds,)
    return tuple(hour % _HALF_DAY * 3600 + seconds + later for later in halves)
