"""The time of day that comes along with a day: `tomorrow morning`, `tuesday at 3pm`, `after 3pm`, `2026-12-01T15:00`.

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
from app.booking.dates import Days, is_bare_day, iso_moment, plain
from app.booking.zones import pieces
from app.errors import Code, SaidError

_CACHED_TEXTS = 4_096
_HALF_DAY = 12
_LATEST_HOUR = 23
_LATER = frozenset(("from", "after", "past"))
_NOON_S = 12 * 3600
_PART = re.compile(r"(?:(.+?),?\s+)??(?:in the\s+)?(morning|afternoon|evening)")
_MOMENT = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[t ][0-9]{2}.*")
_TIME = (
    r"(?:(?P<how>at|around|about|from|after|past)\s+)?"
    r"(?:(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-5][0-9]))?(?P<clock>\s*o'?clock)?\s*(?P<half>[ap]\.?m\b\.?)?|(?P<noon>noon))"
    r"(?P<on>\s+(?:on(?!\s)|onwards?|or later|or after))?"
)
_FORMS = (
    re.compile(rf"(?:(?P<day>.*?[^\s,])[\s,]+)??{_TIME}"),
    re.compile(rf"{_TIME}[\s,]+(?:on\s+)?(?P<day>.+)"),
)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour as it was said: `clocks`, in seconds since midnight, that it can be; `moment` where it has a zone."""

    clocks: tuple[int, ...]
    moment: datetime | None = None
    later: bool = False
    """Whether any hour after it does as well."""
    every_day: bool = True
    """Whether it goes for each day asked for; else the days asked for begin at it."""


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


def clock_meant(hour: Hour, business: Business, technicians: Sequence[Technician], days: Days, part: PartOfDay) -> int:
    """Seconds since midnight of that hour on those days. Of two halves of the day, the one in `part` or in hours.

    Raises `SaidError` where that leaves both or none.
    """
    if hour.moment is not None:
        local = hour.moment.astimezone(business.zone)
        return local.hour * 3600 + local.minute * 60
    fitting = hour.clocks
    if len(fitting) > 1:
        hours = [who.hours[weekday] for who in technicians for weekday in _weekdays(days) if who.hours[weekday]]
        spans = [(spans[0][0] * 60, spans[-1][1] * 60) for spans in hours] if part is PartOfDay.ANY else [PARTS_S[part]]
        fitting = tuple(clock for clock in fitting if any(start <= clock < end for start, end in spans))
        fitting = fitting if spans else hour.clocks[:1]  # nobody works on these days, whichever it is
    if len(fitting) != 1:
        raise SaidError(
            Code.INVALID_ARGUMENTS, "Ask whether morning or afternoon is meant, and give the time as 15:00."
        )
    return fitting[0]


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
    for form in _FORMS:
        found = form.fullmatch(words)
        if found is None:
            continue
        parts = found.groupdict()
        # A number alone is no hour: it may be the end of a date.
        sure = any(parts[mark] for mark in ("how", "minute", "clock", "half", "noon", "on"))
        clocks = _clocks(parts) if sure else ()
        if clocks:
            return parts["day"] or "", Hour(clocks, later=bool(parts["on"]) or parts["how"] in _LATER)
    return words, None


def _clocks(parts: dict[str, str | None]) -> tuple[int, ...]:
    """What an hour can mean, in seconds since midnight; nothing for one that no clock has."""
    if parts["noon"]:
        return (_NOON_S,)
    said, half = parts["hour"] or "", (parts["half"] or "")[:1]
    hour, seconds = int(said), int(parts["minute"] or 0) * 60
    if hour > _LATEST_HOUR or (half and not 1 <= hour <= _HALF_DAY):
        return ()
    halves = {"a": (0,), "p": (_NOON_S,)}.get(half, (0, _NOON_S))
    if not half and (said.startswith("0") or hour > _HALF_DAY):
        return (hour * 3600 + seconds,)
    return tuple(hour % _HALF_DAY * 3600 + seconds + later for later in halves)
