"""What a line usually gets, hour by hour of its week, learned from its own last weeks. Pure: values in, values out.

Learned from whole local days that lie before what is judged, so that a silence is never part of its own measure. Closed
days, hours in which we were not there to count, and days far off from their like are left out; what few calls cannot
tell apart is drawn together: each hour towards its neighbours, each weekday towards the others, as far as they agree.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from app.watch import chances

HOUR_S: Final = 3_600
LEARNED_DAYS: Final = 35
LEAST_DAYS: Final = 14
"""Of learning, before anything is judged."""
MOST_UNSEEN: Final = 0.2
"""Share of a day's hours that nobody counted; beyond it the day teaches nothing."""
ODD: Final = 1e-4
ODD_SPREAD: Final = 1 / 30
"""A day this unlikely among its like, though days differ by nearly a fifth, is a holiday or an outage or a flood."""
NEAR: Final = 2.5
"""Standard deviations within which nothing is odd; it saves the exact sum."""
ODD_HOUR: Final = 1e-4
FEW_IN_AN_HOUR: Final = 3
"""No rush, on whatever line."""
SMOOTH_CALLS: Final = 10.0
"""An hour with fewer calls than about this leans on its neighbours."""
SHAPE_WEEKS: Final = 8.0
"""How many weeks of an hour's own the common shape of a day outweighs, where the weekday agrees with it."""
RECENT_DAYS: Final = 14
RECENT_CALLS: Final = 30.0
"""Calls' worth of belief that the last two weeks were like those before it."""
RECENT_LIMITS: Final = (0.6, 1.5)
SPREAD_DAYS: Final = 10.0
USUAL_SPREAD: Final = 0.007
MOST_SPREAD: Final = 1 / 3
MOST_OFF: Final = 7.0
"""How far off a day counts, squared and in times of what chance does on average; of lines whose days differ, in times
of theirs. An outage of hours or a small flood makes no day odd, and yet would make all of them seem to differ."""
USUALLY_OFF: Final = 0.455
"""What half of all days by chance are off by, in the same measure: the median of chi-squared with one degree."""
MOST_SCATTER: Final = 3.0
"""The same of the hours of one day, in times of how they scatter on half of the days."""
FITTED: Final = 0.85
"""What is left of chance's own scatter about hours that were learned from the same days."""
WITHIN_THE_HOUR: Final = 5 / 6
"""Of what bunches add to the scatter of hours, the part that shows: some of a bunch falls into the next hour."""
MOST_BUNCHED: Final = 12.0
CLIPPED: Final = (4.0, 6)
"""A rush counts as so many times what is expected, and so many calls more."""
SHARE_OF_CALLS: Final = 0.4
"""Of all calls learned from, about how many tell of any one half day: the smaller, the less sure."""
WORKING_DAYS: Final = range(5)


@dataclass(frozen=True, slots=True)
class History:
    """What was counted on one line: calls by start of the hour, from `since` on; hours not in there had none.

    `unseen` are the hours in which we may not have been there to count.
    """

    counts: Mapping[int, int]
    since: int
    unseen: Collection[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Profile:
    """Calls expected in each hour of the local week (`rates`, 168 of them); `days` says how many it was learned from.

    With fewer than `LEAST_DAYS` since the line began it is still learning and has no rates. `bunch` is how many calls
    come of one cause: who is cut off calls again, who texts sends several. Causes come by chance, calls do not.
    """

    zone: ZoneInfo
    closed: frozenset[date]
    rates: tuple[float, ...]
    spread: float
    days: int
    bunch: float = 1.0

    @property
    def learning(self) -> bool:
        """Whether it is too early to expect anything."""
        return not self.rates

    @property
    def a_week(self) -> float:
        """Calls expected in a week without closed days."""
        return math.fsum(self.rates)

    def a_day(self, weekday: int) -> float:
        """Calls expected on such a weekday that is not a closed day."""
        return math.fsum(self.rates[weekday * 24 : weekday * 24 + 24])

    def rate(self, moment: int, *, also_closed: bool = False) -> float:
        """Calls expected in an hour like the one at `moment`; none on closed days, unless asked for those too."""
        day, weekday, hour = local_hour(self.zone, moment - moment % HOUR_S)
        if not self.rates or (day in self.closed and not also_closed):
            return 0.0
        return self.rates[weekday * 24 + hour]


@lru_cache(maxsize=65_536)
def local_hour(zone: ZoneInfo, start: int) -> tuple[date, int, int]:
    """The local date, weekday and hour in which an hour of real time begins."""
    at = datetime.fromtimestamp(start, zone)
    return at.date(), at.weekday(), at.hour


@lru_cache(maxsize=4_096)
def day_starts(zone: ZoneInfo, day: date) -> int:
    """The first hour of real time (epoch seconds) that begins on this local day."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 16 * HOUR_S
    while local_hour(zone, start)[0] < day:
        start += HOUR_S
    return start


@lru_cache(maxsize=4_096)
def hours_of(zone: ZoneInfo, day: date) -> tuple[Sequence[int], Sequence[int]]:
    """The hours of real time that begin on this local day: 24, or 23 or 25 where the clocks change; and their names."""
    starts = range(day_starts(zone, day), day_starts(zone, day + timedelta(days=1)), HOUR_S)
    return starts, [local_hour(zone, start)[2] for start in starts]


def learned(history: History, zone: ZoneInfo, closed: frozenset[date], before: date) -> Profile:
    """The profile of the days before `before`."""
    first = local_hour(zone, history.since - history.since % HOUR_S)[0] + timedelta(days=1)
    # The day on which a line begins is not a whole one.
    began = max(first, before - timedelta(days=LEARNED_DAYS))
    seen = _days(history, zone, closed, began, before)
    if (before - first).days < LEAST_DAYS or len(seen) < LEAST_DAYS // 2:
        return Profile(zone, closed, (), 0.0, max(0, (before - first).days))
    good = _without_odd(seen)
    rates = _rates(good)
    level, bunch = _recent(good, rates, before), _bunch(good, rates)
    return Profile(
        zone,
        closed,
        tuple(rate * level for rate in rates),
        _spread(good, rates),
        (before - began).days,
        bunch,
    )


# --- what the days were like ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Day:
    day: date
    weekday: int
    hours: Sequence[int]
    """Local hours that were counted, and the calls in each."""
    calls: Sequence[int]
    total: int


def _days(history: History, zone: ZoneInfo, closed: frozenset[date], began: date, before: date) -> list[_Day]:
    counts, unseen, found = history.counts, history.unseen, []
    for number in range((before - began).days):
        day = began + timedelta(days=number)
        if day in closed:
            continue
        starts, hours = hours_of(zone, day)
        if unseen:
            kept = [(start, hour) for start, hour in zip(starts, hours, strict=True) if start not in unseen]
            if len(kept) < (1.0 - MOST_UNSEEN) * len(starts):
                continue
            starts, hours = [start for start, _ in kept], [hour for _, hour in kept]
        calls = [counts.get(start, 0) for start in starts]
        found.append(_Day(day, day.weekday(), hours, calls, sum(calls)))
    return found


def _without_odd(days: Sequence[_Day]) -> list[_Day]:
    """Without days that are no measure for their like: forgotten holidays, outages, floods."""
    usual = {weekday: median(d.total for d in days if d.weekday == weekday) for weekday in {d.weekday for d in days}}
    several = {weekday for weekday in usual if sum(d.weekday == weekday for d in days) >= 3}
    return [day for day in days if day.weekday not in several or not _odd(day.total, usual[day.weekday])] or list(days)


def _odd(total: int, usual: float) -> bool:
    if (total - usual) ** 2 <= NEAR**2 * (usual + usual**2 * ODD_SPREAD):
        return False
    if total < usual:
        return chances.at_most(total, usual, ODD_SPREAD) < ODD
    return chances.at_least(total, usual + 1.0, ODD_SPREAD) < ODD


# --- the week ---------------------------------------------------------------------------------------------------------


def _rates(days: Sequence[_Day]) -> list[float]:
    """Calls an hour for each hour of the week."""
    sums, seen = _cells(days)
    number = [sum(day.weekday == weekday for day in days) for weekday in range(7)]
    totals = [math.fsum(sums[weekday * 24 : weekday * 24 + 24]) for weekday in range(7)]
    shape = _shape([math.fsum(sums[hour::24]) for hour in range(24)])
    levels = _levels(totals, number)
    rates: list[float] = []
    for weekday in range(7):
        mine = slice(weekday * 24, weekday * 24 + 24)
        rates += _weekday(sums[mine], seen[mine], levels[weekday], shape)
    return rates


def _cells(days: Sequence[_Day]) -> tuple[list[float], list[int]]:
    """Calls and hours counted in each hour of the week; an hour's rush counts up to what chance would still do."""
    sums, seen = [0.0] * 168, [0] * 168
    for day in days:
        for hour, calls in zip(day.hours, day.calls, strict=True):
            sums[day.weekday * 24 + hour] += calls
            seen[day.weekday * 24 + hour] += 1
    usual = [math.fsum(sums[hour::24]) / max(1, sum(seen[hour::24])) for hour in range(24)]
    for day in days:
        if max(day.calls) <= FEW_IN_AN_HOUR:
            continue
        for hour, calls in zip(day.hours, day.calls, strict=True):
            expected = max(usual[hour], 0.2)
            if calls > 3.0 * expected + FEW_IN_AN_HOUR and chances.at_least(calls, 2.0 * expected, 0.1) < ODD_HOUR:
                sums[day.weekday * 24 + hour] -= calls - math.ceil(3.0 * expected)
    return sums, seen


def _shape(calls: Sequence[float]) -> list[float]:
    """The share of a day's calls that comes in each hour, each hour leaning on its neighbours where calls are few."""
    smooth = []
    for hour in range(24):
        near = (calls[hour - 1] + calls[hour] + calls[(hour + 1) % 24]) / 3.0
        lean = SMOOTH_CALLS / (SMOOTH_CALLS + 3.0 * near)
        smooth.append((1.0 - lean) * calls[hour] + lean * near)
    total = math.fsum(smooth)
    return [part / total for part in smooth] if total else [0.0] * 24


def _levels(totals: Sequence[float], number: Sequence[int]) -> list[float]:
    """Calls a day for each weekday. Monday to Friday are drawn together by as much as chance alone could part them."""
    levels = [total / max(1, days) for total, days in zip(totals, number, strict=True)]
    working = [weekday for weekday in WORKING_DAYS if number[weekday]]
    if len(working) < 3:
        return levels
    middle = math.fsum(totals[w] for w in working) / sum(number[w] for w in working)
    apart = math.fsum((levels[w] - middle) ** 2 for w in working) / (len(working) - 1)
    chance = math.fsum(middle / number[w] for w in working) / len(working)
    true = max(0.0, apart - chance)
    for weekday in WORKING_DAYS:
        noise = middle / number[weekday] if number[weekday] else math.inf
        own = true / (true + noise) if true and noise < math.inf else 0.0
        levels[weekday] = own * levels[weekday] + (1.0 - own) * middle
    return levels


def _weekday(sums: Sequence[float], seen: Sequence[int], level: float, shape: Sequence[float]) -> list[float]:
    """One weekday's hours: its own, drawn towards the common shape as far as it has that shape."""
    total = math.fsum(sums)
    common = [total * share for share in shape]
    apart = math.fsum((own - usual) ** 2 / usual for own, usual in zip(sums, common, strict=True) if usual > 0.5)
    hours = sum(usual > 0.5 for usual in common)
    weight = SHAPE_WEEKS / max(1.0, apart / hours if hours else 1.0) ** 2
    rates = [
        (own + weight * level * share) / (times + weight) for own, times, share in zip(sums, seen, shape, strict=True)
    ]
    whole = math.fsum(rates)
    return [rate * level / whole for rate in rates] if whole else rates


def _expected_on(day: _Day, rates: Sequence[float]) -> float:
    mine = rates[day.weekday * 24 : day.weekday * 24 + 24]
    return math.fsum(mine if len(day.hours) == 24 else [mine[hour] for hour in day.hours])


def _recent(days: Sequence[_Day], rates: Sequence[float], before: date) -> float:
    """How the last two weeks' calls compare with the profile: seasons come and go faster than five weeks."""
    last = [day for day in days if day.day >= before - timedelta(days=RECENT_DAYS)]
    expected = math.fsum(_expected_on(day, rates) for day in last)
    ratio = (sum(day.total for day in last) + RECENT_CALLS) / (expected + RECENT_CALLS)
    return min(max(ratio, RECENT_LIMITS[0]), RECENT_LIMITS[1])


def _bunch(days: Sequence[_Day], rates: Sequence[float]) -> float:
    """Calls of one cause, from how much more the hours of one day scatter than calls that have nothing to do with each
    other would. Where each is followed by another with the same chance, the scatter is twice their number less one.
    """
    scatter: list[tuple[float, float]] = []
    for day in days:
        mine = [rates[day.weekday * 24 + hour] for hour in day.hours]
        whole = math.fsum(mine)
        apart, by_chance = 0.0, 0.0
        for calls, rate in zip(day.calls, mine, strict=True):
            share = rate / whole if whole else 0.0
            expected = day.total * share
            apart += (min(calls, CLIPPED[0] * expected + CLIPPED[1]) - expected) ** 2
            by_chance += expected * (1.0 - share)
        if by_chance:
            scatter.append((apart, by_chance))
    if not scatter:
        return 1.0
    most = MOST_SCATTER * max(1.0, median(apart / by_chance for apart, by_chance in scatter))
    apart = math.fsum(min(apart, most * by_chance) for apart, by_chance in scatter)
    more = apart / (FITTED * math.fsum(by_chance for _, by_chance in scatter)) - 1.0
    return min(1.0 + max(0.0, more) / (2.0 * WITHIN_THE_HOUR), MOST_BUNCHED)


def _spread(days: Sequence[_Day], rates: Sequence[float]) -> float:
    """By how much days differ beyond chance, and by how much the profile itself may be off.

    What bunches add to it is left in: how large they are is not known well, and an alarm too many costs more.
    """
    pairs = [(day.total, expected) for day in days if (expected := _expected_on(day, rates)) > 0.5]
    calls = sum(day.total for day in days)
    unsure = 1.0 / max(1.0, SHARE_OF_CALLS * calls)
    excess = 0.0
    if pairs:
        off = [(total - expected) ** 2 / expected for total, expected in pairs]
        most = MOST_OFF * max(1.0, median(off) / USUALLY_OFF)
        apart = math.fsum(min(each, most) for each in off) / len(pairs)
        excess = max(0.0, apart - 1.0) / (math.fsum(expected for _, expected in pairs) / len(pairs))
    drawn = (len(pairs) * excess + SPREAD_DAYS * USUAL_SPREAD) / (len(pairs) + SPREAD_DAYS)
    return min(MOST_SPREAD, drawn + unsure)
