"""Dates as people name them: `december 1`, `1st of december`, `the 15th`, `11/24`, `next month`.

Pure. Refuses nothing and guesses nothing: it tells every date that the words can be.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from app.booking.speech import MONTHS

_YEARS_TO_LEAP = 8
"""Years within which every day of a year comes again."""
_NUMBER = {
    word: number
    for number, name in enumerate(MONTHS, start=1)
    for word in (name.lower(), name[:3].lower(), *(("sept",) if name == "September" else ()))
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_NUMBER, key=len, reverse=True))})"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:(?:,? |-)(?P<year>20[0-9]{2}))?"
_WEEKDAY = r"mon(?:day)?|tue(?:s|sday)?|weds?|wednesday|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_BEFORE = rf"(?:on )?(?:(?P<weekday>{_WEEKDAY})\.?,? )?(?:the )?"
_IN_WORDS = (
    re.compile(rf"{_BEFORE}{_MONTH}\.?[ ,-]+(?:the )?{_DAY}{_YEAR}"),
    re.compile(rf"{_BEFORE}{_DAY}(?: of)?[ -]?{_MONTH}\.?{_YEAR}"),
)
_THE_NTH = re.compile(rf"{_BEFORE}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)(?: of (?P<which>this|next) month)?")
_IN_FIGURES = re.compile(
    rf"{_BEFORE}(?P<one>[0-9]{{1,2}})(?:/(?P<two>[0-9]{{1,2}})|"
    r"(?P<sep>[/.-])(?P<next>[0-9]{1,2})(?P=sep)(?P<year>20[0-9]{2})|[/](?P<third>[0-9]{1,2})/(?P<short>[0-9]{2}))"
)
_YEAR_FIRST = re.compile(r"(?P<year>20[0-9]{2})[/.](?P<month>[0-9]{1,2})[/.](?P<day>[0-9]{1,2})")
_WHOLE_MONTH = re.compile(
    rf"(?:(?:in|during|any ?time|sometime)(?: in)? )?(?:the )?(?:(?P<which>this|next|following) month|{_MONTH}{_YEAR})"
)


@dataclass(frozen=True, slots=True)
class Named:
    """Every date that the words can be, none where no calendar has it, and the weekday said with it, if any."""

    dates: tuple[date, ...]
    weekday: str | None = None


def date_named(words: str, since: date) -> Named | None:
    """What `words` (plain, in lower case) can be, without a year from `since` on; None where they name no date so."""
    for form in _IN_WORDS:
        if found := form.fullmatch(words):
            year = (int(found["year"]),) if found["year"] else range(since.year, since.year + _YEARS_TO_LEAP + 1)
            months = [(each, _NUMBER[found["month"]]) for each in year]
            return Named(_first(months, int(found["day"]), date.min if found["year"] else since), found["weekday"])
    if found := _THE_NTH.fullmatch(words):
        coming = _month_after(since)
        months = {"this": [_month(since)], "next": [coming]}.get(found["which"], [_month(since), coming])
        return Named(_first(months, int(found["day"]), date.min if found["which"] else since), found["weekday"])
    if found := _YEAR_FIRST.fullmatch(words):
        return Named(_first([(int(found["year"]), int(found["month"]))], int(found["day"]), date.min))
    if found := _IN_FIGURES.fullmatch(words):
        return Named(tuple(_of_figures(found, since)), found["weekday"])
    return None


def month_named(words: str, today: date) -> tuple[date, date] | None:
    """The first and the last day of the month that `words` name as a whole; None where they name none."""
    found = _WHOLE_MONTH.fullmatch(words)
    if found is None:
        return None
    year, month = _month(today) if found["which"] == "this" else _month_after(today)
    if found["month"]:
        month = _NUMBER[found["month"]]
        year = int(found["year"]) if found["year"] else today.year + (month < today.month)
    first = date(year, month, 1)
    return first, date(*_month_after(first), 1) - timedelta(days=1)


def _of_figures(found: re.Match[str], since: date) -> Iterator[date]:
    """Both orders of day and month, where there is such a month: nobody knows where the speaker comes from."""
    one, two = int(found["one"]), int(found["two"] or found["next"] or found["third"])
    given = found["year"] or (found["short"] and f"20{found['short']}")
    years = (int(given),) if given else range(since.year, since.year + _YEARS_TO_LEAP + 1)
    for month, day in dict.fromkeys([(one, two), (two, one)]):
        yield from _first([(year, month) for year in years], day, date.min if given else since)


def _first(months: list[tuple[int, int]], day: int, since: date) -> tuple[date, ...]:
    """The first such day in these months from `since` on, if there is one."""
    for year, month in months:
        with suppress(ValueError):
            if (found := date(year, month, day)) >= since:
                return (found,)
    return ()


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _month_after(day: date) -> tuple[int, int]:
    return day.year + day.month // 12, day.month % 12 + 1
