"""A made-up year of one line: seasons, closed days, rushes, and the outages and floods that stand in its history.

What was usual is known here, as nobody knows it of a real line: so it can be said what the best judge would see.
"""

import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.watch.baseline import HOUR_S, History, Profile, day_starts, learned, local_hour
from app.watch.judgement import QUARTER_S, Seen, Window

ZONE: Final = ZoneInfo("America/Chicago")
BEGINS: Final = date(2026, 1, 5)
OPENS, CLOSES = 8, 17
WEIGHTS: Final = (0.1, 0.1, 0.05, 0.05, 0.1, 0.2, 0.5, 1.5, 7, 9, 8.5, 7, 5, 6, 6, 5, 4, 2, 1, 0.8, 0.6, 0.4, 0.2, 0.1)
"""Calls over the hours of a day: a pest control office's, most in the morning."""
SATURDAY, SUNDAY = 0.25, 0.06
IN_HOURS: Final = math.fsum(WEIGHTS[OPENS:CLOSES]) / math.fsum(WEIGHTS)
"""The share of a day's calls that comes while the office is open."""
SEASON: Final = 0.35
DAY_TO_DAY: Final = 0.1
"""By how much days differ beyond chance: one standard deviation of the day's own rate."""
AGAIN_AFTER_S: Final = 240.0
ON_HOLIDAYS: Final = 0.03
HOLIDAYS: Final = frozenset(
    date(2026, month, day) for month, day in ((1, 19), (5, 25), (7, 3), (9, 7), (11, 26), (11, 27), (12, 24), (12, 25))
) | {date(2027, 1, 1)}

OUTAGES_A_YEAR, FLOODS_A_YEAR = 8, 4
OUTAGE_H: Final = (1.0, 48.0)
FLOOD_H: Final = (0.5, 24.0)
"""Shortest and longest, all lengths between alike likely on a scale of doublings."""
PARTIAL: Final = 0.3
"""The share of outages in which some calls still come."""
STILL_COMES: Final = (0.1, 0.5)
"""The share of calls that comes in such an outage."""
FLOOD_TIMES: Final = (5.0, 20.0)
"""Calls on top of the usual ones, in times of those."""
APART_S: Final = 2 * 86_400.0
FIRST_DAY: Final = 3
"""The learning is no calmer than the rest of the year."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An outage or a flood: epoch seconds, and how many times the usual calls come meanwhile, 0 in a total outage."""

    begins: float
    ends: float
    times: float

    @property
    def is_flood(self) -> bool:
        """Whether more comes than usual."""
        return self.times > 1.0


@dataclass(slots=True)
class Line:
    """One line's year: the moments of its calls, what it had learned by each morning, and its hourly counts."""

    calls: list[float] = field(default_factory=list)
    profiles: dict[date, Profile] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)
    levels: list[float] = field(default_factory=list)
    """Calls to be expected on each day: the truth, but for what makes days of a kind differ."""
    troubles: Sequence[Trouble] = ()

    def profile(self, day: date) -> Profile:
        """What the line has learned by the morning of a day."""
        if day not in self.profiles:
            history = History(self.counts, day_starts(ZONE, BEGINS))
            self.profiles[day] = learned(history, ZONE, HOLIDAYS, day)
        return self.profiles[day]

    def before(self, moment: float) -> float:
        """The last call before a moment, or the line's beginning."""
        place = bisect_right(self.calls, moment)
        return self.calls[place - 1] if place else float(day_starts(ZONE, BEGINS))

    def seen(self, now: float) -> Seen:
        """What has come by a moment."""
        place = bisect_right(self.calls, now)
        quarter = int(now) // QUARTER_S * QUARTER_S
        starts = (quarter - QUARTER_S, quarter - 4 * QUARTER_S)
        windows = tuple(Window(start, place - bisect_right(self.calls, start)) for start in starts)
        return Seen(self.before(now), windows)

    def rate(self, moment: float) -> float:
        """Calls an hour that are to be expected at a moment: the truth."""
        day, _, hour = local_hour(ZONE, int(moment) // HOUR_S * HOUR_S)
        number = (day - BEGINS).days
        return self.levels[number] * WEIGHTS[hour] / math.fsum(WEIGHTS) if number < len(self.levels) else 0.0


def made(chance: random.Random, a_day: float, days: int, again: float = 0.0, bad: random.Random | None = None) -> Line:
    """A line's calls; `a_day` is the average over all days of its week, and working days have more.

    `again`: how likely each call is to be followed, minutes later, by another of the same caller. `bad`: what chance
    strikes the line with outages and floods; without it the year is a quiet one, of the same calls.
    """
    line, phase = Line(), chance.uniform(0.0, math.tau)
    for number in range(days):
        day = BEGINS + timedelta(days=number)
        season = 1.0 + SEASON * math.sin(math.tau * number / 365 + phase)
        level = a_day * 7 / (5 + SATURDAY + SUNDAY) * season * {5: SATURDAY, 6: SUNDAY}.get(day.weekday(), 1.0)
        level *= ON_HOLIDAYS if day in HOLIDAYS else 1.0
        line.levels.append(level)
        start = day_starts(ZONE, day)
        for _ in range(poisson(chance, (1.0 - again) * level * max(0.2, chance.gauss(1.0, DAY_TO_DAY)))):
            hour = chance.choices(range(24), WEIGHTS)[0]
            at = start + (hour + chance.random()) * HOUR_S
            line.calls.append(at)
            while again and chance.random() < again:
                at += chance.expovariate(1.0 / AGAIN_AFTER_S)
                line.calls.append(at)
    if bad is not None:
        line.troubles = troubles(bad, days)
        for trouble in line.troubles:
            line.calls = list(_struck(bad, line, trouble))
    line.calls.sort()
    line.counts = Counter(int(at) // HOUR_S * HOUR_S for at in line.calls)
    return line


def troubles(chance: random.Random, days: int) -> list[Trouble]:
    """The outages and floods of a year, never two within two days of each other."""
    found: list[Trouble] = []
    wanted = [False] * round(OUTAGES_A_YEAR * days / 365) + [True] * round(FLOODS_A_YEAR * days / 365)
    for flood in wanted:
        for _ in range(1_000):
            one = _trouble(chance, days, flood=flood)
            if all(one.ends + APART_S < other.begins or other.ends + APART_S < one.begins for other in found):
                found.append(one)
                break
    return sorted(found, key=lambda one: one.begins)


def _trouble(chance: random.Random, days: int, *, flood: bool) -> Trouble:
    """Floods come while somebody is at work to call; outages at any hour of the week."""
    [begins] = beginnings(chance, FIRST_DAY, days, 1, opened=flood)
    least, most = FLOOD_H if flood else OUTAGE_H
    ends = begins + least * (most / least) ** chance.random() * HOUR_S
    if flood:
        return Trouble(begins, ends, 1.0 + chance.uniform(*FLOOD_TIMES))
    return Trouble(begins, ends, chance.uniform(*STILL_COMES) if chance.random() < PARTIAL else 0.0)


def _struck(chance: random.Random, line: Line, trouble: Trouble) -> Iterator[float]:
    """The calls as they come with this trouble."""
    for at in line.calls:
        if not trouble.begins <= at < trouble.ends or trouble.is_flood or chance.random() < trouble.times:
            yield at
    if trouble.is_flood:
        for start, end in hours(trouble.begins, trouble.ends):
            more = (trouble.times - 1.0) * line.rate(start) * (end - start) / HOUR_S
            yield from (chance.uniform(start, end) for _ in range(poisson(chance, more)))


def poisson(chance: random.Random, mean: float) -> int:
    """How many come where so many are to be expected."""
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count


def beginnings(chance: random.Random, first: int, days: int, number: int, *, opened: bool) -> list[float]:
    """Moments from the `first` day on, all alike likely: of opening hours, or of any."""
    found: list[float] = []
    while len(found) < number:
        day = BEGINS + timedelta(days=chance.randrange(first, days - 7))
        if not opened:
            found.append(day_starts(ZONE, day) + chance.uniform(0, 24) * HOUR_S)
        elif day.weekday() < 5 and day not in HOLIDAYS:
            found.append(day_starts(ZONE, day) + chance.uniform(OPENS, CLOSES) * HOUR_S)
    return found


def hours(start: float, end: float) -> Iterator[tuple[float, float]]:
    """The time between two moments, cut at the full hours."""
    while start < end:
        until = min(end, (start // HOUR_S + 1) * HOUR_S)
        yield start, until
        start = until


def is_open(moment: float) -> bool:
    """Whether somebody is there to miss a call."""
    day, weekday, hour = local_hour(ZONE, int(moment) // HOUR_S * HOUR_S)
    return weekday < 5 and OPENS <= hour < CLOSES and day not in HOLIDAYS


def opening_hours(start: float, end: float) -> float:
    """Hours of opening between two moments."""
    return math.fsum(until - at for at, until in hours(start, end) if is_open(at)) / HOUR_S


def local_day(moment: float) -> date:
    """The day that it is then."""
    return local_hour(ZONE, int(moment) // HOUR_S * HOUR_S)[0]
