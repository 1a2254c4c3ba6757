"""One decision about one line: silent, flooded, normal, learning, too quiet to tell, or not known. Pure.

It says "silent" only where the line's own volume makes so long a silence rarer than about once a year by chance, and
"I don't know" where we were not there to count, or our clock jumped: that is no silence of the line's.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.watch import chances
from app.watch.baseline import HOUR_S, LEAST_DAYS, Profile

QUARTER_S: Final = 900
FALSE_A_YEAR: Final = 0.85
"""Silences by chance alone that are called an outage, per line and year, by the model's own reckoning."""
FALSE_FLOODS_A_YEAR: Final = 0.1
WEEKS_A_YEAR: Final = 365.2425 / 7
LOOKS_A_YEAR: Final = 2 * 4 * 24 * 365
"""Windows in which a flood is looked for."""
LEAST_FLOOD: Final = 12
FLOOD_TIMES: Final = 3.0
FLOOD_SPREAD: Final = 0.1
"""Calls come in bunches: a thunderstorm, an advertisement."""
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
class Verdict:
    """The decision. `expected` and `seen` are calls since `since`; `needed` how many must be expected to be certain.

    What was to come while nobody was counting is `uncounted`, and no part of `expected`: nobody knows whether it came.
    `log_chance` is the logarithm of the probability that chance alone did it, 0 where nothing is unusual.
    """

    state: State
    since: float
    expected: float = 0.0
    seen: int = 0
    needed: float = 0.0
    uncounted: float = 0.0
    log_chance: float = 0.0
    why: str = ""


def judged(profile: Profile, seen: Seen, watch: Watch, now: float, *, false_a_year: float = FALSE_A_YEAR) -> Verdict:
    """The one decision about a line, or about one channel of it."""
    if why := _blind(seen, watch, now):
        return Verdict(State.UNKNOWN, seen.last_at, why=why)
    if profile.learning:
        left = max(1, LEAST_DAYS - profile.days)
        return Verdict(State.LEARNING, seen.last_at, why=f"{left} more {'day' if left == 1 else 'days'} of counting")
    return _flood(profile, seen, now) or _silence(profile, seen, watch, now, false_a_year)


def needed(profile: Profile, false_a_year: float = FALSE_A_YEAR) -> float:
    """Calls that must be expected in a silence before it is certain.

    A year of n calls has n silences, so each may be taken for an outage with a chance of `false_a_year` / n.
    """
    calls = max(profile.a_week * WEEKS_A_YEAR, 2.0 * false_a_year)
    return chances.expected_for(math.log(false_a_year / calls), profile.spread)


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
    if verdict.state is State.FLOOD:
        return takes_s(profile, needed(profile), now)
    return takes_s(profile, verdict.needed - verdict.expected, now)


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
    spread = max(profile.spread, FLOOD_SPREAD)
    for window in seen.windows:
        if window.count < LEAST_FLOOD:
            continue
        usual = expected(profile, window.start, now, also_closed=True)
        if window.count < FLOOD_TIMES * usual:
            continue
        chance = chances.at_least(window.count, usual, spread)
        if chance < FALSE_FLOODS_A_YEAR / LOOKS_A_YEAR:
            log_chance = math.log(max(chance, 1e-300))
            return Verdict(State.FLOOD, window.start, usual, window.count, log_chance=log_chance)
    return None


def _silence(profile: Profile, seen: Seen, watch: Watch, now: float, false_a_year: float) -> Verdict:
    enough = needed(profile, false_a_year)
    start = max(seen.last_at, now - FURTHEST_S)
    whole = expected(profile, start, now)
    missed = _uncounted(profile, watch, start, now)
    counted = whole - missed
    chance = chances.log_of_none(counted, profile.spread)
    found = Verdict(State.NORMAL, seen.last_at, counted, needed=enough, uncounted=missed, log_chance=chance)
    if counted >= enough:
        return replace(found, state=State.SILENT)
    if whole >= enough:
        return replace(found, state=State.UNKNOWN, why="nobody was counting for part of the silence")
    if profile.a_week <= 0.0 or enough / (profile.a_week / 7) * 86_400 > QUIET_S:
        return replace(found, state=State.TOO_QUIET)
    return found


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
