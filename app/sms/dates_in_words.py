"""What day and time people mean in a text. Gives every day it could be; never picks one silently.

Pure: words and today in, candidates out. English, with the commonest Spanish words.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from app.sms.barred_in_words import without_barred, without_beyond, without_weekends
from app.sms.clocks_in_words import NO_CLOCK, Clock, every_time, read_clock, read_hour
from app.sms.day_names import FROM_TODAY, MONTH_WORDS, MONTHS, WEEKDAYS, in_full
from app.sms.holidays_in_words import in_dates
from app.sms.spans_in_words import (
    COUNT,
    COUNTS,
    DIGIT,
    MONTH,
    SPANS,
    UNITS,
    WEEK,
    WEEKDAY,
    Found,
    Hints,
    Meaning,
    coming,
    count_of,
    from_or_until,
)

_DAYS_AHEAD = 366
_JUST_PAST = timedelta(days=60)
_CENTURY = 100
_SATURDAY = 5
_MONTHS_OF_YEAR, _LONGEST_MONTH, _LEAP_DAY = 12, 31, 29
_BETWEEN = " , "
"""Stands where something was read, so that what is left of the words does not grow together."""

_W = "(?P<weekday>" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\b\.?"
_M = "(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_D = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_Y = r"(?:,? (?P<year>20[0-9]{2}))?"
_ON = rf"(?:{_W},? (?:the )?)?"
_THROUGH, _OR = r"(?P<through>-|to|through|thru)", r"(?:(?<= )(?:or|and|&)|/)"
_SECOND = r"(?P<second>[0-9]{1,2})(?:st|nd|rd|th)?(?! ?(?:[:.][0-9]|[ap]\.?m\b|o'?clock))"
_LATE_DAY = "(?:1[3-9]|2[0-9]|3[01])"
"""A number that is no hour and no month."""
_NO_PLACE = r"(?! (?:st|str|street|ave|avenue|blvd|floor|fl|apt|unit|grade|time|visit)\b)"
_RELATIVE = "|".join(sorted(FROM_TODAY, key=len, reverse=True))
_START = "(?P<start>" + "|".join([_RELATIVE, *WEEKDAYS]) + ")"
_NTH = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "last": -1}


@dataclass(frozen=True, slots=True)
class When:
    """What was said about the time of a visit.

    `days`: every day that can be meant, in order; the first of `length` days each. More than one has to be asked back.
    `loose`: a bare "the 3rd", which next to numbered choices means one of those. `bare`: a weekday's name, which today
    means today or in a week; `weekday`: nothing but weekdays' names. `part` is morning, afternoon or evening.
    `barred`: weekdays not meant, Monday is 0; `off`: dates not meant.
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
    off: tuple[date, ...] = ()
    no_such: str = ""
    weekday: bool = field(default=False, compare=False)

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

    @property
    def rules_out(self) -> bool:
        """Whether a day is named that cannot be meant."""
        return bool(self.barred or self.off or self.no_such)

    def turns_down(self, day: date) -> bool:
        """Whether it is said that this day is not meant."""
        return day.weekday() in self.barred or day in self.off


class _NoSuchDayError(ValueError):
    """The 30th of February; `str` of it is how it is said back."""


def read_when(words: str, today: date, last: date, own: Collection[str] = frozenset()) -> tuple[When, str]:
    """What `words` say about a time, and the words that are left. `last` is the last day that can be booked,
    `own` are the words of the business.

    A day without its year is the next one, a date in numbers is taken in both orders; what cannot be booked is left
    out where something else can.
    """
    left = in_full(in_dates(_ISO_TIME.sub(" ", f" {words.lower()} "), today))
    left = _THIS_PART.sub("today in the ", left)
    beyond, left = without_beyond(left)
    barred, left = without_barred(left, today)
    weekends, left = without_weekends(left)
    timed = _BY.sub(_BETWEEN, left)
    clock, part, left = read_clock(timed)
    found, off, no_such, left = _days(left, today, last)
    if found and not clock:
        clock, left = read_hour(left, own)
    if clock or part:
        left = _OF_THE_DAY.sub(_BETWEEN, left)
    but = bool(barred) and bool(_ANY_BUT.search(left))
    anytime = not beyond and bool(but or weekends or _ANYTIME.search(left) or _ANY_ALONE.fullmatch(words.lower()))
    barred += weekends
    left = _ANYTIME.sub(_BETWEEN, left)
    rest: dict[str, Any] = {"part": part, "clock": clock, "barred": barred, "off": off, "no_such": no_such}
    if anytime:  # "since yesterday, as soon as possible"
        found = [each for each in found if each.days[-1] >= today]
    if not found:
        return When(anytime=anytime, **rest), left
    found = [each for each in found if each.days[-1] >= today] or found  # of several that can be meant
    days = tuple(dict.fromkeys(day for each in found for day in each.days))
    rest["weekday"] = all(each.weekday for each in found)
    if len(found) > 1:
        if len(every_time(timed).minutes) > len(clock.minutes) > 0:
            rest["clock"] = every_time(timed)
        return When(days, **rest), left
    [only] = found
    return When(days, only.length, only.loose, only.bare, **rest), left


def _days(left: str, today: date, last: date) -> tuple[list[Found], tuple[date, ...], str, str]:
    """Every day that is named, in their order; those turned down; one that does not exist; the words that are left."""
    found: list[tuple[int, Found]] = []
    off: list[date] = []
    no_such = ""
    hints = Hints(left)
    for form, meant, needs in _FORMS:
        while hints.allow(needs) and (match := form.search(left)):
            try:
                read = meant(match, today, last)
                around = left[: match.start()], left[match.end() :]
                if _NOT_ON.search(around[0]):
                    off += read.days
                elif read.days:
                    found.append((match.start(), from_or_until(*around, read, today)))
            except _NoSuchDayError as why:
                no_such = str(why)
            except (OverflowError, ValueError):
                pass
            # As long as what was there, so that the places of the others hold.
            left = left[: match.start()] + _BETWEEN.center(len(match[0])) + left[match.end() :]
    return [read for _, read in sorted(found, key=lambda entry: entry[0])], tuple(off), no_such, left


def _iso(match: re.Match[str], _today: date, _last: date) -> Found:
    day = date(int(match["year"]), 1, 1)
    return Found((_dated(int(match["month"]), int(match["day"]), day.year, day, day),))


def _in_numbers(match: re.Match[str], today: date, last: date) -> Found:
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
    return Found(_on_weekday(match, bookable or tuple(both[:1]), today))


def _with_month(match: re.Match[str], today: date, last: date) -> Found:
    day = _dated(MONTHS[match["month"]], int(match["day"]), int(match["year"]) if match["year"] else None, today, last)
    second = int(match["second"] or 0)
    if second <= day.day:
        return Found(_on_weekday(match, (day,), today))
    if match["through"]:
        return Found((day,), second - day.day + 1)
    return Found((day, _existing(day.year, day.month, second)))


def _of_month(match: re.Match[str], today: date, last: date) -> Found:
    """`the 3rd`: of this month or the next; with its weekday, the one that falls on it."""
    days = tuple(day for day in _next_of_month(int(match["day"]), today) if day <= last)
    if match.groupdict().get("weekday"):
        return Found(_on_weekday(match, days or tuple(_next_of_month(int(match["day"]), today))[:1], today))
    return Found(days[:2] or tuple(_next_of_month(int(match["day"]), today))[:1], loose=True)


def _from_day(match: re.Match[str], today: date, _last: date) -> Found:
    start = match["start"]
    from_day = today + timedelta(days=FROM_TODAY[start]) if start in FROM_TODAY else coming(today, WEEKDAYS[start])
    count = count_of(match["count"] or "a")
    return Found((from_day + count * UNITS[match["unit"].rstrip("s")],))


def _in_some(match: re.Match[str], today: date, _last: date) -> Found:
    count = count_of(match["count"])
    return Found((today + timedelta(days=count * (7 if match["unit"].startswith("week") else 1)),))


def _weekday(match: re.Match[str], today: date, _last: date) -> Found:
    number = WEEKDAYS[match["weekday"]]
    day = coming(today, number)
    which = match["which"] or ""
    if "next" in which:
        # Said on that weekday it cannot be today; else people mean either.
        return Found((day + WEEK,) if day == today else (day, day + WEEK))
    return Found((day,), bare=not which and day == today, weekday=not which)


def _weekday_after_next(match: re.Match[str], today: date, _last: date) -> Found:
    day = coming(today, WEEKDAYS[match["weekday"]])
    return Found((day + 2 * WEEK,) if day == today else (day + WEEK, day + 2 * WEEK))


def _nth_weekday(match: re.Match[str], today: date, last: date) -> Found:
    """`the first Monday in December`."""
    first = _dated(MONTHS[match["month"]], 1, None, today.replace(day=1), last)
    days = [coming(first, WEEKDAYS[match["weekday"]]) + weeks * WEEK for weeks in range(5)]
    return Found((([day for day in days if day.month == first.month][_NTH[match["nth"]]]),))


def _weekday_of_week(match: re.Match[str], today: date, _last: date) -> Found:
    monday = today - timedelta(days=today.weekday()) + (WEEK if match["which"] == "next" else timedelta())
    return Found((monday + timedelta(days=WEEKDAYS[match["weekday"]]),))


def _week(match: re.Match[str], today: date, _last: date) -> Found:
    monday = today - timedelta(days=today.weekday())
    if match["unit"].startswith("weekend"):
        saturday = monday + timedelta(days=_SATURDAY)
        first = max(saturday, today)
        coming = Found((first,), 1 + (saturday + timedelta(days=1) - first).days)
        return Found((saturday, saturday + WEEK), 2) if match["which"] == "next" else coming
    if match["which"] == "next":
        return Found((monday + (2 * WEEK if match["after"] is not None else WEEK),), 7)
    return Found((today,), 7 - today.weekday())


def _week_after(match: re.Match[str], today: date, _last: date) -> Found:
    weeks = 2 if match["which"] == "next" else 1
    return Found((today - timedelta(days=today.weekday()) + weeks * WEEK,), 7)


def _relative(match: re.Match[str], today: date, _last: date) -> Found:
    return Found((today + timedelta(days=FROM_TODAY[match["word"]]),))


_FORMS: tuple[tuple[re.Pattern[str], Meaning, tuple[str, ...]], ...] = tuple(
    (re.compile(rf"(?<![\w/]){form}(?![\w/])"), meaning, needs)
    for form, meaning, needs in (
        (rf"(?:the )?(?P<nth>{'|'.join(_NTH)}) {_W} (?:in|of) {_M}", _nth_weekday, (WEEKDAY, MONTH)),
        *SPANS,
        (r"(?P<year>20[0-9]{2})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})", _iso, (DIGIT, "-")),
        (
            rf"{_ON}(?P<first>[0-9]{{1,2}})/(?P<second>[0-9]{{1,2}})(?:/(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?",
            _in_numbers,
            (DIGIT, "/"),
        ),
        (
            rf"(?<!-){_ON}(?P<first>0?[1-9]|1[0-2])-(?P<second>{_LATE_DAY})(?:-(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?(?!-)",
            _in_numbers,
            (DIGIT, "-"),
        ),
        (
            rf"{_ON}(?P<first>{_LATE_DAY})\.(?P<second>0?[1-9]|1[0-2])(?:\.(?P<year>[0-9]{{2}}|20[0-9]{{2}}))?\.?",
            _in_numbers,
            (DIGIT, "."),
        ),
        (
            rf"{_ON}{_M}(?: |(?<=\.))(?:the )?{_D}(?: ?(?:{_THROUGH}|{_OR}) ?(?:the )?{_SECOND})?{_Y}",
            _with_month,
            (MONTH, DIGIT),
        ),
        (
            rf"{_ON}{_D}(?: ?(?:{_THROUGH}|{_OR}) ?(?:the )?{_SECOND})? (?:of |de )?{_M}{_Y}{_NO_PLACE}",
            _with_month,
            (MONTH, DIGIT),
        ),
        (rf"{_W},? (?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)", _of_month, (WEEKDAY, DIGIT)),
        (rf"{_W},? (?P<day>{_LATE_DAY})(?! ?[a-z:.])", _of_month, (WEEKDAY, DIGIT)),
        (rf"{_W},? the (?P<day>[0-9]{{1,2}})", _of_month, (WEEKDAY, DIGIT)),
        (rf"(?:{COUNT} )?(?P<unit>weeks?) (?:from|after|on) {_START}", _from_day, ("week",)),
        (rf"{COUNT} (?P<unit>days?) (?:from|after) {_START}", _from_day, ("day",)),
        (rf"{_START} (?P<unit>week)(?P<count>)", _from_day, ("week",)),
        (rf"{_START} (?P<count>two) (?P<unit>weeks)", _from_day, (" two weeks",)),
        (rf"in {COUNT} (?P<unit>days?|weeks?)", _in_some, (" in ",)),
        (rf"{COUNT} (?P<unit>days?|weeks?) from now", _in_some, (" from now",)),
        (
            r"(?:the )?(?P<unit>day)s? after (?P<count>)tomorrow",
            lambda _m, today, _l: Found((today + timedelta(2),)),
            (" after tomorrow",),
        ),
        (rf"(?:the )?{_W} after next", _weekday_after_next, (WEEKDAY, " after next")),
        (rf"{_W} (?:of )?(?P<which>next|this) week", _weekday_of_week, (WEEKDAY, "week")),
        (rf"(?P<which>next|this) week,? (?:on )?{_W}", _weekday_of_week, (WEEKDAY, "week")),
        (rf"(?P<which>(?:this coming|this|coming|next|este|esta|proximo|próximo) )?{_W}", _weekday, (WEEKDAY,)),
        (r"(?:the )?week after (?P<which>next)(?P<unit>)(?P<after>)", _week, ("week after",)),
        (r"not (?P<which>this|next) week", _week_after, ("not ", "week")),
        (
            r"(?P<which>next|this|the|on the) (?P<unit>weekend|week)(?P<after>(?!))?"
            r"(?! (?:after|of|commencing|starting|beginning)\b)",
            _week,
            ("week",),
        ),
        (rf"(?P<word>{_RELATIVE})", _relative, ()),
        (rf"(?:the )?(?P<day>(?![1-9].. (?:one|app))[0-9]{{1,2}})(?:st|nd|rd|th){_NO_PLACE}", _of_month, (DIGIT,)),
        (rf"on (?:the )?(?P<day>{_LATE_DAY})(?! ?[a-z:.])", _of_month, (DIGIT, "on ")),
    )
)
_NOT_ON = re.compile(r"(?<!why )(?<!if )\b(?:not|except|other than|(?<=any day )but) [ ,]*(?:(?:on|the|for|n?or) +)*$")
"""Before a date that is turned down: another one is to be said."""
_ISO_TIME = re.compile(r"(?<=-[0-9]{2})t(?=[0-9]{2}:)")
_THIS_PART = re.compile(r"\bthis (?=(?:morning|afternoon|evening)\b)")
_BY = re.compile(rf"\bby (?:{'|'.join(COUNTS)}|half an|[0-9]{{1,2}}) (?:{'|'.join(UNITS)})s?\b")
"""How much, and not until when."""
_ANYTIME = re.compile(
    r"\b(?:(?:either|any)(?: one)? of (?:them|those|these)|either(?: one)?(?: is fine| works)?|any ?(?:time|day)"
    r"(?: is fine| works)?|when ?ever|asap|as soon as (?:possible|you can)|a\.s\.a\.p|"
    r"(?:the )?(?:earliest|soonest|first|next) (?:available|possible|opening|appointment|one|time|slot)|"
    r"(?:the )?(?:earliest|soonest)|you (?:pick|choose|decide)|(?:it )?does ?n[o']?t matter|"
    r"(?:i )?don'?t (?:care|mind)|"
    r"no preference|which ?ever|what ?ever (?:works|you have|is (?:free|open))|any ?thing (?:is fine|works|goes)|"
    r"cualquiera|cualquier (?:dia|día|hora)|lo antes posible)\b"
)
_OF_THE_DAY = re.compile(r"\bany ?time\b")
"""Beside a time of day it says nothing of the day: "any time after 3"."""
_ANY_BUT = re.compile(r"\bany ?(?:thing|one)\b")
"""Beside days that are not meant: "anything but Monday"."""
_ANY_ALONE = re.compile(r"\W*any(?: ?thing| one)?\W*")


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
    for ahead in range(_MONTHS_OF_YEAR + 1):
        years, month = divmod(today.month - 1 + ahead, _MONTHS_OF_YEAR)
        with suppress(ValueError):
            if today <= (day := date(today.year + years, month + 1, number)) < today + timedelta(days=_DAYS_AHEAD):
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
    near = coming(max(today, days[0] - timedelta(days=3)), number)
    return (days[0], near)
