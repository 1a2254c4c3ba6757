"""What day the caller means: the agent's words for dates become days, or one sentence the agent can act upon.

Refuses to guess: what is past, too far away, contradictory or ambiguous is said back with today's date.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.booking.business import Business
from app.booking.named_dates import date_named, month_named
from app.booking.speech import MONTHS, WEEKDAYS, full_day, spoken_day
from app.booking.zones import today as today_in
from app.errors import Code, SaidError

_LONGEST_RANGE_DAYS = 31
_DAYS_WITHOUT_DATE = 7
_LONGEST_TEXT = 64
_CACHED_ANSWERS = 4096
_ONE_WEEK = timedelta(days=7)
_SPAN = re.compile(r".*[tT ]([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_WESTERNMOST, _EASTERNMOST = timedelta(hours=-12), timedelta(hours=14)
NOT_GIVEN = frozenset({"", "null", "none", "undefined", "n/a"})
"""What an agent sends when it has nothing to send, in lower case."""
SOONEST = frozenset(
    {
        "now", "soon", "asap", "as soon as possible", "as soon as you can", "right away", "immediately", "soonest",
        "any", "any day", "any time", "anytime", "whenever", "earliest", "first available", "next available",
    }
)  # fmt: skip
"""The same in words, in lower case."""
_DASHES = str.maketrans("\u2010\u2011\u2013\u2014", "----")
_PLAIN_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NAMED_WEEKDAY = re.compile(r"(?:(on|this|coming|this coming|next)\s+)?([a-z]+)")
_FROM_TODAY = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "day after tomorrow": 2,
    "the day after tomorrow": 2,
}
_WEEKDAY_NUMBER = {
    word: number
    for number, words in enumerate(
        (
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed", "weds"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        )
    )
    for word in words
}

_NAMED_WEEK = re.compile(
    rf"(?:(?:on )?(?P<weekday>{'|'.join(_WEEKDAY_NUMBER)}) (?:of )?)?(?:(?:in|during|any ?time|sometime|later) )?"
    r"(?:the )?(?:this|(?P<which>next|following)) (?:week|(?P<end>weekend))"
)
_SATURDAY, _SUNDAY = 5, 6
_SOME_OF_IT = re.compile(
    r"(?:(?:at|by|in|from|towards?) )?(?:the )?(?:very )?"
    r"(?:beginning|start|early|first half|second half|mid|middle|end|late|later|last days)(?: part)?"
    r"(?: in| of|-)? ?(?:the )?(.+)"
)


@dataclass(frozen=True, slots=True)
class Days:
    """Local days `first` to `last`, inclusive. `otherwise` is the same weekday a week later.

    It is set when a weekday word names today: today is meant if something is free, else that day.
    """

    first: date
    last: date
    otherwise: date | None = None


class NoDayError(SaidError):
    """What was given is no day that can be read, whatever it is."""


def resolve(business: Business, now: int, *, date: str | None, weekday: str | None, date_to: str | None) -> Days:
    """The days asked for, inside the booking window at `now` (epoch seconds).

    `date` and `date_to` are `YYYY-MM-DD` (with a time, if it must be), today, tomorrow or a weekday; `weekday` alone
    is a date, next to one it is checked against it. Without any, the next seven days. Raises `SaidError`
    (`invalid_arguments`, `past_date`, `outside_window`).
    """
    today = today_in(business.zone, now)
    return _resolve(business.zone, today, business.booking_window_days, (date, weekday, date_to))


# Callers ask for the same few days again and again; what is refused is not kept, so entries stay small.
@lru_cache(maxsize=_CACHED_ANSWERS)
def _resolve(zone: ZoneInfo, today: date, window_days: int, given: tuple[str | None, ...]) -> Days:
    reading = _Reading(zone, today, today + timedelta(days=window_days))
    date_text, weekday_text, to_text = (_given(text) for text in given)
    if date_text is None and weekday_text is None and to_text is None:
        return Days(reading.today, min(reading.today + timedelta(days=_DAYS_WITHOUT_DATE - 1), reading.window_end))
    if date_text and weekday_text and _NAMED_WEEK.fullmatch(date_text):
        date_text, weekday_text = f"{weekday_text} {date_text}", None
    first, last = reading.days("date" if date_text else "weekday", date_text or weekday_text or "today", reading.today)
    last = reading.days("date_to", to_text, first)[1] if to_text else last
    reading.refuse_past(first, last)
    reading.refuse_too_far(first)
    if date_text and weekday_text:
        if month_named(date_text, today):
            raise reading.which_one(weekday_text)
        reading.refuse_other_weekday(first, weekday_text)
    reading.refuse_range(first, last)
    otherwise = None
    if not to_text and first == reading.today and _is_bare_weekday(date_text or weekday_text):
        otherwise = first + _ONE_WEEK if first + _ONE_WEEK <= reading.window_end else None
    return Days(max(first, reading.today), min(last, reading.window_end), otherwise)


def plain(text: str) -> str:
    """The words in lower case, without what nobody sees or says."""
    if not text.isascii():
        text = "".join(char for char in text.translate(_DASHES) if char.isprintable() or char.isspace())
    return " ".join(text.split()).strip(" .,").lower()


def _given(text: str | None) -> str | None:
    """The words themselves; None for `NOT_GIVEN` and where any day would do."""
    if text is None:
        return None
    words = plain(text)
    return None if words in NOT_GIVEN or words in SOONEST or "{{" in words else words


def _is_bare_weekday(words: str | None) -> bool:
    return words is not None and words.removeprefix("on ") in _WEEKDAY_NUMBER


@dataclass(frozen=True, slots=True)
class _Reading:
    """One request being read, with the days that every answer is measured against."""

    zone: ZoneInfo
    today: date
    window_end: date

    def days(self, argument: str, words: str, not_before: date) -> tuple[date, date]:
        """The first and the last day that `words` name: of a week, which begins on Monday, or one day twice."""
        if argument != "weekday":
            if (long := self._long(words)) is not None:
                return max(long[0], self.today), long[1]
            some = _SOME_OF_IT.fullmatch(words)
            if some and (whole := self._long(some[1]) or self._long(f"this {some[1]}")):
                raise self._some_days(argument, *whole)
        day = self._day(argument, words, not_before)
        return day, day

    def _long(self, words: str) -> tuple[date, date] | None:
        """The first and the last day of a named week or month; one day of a named week twice; None for all else."""
        week = _NAMED_WEEK.fullmatch(words)
        if week is None:
            return month_named(words, self.today)
        monday = self.today - timedelta(days=self.today.weekday()) + (_ONE_WEEK if week["which"] else timedelta())
        weekday = _WEEKDAY_NUMBER.get(week["weekday"])
        if weekday is not None:
            return (monday + timedelta(days=weekday),) * 2
        first = monday + timedelta(days=_SATURDAY) if week["end"] else monday
        return first, monday + timedelta(days=_SUNDAY)

    def _day(self, argument: str, words: str, not_before: date) -> date:
        """The day `words` name; a weekday is the first one from `not_before` on."""
        if words in _FROM_TODAY:
            return self.today + timedelta(days=_FROM_TODAY[words])
        match = _NAMED_WEEKDAY.fullmatch(words)
        if match and match[2] in _WEEKDAY_NUMBER:
            return self._weekday(match[1], _WEEKDAY_NUMBER[match[2]], not_before)
        if argument == "weekday":
            raise self._refusal("The weekday must be an English weekday, like Tuesday.")
        return self._named_date(words, not_before) or self._calendar_date(argument, words)

    def _weekday(self, which: str | None, number: int, not_before: date) -> date:
        coming = _on_or_after(max(self.today, min(not_before, self.window_end)), number)
        if which != "next":
            return coming
        if coming == self.today:
            return coming + _ONE_WEEK
        name, later = WEEKDAYS[number], coming + _ONE_WEEK
        raise self._refusal(
            f"Next {name} could be {self._spoken(coming)} or {self._spoken(later)}. "
            f"Ask which one is meant and give the date, {coming} or {later}."
        )

    def _named_date(self, words: str, not_before: date) -> date | None:
        """The date that the words name, if they name one; said back where that is none, or one of two."""
        named = date_named(words, max(self.today, min(not_before, self.window_end)))
        if named is None:
            return None
        if not named.dates:
            raise self._refusal("There is no such day in the calendar. Ask for the date.")
        if len(named.dates) > 1:
            one, other = sorted(named.dates)
            raise self._refusal(
                f"{words} could be {self._spoken(one)} or {self._spoken(other)}. "
                f"Ask which one is meant and give the date, {one} or {other}."
            )
        if named.weekday:
            self.refuse_other_weekday(named.dates[0], named.weekday)
        return named.dates[0]

    def which_one(self, weekday: str) -> SaidError:
        """A weekday of a whole month is several days."""
        match = _NAMED_WEEKDAY.fullmatch(weekday)
        number = _WEEKDAY_NUMBER.get(match[2]) if match else None
        if number is None:
            return self._refusal("The weekday must be an English weekday, like Tuesday.")
        return self._refusal(f"A month has several of them. Ask which {WEEKDAYS[number]} is meant and give its date.")

    def _some_days(self, argument: str, first: date, last: date) -> SaidError:
        whole = f"The whole is {self._spoken(first)} ({first}) to {self._spoken(last)} ({last})."
        how = f"That can be several days. Ask which {'day' if argument == 'date_to' else 'days'} and give"
        what = "the last one as date_to" if argument == "date_to" else "the first as date and the last as date_to"
        return NoDayError(Code.INVALID_ARGUMENTS, f"{how} {what}. {whole} {self._today()}")

    def _calendar_date(self, argument: str, words: str) -> date:
        plain = _PLAIN_DATE.fullmatch(words)
        with suppress(ValueError, OverflowError):
            if plain:
                return date(int(plain[1]), int(plain[2]), int(plain[3]))
            if len(words) <= _LONGEST_TEXT:
                moment = iso_moment(words)
                local = moment if moment.tzinfo is None or is_bare_day(moment) else moment.astimezone(self.zone)
                return local.date()
        if plain and 1 <= int(plain[2]) <= len(MONTHS):
            raise self._refusal(f"There is no {MONTHS[int(plain[2]) - 1]} {int(plain[3])} in {int(plain[1])}.")
        how = f"The {argument} must be given as YYYY-MM-DD, or as today, tomorrow or a weekday. {self._today()}"
        raise NoDayError(Code.INVALID_ARGUMENTS, how)

    def refuse_past(self, first: date, last: date) -> None:
        """A range that began in the past and is not over yet is cut at today; anything else that is past is refused."""
        too_long = last - first > timedelta(days=_LONGEST_RANGE_DAYS)
        if last >= self.today and (first >= self.today or not too_long):
            return
        past = first if first < self.today else last
        meant = self._same_day_ahead(past)
        hint = f" Did you mean {full_day(meant)} ({meant})?" if meant else ""
        raise SaidError(Code.PAST_DATE, f"{full_day(past)} is in the past. {self._today()}{hint}")

    def refuse_too_far(self, first: date) -> None:
        """A range that begins inside the booking window is cut at its end; one that begins behind it is refused."""
        if first > self.window_end:
            raise SaidError(
                Code.OUTSIDE_WINDOW,
                f"{full_day(first)} is too far ahead. The last day that can be booked is {self._last_day()}. "
                f"{self._today()}",
            )

    def refuse_other_weekday(self, day: date, words: str) -> None:
        """The weekday said next to a date has to be that date's own."""
        match = _NAMED_WEEKDAY.fullmatch(words)
        number = _WEEKDAY_NUMBER.get(match[2]) if match else None
        if number is None:
            raise self._refusal("The weekday must be an English weekday, like Tuesday.")
        if number == day.weekday():
            return
        nearest = _on_or_after(max(day - timedelta(days=3), self.today), number)
        if nearest > self.window_end and nearest - _ONE_WEEK >= self.today:
            nearest -= _ONE_WEEK  # what cannot be booked leads nowhere
        leads = f"The {WEEKDAYS[number]} nearest to it is {full_day(nearest)} ({nearest})."
        if nearest > self.window_end:  # which is less than a week away
            leads = f"No {WEEKDAYS[number]} can be booked yet: the last day is {self._last_day()}."
        raise self._refusal(
            f"{full_day(day).partition(', ')[2]} is a {WEEKDAYS[day.weekday()]}, not a {WEEKDAYS[number]}. {leads}"
        )

    def refuse_range(self, first: date, last: date) -> None:
        """Not backwards and not too long."""
        if last < first:
            raise self._refusal(f"The date_to, {full_day(last)}, is before the date, {full_day(first)}.")
        if last - first > timedelta(days=_LONGEST_RANGE_DAYS):
            raise self._refusal(f"The date_to can be at most {_LONGEST_RANGE_DAYS} days after the date.")

    def _same_day_ahead(self, day: date) -> date | None:
        """The same month and day in this year or the next, if it can be booked."""
        for year in (self.today.year, self.today.year + 1):
            try:
                meant = day.replace(year=year)
            except ValueError:
                continue
            if self.today <= meant <= self.window_end:
                return meant
        return None

    def _spoken(self, day: date) -> str:
        return spoken_day(day, self.today)

    def _last_day(self) -> str:
        return f"{full_day(self.window_end)} ({self.window_end})"

    def _today(self) -> str:
        return f"Today is {full_day(self.today)}."

    def _refusal(self, sentence: str) -> SaidError:
        return SaidError(Code.INVALID_ARGUMENTS, f"{sentence} {self._today()}")


def iso_moment(words: str) -> datetime:
    """A date in ISO form, with a time or without. Raises `ValueError`, also where what looks like an offset is more
    likely the end of a span, as in `09:00-11:00`, or is one that no clock on earth has.
    """
    span = _SPAN.fullmatch(words)
    moment = datetime.fromisoformat(words.upper())
    offset = moment.utcoffset()
    if (span and span[1] < span[2]) or (offset is not None and not _WESTERNMOST < offset <= _EASTERNMOST):
        raise ValueError("no such offset")
    return moment


def is_bare_day(moment: datetime) -> bool:
    """Whether it is midnight in UTC: how JavaScript writes a day without a time; hardly ever a time that was meant."""
    return moment.utcoffset() == timedelta(0) and moment.time() == time.min


def _on_or_after(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)
