"""Holidays that people name instead of a date, as the dates they are: "christmas eve", "the day after thanksgiving".

Those of the United States. Only what falls on one day by a rule is one: "after the holidays" has to be asked about.
Pure.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

from app.sms.day_names import WEEKDAYS

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MONDAY, _THURSDAY = 0, 3
_TWO_YEARS = 2
_COUNTS = {"a": 1, "one": 1, "two": 2, "a couple of": 2, "a couple": 2, "three": 3, "four": 4, "five": 5}
_ENDS = r"(?:[’']?s)?"
"""`new years`, `new year's`."""


def _on(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _nth(month: int, weekday: int, nth: int) -> Callable[[int], date]:
    """The nth such weekday of a month, Monday is 0."""
    return lambda year: _next(date(year, month, 1), weekday) + (nth - 1) * _WEEK


def _next(day: date, weekday: int) -> date:
    """The first such weekday from this day on."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian rule (Nature, 20 April 1876)."""
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * (year % 19) + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _days_from(holiday: Callable[[int], date], days: int) -> Callable[[int], date]:
    return lambda year: holiday(year) + timedelta(days=days)


_THANKSGIVING = _nth(11, _THURSDAY, 4)
_CHRISTMAS = r"(?:christmas|x-?mas|xmas)"
_HOLIDAYS: tuple[tuple[str, Callable[[int], date]], ...] = (
    (rf"{_CHRISTMAS} eve|nochebuena", _on(12, 24)),
    (rf"{_CHRISTMAS}(?: day)?|navidad", _on(12, 25)),
    (r"boxing day", _on(12, 26)),
    (rf"new year{_ENDS} eve|(?:(?<=on )|(?<=for )|(?<=fore )|(?<=after ))nye|nochevieja", _on(12, 31)),
    (rf"new year{_ENDS} day|new year[’']?s", _on(1, 1)),
    (r"black friday", _days_from(_THANKSGIVING, 1)),
    (r"cyber monday", _days_from(_THANKSGIVING, 4)),
    (r"(?:thanksgiving|turkey day)(?: day)?", _THANKSGIVING),
    (r"(?:mlk|martin luther king)(?: jr\.?)?(?: day)?", _nth(1, _MONDAY, 3)),
    (r"valentine[’']?s(?: day)?|valentine day", _on(2, 14)),
    (r"president[’']?s[’']? day", _nth(2, _MONDAY, 3)),
    (r"easter monday", _days_from(_easter, 1)),
    (r"easter(?: sunday)?", _easter),
    (rf"mother{_ENDS} day", _nth(5, 6, 2)),
    (r"memorial day", lambda year: date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())),
    (r"juneteenth", _on(6, 19)),
    (rf"father{_ENDS} day", _nth(6, 6, 3)),
    (r"independence day", _on(7, 4)),
    (r"labou?r day", _nth(9, _MONDAY, 1)),
    (r"columbus day|indigenous people[’']?s[’']? day", _nth(10, _MONDAY, 2)),
    (r"halloween", _on(10, 31)),
    (r"veteran[’']?s[’']? day", _on(11, 11)),
)
_FORMS = tuple(re.compile(name) for name, _ in _HOLIDAYS)
_ANY = re.compile(
    rf"\b(?P<name>{'|'.join(name for name, _ in _HOLIDAYS)})(?![\w-])(?P<week>(?:'s)? week\b(?! ?end))?"
    r"(?! (?:week ?ends?|season|break|holidays?|vacation|lights?|trees?|decorations?|part(?:y|ies)|presents?|gifts?|"
    r"dinner|lunch|shopping|eggs?|bunny|time|special|sales?|deals?|discount)\b)"
)
"""What is named for a day and is none: "christmas lights", "the labor day sale"."""
_FROM = re.compile(
    rf"\b(?:(?:the )?(?P<weekday>{'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})\.?|"
    rf"(?:the )?(?P<week>week)|"
    rf"(?<![0-9]-)(?P<count>[1-9]|{'|'.join(sorted(_COUNTS, key=len, reverse=True))}) (?:the )?days?|"
    r"(?<!any )(?<!some )(?<!every )(?<!each )(?<!which )(?<!what )(?:the )?day) "
    r"(?P<way>after|before|following) $"
)
"""Before a holiday: how far from it."""
_UNCLEAR = re.compile(r"\b(?:week ?end|weeks|days) (?:after|before|of|following) $")
_NO_DAY_OF_THEIRS = re.compile(
    r"\b(?:since|last|(?:guests?|family|company|visitors?|people|friends|in-laws|parents|relatives|everyone|ready|over|"
    r"coming|town|visiting|hosting|cooking)(?: [a-z]+){0,2} for|hosting|cooking) (?:the )?$"
)
"""Before a holiday that is named for what was then, or for what the house has to be ready for."""
_BETWEEN_YEARS = re.compile(rf"\b(?:in )?between {_CHRISTMAS} and (?:the )?new year[’']?s?(?: (?:eve|day))?\b")
_HINTS = (
    *("mas", "nochebuena", "navidad", "boxing", "new year", "nye", "nochevieja", "black fri", "cyber", "thanksgiving"),
    *("turkey", "mlk", "luther", "valentine", "president", "easter", "mother", "memorial", "juneteenth"),
    *("father", "independence", "labor", "labour", "columbus", "indigenous", "halloween", "veteran"),
)


def in_dates(words: str, today: date) -> str:
    """`words` (lower case) with every holiday as the date of the coming one: "the day after 2026-11-26" as one date."""
    if not any(hint in words for hint in _HINTS):
        return words
    words = _BETWEEN_YEARS.sub("after christmas", words)
    done, at = "", 0
    for match in _ANY.finditer(words):
        before = words[at : match.start()]
        from_it = None if match["week"] else _FROM.search(before)
        if _NO_DAY_OF_THEIRS.search(before) or (from_it is None and _UNCLEAR.search(before)):
            continue  # which days "the weekend before" is, nobody agrees on
        before = before[: from_it.start()] if from_it else before
        week = match["week"] or (from_it and from_it["week"])
        done += f"{before}{'week of ' if week else ''}{_coming(match, from_it, today).isoformat()}"
        at = match.end()
    return done + words[at:]


def _coming(match: re.Match[str], from_it: re.Match[str] | None, today: date) -> date:
    """The next one, or the next day that is so far from one."""
    rule = next(
        rule
        for form, (_, rule) in zip(_FORMS, _HOLIDAYS, strict=True)
        if form.fullmatch(match.string, *match.span("name"))
    )
    days = (_moved(rule(year), from_it) for year in range(today.year, today.year + _TWO_YEARS + 1))
    return next(day for day in days if day >= today)


def _moved(day: date, from_it: re.Match[str] | None) -> date:
    """The day that is so far from this one."""
    if from_it is None:
        return day
    back = from_it["way"] == "before"
    if from_it["weekday"]:
        weekday = WEEKDAYS[from_it["weekday"]]
        return _next(day - _WEEK, weekday) if back else _next(day + _DAY, weekday)
    if from_it["week"]:
        return day - _WEEK if back else day + _WEEK
    count = from_it["count"] or "a"
    days = timedelta(days=_COUNTS.get(count) or int(count))
    return day - days if back else day + days
