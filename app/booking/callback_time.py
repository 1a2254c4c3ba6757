"""When somebody calls back: the soonest time that can be promised, or the time asked for, always inside opening hours.

Refuses to guess: what is past, closed, or could mean two times is said back.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.booking.business import Business
from app.booking.calendar import Interval
from app.booking.dates import NOT_GIVEN, SOONEST, NoDayError, resolve
from app.booking.named_dates import date_named
from app.booking.open_hours import NeverOpenError, after_open_time, open_spans, spans_ahead
from app.booking.speech import full_day, joined, spoken_clock, spoken_day, spoken_end
from app.booking.zones import DAY_S, day_start, local_date, pieces
from app.errors import Code, SaidError

SOONEST_S = 3_600
"""Open time within which somebody calls back when no time is asked for."""
NEVER_OPEN_S = DAY_S
"""The same where a business keeps no hours at all."""
_SAID_S = 300
"""Times are promised to five minutes."""
_LONGEST_TEXT = 80
_HALF_DAY = 12
_MOST_DAYS = 7
"""A callback on any day of a whole month is nothing to promise."""
_PARTS_S = {"morning": (0, 12 * 3600), "afternoon": (12 * 3600, 17 * 3600), "evening": (17 * 3600, DAY_S)}
_LOCAL = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})t([0-9]{2}:[0-9]{2})(?::[0-9]{2})?$")
_TIME = (
    r"(?:(?:at|around|about|by)\s+)?"
    r"(?:(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-5][0-9]))?\s*(?P<half>a\.?m\.?|p\.?m\.?)?|(?P<noon>noon))"
)
_PART = r"(?:(?:in the|this|the)\s+)?(?P<part>morning|afternoon|evening)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?:{_TIME}|{_PART})",
        rf"(?P<day>.+?)[ ,]+(?:{_TIME}|{_PART})",
        rf"(?:{_TIME}|{_PART})[ ,]+(?:on\s+)?(?P<day>.+)",
        r"(?P<day>.+)",
    )
)


@dataclass(frozen=True, slots=True)
class CallbackTime:
    """Not before `earliest`, and done by `due`; epoch seconds. The same moment twice when a certain time is wanted."""

    earliest: int
    due: int


def soonest(business: Business, now: int) -> CallbackTime:
    """As soon as it can be promised."""
    try:
        due = after_open_time(business, now, SOONEST_S)
    except NeverOpenError:
        return CallbackTime(now, now + NEVER_OPEN_S)
    said = -(-due // _SAID_S) * _SAID_S
    start, end = next(spans_ahead(business, due), (due, due))
    return CallbackTime(now, said if start <= said <= end else due)


class _TwoHoursError(SaidError):
    """The hour can be one of the morning and one of the afternoon: for the caller to say, not for a later day."""


def callback_time(business: Business, now: int, when: str | None) -> CallbackTime:
    """The time meant by `when`: a day (as `dates.resolve` takes it), a part of it or a time, or both; None: soonest.

    Raises `SaidError` (`invalid_arguments`, `past_date`, `outside_window`) with what to ask the caller.
    """
    words = " ".join((when or "").lower().split()).strip(" .,")
    if words in NOT_GIVEN or words in SOONEST:
        return soonest(business, now)
    moment = _timestamp(words)
    if moment is not None:
        return _at(business, now, local_date(business.zone, moment), [moment], now)
    spelled = _LOCAL.sub(r"\1 \2", words.replace("tonight", "today evening"))
    asked = _taken_apart(spelled)
    try:
        days = resolve(business, now, date=asked.get("day") or "today", weekday=None, date_to=None)
    except NoDayError:
        raise _unclear() from None
    if (days.last - days.first).days >= _MOST_DAYS:
        raise _unclear()
    others = [days.first + timedelta(days=ahead) for ahead in range(1, (days.last - days.first).days + 1)]
    others = [days.otherwise] if days.otherwise else others  # more than one day is "next week", or "any day"
    for day in (days.first, *others[:-1]):
        try:
            # Of an hour on any day, that one half of it is past today does not say that the other one is meant.
            return _on(business, now, day, asked, hour_since=now if days.first == days.last else 0)
        except _TwoHoursError:
            raise
        except SaidError:
            continue
    return _on(business, now, others[-1] if others else days.first, asked, now)


def _taken_apart(words: str) -> dict[str, str | None]:
    """The day, the part of it and the time by name. The number of `december 1` is no time."""
    if len(words) <= _LONGEST_TEXT:
        if date_named(words, date.min):
            return {"day": words}
        found = next((match for form in _FORMS if (match := form.fullmatch(words))), None)
        if found is not None:
            return found.groupdict()
    raise _unclear()


def _timestamp(words: str) -> int | None:
    """The moment of a date with a time in ISO form, to the second; None for anything else."""
    with suppress(ValueError, OverflowError):
        if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}:[0-9]{2}", words):
            read = datetime.fromisoformat(words.upper())
            if read.tzinfo is not None and date.min.year < read.year < date.max.year:  # else no date, by another clock
                return int(read.timestamp())
    return None


def _on(business: Business, now: int, day: date, asked: dict[str, str | None], hour_since: int) -> CallbackTime:
    if asked.get("hour") or asked.get("noon"):
        return _at(business, now, day, _moments(business, day, asked), hour_since)
    part = _PARTS_S.get(asked.get("part") or "", (0, DAY_S))
    windows = [
        (max(start, midnight + part[0]), min(end, midnight + part[1]))
        for start, end in _open(business, day)
        for from_, to, midnight in pieces(business.zone, day)
        if from_ <= start < to
    ]
    ahead = [(max(start, now), end) for start, end in windows if start < end and end > now]
    if not ahead:
        raise _closed_then(business, now, day)
    return CallbackTime(ahead[0][0], ahead[-1][1])


def _at(business: Business, now: int, day: date, moments: Sequence[int], since: int) -> CallbackTime:
    """A certain time. Of two halves of the day the one that is open and not before `since` is meant, if only one is."""
    spans = _open(business, day)
    meant = [m for m in moments if m >= since and any(start <= m <= end for start, end in spans)]
    fitting = [m for m in meant if m >= now]
    if len(meant) > 1:
        raise _TwoHoursError(
            Code.INVALID_ARGUMENTS, "Ask whether morning or afternoon is meant, and give the time as 15:00."
        )
    if fitting:
        return CallbackTime(fitting[0], fitting[0])
    if moments and max(moments) < now:
        said = spoken_clock(max(moments), business.zone)
        raise SaidError(Code.PAST_DATE, f"{said} on {full_day(day)} is past. Ask for a time that is ahead.")
    raise _closed_then(business, now, day)


def _moments(business: Business, day: date, asked: dict[str, str | None]) -> list[int]:
    """What the time can mean on that day: none where the clocks skip it; of a repeated one the first."""
    hour, minute, half = asked.get("hour") or "12", int(asked.get("minute") or 0), (asked.get("half") or "")[:1]
    hours = [int(hour)]
    if int(hour) > 24 or (half and not 1 <= int(hour) <= _HALF_DAY):
        raise _unclear()
    if half:
        hours = [int(hour) % _HALF_DAY + (_HALF_DAY if half == "p" else 0)]
    elif not asked.get("noon") and 1 <= int(hour) <= _HALF_DAY and not hour.startswith("0"):
        hours = [int(hour) % _HALF_DAY, int(hour) % _HALF_DAY + _HALF_DAY]
    found = []
    for each in hours:
        seconds = each * 3600 + minute * 60
        of_day = [mid + seconds for start, end, mid in pieces(business.zone, day) if start <= mid + seconds < end]
        found += of_day[:1]
    return found


def _open(business: Business, day: date) -> Sequence[Interval]:
    return open_spans(business.hours, business.closed, business.zone, day)


def _closed_then(business: Business, now: int, day: date) -> SaidError:
    """Nobody is there then: say when somebody is."""
    zone = business.zone
    said = spoken_day(day, local_date(zone, now))
    spans = [(max(start, now), end) for start, end in _open(business, day) if end > now]
    if not spans:
        coming = next(spans_ahead(business, max(now, day_start(business.zone, day))), None)
        if coming is None:
            return SaidError(Code.INVALID_ARGUMENTS, "Nobody is there then. Leave out when, for as soon as possible.")
        later = local_date(zone, coming[0])
        hours = f"{spoken_clock(coming[0], zone)} to {spoken_end(coming[1], zone)}"
        then = f"{spoken_day(later, local_date(zone, now))} from {hours}"
        return SaidError(
            Code.INVALID_ARGUMENTS,
            f"Nobody is there then on {said}. The next time somebody is there is {then} ({later}). "
            "Ask for another time.",
        )
    hours = joined([f"{spoken_clock(start, zone)} to {spoken_end(end, zone)}" for start, end in spans], "and")
    return SaidError(
        Code.INVALID_ARGUMENTS, f"Nobody is there then. On {said} it can be {hours}. Ask for another time."
    )


def _unclear() -> SaidError:
    return SaidError(
        Code.INVALID_ARGUMENTS,
        "I could not read when to call back. Give a day (today, tomorrow, a weekday or YYYY-MM-DD), with morning, "
        "afternoon, evening or a time such as 15:00; or leave it out, for as soon as possible.",
    )
