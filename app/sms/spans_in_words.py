"""Several days said in one: from one weekday to another, the end of a month, the next few days. Pure."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.sms.clocks_in_words import NOT_UNTIL
from app.sms.day_names import FROM_TODAY, MONTHS, WEEKDAYS

WEEK = timedelta(days=7)
MONTH_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
DAY_NAMES = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
COUNTS = {
    **{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8},
    **{"nine": 9, "ten": 10, "a couple of": 2, "couple of": 2, "a couple": 2, "couple": 2},
}
_NUMBER = "[0-9]{1,2}|" + "|".join(sorted(COUNTS, key=len, reverse=True))
COUNT = f"(?P<count>{_NUMBER})"
WEEKDAY, MONTH, DIGIT = "<weekday>", "<month>", "<digit>"
"""Hints that a text may name one of these."""
_FEW_DAYS = 5
"""Of "the next few days"."""
_LONGEST_DAYS = 31
"""As many as can be looked through at once."""
_MONTHS_OF_YEAR = 12
_SATURDAY = 5
_PARTS_OF_WEEK = {"early": (0, 2), "mid": (1, 3), "late": (3, 4), "end": (3, 4)}
"""The first of its days, Monday is 0, and how many."""
_PARTS_OF_MONTH = {"early": (1, 10), "mid": (11, 10), "late": (21, 11), "end": (25, 7)}
_NTH_WEEK = {"first": 1, "1st": 1, "second": 8, "2nd": 8, "third": 15, "3rd": 15, "fourth": 22, "4th": 22, "last": 0}
_PART = (
    r"(?:(?:the )?(?P<early>beginning of|start of|early(?: in)?|first half of)|"
    r"(?:the )?(?P<mid>middle of|mid(?:dle)?)|(?:the )?(?P<late>later?(?: in)?|second half of)|"
    r"(?:the )?(?P<end>(?:very )?end of|last part of))"
    r"[ -](?:the )?"
)
_MOVES = re.compile(
    r"\b(?:move|switch|change|reschedule|push|shift|swap|bump|cancel)\b|(?<!free )(?<!home )(?<!open )(?<!around )"
    r"(?<!here )(?<!available )\bfrom $"
)
"""Before two days that are no stretch: away from the one, to the other."""


_BOUND = re.compile(
    r"\b(?P<bound>no (?:sooner|earlier) than|no later than|not before|not after|after|before|until|till|til|"
    r"(?:the )?week (?:of|commencing|starting|beginning)(?: on)?|"
    r"(?<!come )(?<!stop )(?<!drop )(?<!swing )by) (?:the |next |on )*$"
)
"""Before a day it makes it the first or the last of some; "come by" does not."""
_AWAY = re.compile(rf"(?:{NOT_UNTIL}) (?:until|till|til) (?:the |next |on )*$")
_LATEST = re.compile(r" ?at (?:the )?latest\b")
_ONWARDS = re.compile(r" ?(?:onwards?\b|(?:or|and) (?:later|after|(?:any ?day|any ?time) after)\b|on(?=\W*$))")


UNITS = {"minute": timedelta(minutes=1), "min": timedelta(minutes=1), "hour": timedelta(hours=1)}
UNITS |= {"hr": timedelta(hours=1), "day": timedelta(days=1), "week": WEEK}
_SHIFT = re.compile(
    rf"\b(?:(?P<pushed>(?:push|bump|postpone)(?: (?!(?:to|in|at|until|till?|up)\b)\w+){{1,2}}(?: back| out)?) (?:by )?|"
    rf"(?P<up>(?:move|bring|bump) \w+ (?:\w+ )?up) (?:by )?|"
    r"(?P<moved>(?:move|push|shift|bump|reschedule)(?: (?!to\b)\w+){0,2}) (?:by )?(?=\w+(?: \w+)? (?:day|week)))?"
    rf"(?P<count>half an|[0-9]{{1,2}}|{'|'.join(COUNTS)}) "
    r"(?P<unit>(?:minute|min|hour|hr|day|week)s?)\b"
    r"(?(pushed)|(?(up)|(?(moved)(?=\W*$| (?:please|pls|instead)\b)| (?P<way>later|earlier|sooner)\b)))"
)
_NEXT_TO_IT = re.compile(
    r"(?<!or )(?<!or the )(?<!not )(?<!not the )\b(?P<unit>day|week) (?:after|(?P<before>before))(?: that)?"
    r"(?=\W*$|[,.;!?]| (?:is|works|would|please|pls|at|in|around|same|instead)\b)|"
    r"(?<!not )(?<!not the )\b(?:the (?:next|following)|next) (?P<next>day)\b(?! (?:is|was) (?:bad|no|not|out|off))|"
    r"\bthe following (?P<following>week)\b"
)
"""The day or the week beside the one that is spoken of."""


@dataclass(frozen=True, slots=True)
class Found:
    """Every day that can be meant, each the first of `length` days. The rest as in `When`."""

    days: tuple[date, ...]
    length: int = 1
    loose: bool = False
    bare: bool = False
    weekday: bool = False


Meaning = Callable[[re.Match[str], date, date], Found]


def coming(today: date, number: int) -> date:
    """The next such weekday, Monday is 0; today if it is one."""
    return today + timedelta(days=(number - today.weekday()) % 7)


def count_of(words: str) -> int:
    """How many that is, in words or digits."""
    return COUNTS.get(words) or int(words)


def months_ahead(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    first = _first_of_month(day, months)
    return min(first + timedelta(days=day.day - 1), _first_of_month(day, months + 1) - timedelta(days=1))


def read_next_to_it(words: str) -> timedelta | None:
    """How far from the one that is spoken of the day is: "the day after"."""
    match = _NEXT_TO_IT.search(words.lower())
    if match is None:
        return None
    week = "week" in (match["unit"], match["following"])
    return timedelta(days=7 if week else 1) * (-1 if match["before"] else 1)


def read_shift(words: str) -> timedelta | None:
    """How much later or earlier than it is something shall be: "half an hour later", negative for "2 days earlier"."""
    match = _SHIFT.search(words.lower())
    if match is None:
        return None
    half, unit = match["count"].startswith("half"), UNITS[match["unit"].rstrip("s")]
    count = 0.5 if half else count_of(match["count"])
    return count * unit * (1 if match["pushed"] or match["moved"] or match["way"] == "later" else -1)


def from_or_until(before: str, after: str, read: Found, today: date) -> Found:
    """The days from or until the one that was read, where the words around it say so."""
    match = _BOUND.search(before)
    onwards, latest = bool(_ONWARDS.match(after)), bool(_LATEST.match(after))
    bound = match["bound"] if match else ""
    if bound.startswith(("week", "the week")):
        return replace(read, days=tuple(day - timedelta(days=day.weekday()) for day in read.days), length=7)
    if not (bound or onwards or latest) or len(read.days) > 1 or read.loose:
        return read
    [day] = read.days
    if onwards or bound in ("after", "not before", "no sooner than", "no earlier than") or _AWAY.search(before):
        return Found((day + timedelta(days=bound == "after"),), 7)
    last = day + (WEEK if read.bare else timedelta()) - timedelta(days=bound == "before")
    return Found((today,), min((last - today).days + 1, _LONGEST_DAYS)) if last >= today else read


def _first_of_month(day: date, ahead: int = 0) -> date:
    years, month = divmod(day.month - 1 + ahead, _MONTHS_OF_YEAR)
    return date(day.year + years, month + 1, 1)


def _between_weekdays(match: re.Match[str], today: date, _last: date) -> Found:
    """`monday to wednesday`; where something is moved, the one or the other."""
    first = coming(today, WEEKDAYS[match["from"]])
    to = coming(first, WEEKDAYS[match["to"]])
    if not match["between"] and _MOVES.search(match.string[: match.start()]):
        return Found((first, coming(today, WEEKDAYS[match["to"]])), weekday=True)
    return Found((first,), (to - first).days + 1)


def _of_week(match: re.Match[str], today: date, _last: date) -> Found:
    """`the end of next week`; one that is over is the next one's."""
    begins, length = _PARTS_OF_WEEK[_part(match)]
    monday = today - timedelta(days=today.weekday()) + (WEEK if match["which"] == "next " else timedelta())
    first = monday + timedelta(days=begins)
    if first + timedelta(days=length) <= today:
        first += WEEK
    return _from_today(first, length, today)


def _of_month(match: re.Match[str], today: date, _last: date) -> Found:
    """`mid december`, `the end of the month`."""
    begins, length = _PARTS_OF_MONTH[_part(match)]
    return _in_month(_month(match, today), begins, length, today)


def _nth_week(match: re.Match[str], today: date, _last: date) -> Found:
    """`the first week of december`: its first seven days."""
    first = _month(match, today)
    begins = _NTH_WEEK[match["nth"]] if match["nth"] != "last" else (_first_of_month(first, 1) - first).days - 6
    return _in_month(first, begins, 7, today)


def _last_day(match: re.Match[str], today: date, _last: date) -> Found:
    return Found((_first_of_month(_month(match, today), 1) - timedelta(days=1),))


def _whole_month(match: re.Match[str], today: date, _last: date) -> Found:
    return _in_month(_month(match, today), 1, _LONGEST_DAYS, today)


def _of_named_month(match: re.Match[str], today: date, _last: date) -> Found:
    """`the 1st of next month`."""
    first = _month(match, today)
    day = first + timedelta(days=int(match["day"]) - 1)
    return Found((day,) if int(match["day"]) > 0 and day.month == first.month else ())


def _next_days(match: re.Match[str], today: date, _last: date) -> Found:
    """`within the next 3 days`."""
    count, unit = match["count"], 7 if match["unit"].startswith("week") else 1
    return Found((today,), min(_FEW_DAYS if count.endswith("few") else count_of(count) * unit + 1, _LONGEST_DAYS))


def _past(match: re.Match[str], today: date, _last: date) -> Found:
    """`last tuesday`: the one just past."""
    return Found((coming(today, WEEKDAYS[match["weekday"]]) - WEEK,))


def _day_of_coming_week(match: re.Match[str], today: date, _last: date) -> Found:
    """`monday in two weeks`: the last one before then, or the first one after."""
    then = coming(today + count_of(match["count"]) * WEEK, WEEKDAYS[match["weekday"]])
    return Found((then,) if coming(today, then.weekday()) == today else (then - WEEK, then))


def _in_months(match: re.Match[str], today: date, _last: date) -> Found:
    return Found((months_ahead(today, count_of(match["count"])),))


def _in_hours(_match: re.Match[str], today: date, _last: date) -> Found:
    return Found((today,))


def _weekends(_match: re.Match[str], today: date, _last: date) -> Found:
    return Found((coming(today, _SATURDAY),), 2)


def _day_after(match: re.Match[str], today: date, _last: date) -> Found:
    """`tomorrow or the day after`."""
    day = today + timedelta(days=FROM_TODAY[match["day"]])
    return Found((day, day + timedelta(days=1)))


def _part(match: re.Match[str]) -> str:
    return next(part for part in _PARTS_OF_WEEK if match[part])


def _month(match: re.Match[str], today: date) -> date:
    """The first day of the month that is named; one that is over is next year's."""
    named = match.groupdict()
    if named.get("month"):
        return _first_of_month(today, (MONTHS[named["month"]] - today.month) % _MONTHS_OF_YEAR)
    return _first_of_month(today, 1 if named["which"] == "next" else 0)


def _in_month(first: date, begins: int, length: int, today: date) -> Found:
    day, end = first + timedelta(days=begins - 1), _first_of_month(first, 1)
    return _from_today(day, min(length, (end - day).days), today)


def _from_today(first: date, length: int, today: date) -> Found:
    """Without the days that are past."""
    begins = max(first, today)
    return Found((begins,), max(1, length - (begins - first).days))


_WHICH_WEEK = r"(?P<which>this |next |the |)week\b"
_WHICH_MONTH = r"(?P<which>this|next|the) month\b"
_NO_NAME = "january|february|september|october|november|december"
"""Months that nobody is called."""
Form = tuple[str, Meaning, tuple[str, ...]]
"""What it looks like, what it means, and what a text has to hold to be looked at for it: hints, or parts of words."""
SPANS: tuple[Form, ...] = (
    (
        rf"(?P<between>between )?(?P<from>{DAY_NAMES})\.? ?(?:-|to|thru|through|until|til|till|(?(between)and|-)) ?"
        rf"(?P<to>{DAY_NAMES})(?! (?:the )?[0-9]{{1,2}}(?:st|nd|rd|th))",
        _between_weekdays,
        (WEEKDAY,),
    ),
    (rf"{_PART}{_WHICH_WEEK}", _of_week, ("week",)),
    (rf"{_PART}{_WHICH_MONTH}", _of_month, ("month",)),
    (rf"{_PART}(?P<month>{MONTH_NAMES})\b(?! ?[0-9])", _of_month, (MONTH,)),
    (rf"(?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th) (?:of )?{_WHICH_MONTH}", _of_named_month, ("month", DIGIT)),
    (r"(?P<which>next|this) month", _whole_month, ("month",)),
    (rf"(?:the )?(?P<nth>{'|'.join(_NTH_WEEK)}) week (?:of|in) (?P<month>{MONTH_NAMES})", _nth_week, ("week", MONTH)),
    (rf"(?:the )?(?P<nth>{'|'.join(_NTH_WEEK)}) week (?:of|in) {_WHICH_MONTH}", _nth_week, ("week", "month")),
    (rf"last day (?:of|in) (?P<month>{MONTH_NAMES})", _last_day, ("last day", MONTH)),
    (rf"last day (?:of|in) {_WHICH_MONTH}", _last_day, ("last day", "month")),
    (
        rf"(?:in|during|not (?:until|till|before)) (?P<month>{MONTH_NAMES})\b(?! ?[0-9])",
        _whole_month,
        (MONTH,),
    ),
    (rf"(?<=^ )(?P<month>{_NO_NAME})(?=\W*$)", _whole_month, (MONTH,)),
    (
        rf"(?:(?:in|within|over|during|for) )?(?:the )?next (?P<count>few|{_NUMBER}) (?P<unit>days?|weeks?)",
        _next_days,
        ("next ",),
    ),
    (rf"within {COUNT} (?P<unit>days?|weeks?)", _next_days, ("within ",)),
    (r"in a (?P<count>few) (?P<unit>days)", _next_days, (" few ",)),
    (rf"in {COUNT} months?", _in_months, (" in ", "month")),
    (rf"{COUNT} months? from (?:now|today)", _in_months, ("month", " from ")),
    (
        r"in (?:[0-9]{1,2}|half an|an|a|one|two|three|four|a couple(?: of)?) (?:hours?|hrs?|minutes?|mins?)",
        _in_hours,
        (" in ",),
    ),
    (rf"(?P<weekday>{DAY_NAMES}),? in {COUNT} weeks?", _day_of_coming_week, (WEEKDAY, " in ", "week")),
    (rf"in {COUNT} weeks?,? on (?:a )?(?P<weekday>{DAY_NAMES})", _day_of_coming_week, (WEEKDAY, " in ", "week")),
    (rf"last (?P<weekday>{DAY_NAMES})\b(?! (?:in|of) )", _past, ("last ", WEEKDAY)),
    (r"(?:(?:on )?week ?ends|(?:any|a|on a|on|only) week ?end)", _weekends, ("week",)),
    (r"(?P<day>today|tomorrow) or the day after", _day_after, (" after",)),
)


def _begin_with(names: Collection[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted({name[:3] for name in names}))})")


_HINTS = {WEEKDAY: _begin_with(WEEKDAYS), MONTH: _begin_with(MONTHS), DIGIT: re.compile("[0-9]")}


class Hints:
    """What a text may hold: most hold no day and no number, and need not be looked at for each form of one."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._known: dict[str, bool] = {}

    def allow(self, needs: Sequence[str]) -> bool:
        """Whether all of these can be there."""
        for hint in needs:
            there = self._known.get(hint)
            if there is None:
                form = _HINTS.get(hint)
                there = self._known[hint] = bool(form.search(self._words)) if form else hint in self._words
            if not there:
                return False
        return True
