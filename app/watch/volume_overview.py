"""Every line's volume as a page or a command shows it: what it is now, and today's hours beside what is usual."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.clock import utc
from app.watch import chances
from app.watch.baseline import HOUR_S, Profile, day_starts, hours_of, local_hour
from app.watch.judgement import Watch, certain_in_s, false_a_year
from app.watch.volume_counts import Rows, Series, unseen_hours, watched
from app.watch.volume_lines import READ_S, Decision, Learned, Watched, came_on, decide, learn, rows_of
from app.watch.volume_words import sentence


@dataclass(frozen=True, slots=True)
class HourOfDay:
    """One hour of today: what came, what was expected, and between which counts nineteen such hours in twenty lie.

    Nothing is expected, and there is no band, while the line is learning. Where it was not `counted` for half of it or
    more, `count` is what is known, and no measure of what came.
    """

    start: int
    count: int
    low: int | None
    expected: float | None
    high: int | None
    counted: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain values, ready to be written as JSON."""
        return {
            "start": utc(self.start),
            "count": self.count,
            "low": self.low,
            "expected": None if self.expected is None else round(self.expected, 2),
            "high": self.high,
            "counted": self.counted,
        }


@dataclass(frozen=True, slots=True)
class LineVolume:
    """One line now. `line` is its number, "*" for all of a business's, or empty for what names none.

    `certain_in_s`: how much longer total silence has to last to be certain; None where that cannot be said, or takes
    more than four weeks. `false_a_year`: silences by chance that are called an outage there; None while nothing is
    expected. `today` has each channel's hours of the local day.
    """

    business: str
    line: str
    state: str
    channel: str
    sentence: str
    since: float
    certain_in_s: float | None
    false_a_year: float | None
    today: dict[str, tuple[HourOfDay, ...]]

    def as_json(self) -> dict[str, Any]:
        """Plain values, ready to be written as JSON."""
        return {
            "business": self.business,
            "line": self.line,
            "state": self.state,
            "channel": self.channel,
            "sentence": self.sentence,
            "since": utc(self.since) if self.since else None,
            "certain_in_s": None if self.certain_in_s is None else round(self.certain_in_s),
            "false_silences_a_year": None if self.false_a_year is None else round(self.false_a_year, 1),
            "today": {channel: [hour.as_json() for hour in hours] for channel, hours in self.today.items()},
        }


def overview(connection: Connection, businesses: Iterable[Watched], now: float) -> list[LineVolume]:
    """Every line of these businesses, as the counts have it now."""
    watch = watched(connection, int(now - READ_S), now)
    away = unseen_hours(watch)
    found: list[LineVolume] = []
    for one in businesses:
        rows = rows_of(connection, one, now)
        known = learn(rows, one, away, now)
        recent = {series: counted for series, (counted, _) in rows.items()}
        found += shown(one, known, recent, watch, away, now)
    return found


def shown(
    one: Watched,
    known: Mapping[Series, Learned],
    came: Mapping[Series, Rows],
    watch: Watch,
    away: Collection[int],
    now: float,
) -> list[LineVolume]:
    """The lines of a business of which this is known and this came, today at least; `away`: hours nobody counted."""
    found: list[LineVolume] = []
    for decision in decide(one, known, came, watch, now):
        mine = {series: it.profile for series, it in known.items() if series.line == decision.line}
        today = {
            series.channel: _today(profile, one.zone, came_on(series, came).hours, away, now)
            for series, profile in mine.items()
        }
        verdict = decision.verdict
        left = certain_in_s(decision.profile, verdict, now) if decision.profile else None
        said = (verdict.state.value, decision.channel, sentence(decision, now), verdict.since)
        found.append(LineVolume(one.business, decision.line, *said, left, _false(decision), today))
    return found


def begins(zone: ZoneInfo, now: float) -> int:
    """The hour in which the local day of now began."""
    return day_starts(zone, local_hour(zone, int(now) // HOUR_S * HOUR_S)[0])


def _false(decision: Decision) -> float | None:
    return false_a_year(decision.profile) if decision.profile and not decision.profile.learning else None


def _today(
    profile: Profile, zone: ZoneInfo, counts: Mapping[int, int], away: Collection[int], now: float
) -> tuple[HourOfDay, ...]:
    day = local_hour(zone, int(now) // HOUR_S * HOUR_S)[0]
    return tuple(_hour(profile, start, counts.get(start, 0), start not in away) for start in hours_of(zone, day)[0])


def _hour(profile: Profile, start: int, count: int, counted: bool) -> HourOfDay:
    if profile.learning:
        return HourOfDay(start, count, None, None, None, counted)
    expected = profile.rate(start)
    low, high = chances.band(expected / profile.bunch, profile.spread) if expected else (0, 0)
    return HourOfDay(start, count, int(low * profile.bunch), expected, math.ceil(high * profile.bunch), counted)
