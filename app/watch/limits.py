"""Limits as values: what each bounds, where its number comes from, and when it will be reached, if it can be counted.

Pure. It counts nothing and pages nobody; who does hands in points of (time, used).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.watch.amounts import amount, in_digits

NEAR_SHARE: Final = 0.8
"""Of a limit; from here on a person is told."""
BACK_BY: Final = 0.1
"""Of a limit; use has to fall by so much below it for the page to be over."""
LEAST_POINTS: Final = 4
DAY_S: Final = 86_400.0
CONFIRMED_FOR_S: Final = 90 * DAY_S
STILL_NEAR: Final = 1.5
"""A page that is up ends only when the limit is this many times further off than would raise it."""


class Source(StrEnum):
    """Where a limit's number comes from."""

    BUILT_IN = "built in"
    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"
    PANEL = "panel"
    MACHINE = "machine"


class Kind(StrEnum):
    """How use moves."""

    BUSY = "busy"
    """Up and down within minutes, as calls at once do."""
    STOCK = "stock"
    """Slowly, as a disk does."""
    DAILY = "daily"
    """Only up, and from nothing every day."""


RECENT_S: Final = {Kind.BUSY: 3_600.0, Kind.STOCK: DAY_S, Kind.DAILY: 2 * 3_600.0}
"""How far back the rate of use is taken from."""
WORTH_A_FORECAST: Final = {Kind.BUSY: 0.6, Kind.STOCK: 0.3, Kind.DAILY: 0.3}
"""Share of a limit; what is used less says nothing about where it goes."""
HORIZON_S: Final = {Kind.BUSY: 3_600.0, Kind.STOCK: 7 * DAY_S, Kind.DAILY: DAY_S}
"""How far ahead a person wants to know."""
FORESIGHT: Final = 6.0
"""Nothing is foretold for longer than so many times what was seen."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. `value` None: only a person can read it, and enters it; `where` is the variable, file key or constant.

    `at_least`: what the rest of the installation needs of a value that is entered; `at_most`: nobody has more;
    `endless`: it may be unlimited. `lacking`: what is the matter with a value that nobody enters. `told_elsewhere`:
    somebody else pages when the limit is near, so only its forecast is told here. `near_share`: the part that is near.
    `counted`: somebody counts what is used. `may_fill`: that it is full is usual, and declines nobody: work waits for a
    moment, or room is made; it is shown, and never paged.
    """

    name: str
    bounds: str
    unit: str
    value: float | None
    source: Source
    where: str
    owner: str
    how: str
    kind: Kind = Kind.BUSY
    business: str = ""
    at_least: float = 0.0
    at_most: float = math.inf
    endless: bool = True
    lacking: str = ""
    told_elsewhere: bool = False
    near_share: float = NEAR_SHARE
    counted: bool = False
    may_fill: bool = False

    @property
    def confirmed_by_person(self) -> bool:
        """Whether a person has to look it up."""
        return self.source is Source.PANEL

    @property
    def has_use(self) -> bool:
        """Whether somebody counts use that has an end; where nobody says how much, that is unknown."""
        return self.counted and (self.confirmed_by_person or bool(self.value))

    def may_be(self, value: float) -> bool:
        """Whether a panel can show this: a limit of 0 is none, and who enters a million lines has mistyped."""
        return self.endless if math.isinf(value) else 0 < value <= self.at_most


@dataclass(frozen=True, slots=True)
class Point:
    """How much was used at one time."""

    at: float
    used: float


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person read on somebody's panel."""

    value: str
    by: str
    at: float

    def amount(self, unit: str) -> float | None:
        """What it comes to in a unit: infinity for unlimited, None when it is only words or of another unit."""
        return amount(self.value, unit)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where use goes. `reached_at`: epoch seconds, None for never, or for nobody knows yet."""

    used: float
    share: float
    reached_at: float | None


def wrong(limit: Limit, confirmed: Confirmed | None, now: float) -> str:
    """What is missing about a limit, most often that a person confirms it; empty when nothing is."""
    if not limit.confirmed_by_person:
        return limit.lacking
    if confirmed is None:
        return "not confirmed"
    if now - confirmed.at > CONFIRMED_FOR_S:
        return f"confirmed more than {CONFIRMED_FOR_S / DAY_S:g} days ago"
    value = confirmed.amount(limit.unit) if limit.unit else None
    if limit.unit and value is None:
        return f"{confirmed.value} cannot be read as a number of {limit.unit}"
    if value is not None and not limit.may_be(value):
        return f"{confirmed.value} is no number of {limit.unit} that it can be"
    if value is not None and value < limit.at_least:
        return f"too low: this installation needs at least {in_digits(limit.at_least)} {limit.unit}"
    return ""


def reached_at(points: Sequence[Point], limit: float, now: float) -> float | None:
    """When `limit` is reached if use goes on as in `points`, which are in order of time; None for never.

    The rate is the slope of a straight line through them, by least squares, since use last fell to less than half:
    what began anew says nothing about before. Fewer than `LEAST_POINTS` points say nothing either, and no points say
    anything about much longer than they took.
    """
    recent = _since_anew(points)
    if not recent:
        return None
    used = recent[-1].used
    if used >= limit:
        return now
    if len(recent) < LEAST_POINTS:
        return None
    middle = math.fsum(point.at for point in recent) / len(recent)
    mean = math.fsum(point.used for point in recent) / len(recent)
    spread = math.fsum((point.at - middle) ** 2 for point in recent)
    if spread <= 0:
        return None
    rate = math.fsum((point.at - middle) * (point.used - mean) for point in recent) / spread
    ahead_s = (limit - used) / rate if rate > 0 else math.inf
    return max(now, recent[-1].at + ahead_s) if ahead_s <= FORESIGHT * (recent[-1].at - recent[0].at) else None


def forecast(kind: Kind, value: float, points: Sequence[Point], now: float, resets_at: float | None) -> Forecast:
    """What use comes to, from points in order of time; of what begins anew at `resets_at` only what comes before."""
    used = points[-1].used if points else 0.0
    share = used / value if value > 0 else (1.0 if used > 0 else 0.0)
    recent = [point for point in points if now - RECENT_S[kind] <= point.at <= now]
    at = reached_at(recent, value, now) if share >= WORTH_A_FORECAST[kind] else None
    if at is not None and resets_at is not None and at >= resets_at:
        at = None
    return Forecast(used, share, at)


def near(limit: Limit, found: Forecast, now: float, *, up: bool) -> bool:
    """Whether a person has to know now; `up`: they do already, and then it takes more for it to be over."""
    if limit.may_fill:
        return False
    if found.share >= limit.near_share - (BACK_BY if up else 0.0) and not limit.told_elsewhere:
        return True
    if found.share >= limit.near_share:
        return False
    horizon_s = HORIZON_S[limit.kind] * (STILL_NEAR if up else 1.0)
    return found.reached_at is not None and found.reached_at - now <= horizon_s


def _since_anew(points: Sequence[Point]) -> Sequence[Point]:
    for at in range(len(points) - 1, 0, -1):
        if points[at].used < points[at - 1].used / 2:
            return points[at:]
    return points
