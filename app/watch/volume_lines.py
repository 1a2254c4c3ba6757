"""Each line's usual volume, learned from the counts in the database, and the one decision about it.

A line that another business had begins anew; lines of one business are judged together too, and each by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.db.retention import KEEP_VOLUME_S
from app.watch.baseline import HOUR_S, LEARNED_DAYS, History, Profile, learned, local_hour
from app.watch.judgement import (
    AHEAD_S,
    QUARTER_S,
    Seen,
    State,
    Verdict,
    Watch,
    first,
    judged,
)
from app.watch.volume_counts import Rows, Series, left_others, read_series, together

WHOLE: Final = "*"
"""Stands for all lines of a business together, where it has more than one."""
READ_S: Final = KEEP_VOLUME_S
"""How far back it is read whether somebody looked: the weeks before a silence may be as old as counts are kept."""
WEEKS_S: Final = (LEARNED_DAYS + 2) * 86_400
"""Of each series, what is read before its newest call."""
WINDOWS_QUARTERS: Final = (1, 4)
"""A flood is looked for in the last quarter of an hour and the last hour, and in what has begun of the next."""
NOTHING: Final = Rows({}, {}, 0.0)


@dataclass(frozen=True, slots=True)
class Watched:
    """A business, as far as its volume goes."""

    business: str
    name: str
    zone: ZoneInfo
    lines: tuple[str, ...]
    closed: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Learned:
    """What one series usually gets, when it last got something, and the days on which that was worked out."""

    profile: Profile
    last_at: float
    days: tuple[date, date]
    """The local day of the newest call, and the day of working it out."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a line is now. `channel` is the one that the verdict is about, empty where nothing ever came.

    `came`: when each of its channels last got something.
    """

    watched: Watched
    line: str
    channel: str
    verdict: Verdict
    profile: Profile | None = None
    came: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What names it in pages: its number, or the business for all of its lines."""
        if self.line == WHOLE:
            return self.watched.business
        return self.line or f"{self.watched.business}: no line named"


def rows_of(connection: Connection, watched: Watched, now: float) -> dict[Series, tuple[Rows, int]]:
    """What was counted for a business lately, by series, and the hour from which each series counts."""
    kept = read_series(connection, watched.business, WEEKS_S, now + AHEAD_S)
    left = left_others(connection, watched.business, watched.lines)
    found: dict[Series, tuple[Rows, int]] = {}
    for series, rows in kept.items():
        since = left.get(series.line, -HOUR_S) + HOUR_S
        hours = {hour: count for hour, count in rows.hours.items() if hour >= since}
        if hours and (series.line in watched.lines or not series.line):
            found[series] = Rows(hours, rows.quarters, rows.last_at), min(hours)
    return found | _whole(watched, found)


def learn(
    rows: Mapping[Series, tuple[Rows, int]], watched: Watched, away: Collection[int], now: float
) -> dict[Series, Learned]:
    """Each series' profile, from whole days before its newest call; `away`: hours in which nobody was there."""
    today = _day(watched.zone, now)
    found: dict[Series, Learned] = {}
    for series, (counted, since) in rows.items():
        history, last = History(counted.hours, since, away), _day(watched.zone, counted.last_at)
        profile = learned(history, watched.zone, watched.closed, min(last, today))
        if profile.learning:
            profile = learned(history, watched.zone, watched.closed, today)
        found[series] = Learned(profile, counted.last_at, (last, today))
    return found


def windows_begin(now: float) -> int:
    """The quarter in which the longest window of a flood begins."""
    return int(now) // QUARTER_S * QUARTER_S - max(WINDOWS_QUARTERS) * QUARTER_S


def decide(
    watched: Watched, known: Mapping[Series, Learned], recent: Mapping[Series, Rows], watch: Watch, now: float
) -> list[Decision]:
    """One decision for each line of a business, for what names none, and for all together if there are several."""
    lines = dict.fromkeys((*watched.lines, *(series.line for series in known)))
    return [_line(watched, line, known, recent, watch, now) for line in lines]


def came_on(series: Series, recent: Mapping[Series, Rows]) -> Rows:
    """What came on one series lately; of all lines together that is what came on each."""
    if series.line != WHOLE:
        return recent.get(series, NOTHING)
    return together(rows for one, rows in recent.items() if one.channel == series.channel and one.line != WHOLE)


def caught_up(known: Mapping[Series, Learned], recent: Mapping[Series, Rows]) -> dict[Series, Learned]:
    """What is known, with the newest calls in it: they are recent for two hours only."""
    return {
        series: replace(one, last_at=max(one.last_at, came_on(series, recent).last_at)) for series, one in known.items()
    }


def outdated(watched: Watched, known: Mapping[Series, Learned], recent: Mapping[Series, Rows], now: float) -> bool:
    """Whether a new day, or the first call on a line, has made something to be learned."""
    today = _day(watched.zone, now)
    if any(series not in known for series in recent if series.line in watched.lines or not series.line):
        return True
    return any(one.days != (_day(watched.zone, one.last_at), today) for one in known.values())


def _line(
    watched: Watched,
    line: str,
    known: Mapping[Series, Learned],
    recent: Mapping[Series, Rows],
    watch: Watch,
    now: float,
) -> Decision:
    channels = {series: one for series, one in known.items() if series.line == line}
    if not channels:
        return Decision(watched, line, "", Verdict(State.LEARNING, 0.0, why="nothing has come in yet"))
    share = 1.0 / max(1, sum(not one.profile.learning for one in channels.values()))
    made: dict[int, Decision] = {}
    verdicts = []
    last_at: dict[str, float] = {}
    for series, one in channels.items():
        came = came_on(series, recent)
        last_at[series.channel] = max(one.last_at, came.last_at)
        quarter = int(now) // QUARTER_S
        windows = tuple(came.window((quarter - before) * QUARTER_S) for before in WINDOWS_QUARTERS)
        seen = Seen(last_at[series.channel], windows)
        verdict = judged(one.profile, seen, watch, now, share=share)
        verdicts.append(verdict)
        made[id(verdict)] = Decision(watched, line, series.channel, verdict, one.profile, last_at)
    return made[id(first(verdicts))]


def _whole(watched: Watched, found: Mapping[Series, tuple[Rows, int]]) -> dict[Series, tuple[Rows, int]]:
    whole: dict[Series, tuple[Rows, int]] = {}
    for channel in dict.fromkeys(series.channel for series in found):
        parts = [part for series, part in found.items() if series.channel == channel]
        if len(parts) > 1:
            series = Series(watched.business, WHOLE, channel)
            whole[series] = together(rows for rows, _ in parts), min(since for _, since in parts)
    return whole


def _day(zone: ZoneInfo, moment: float) -> date:
    return local_hour(zone, int(moment) // HOUR_S * HOUR_S)[0]


def by_business(recent: Mapping[Series, Rows], watched: Iterable[Watched]) -> dict[str, dict[Series, Rows]]:
    """Recent counts by business; what belongs to nobody that is watched is left out."""
    found: dict[str, dict[Series, Rows]] = {one.business: {} for one in watched}
    for series, rows in recent.items():
        if series.business in found:
            found[series.business][series] = rows
    return found
