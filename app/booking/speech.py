"""Days and times in words that an agent can say aloud, and in the form that machines read.

English only, on purpose: it never asks the operating system's locale.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from app.booking.availability import Opening
from app.booking.business import Business
from app.booking.zones import DAY_S
from app.booking.zones import today as today_in

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_CACHED_TIMES = 16_384


def spoken_day(day: date, today: date | None = None) -> str:
    """`Tuesday, November 24`, with the year when `today` is given and in another one."""
    return _plain_day(day) if today is None or today.year == day.year else full_day(day)


def full_day(day: date) -> str:
    """`Tuesday, November 24, 2026`."""
    return f"{_plain_day(day)}, {day.year}"


def spoken_time(start: int, zone: ZoneInfo, now: int | None = None) -> str:
    """`Tuesday, November 24 at 2:30 PM`; the year as in `spoken_day`. Says which one of a repeated hour it is."""
    day, words = _words(start, zone)
    return f"{spoken_day(day, None if now is None else today_in(zone, now))} at {words}"


def spoken_clock(start: int, zone: ZoneInfo) -> str:
    """`2:30 PM`; says which one of a repeated hour it is."""
    return _words(start, zone)[1]


def spoken_end(end: int, zone: ZoneInfo) -> str:
    """As `spoken_clock`, of when something is over: `midnight` is the end of the day before."""
    (day, words), (last, _) = _words(end, zone), _words(end - 1, zone)
    return words if day == last else "midnight"


def offer(
    service_name: str, openings: Sequence[Opening], business: Business, technicians_named: bool, now: int | None = None
) -> str:
    """The sentence that offers `openings` (at least one, sorted by start), with names of technicians if wanted."""
    names = {t.id: t.name for t in business.technicians} if technicians_named else {}
    everybody = {names.get(opening.technician, "") for opening in openings}
    # One name for all is said once.
    only = next(iter(everybody)) if len(everybody) == 1 else ""
    times = [(*_words(o.start, business.zone), "" if only else names.get(o.technician, "")) for o in openings]
    who = f" with {only}" if only else ""
    return f"For {service_name}{who} I can offer {_by_day(times, business.zone, now)}."


def none_left(
    first: date, last: date, next_open_days: Sequence[date], today: date | None = None, narrowed: str = ""
) -> str:
    """The sentence for days `first` to `last` without any opening, with the next days worth asking about.

    `narrowed`: what else was asked for, as in `in the evening with Lee`; all that is said is then about such times.
    """
    asked = _asked(first, last, today, narrowed)
    if not next_open_days:
        later = "nor on any later day that is open" if narrowed else "and no later day is open"
        return f"There is nothing free {asked}, {later} for booking yet."
    # Semicolons, because the days have commas of their own.
    days = joined([spoken_day(day, today) for day in next_open_days], "and", "; ")
    what, verb = ("day", "is") if len(next_open_days) == 1 else ("days", "are")
    following = f"next {what} with such times" if narrowed else f"next open {what}"
    return f"There is nothing free {asked}. The {following} {verb} {days}."


def none_seen(first: date, last: date, today: date | None = None, narrowed: str = "") -> str:
    """As `none_left`, when it is not known what the days after it have."""
    asked = _asked(first, last, today, narrowed)
    return f"There is nothing free {asked}, and I can't see yet which later days are open."


def not_then(when: tuple[int, int | None], first: date, last: date, today: date, narrowed: str, *, later: bool) -> str:
    """The sentence, to be followed by an offer, that says the hour asked for cannot be had, nor a `later` one.

    `when` is from and before when, in seconds since midnight; the latter is None where it was not said.
    """
    (start, end), asked = when, _asked(first, last, today, narrowed)
    hour = _clock(start // 3600, start // 60 % 60)
    if end is None:
        return f"I can't offer {hour}{' or later' if later else ''} {asked}. "
    until = "midnight" if end == DAY_S else _clock(end // 3600, end // 60 % 60)
    return f"I can't offer a time {f'between {hour} and' if start else 'before'} {until} {asked}. "


def elsewhere(moment: datetime, zone: ZoneInfo, now: int) -> str:
    """The sentence, to follow an offer, that says what a time with another zone is on the clocks of this one."""
    here = spoken_time(int(moment.timestamp()), zone, now)
    return f" {_clock(moment.hour, moment.minute)} {moment.tzname()} is {here} here."


@lru_cache(maxsize=_CACHED_TIMES)
def local_iso(start: int, zone: ZoneInfo) -> str:
    """RFC 3339 with the zone's offset: `2026-11-24T14:30:00-06:00`."""
    return datetime.fromtimestamp(start, zone).isoformat()


def spell(reference: str) -> str:
    """A reference one character at a time: `K 7 Q M 2 X`."""
    return " ".join(reference)


def _asked(first: date, last: date, today: date | None, narrowed: str) -> str:
    day = spoken_day(first, today)
    days = f"on {day}" if first == last else f"from {day} to {spoken_day(last, today)}"
    return f"{narrowed} {days}".strip()


def _by_day(times: Sequence[tuple[date, str, str]], zone: ZoneInfo, now: int | None) -> str:
    today = None if now is None else today_in(zone, now)
    days = []
    for day, group in groupby(times, key=lambda time: time[0]):
        clock = [f"{words} with {who}" if who else words for _, words, who in group]
        days.append(f"{spoken_day(day, today)} at {joined(clock, 'or')}")
    return "; ".join(days)


@lru_cache(maxsize=_CACHED_TIMES)
def _plain_day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}"


@lru_cache(maxsize=_CACHED_TIMES)
def _words(start: int, zone: ZoneInfo) -> tuple[date, str]:
    """The local day of `start`, and the time of day in words."""
    local = datetime.fromtimestamp(start, zone)
    clock = f"{local.hour % 12 or 12}:{local.minute:02d}"
    words = _clock(local.hour, local.minute)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        # Said by the clock change, not as daylight or standard time: those names are not true in every zone.
        which = f"second {clock}, after" if local.fold else f"first {clock}, before"
        words = f"{words} (the {which} the clocks go back)"
    return local.date(), words


def _clock(hour: int, minute: int) -> str:
    return f"{hour % 12 or 12}:{minute:02d} {'AM' if hour < 12 else 'PM'}"


def joined(words: Sequence[str], last: str, between: str = ", ") -> str:
    """`a, b or c` for `last` = `or`."""
    return words[0] if len(words) == 1 else f"{between.join(words[:-1])} {last} {words[-1]}"
