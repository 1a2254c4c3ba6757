"""What day and time people mean in a text. Gives every day it could be; never picks one silently.

Pure: words and today in, candidates out. English, with the commonest Spanish words.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.sms.clocks_in_words import NO_CLOCK, Clock, hours_meant, read_clock

_WEEK = timedelta(days=7)
_DAYS_AHEAD = 366
_JUST_PAST = timedelta(days=60)
_CENTURY = 100
_SATURDAY = 5
_BETWEEN = " , "
"""Stands where something was read, so that what is left of the words does not grow together."""

_WEEKDAY_WORDS = (
    ("monday", "mondays", "mon", "lunes"),
    ("tuesday", "tuesdays", "tues", "tue", "teusday", "tuseday", "martes"),
    ("wednesday", "wednesdays", "weds", "wed", "wensday", "wednsday", "wendsday", "miercoles", "miércoles"),
    ("thursday", "thursdays", "thurs", "thur", "thu", "thrusday", "thursay", "jueves"),
    ("friday", "fridays", "fri", "firday", "viernes"),
    ("saturday", "saturdays", "sat", "saterday", "sabado", "sábado"),
    ("sunday", "sundays", "sun", "domingo"),
)
_MONTH_WORDS = (
    ("january", "jan", "enero"),
    ("february", "feb", "febrero"),
    ("march", "mar", "marzo"),
    ("april", "apr", "abril"),
    ("may", "mayo"),
    ("june", "jun", "junio"),
    ("july", "jul", "julio"),
    ("august", "aug", "agosto"),
    ("september", "sept", "sep", "septiembre"),
    ("october", "oct", "octubre"),
    ("november", "nov", "noviembre"),
    ("december", "dec", "diciembre"),
)
_WEEKDAYS = {word: number for number, words in enumerate(_WEEKDAY_WORDS) for word in words}
_MONTHS = {word: number for number, words in enumerate(_MONTH_WORDS, start=1) for word in words}
_FROM_TODAY = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tonite": 0,
    "hoy": 0,
    **dict.fromkeys(("tomorrow", "tomorow", "tommorow", "tommorrow", "tmrw", "tmr", "tmw", "2morrow", "mañana"), 1),
    "pasado mañana": 2,
}
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

_W = "(?P<weekday>" + "|".join(sorted(_WEEKDAYS, key=len, reverse=True)) + r")\b\.?"
_M = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_D = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_Y = r"(?:,? (?P<year>20[0-9]{2}))?"
_ON = rf"(?:{_W},? (?:the )?)?"
_RELATIVE = "|".join(sorted(_FROM_TODAY, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class When:
    """What was said about the time of a visit.

    `days`: every day that can be meant, in order; the first of `length` days each. More than one has to be asked back.
    `loose`: a bare "the 3rd", which next to numbered choices means one of those. `bare`: a weekday's name, which today
    means today or in a week. `part` is morning, afternoon or evening.
    """

    days: tuple[date, ...] = ()
    length: int = 1
    loose: bool = False
    bare: bool = False
    part: str = ""
    clock: Clock = NO_CLOCK
    anytime: bool = False

    def __bool__(self) -> bool:
        return bool(self.days or self.part or self.clock or self.anytime)

    def then(self, later: "When") -> "When":
        """Both said one after the other: what is said later wins."""
        if not self:
            return later
        merged = replace(self, part=later.part or self.part, clock=later.clock or self.clock)
        if later.days or later.anytime:
            merged = replace(later, part=merged.part, clock=merged.clock)
        return merged


@dataclass(frozen=True, slots=True)
class _Found:
    days: tuple[date, ...]
    length: int = 1
    loose: bool = False
    bare: bool = False


def read_when(words: str, today: date, last: date) -> tuple[When, str]:
    """What `words` say about a time, and the words that are left. `last` is the last day that can be booked.

    A day without its year is the next one, a date in numbers is taken in both orders; what cannot be booked is left
    out where something else can.
    """
    left = _NOT_THEN.sub(_BETWEEN, f" {words.lower()} ")
    clock, part, left = read_clock(left)
    found, left = _days(left, today, last)
    if found and not clock and (hour := _HOUR_AFTER_DAY.search(left)):
        clock, left = Clock(hours_meant(int(hour[1]))), left[: hour.start()]
    anytime = bool(_ANYTIME.search(left))
    left = _ANYTIME.sub(_BETWEEN, left)
    if not found:
        return When(part=part, clock=clock, anytime=anytime), left
    days = tuple(dict.fromkeys(day for each in found for day in each.days))
    first = found[0]
    length = first.length if len(found) == 1 else 1
    return When(days, length, first.loose and len(found) == 1, first.bare and len(found) == 1, part, clock), left


def _days(left: str, today: date, last: date) -> tuple[list[_Found], str]:
    """Every day that is named, in the order of the words."""
    found: list[tuple[int, _Found]] = []
    for form, meant in _FORMS:
        while match := form.search(left):
            with suppress(OverflowError, ValueError):
                read = meant(match, today, last)
                if read.days:
                    found.append((match.start(), read))
            # As long as what was there, so that the places of the others hold.
            left = left[: match.start()] + _BETWEEN.center(len(match[0])) + left[match.end() :]
    return [read for _, read in sorted(found, key=lambda entry: entry[0])], left


def _iso(match: re.Match[str], _today: date, _last: date) -> _Found:
    return _Found((date(int(match["year"]), int(match["month"]), int(match["day"])),))


def _in_numbers(match: re.Match[str], today: date, last: date) -> _Found:
    """`5/6`: the sixth of May, or the fifth of June."""
    first, second, year = int(match["first"]), int(match["second"]), match["year"]
    both = []
    for month, day in dict.fromkeys(((first, second), (second, first))):
        with suppress(ValueError):
            both.append(_dated(month, day, int(year) if year else None, today, last))
    bookable = tuple(day for day in both if today <= day <= last)
    return _Found(_on_weekday(match, bookable or tuple(both[:1]), today))


def _with_month(match: re.Match[str], today: date, last: date) -> _Found:
    day = _dated(_MONTHS[match["month"]], int(match["day"]), int(match["year"]) if match["year"] else None, today, last)
    to = match.groupdict().get("to")
    length = int(to) - day.day + 1 if to and int(to) > day.day else 1
    return _Found(_on_weekday(match, (day,), today), length)


def _of_month(match: re.Match[str], today: date, last: date) -> _Found:
    """`the 3rd`: of this month or the next; with its weekday, the one that falls on it."""
    days = tuple(day for day in _next_of_month(int(match["day"]), today) if day <= last)
    if match.groupdict().get("weekday"):
        return _Found(_on_weekday(match, days or tuple(_next_of_month(int(match["day"]), today))[:1], today))
    return _Found(days[:2] or tuple(_next_of_month(int(match["day"]), today))[:1], loose=True)


def _week_from(match: re.Match[str], today: date, _last: date) -> _Found:
    start = match["start"]
    from_day = today + timedelta(days=_FROM_TODAY[start]) if start in _FROM_TODAY else _coming(today, _WEEKDAYS[start])
    return _Found((from_day + _WEEK,))


def _in_some(match: re.Match[str], today: date, _last: date) -> _Found:
    count = _COUNTS.get(match["count"]) or int(match["count"])
    return _Found((today + timedelta(days=count * (7 if match["unit"].startswith("week") else 1)),))


def _weekday(match: re.Match[str], today: date, _last: date) -> _Found:
    number = _WEEKDAYS[match["weekday"]]
    coming = _coming(today, number)
    which = match["which"] or ""
    if "next" in which:
        # Said on that weekday it cannot be today; else people mean either.
        return _Found((coming + _WEEK,) if coming == today else (coming, coming + _WEEK))
    return _Found((coming,), bare=not which and coming == today)


def _weekday_of_week(match: re.Match[str], today: date, _last: date) -> _Found:
    monday = today - timedelta(days=today.weekday()) + (_WEEK if match["which"] == "next" else timedelta())
    return _Found((monday + timedelta(days=_WEEKDAYS[match["weekday"]]),))


def _week(match: re.Match[str], today: date, _last: date) -> _Found:
    monday = today - timedelta(days=today.weekday())
    if match["unit"].startswith("weekend"):
        saturday = monday + timedelta(days=_SATURDAY)
        first = max(saturday, today)
        coming = _Found((first,), 1 + (saturday + timedelta(days=1) - first).days)
        return _Found((saturday, saturday + _WEEK), 2) if match["which"] == "next" else coming
    if match["which"] == "next":
        return _Found((monday + _WEEK,), 7)
    return _Found((today,), 7 - today.weekday())


def _relative(match: re.Match[str], today: date, _last: date) -> _Found:
    return _Found((today + timedelta(days=_FROM_TODAY[match["word"]]),))


Meaning = Callable[[re.Match[str], date, date], _Found]
_FORMS: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(rf"(?<![\w/]){form}(?![\w/])"), meaning)
    for form, meaning in (
        (r"(?P<year>20[0-9]{2})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})", _iso),
        (rf"{_ON}(?P<first>[0-9]{{1,2}})/(?P<second>[0-9]{{1,2}})(?:/(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?", _in_numbers),
        (
            rf"{_ON}{_M} (?:the )?{_D}(?: ?(?:-|to|through|thru) ?(?P<to>[0-9]{{1,2}})(?:st|nd|rd|th)?)?{_Y}",
            _with_month,
        ),
        (rf"{_ON}{_D} (?:of |de )?{_M}{_Y}", _with_month),
        (rf"{_W},? (?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)", _of_month),
        (rf"{_W},? the (?P<day>[0-9]{{1,2}})", _of_month),
        (rf"(?:a |one )?week (?:from|after) (?P<start>{'|'.join([_RELATIVE, *_WEEKDAYS])})", _week_from),
        (r"(?P<start>today|tomorrow) week", _week_from),
        (rf"in (?P<count>[0-9]{{1,2}}|{'|'.join(_COUNTS)}) (?P<unit>days?|weeks?)", _in_some),
        (rf"(?P<count>[0-9]{{1,2}}|{'|'.join(_COUNTS)}) (?P<unit>days?|weeks?) from (?:now|today)", _in_some),
        (r"(?:the )?(?P<unit>day)s? after (?P<count>)tomorrow", lambda _m, today, _l: _Found((today + timedelta(2),))),
        (rf"{_W} (?:of )?(?P<which>next|this) week", _weekday_of_week),
        (rf"(?P<which>next|this) week,? (?:on )?{_W}", _weekday_of_week),
        (rf"(?P<which>(?:this coming|this|coming|next|este|esta|proximo|próximo) )?{_W}", _weekday),
        (r"(?P<which>next|this|the|on the) (?P<unit>weekend|week)", _week),
        (rf"(?P<word>{_RELATIVE})", _relative),
        (r"(?:the )?(?P<day>[0-9]{1,2})(?:st|nd|rd|th)", _of_month),
    )
)
_ANY_DAY = rf"(?:next |this )?(?:{'|'.join([_RELATIVE, *sorted(_WEEKDAYS, key=len, reverse=True)])})\b"
_NOT_THEN = re.compile(
    rf"\b(?:not|instead of|other than|except|(?:can'?t|cannot|can not|won'?t) (?:do|make|make it|come|be there)) "
    rf"(?:on |this |next )*{_ANY_DAY}|{_ANY_DAY} (?:does ?n[o']?t work|is no good|won'?t work|doesnt work)"
)
"""A day that is named to say that it is not meant."""
_HOUR_AFTER_DAY = re.compile(r", +([1-9]|1[0-2])\W*$")
"""`Tuesday 9`."""
_ANYTIME = re.compile(
    r"\b(?:(?:either|any)(?: one)? of (?:them|those|these)|either(?: one)?(?: is fine| works)?|any ?(?:time|day)"
    r"(?: is fine| works)?|when ?ever|asap|as soon as (?:possible|you can)|a\.s\.a\.p|"
    r"(?:the )?(?:earliest|soonest|first|next) (?:available|possible|opening|appointment|one|time|slot)|"
    r"(?:the )?(?:earliest|soonest)|you (?:pick|choose|decide)|(?:it )?does ?n[o']?t matter|"
    r"(?:i )?don'?t (?:care|mind)|"
    r"no preference|cualquier (?:dia|día|hora)|lo antes posible)\b"
)


def _coming(today: date, number: int) -> date:
    return today + timedelta(days=(number - today.weekday()) % 7)


def _dated(month: int, day: int, year: int | None, today: date, last: date) -> date:
    """The date; without a year the coming one, unless only the one just past can have been meant."""
    if year is not None:
        return date(year if year >= _CENTURY else 2000 + year, month, day)
    try:
        this = date(today.year, month, day)
    except ValueError:
        return date(today.year + 1, month, day)
    if this >= today:
        return this
    with suppress(ValueError):
        ahead = date(today.year + 1, month, day)
        if ahead <= last or this < today - _JUST_PAST:
            return ahead
    return this


def _next_of_month(number: int, today: date) -> Iterator[date]:
    """The coming days with this number in their month, within a year."""
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if day.day == number:
            yield day


def _on_weekday(match: re.Match[str], days: tuple[date, ...], today: date) -> tuple[date, ...]:
    """Of `days` those on the weekday that was said with them; if there is none, the day and that weekday, to choose."""
    said = match.groupdict().get("weekday")
    if not said or not days:
        return days
    number = _WEEKDAYS[said]
    agreeing = tuple(day for day in days if day.weekday() == number)
    if agreeing:
        return agreeing[:1]
    near = _coming(max(today, days[0] - timedelta(days=3)), number)
    return (days[0], near)
