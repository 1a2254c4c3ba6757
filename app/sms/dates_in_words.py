"""What day and time people mean in a text. Gives every day it could be; never picks one silently.

Pure: words and today in, candidates out. English, with the commonest Spanish words.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from app.sms.clocks_in_words import NO_CLOCK, Clock, every_time, read_clock, read_hour
from app.sms.day_names import FROM_TODAY, MONTH_WORDS, MONTHS, WEEKDAYS, in_digits

_WEEK = timedelta(days=7)
_DAYS_AHEAD = 366
_JUST_PAST = timedelta(days=60)
_CENTURY = 100
_SATURDAY = 5
_MONTHS_OF_YEAR, _LONGEST_MONTH, _LEAP_DAY = 12, 31, 29
_BETWEEN = " , "
"""Stands where something was read, so that what is left of the words does not grow together."""

_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

_W = "(?P<weekday>" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\b\.?"
_M = "(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_D = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_Y = r"(?:,? (?P<year>20[0-9]{2}))?"
_ON = rf"(?:{_W},? (?:the )?)?"
_LATE_DAY = "(?:1[3-9]|2[0-9]|3[01])"
"""A number that is no hour and no month."""
_NO_PLACE = r"(?! (?:st|str|street|ave|avenue|blvd|floor|fl|apt|unit|grade|time|visit)\b)"
_RELATIVE = "|".join(sorted(FROM_TODAY, key=len, reverse=True))
_COUNT = "(?P<count>[0-9]{1,2}|" + "|".join(_COUNTS) + ")"
_START = "(?P<start>" + "|".join([_RELATIVE, *WEEKDAYS]) + ")"
_NTH = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "last": -1}
_UNITS = {"minute": timedelta(minutes=1), "min": timedelta(minutes=1), "hour": timedelta(hours=1)}
_UNITS |= {"hr": timedelta(hours=1), "day": timedelta(days=1), "week": _WEEK}


@dataclass(frozen=True, slots=True)
class When:
    """What was said about the time of a visit.

    `days`: every day that can be meant, in order; the first of `length` days each. More than one has to be asked back.
    `loose`: a bare "the 3rd", which next to numbered choices means one of those. `bare`: a weekday's name, which today
    means today or in a week. `part` is morning, afternoon or evening. `barred`: weekdays not meant, Monday is 0.
    `no_such`: a date that was named and does not exist, as it is said back: "Feb 30".
    """

    days: tuple[date, ...] = ()
    length: int = 1
    loose: bool = False
    bare: bool = False
    part: str = ""
    clock: Clock = NO_CLOCK
    anytime: bool = False
    barred: tuple[int, ...] = ()
    no_such: str = ""

    def __bool__(self) -> bool:
        return bool(self.days or self.part or self.clock or self.anytime)

    def then(self, later: "When") -> "When":
        """Both said one after the other: what is said later wins."""
        named = later.days or later.anytime or later.no_such
        return replace(
            later if named or not self else self,
            part=later.part or self.part,
            clock=later.clock or self.clock,
            barred=later.barred if later.days else self.barred + later.barred,
        )


class _NoSuchDayError(ValueError):
    """The 30th of February; `str` of it is how it is said back."""


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
    left = in_digits(_ISO_TIME.sub(" ", f" {words.lower()} "))
    left = _THIS_PART.sub("today in the ", left)
    beyond = bool(_BEYOND.search(left))
    left = _BEYOND.sub(_BETWEEN, left)
    barred = tuple(number for match in _NOT_THEN.finditer(left) for number in _weekdays_in(match[0], today))
    timed = _BY.sub(_BETWEEN, _NOT_THEN.sub(_BETWEEN, left))
    clock, part, left = read_clock(timed)
    found, no_such, left = _days(left, today, last)
    if found and not clock:
        clock, left = read_hour(left)
    anytime = not beyond and bool(_ANYTIME.search(left) or _ANY_ALONE.fullmatch(words.lower()))
    left = _ANYTIME.sub(_BETWEEN, left)
    rest: dict[str, Any] = {"part": part, "clock": clock, "barred": barred, "no_such": no_such}
    if not found:
        return When(anytime=anytime, **rest), left
    found = [each for each in found if each.days[-1] >= today] or found  # of several that can be meant
    days = tuple(dict.fromkeys(day for each in found for day in each.days))
    if len(found) > 1:
        if len(every_time(timed).minutes) > len(clock.minutes) > 0:
            rest["clock"] = every_time(timed)
        return When(days, **rest), left
    [only] = found
    return When(days, only.length, only.loose, only.bare, **rest), left


def read_shift(words: str) -> timedelta | None:
    """How much later or earlier than it is something shall be: "half an hour later", negative for "2 days earlier"."""
    match = _SHIFT.search(words.lower())
    if match is None:
        return None
    half, unit = match["count"].startswith("half"), _UNITS[match["unit"].rstrip("s")]
    count = 0.5 if half else _COUNTS.get(match["count"]) or int(match["count"])
    return count * unit * (1 if match["pushed"] or match["way"] == "later" else -1)


def _weekdays_in(words: str, today: date) -> list[int]:
    named = [match["day"] for match in _DAY_WORD.finditer(words)]
    return [
        (today + timedelta(days=FROM_TODAY[word])).weekday() if word in FROM_TODAY else WEEKDAYS[word] for word in named
    ]


def _days(left: str, today: date, last: date) -> tuple[list[_Found], str, str]:
    """Every day that is named, in the order of the words; one that does not exist; and the words that are left."""
    found: list[tuple[int, _Found]] = []
    no_such = ""
    for form, meant in _FORMS:
        while match := form.search(left):
            try:
                read = meant(match, today, last)
                if read.days:
                    found.append((match.start(), _from_or_until(left[: match.start()], read, today)))
            except _NoSuchDayError as why:
                no_such = str(why)
            except (OverflowError, ValueError):
                pass
            # As long as what was there, so that the places of the others hold.
            left = left[: match.start()] + _BETWEEN.center(len(match[0])) + left[match.end() :]
    return [read for _, read in sorted(found, key=lambda entry: entry[0])], no_such, left


def _from_or_until(before: str, read: _Found, today: date) -> _Found:
    """The days from or until the one that was read, where the words before it say so."""
    match = _BOUND.search(before)
    if match is None or len(read.days) > 1 or read.loose:
        return read
    [day] = read.days
    if match["bound"] in ("after", "not before"):
        return _Found((day + timedelta(days=match["bound"] == "after"),), 7)
    last = day + (_WEEK if read.bare else timedelta()) - timedelta(days=match["bound"] == "before")
    return _Found((today,), (last - today).days + 1) if last >= today else read


def _iso(match: re.Match[str], _today: date, _last: date) -> _Found:
    day = date(int(match["year"]), 1, 1)
    return _Found((_dated(int(match["month"]), int(match["day"]), day.year, day, day),))


def _in_numbers(match: re.Match[str], today: date, last: date) -> _Found:
    """`5/6`: the sixth of May, or the fifth of June."""
    first, second, year = int(match["first"]), int(match["second"]), match["year"]
    both, impossible = [], None
    for month, day in dict.fromkeys(((first, second), (second, first))):
        try:
            both.append(_dated(month, day, int(year) if year else None, today, last))
        except _NoSuchDayError as why:
            impossible = why
        except ValueError:
            pass
    if impossible and not both:
        raise impossible
    bookable = tuple(day for day in both if today <= day <= last)
    return _Found(_on_weekday(match, bookable or tuple(both[:1]), today))


def _with_month(match: re.Match[str], today: date, last: date) -> _Found:
    day = _dated(MONTHS[match["month"]], int(match["day"]), int(match["year"]) if match["year"] else None, today, last)
    to = match.groupdict().get("to")
    length = int(to) - day.day + 1 if to and int(to) > day.day else 1
    return _Found(_on_weekday(match, (day,), today), length)


def _of_month(match: re.Match[str], today: date, last: date) -> _Found:
    """`the 3rd`: of this month or the next; with its weekday, the one that falls on it."""
    days = tuple(day for day in _next_of_month(int(match["day"]), today) if day <= last)
    if match.groupdict().get("weekday"):
        return _Found(_on_weekday(match, days or tuple(_next_of_month(int(match["day"]), today))[:1], today))
    return _Found(days[:2] or tuple(_next_of_month(int(match["day"]), today))[:1], loose=True)


def _from_day(match: re.Match[str], today: date, _last: date) -> _Found:
    start = match["start"]
    from_day = today + timedelta(days=FROM_TODAY[start]) if start in FROM_TODAY else _coming(today, WEEKDAYS[start])
    count = _COUNTS.get(match["count"] or "a") or int(match["count"])
    return _Found((from_day + count * _UNITS[match["unit"].rstrip("s")],))


def _in_some(match: re.Match[str], today: date, _last: date) -> _Found:
    count = _COUNTS.get(match["count"]) or int(match["count"])
    return _Found((today + timedelta(days=count * (7 if match["unit"].startswith("week") else 1)),))


def _weekday(match: re.Match[str], today: date, _last: date) -> _Found:
    number = WEEKDAYS[match["weekday"]]
    coming = _coming(today, number)
    which = match["which"] or ""
    if "next" in which:
        # Said on that weekday it cannot be today; else people mean either.
        return _Found((coming + _WEEK,) if coming == today else (coming, coming + _WEEK))
    return _Found((coming,), bare=not which and coming == today)


def _weekday_after_next(match: re.Match[str], today: date, _last: date) -> _Found:
    coming = _coming(today, WEEKDAYS[match["weekday"]])
    return _Found((coming + 2 * _WEEK,) if coming == today else (coming + _WEEK, coming + 2 * _WEEK))


def _nth_weekday(match: re.Match[str], today: date, last: date) -> _Found:
    """`the first Monday in December`."""
    first = _dated(MONTHS[match["month"]], 1, None, today.replace(day=1), last)
    days = [_coming(first, WEEKDAYS[match["weekday"]]) + weeks * _WEEK for weeks in range(5)]
    return _Found((([day for day in days if day.month == first.month][_NTH[match["nth"]]]),))


def _weekday_of_week(match: re.Match[str], today: date, _last: date) -> _Found:
    monday = today - timedelta(days=today.weekday()) + (_WEEK if match["which"] == "next" else timedelta())
    return _Found((monday + timedelta(days=WEEKDAYS[match["weekday"]]),))


def _week(match: re.Match[str], today: date, _last: date) -> _Found:
    monday = today - timedelta(days=today.weekday())
    if match["unit"].startswith("weekend"):
        saturday = monday + timedelta(days=_SATURDAY)
        first = max(saturday, today)
        coming = _Found((first,), 1 + (saturday + timedelta(days=1) - first).days)
        return _Found((saturday, saturday + _WEEK), 2) if match["which"] == "next" else coming
    if match["which"] == "next":
        return _Found((monday + (2 * _WEEK if match["after"] is not None else _WEEK),), 7)
    return _Found((today,), 7 - today.weekday())


def _week_after(match: re.Match[str], today: date, _last: date) -> _Found:
    weeks = 2 if match["which"] == "next" else 1
    return _Found((today - timedelta(days=today.weekday()) + weeks * _WEEK,), 7)


def _relative(match: re.Match[str], today: date, _last: date) -> _Found:
    return _Found((today + timedelta(days=FROM_TODAY[match["word"]]),))


Meaning = Callable[[re.Match[str], date, date], _Found]
_FORMS: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(rf"(?<![\w/]){form}(?![\w/])"), meaning)
    for form, meaning in (
        (r"(?P<year>20[0-9]{2})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})", _iso),
        (rf"{_ON}(?P<first>[0-9]{{1,2}})/(?P<second>[0-9]{{1,2}})(?:/(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?", _in_numbers),
        (
            rf"(?<!-){_ON}(?P<first>0?[1-9]|1[0-2])-(?P<second>{_LATE_DAY})(?:-(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?(?!-)",
            _in_numbers,
        ),
        (
            rf"{_ON}(?P<first>{_LATE_DAY})\.(?P<second>0?[1-9]|1[0-2])(?:\.(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?\.?",
            _in_numbers,
        ),
        (
            rf"{_ON}{_M} (?:the )?{_D}(?: ?(?:-|to|through|thru) ?(?P<to>[0-9]{{1,2}})(?:st|nd|rd|th)?)?{_Y}",
            _with_month,
        ),
        (rf"{_ON}{_D} (?:of |de )?{_M}{_Y}", _with_month),
        (rf"{_W},? (?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)", _of_month),
        (rf"{_W},? the (?P<day>[0-9]{{1,2}})", _of_month),
        (rf"(?:{_COUNT} )?(?P<unit>weeks?) (?:from|after) {_START}", _from_day),
        (rf"{_COUNT} (?P<unit>days?) (?:from|after) {_START}", _from_day),
        (rf"{_START} (?P<unit>week)(?P<count>)", _from_day),
        (rf"in {_COUNT} (?P<unit>days?|weeks?)", _in_some),
        (rf"{_COUNT} (?P<unit>days?|weeks?) from now", _in_some),
        (r"(?:the )?(?P<unit>day)s? after (?P<count>)tomorrow", lambda _m, today, _l: _Found((today + timedelta(2),))),
        (rf"(?:the )?(?P<nth>{'|'.join(_NTH)}) {_W} (?:in|of) {_M}", _nth_weekday),
        (rf"(?:the )?{_W} after next", _weekday_after_next),
        (rf"{_W} (?:of )?(?P<which>next|this) week", _weekday_of_week),
        (rf"(?P<which>next|this) week,? (?:on )?{_W}", _weekday_of_week),
        (rf"(?P<which>(?:this coming|this|coming|next|este|esta|proximo|próximo) )?{_W}", _weekday),
        (r"(?:the )?week after (?P<which>next)(?P<unit>)(?P<after>)", _week),
        (r"not (?P<which>this|next) week", _week_after),
        (r"(?P<which>next|this|the|on the) (?P<unit>weekend|week)(?! after\b)(?P<after>(?!))?", _week),
        (rf"(?P<word>{_RELATIVE})", _relative),
        (rf"(?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th){_NO_PLACE}", _of_month),
        (rf"on (?:the )?(?P<day>{_LATE_DAY})(?! ?[a-z:.])", _of_month),
    )
)
_ANY_DAY = rf"(?:next |this )?(?:{'|'.join([_RELATIVE, *sorted(WEEKDAYS, key=len, reverse=True)])})\b"
_NOT_THEN = re.compile(
    rf"\b(?:not|no(?= \w+days\b)|instead of|other than|except(?: for)?|besides|"
    rf"(?:(?<=any day )|(?<=anyday )|(?<=any time )|(?<=anytime )|(?<=anything ))but|"
    rf"(?:can'?t|cannot|can not|won'?t) (?:do|make|make it|come|be there)) "
    rf"(?:on |this |next )*{_ANY_DAY}(?:(?: or| nor) (?:on )?{_ANY_DAY})*(?: either\b)?|"
    rf"{_ANY_DAY} (?:does ?n[o']?t work|is no good|won'?t work|doesnt work)"
)
"""A day that is named to say that it is not meant."""
_DAY_WORD = re.compile(rf"\b(?P<day>{'|'.join([_RELATIVE, *sorted(WEEKDAYS, key=len, reverse=True)])})\b")
_BEYOND = re.compile(
    rf"\b(?:the )?{_ANY_DAY} (?:after|before|following) that\b|\b(?:black|cyber|good|ash|easter) {_ANY_DAY}|"
    rf"\b(?:(?:the )?(?:{_ANY_DAY}|week|weekend) )?(?:after|before|following) "
    r"(?:thanksgiving|christmas|x-?mas|new year\S*|easter|labor day|memorial day|independence day|the holidays?)\b"
)
"""A day that is named from one that is not known here: which it is has to be asked."""
_SHIFT = re.compile(
    rf"\b(?:(?P<pushed>push \w+ (?:\w+ )?(?:back|out)) (?:by )?|(?P<up>(?:move|bring|bump) \w+ (?:\w+ )?up) (?:by )?)?"
    rf"(?P<count>half an|[0-9]{{1,2}}|{'|'.join(_COUNTS)}) "
    r"(?P<unit>(?:minute|min|hour|hr|day|week)s?)\b(?(pushed)|(?(up)| (?P<way>later|earlier|sooner)\b))"
)
_BOUND = re.compile(
    r"\b(?P<bound>not before|not after|after|before|(?<!come )(?<!stop )(?<!drop )(?<!swing )by) (?:the |next |on )*$"
)
"""Before a day it makes it the first or the last of some; "come by" does not."""
_ISO_TIME = re.compile(r"(?<=-[0-9]{2})t(?=[0-9]{2}:)")
_THIS_PART = re.compile(r"\bthis (?=(?:morning|afternoon|evening)\b)")
_BY = re.compile(rf"\bby (?:{'|'.join(_COUNTS)}|half an|[0-9]{{1,2}}) (?:{'|'.join(_UNITS)})s?\b")
"""How much, and not until when."""
_ANYTIME = re.compile(
    r"\b(?:(?:either|any)(?: one)? of (?:them|those|these)|either(?: one)?(?: is fine| works)?|any ?(?:time|day)"
    r"(?: is fine| works)?|when ?ever|asap|as soon as (?:possible|you can)|a\.s\.a\.p|"
    r"(?:the )?(?:earliest|soonest|first|next) (?:available|possible|opening|appointment|one|time|slot)|"
    r"(?:the )?(?:earliest|soonest)|you (?:pick|choose|decide)|(?:it )?does ?n[o']?t matter|"
    r"(?:i )?don'?t (?:care|mind)|"
    r"no preference|which ?ever|what ?ever (?:works|you have|is (?:free|open))|any ?thing (?:is fine|works|goes)|"
    r"cualquier (?:dia|día|hora)|lo antes posible)\b"
)
_ANY_ALONE = re.compile(r"\W*any(?: ?thing| one)?\W*")


def _coming(today: date, number: int) -> date:
    return today + timedelta(days=(number - today.weekday()) % 7)


def _dated(month: int, day: int, year: int | None, today: date, last: date) -> date:
    """The date; without a year the coming one, unless only the one just past can have been meant."""
    if not (1 <= month <= _MONTHS_OF_YEAR and 1 <= day <= _LONGEST_MONTH):
        raise ValueError(month, day)
    if year is not None:
        return _existing(year if year >= _CENTURY else 2000 + year, month, day)
    try:
        this = date(today.year, month, day)
    except ValueError:
        return _existing(today.year + 1, month, day)
    if this >= today:
        return this
    with suppress(ValueError):
        ahead = date(today.year + 1, month, day)
        if ahead <= last or this < today - _JUST_PAST:
            return ahead
    return this


def _existing(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        leap = f" in {year}" if day == _LEAP_DAY else ""
        raise _NoSuchDayError(f"{MONTH_WORDS[month - 1][0][:3].title()} {day}{leap}") from None


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
    number = WEEKDAYS[said]
    agreeing = tuple(day for day in days if day.weekday() == number)
    if agreeing:
        return agreeing[:1]
    near = _coming(max(today, days[0] - timedelta(days=3)), number)
    return (days[0], near)
