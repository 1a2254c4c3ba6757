"""One decision about one line: silent, flooded, normal, learning, too quiet to tell, or not known. Pure.

It says "silent" only where the line's own volume makes such a silence so rare that chance does it about once a year.
There are two kinds: a time between two calls, of which a year has as many as calls, and a day on which nothing has come
yet, of which it has few, so that fewer calls need to be missing. It says "I don't know" where we were not there to
count, or our clock jumped: that is no silence of the line's.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.watch import chances
from app.watch.baseline import HOUR_S, LEAST_DAYS, Profile, day_starts, local_hour

QUARTER_S: Final = 900
FALSE_A_YEAR: Final = 0.3
"""Times between two calls that chance alone makes and that are called an outage, per line and year."""
BUSY_A_DAY: Final = 18.0
MORE_FALSE: Final = 0.5
"""So many more a year for each call a day beyond `BUSY_A_DAY`: an hour unnoticed costs a busier line more callers."""
MOST_FALSE_A_YEAR: Final = 2.0
FALSE_DAYS: Final = 1 / 330
"""Of a line's days, those that chance alone leaves still for so long that it is called an outage."""
SHARE_OF_DAY: Final = 0.42
"""Of a day's calls, those to be expected before its stillness says anything. At fourteen a day that is as much as
`FALSE_DAYS` asks for; on a busier day it asks for more, and the time since the last call is soon certain by itself."""
FALSE_FLOODS_A_YEAR: Final = 0.1
WEEKS_A_YEAR: Final = 365.2425 / 7
LOOKS_A_YEAR: Final = 2 * 4 * 24 * 365
"""Windows in which a flood is looked for."""
LEAST_FLOOD: Final = 12
FLOOD_TIMES: Final = 3.0
FLOOD_SPREAD: Final = 0.1
"""Beyond the bunches of one caller: a thunderstorm, an advertisement."""
QUIET_S: Final = 3 * 86_400.0
"""A line whose silence takes longer than this to be certain is too quiet to tell."""
FURTHEST_S: Final = 28 * 86_400
UNWATCHED_S: Final = 600.0
"""Nobody has looked for so long: whoever asks is told that, and not what was."""
AHEAD_S: Final = 120.0
"""A call noted so far in the future says that a clock jumped."""


class State(StrEnum):
    """What can be said of a line now."""

    SILENT = "silent"
    FLOOD = "flood"
    UNKNOWN = "unknown"
    NORMAL = "normal"
    TOO_QUIET = "too_quiet"
    LEARNING = "learning"


FIRST: Final = tuple(State)
"""Of two channels of one line, the state that comes first here is the line's."""


@dataclass(frozen=True, slots=True)
class Window:
    """Calls counted from `start` until now."""

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What came lately. `last_at` is the newest call's moment, or that of the line's beginning where none came."""

    last_at: float
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether we were there: quarters of an hour in which nobody looked, sorted, and when somebody last did."""

    until: float
    unseen: Sequence[int] = ()
    jumped: bool = False
    """Whether the wall clock has just moved by other than time."""


@dataclass(frozen=True, slots=True)
class Still:
    """A day that began without a call: how many were expected by now, or its end, and how many make it certain."""

    begins: int
    expected: float
    needed: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `expected` and `seen` are calls since `since`; `needed` how many must be expected to be certain.

    `still` is the day that makes a silence certain, or today as long as nothing has come. What was to come while nobody
    was counting is `uncounted`, and no part of `expected`: nobody knows whether it came. `share` is of the line's false
    alarms. `log_chance` is the logarithm of the probability that chance did it, 0 where nothing is unusual.
    """

    state: State
    since: float
    expected: float = 0.0
    seen: int = 0
    needed: float = 0.0
    uncounted: float = 0.0
    still: Still | None = None
    share: float = 1.0
    log_chance: float = 0.0
    why: str = ""


def judged(profile: Profile, seen: Seen, watch: Watch, now: float, *, share: float = 1.0) -> Verdict:
    """The one decision about a line, or about one channel of it, which may make `share` of its false alarms."""
    if why := _blind(seen, watch, now):
        return Verdict(State.UNKNOWN, seen.last_at, why=why)
    if profile.learning:
        left = max(1, LEAST_DAYS - profile.days)
        return Verdict(State.LEARNING, seen.last_at, why=f"{left} more {'day' if left == 1 else 'days'} of counting")
    flood = _flood(profile, seen, now)
    return replace(flood or _silence(profile, seen, watch, now, share), share=share)


def needed(profile: Profile, share: float = 1.0) -> float:
    """Calls that must be expected since the last one before a silence is certain.

    A year of n bunches of calls has n such times, so each may be taken for an outage with a chance of the allowed
    number / n.
    """
    false = share * _false_between_calls(profile)
    causes = max(profile.a_week * WEEKS_A_YEAR / profile.bunch, 2.0 * false)
    return profile.bunch * chances.expected_for(math.log(false / causes), profile.spread)


def needed_on(profile: Profile, weekday: int, share: float = 1.0) -> float:
    """Calls that must be expected since the beginning of such a day, nothing having come, before that is certain."""
    rare = profile.bunch * chances.expected_for(math.log(FALSE_DAYS * share), profile.spread)
    return max(rare, SHARE_OF_DAY * profile.a_day(weekday))


def false_a_year(profile: Profile) -> float:
    """Silences by chance alone that are called an outage on such a line in a year, by the model's own reckoning."""
    days = [needed_on(profile, weekday) for weekday in range(7) if _tells(profile, weekday, 1.0)]
    still = math.fsum(math.exp(_log_of_none(profile, enough)) for enough in days)
    return _false_between_calls(profile) + WEEKS_A_YEAR * still


def takes_s(profile: Profile, calls: float, now: float) -> float | None:
    """How long from now until so many calls would have been expected; None beyond four weeks."""
    left, at, end = calls, now, now + FURTHEST_S
    if left <= 0.0:
        return 0.0
    while at < end:
        until = (at // HOUR_S + 1) * HOUR_S
        rate = profile.rate(int(at))
        if rate * (until - at) >= left * HOUR_S:
            return at + left * HOUR_S / rate - now
        left -= rate * (until - at) / HOUR_S
        at = until
    return None


def certain_in_s(profile: Profile, verdict: Verdict, now: float) -> float | None:
    """How long it takes from now until a silence that goes on is certain; None where it never is, or not known."""
    if profile.learning or verdict.state is State.UNKNOWN:
        return None
    if verdict.state is State.SILENT:
        return 0.0
    left = needed(profile, verdict.share)
    if verdict.state is not State.FLOOD:
        left -= verdict.expected
    between = takes_s(profile, left, now)
    latest = now + (FURTHEST_S if between is None else between)
    still = _still_at(profile, verdict, now, latest)
    return between if still is None else still - now


def expected(profile: Profile, start: float, end: float, *, also_closed: bool = False) -> float:
    """Calls expected between two moments."""
    total, at = 0.0, start
    while at < end:
        until = min(end, (at // HOUR_S + 1) * HOUR_S)
        total += profile.rate(int(at), also_closed=also_closed) * (until - at) / HOUR_S
        at = until
    return total


def first(verdicts: Collection[Verdict]) -> Verdict:
    """What stands for a line of several channels."""
    return min(verdicts, key=lambda verdict: FIRST.index(verdict.state))


def _blind(seen: Seen, watch: Watch, now: float) -> str:
    """Why nothing can be said; empty where something can."""
    if watch.jumped or seen.last_at > now + AHEAD_S or watch.until > now + AHEAD_S:
        return "our clock jumped"
    if now - watch.until > UNWATCHED_S:
        return "nobody has been counting"
    return ""


def _flood(profile: Profile, seen: Seen, now: float) -> Verdict | None:
    spread, at_once = max(profile.spread, FLOOD_SPREAD), 1.0 + 3.0 * (profile.bunch - 1.0)
    for window in seen.windows:
        if window.count < LEAST_FLOOD:
            continue
        usual = expected(profile, window.start, now, also_closed=True)
        if window.count < FLOOD_TIMES * usual:
            continue
        chance = chances.at_least(int(window.count / at_once), usual / at_once, spread)
        if chance < FALSE_FLOODS_A_YEAR / LOOKS_A_YEAR:
            log_chance = math.log(max(chance, 1e-300))
            return Verdict(State.FLOOD, window.start, usual, window.count, log_chance=log_chance)
    return None


def _silence(profile: Profile, seen: Seen, watch: Watch, now: float, share: float) -> Verdict:
    enough = needed(profile, share)
    start = max(seen.last_at, now - FURTHEST_S)
    whole = expected(profile, start, now)
    missed = _uncounted(profile, watch, start, now)
    counted = whole - missed
    chance = _log_of_none(profile, counted)
    found = Verdict(State.NORMAL, seen.last_at, counted, needed=enough, uncounted=missed, log_chance=chance)
    if counted >= enough:
        return replace(found, state=State.SILENT)
    still, unsure = _still(profile, watch, start, now, share)
    if still and still.expected >= still.needed:
        chance = _log_of_none(profile, still.expected)
        return replace(found, state=State.SILENT, still=still, log_chance=chance)
    if whole >= enough or unsure:
        return replace(found, state=State.UNKNOWN, why="nobody was counting for part of the silence")
    if profile.a_week <= 0.0 or enough / (profile.a_week / 7) * 86_400 > QUIET_S:
        return replace(found, state=State.TOO_QUIET, still=still)
    return replace(found, still=still)


def _still(profile: Profile, watch: Watch, start: float, now: float, share: float) -> tuple[Still | None, bool]:
    """The first day after the last call that was still for long enough, else today; and whether one may have been."""
    zone, unsure, found = profile.zone, False, None
    today, day = _day(zone, now), _day(zone, start)
    while day < today:
        day += timedelta(days=1)
        if not _tells(profile, day.weekday(), share):
            continue
        begins, ends = day_starts(zone, day), min(now, day_starts(zone, day + timedelta(days=1)))
        whole = expected(profile, begins, ends)
        enough = needed_on(profile, day.weekday(), share)
        counted = whole - _uncounted(profile, watch, begins, ends)
        found = Still(begins, counted, enough) if day == today or counted >= enough else None
        if counted >= enough:
            break
        unsure = unsure or whole >= enough
    return found, unsure


def _still_at(profile: Profile, verdict: Verdict, now: float, latest: float) -> float | None:
    """When a day will have been still for long enough, if that is before `latest`."""
    day, begins, so_far = _day(profile.zone, now), now, verdict.still.expected if verdict.still else None
    while begins < latest:
        ends = day_starts(profile.zone, day + timedelta(days=1))
        if so_far is not None and _tells(profile, day.weekday(), verdict.share):
            wait = takes_s(profile, needed_on(profile, day.weekday(), verdict.share) - so_far, begins)
            if wait is not None and begins + wait < min(ends, latest):
                return begins + wait
        day, begins, so_far = day + timedelta(days=1), float(ends), 0.0
    return None


def _tells(profile: Profile, weekday: int, share: float) -> bool:
    """Whether such a day has calls enough for its stillness to say something."""
    return profile.a_day(weekday) > -math.log(FALSE_DAYS * share) * profile.bunch


def _log_of_none(profile: Profile, calls: float) -> float:
    """The logarithm of the probability that nothing comes where so many calls are expected."""
    return chances.log_of_none(calls / profile.bunch, profile.spread)


def _false_between_calls(profile: Profile) -> float:
    more = MORE_FALSE * max(0.0, profile.a_week / 7 - BUSY_A_DAY)
    return min(FALSE_A_YEAR + more, MOST_FALSE_A_YEAR)


def _day(zone: ZoneInfo, moment: float) -> date:
    return local_hour(zone, int(moment) // HOUR_S * HOUR_S)[0]


def _uncounted(profile: Profile, watch: Watch, start: float, end: float) -> float:
    """Calls expected while nobody was counting; quarters that follow one another are one stretch."""
    first, last = bisect_right(watch.unseen, start - QUARTER_S), bisect_left(watch.unseen, end)
    missed, begins, ends = 0.0, start, start
    for quarter in watch.unseen[first:last]:
        if quarter > ends:
            missed += expected(profile, begins, ends)
            begins = float(quarter)
        ends = min(end, quarter + QUARTER_S)
    return missed + expected(profile, begins, ends)
