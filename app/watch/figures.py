"""What a service figure is, and the one judgement about it: fine, raised, or not known. Pure.

Too few samples, a gap in our own counting and a clock that jumped are "not known", which is never "fine": nothing is
raised then, and what was raised stays so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from app.watch.figure_sums import Counted, Sums

APART_S: Final = 10.0
"""Two evaluations nearer to each other, of a leader and its successor, count as one."""
LAPSE_S: Final = 150.0
"""Evaluations further from each other are not in a row."""
COVERED: Final = 0.8
"""Share of a window in which somebody must have been counting."""


class Owner(StrEnum):
    """Whose receivers are paged: the installation's alone, or the business's as well."""

    INSTALLATION = "whoever runs this installation"
    BUSINESS = "the business, and whoever runs this installation"


class State(StrEnum):
    """What can be said of a figure now."""

    FINE = "fine"
    RAISED = "raised"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, and how many samples it is made of. `few_are_enough`: however few there are, more will not come."""

    value: float = 0.0
    samples: int = 0
    few_are_enough: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """What a figure is read from: what processes counted, and the database, both in its window.

    `read_back_after_s`: when a write is due to be read back.
    """

    counted: Counted
    connection: Connection
    now: float
    window_s: float
    read_back_after_s: float

    @property
    def sums(self) -> Sums:
        """What all processes counted in the window."""
        return self.counted.sums(self.window_s)


Read = Callable[[Material], Mapping[str, Reading]]
"""A figure's values now, by what they are of. Blocking."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. It is raised above `raise_at` and cleared at `clear_at`, after `in_a_row` evaluations.

    `of`: what it is taken of by itself (a tool, an upstream, ...), empty when there is one only. `least`: samples
    without which it says nothing; 0: where nothing was seen, its value is 0. `falls`: the low values are the bad ones.
    `told_by`: the page that tells of it already, so that this one is shown and does not page; `told_with`: the figure
    that tells of it for as long as it is raised itself. `age`: how long something
    lies there, which is not known before we have watched for as long as is borne.
    """

    name: str
    of: str
    unit: str
    made_of: str
    window_s: float
    least: int
    raise_at: float
    clear_at: float
    remedy: str
    read: Read
    in_a_row: int = 2
    owner: Owner = Owner.INSTALLATION
    falls: bool = False
    told_by: str = ""
    told_with: str = ""
    age: bool = False

    @property
    def span_s(self) -> float:
        """How long we must have watched to say anything."""
        return max(self.window_s, self.raise_at) if self.age else self.window_s

    def beyond(self, value: float) -> bool:
        """Whether it is bad enough to be raised."""
        return value < self.raise_at if self.falls else value > self.raise_at

    def back(self, value: float) -> bool:
        """Whether it is good enough to be cleared."""
        return value >= self.clear_at if self.falls else value <= self.clear_at


@dataclass(frozen=True, slots=True)
class Sight:
    """How well we saw: `covered` is the share of the window in which somebody counted, None where nobody does now.

    `last`: when figures were last evaluated; `jumped_at`: when the wall clock last moved by other than time.
    """

    covered: float | None = 1.0
    last: float = 0.0
    jumped_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a figure stands. `since` is when its state last changed, `at` when it was last read.

    `over` and `under` count evaluations in a row beyond a threshold; `told_at`: when a person was last told.
    """

    state: State = State.UNKNOWN
    raised: bool = False
    since: float = 0.0
    value: float = 0.0
    samples: int = 0
    why: str = ""
    over: int = 0
    under: int = 0
    at: float = 0.0
    told_at: float = 0.0


def judged(figure: Figure, reading: Reading | None, before: Standing | None, sight: Sight, now: float) -> Standing:
    """How it stands now. `before`: how it stood, None for the first time; no reading: there is nothing to see."""
    before = before or Standing(since=now)
    reading = reading or Reading()
    found = replace(before, value=reading.value, samples=reading.samples, at=now, why="")
    if why := _unseen(figure, reading, sight, now):
        found = replace(found, why=why, over=0, under=0, state=State.RAISED if before.raised else State.UNKNOWN)
    else:
        found = _seen(figure, found, now - sight.last)
    return found if found.state is before.state else replace(found, since=now)


def _unseen(figure: Figure, reading: Reading, sight: Sight, now: float) -> str:
    """Why nothing can be said; empty where something can."""
    if now < sight.jumped_at + figure.span_s:
        return "our clock jumped"
    if sight.covered is None:
        return "nobody is counting"
    if sight.covered < COVERED:
        return f"counted for only {sight.covered:.0%} of the last {figure.span_s / 60:g} minutes"
    if reading.samples < figure.least and not reading.few_are_enough:
        return f"{reading.samples} of at least {figure.least} samples"
    return ""


def _seen(figure: Figure, found: Standing, ago_s: float) -> Standing:
    """`ago_s`: since the evaluation before."""
    over, under = (0, 0) if ago_s > LAPSE_S else (found.over, found.under)
    step = 0 if 0 <= ago_s < APART_S else 1
    over = max(over + step, 1) if figure.beyond(found.value) else 0
    under = max(under + step, 1) if figure.back(found.value) else 0
    raised = under < figure.in_a_row if found.raised else over >= figure.in_a_row
    # Only the count that can change something is kept, so that a figure that is well costs no writing.
    state = State.RAISED if raised else State.FINE
    return replace(found, raised=raised, state=state, over=0 if raised else over, under=under if raised else 0)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """An operator's own, by figure: raised at, cleared at; None switches the figure off."""

    own: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)

    def over(self, figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
        """The figures that are left, with these thresholds. Raises ValueError in one sentence."""
        known = {figure.name: figure for figure in figures}
        for name, given in self.own.items():
            if name not in known:
                raise ValueError(f'names "{name}", which is no figure; there are {", ".join(known)}')
            if given is not None and (given[0] < given[1]) != known[name].falls and given[0] != given[1]:
                order = "above" if known[name].falls else "below"
                raise ValueError(
                    f"clears {name} at {given[1]:g}; that must be {order} where it is raised, {given[0]:g}"
                )
        return tuple(self._of(figure) for figure in figures if self.own.get(figure.name, ()) is not None)

    def _of(self, figure: Figure) -> Figure:
        given = self.own.get(figure.name)
        return replace(figure, raise_at=given[0], clear_at=given[1]) if given else figure
