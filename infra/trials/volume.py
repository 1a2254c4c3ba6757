"""A year of made-up traffic for many lines: how often chance is taken for an outage, and how soon an outage is seen.

Seasons, closed days, rushes and outages are in the traffic; the judge sees only counts. The false alarms are those of
ordinary days. Run it by `python -m infra.trials.volume`; two hundred lines take some minutes.
"""

import argparse
import json
import math
import random
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from app.watch.baseline import HOUR_S, History, Profile, day_starts, learned, local_hour
from app.watch.judgement import LEAST_FLOOD, QUARTER_S, Seen, State, Watch, Window, certain_in_s, judged

ZONE: Final = ZoneInfo("America/Chicago")
BEGINS: Final = date(2026, 1, 5)
LEARN_DAYS: Final = 35
OPENS, CLOSES = 8, 17
WEIGHTS: Final = (0.1, 0.1, 0.05, 0.05, 0.1, 0.2, 0.5, 1.5, 7, 9, 8.5, 7, 5, 6, 6, 5, 4, 2, 1, 0.8, 0.6, 0.4, 0.2, 0.1)
"""Calls over the hours of a day: a pest control office's, most in the morning."""
SATURDAY, SUNDAY = 0.25, 0.06
SEASON: Final = 0.35
DAY_TO_DAY: Final = 0.1
"""By how much days differ beyond chance: one standard deviation of the day's own rate."""
AGAIN_AFTER_S: Final = 240.0
HOLIDAYS: Final = frozenset(
    date(2026, month, day) for month, day in ((1, 19), (5, 25), (7, 3), (9, 7), (11, 26), (11, 27), (12, 24), (12, 25))
) | {date(2027, 1, 1)}


@dataclass(slots=True)
class Line:
    """One line's year: the moments of its calls, what it had learned by each morning, and its hourly counts."""

    calls: list[float] = field(default_factory=list)
    profiles: dict[date, Profile] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)

    def profile(self, day: date) -> Profile:
        """What the line has learned by the morning of a day."""
        if day not in self.profiles:
            history = History(self.counts, day_starts(ZONE, BEGINS))
            self.profiles[day] = learned(history, ZONE, HOLIDAYS, day)
        return self.profiles[day]

    def seen(self, now: float) -> Seen:
        """What has come by a moment."""
        place = bisect_right(self.calls, now)
        quarter = int(now) // QUARTER_S * QUARTER_S
        starts = (quarter - QUARTER_S, quarter - 4 * QUARTER_S)
        windows = tuple(Window(start, place - bisect_right(self.calls, start)) for start in starts)
        return Seen(self.calls[place - 1] if place else day_starts(ZONE, BEGINS), windows)


@dataclass(frozen=True, slots=True)
class Found:
    """What a year came to."""

    line_years: float
    false_silences: int
    false_floods: int
    hours_to_see: tuple[float, ...]
    """Opening hours from the beginning of an outage, at whatever hour of the week, until it was seen."""
    hours_to_see_open: tuple[float, ...]
    """The same of outages that began in opening hours: nothing was learned of them from a night."""


def made(chance: random.Random, a_day: float, days: int, again: float = 0.0) -> Line:
    """A line's calls; `a_day` is the average over all days of its week, and working days have more.

    `again`: how likely each call is to be followed, minutes later, by another of the same caller.
    """
    line, phase = Line(), chance.uniform(0.0, math.tau)
    for number in range(days):
        day = BEGINS + timedelta(days=number)
        level = (
            (1.0 - again)
            * a_day
            * 7
            / (5 + SATURDAY + SUNDAY)
            * (1.0 + SEASON * math.sin(math.tau * number / 365 + phase))
        )
        level *= max(0.2, chance.gauss(1.0, DAY_TO_DAY)) * {5: SATURDAY, 6: SUNDAY}.get(day.weekday(), 1.0)
        if day in HOLIDAYS:
            level *= 0.03
        start = day_starts(ZONE, day)
        for _ in range(_poisson(chance, level)):
            hour = chance.choices(range(24), WEIGHTS)[0]
            at = start + (hour + chance.random()) * HOUR_S
            line.calls.append(at)
            while again and chance.random() < again:
                at += chance.expovariate(1.0 / AGAIN_AFTER_S)
                line.calls.append(at)
    line.calls.sort()
    line.counts = Counter(int(at) // HOUR_S * HOUR_S for at in line.calls)
    return line


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count


def _day(moment: float) -> date:
    return local_hour(ZONE, int(moment) // HOUR_S * HOUR_S)[0]


def false_silences(line: Line, since: float) -> int:
    """Silences of an ordinary year that were called an outage: each gap is judged at its last moment."""
    false = 0
    for before, after in zip(line.calls, line.calls[1:], strict=False):
        if before < since or after - before < HOUR_S:
            continue
        profile = line.profile(_day(before))
        now = after - 1.0
        if judged(profile, Seen(before), Watch(now), now).state is State.SILENT:
            false += 1
    return false


def opening_hours(start: float, end: float) -> float:
    """Hours of opening between two moments."""
    total, at = 0.0, start
    while at < end:
        until = min(end, (at // HOUR_S + 1) * HOUR_S)
        day, weekday, hour = local_hour(ZONE, int(at) // HOUR_S * HOUR_S)
        if weekday < 5 and OPENS <= hour < CLOSES and day not in HOLIDAYS:
            total += (until - at) / HOUR_S
        at = until
    return total


def outage_seen(line: Line, begins: float) -> float:
    """Opening hours until a total outage that begins at a moment is seen."""
    last = line.calls[bisect_right(line.calls, begins) - 1]
    profile = line.profile(_day(last))
    wait = certain_in_s(profile, judged(profile, Seen(last), Watch(last), last), last)
    if wait is None:
        return math.inf
    return opening_hours(begins, max(begins, last + wait))


def beginnings(chance: random.Random, days: int, number: int, *, opened: bool) -> list[float]:
    """Moments of the year after learning, all alike likely: of opening hours, or of any."""
    found: list[float] = []
    while len(found) < number:
        day = BEGINS + timedelta(days=chance.randrange(LEARN_DAYS + 1, days - 7))
        if not opened:
            found.append(day_starts(ZONE, day) + chance.uniform(0, 24) * HOUR_S)
        elif day.weekday() < 5 and day not in HOLIDAYS:
            found.append(day_starts(ZONE, day) + chance.uniform(OPENS, CLOSES) * HOUR_S)
    return found


def year(seed: int, a_day: float, lines: int, days: int = 365, outages: int = 20, again: float = 0.0) -> Found:
    """Many lines' year at this volume: false alarms while nothing is wrong, and how soon outages are seen."""
    chance, broken = random.Random(seed), random.Random(seed + 1_000_000)
    since = day_starts(ZONE, BEGINS + timedelta(days=LEARN_DAYS))
    silences, floods = 0, 0
    hours: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(lines):
        line = made(chance, a_day, days, again)
        silences += false_silences(line, since)
        floods += false_floods(line, since)
        for opened, seen in hours.items():
            seen += [outage_seen(line, begins) for begins in beginnings(broken, days, outages, opened=opened)]
    line_years = lines * (days - LEARN_DAYS) / 365
    return Found(line_years, silences, floods, tuple(sorted(hours[False])), tuple(sorted(hours[True])))


def false_floods(line: Line, since: float) -> int:
    """Hours of an ordinary year that were called a flood."""
    hours = set()
    for number in range(len(line.calls) - LEAST_FLOOD):
        last = line.calls[number + LEAST_FLOOD - 1]
        if line.calls[number] < since or last - line.calls[number] > 5 * QUARTER_S:
            continue
        profile = line.profile(_day(last))
        if judged(profile, line.seen(last + 1.0), Watch(last + 1.0), last + 1.0).state is State.FLOOD:
            hours.add(int(last) // HOUR_S)
    return len(hours)


def floods_seen(seed: int, a_day: float, floods: int, times: float = 15.0) -> float:
    """The share of floods, an hour of so many times the usual in opening hours, that were seen before they ended."""
    chance = random.Random(seed)
    line, seen = made(chance, a_day, 365), 0
    for begins in beginnings(chance, 365, floods, opened=True):
        profile = line.profile(_day(begins))
        more = sorted(begins + chance.random() * HOUR_S for _ in range(_poisson(chance, times * a_day / 9)))
        calls = sorted(line.calls + more)
        flooded = Line(calls)
        seen += any(
            judged(profile, flooded.seen(at), Watch(at), at).state is State.FLOOD for at in (*more, begins + HOUR_S)
        )
    return seen / floods


def thousand(seed: int, lines: int = 1_000) -> tuple[float, float]:
    """Seconds to learn so many lines' weeks anew, and to judge them all once."""
    chance = random.Random(seed)
    some = [made(chance, chance.choice((3, 14, 40, 120)), 100) for _ in range(min(lines, 20))]
    day = BEGINS + timedelta(days=70)
    now = day_starts(ZONE, day) + 13.4 * HOUR_S
    histories = [(History(line.counts, day_starts(ZONE, BEGINS)), line.seen(now)) for line in some]
    learned(histories[0][0], ZONE, HOLIDAYS, day)  # the calendar is worked out once, for all lines of a time zone
    began = time.perf_counter()
    profiles = [learned(histories[number % len(some)][0], ZONE, HOLIDAYS, day) for number in range(lines)]
    between = time.perf_counter()
    for number, profile in enumerate(profiles):
        judged(profile, histories[number % len(some)][1], Watch(now), now)
    return between - began, time.perf_counter() - between


IN_HOURS: Final = math.fsum(WEIGHTS[OPENS:CLOSES]) / math.fsum(WEIGHTS)
"""The share of a day's calls that comes while the office is open."""
VOLUMES: Final = {
    "14 a day, averaged over the week": (14.0, 0.0),
    "14 on a working day": (14.0 * (5 + SATURDAY + SUNDAY) / 7, 0.0),
    "3 an hour of opening": (3.0 * (CLOSES - OPENS) / IN_HOURS * (5 + SATURDAY + SUNDAY) / 7, 0.0),
    "14 a day, one in four followed by another of the same caller": (14.0, 0.25),
    "14 a day, two in five followed by another of the same caller": (14.0, 0.4),
}
"""Calls a day, and how likely each is to be followed by another of its caller's."""


def main(arguments: list[str] | None = None) -> int:
    """Print what a year came to, at each volume, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200, help="lines of each volume")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    told: dict[str, object] = {}
    for name, (a_day, again) in VOLUMES.items():
        found = year(asked.seed, a_day, asked.lines, again=again)
        told[name] = {
            "line_years": round(found.line_years, 1),
            "false_silences_a_line_year": round(found.false_silences / found.line_years, 2),
            "false_floods_a_line_year": round(found.false_floods / found.line_years, 3),
            "outage_seen_after_opening_hours": _shown(found.hours_to_see),
            "outage_that_began_in_opening_hours_seen_after": _shown(found.hours_to_see_open),
            "floods_seen": floods_seen(asked.seed, a_day, 50),
        }
    learning, judging = thousand(asked.seed)
    told["a thousand lines"] = {"learned_anew_s": round(learning, 2), "judged_s": round(judging, 3)}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0


def _shown(hours: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(hours), 2), "nine_in_ten": round(hours[int(0.9 * len(hours))], 2)}


if __name__ == "__main__":
    sys.exit(main())
