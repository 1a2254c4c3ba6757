"""What a service figure is, and the one judgement about it: fine, raised, too few to tell, or not known. Pure.

Where too few samples come for a value, its moments are judged; where these are too few as well, that is its own word.
A gap in our own counting and a clock that jumped are "not known". Neither is ever "fine": nothing is raised then, and
what was raised stays so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from app.watch.figure_moments import NO_MOMENTS, Moments, Verdict
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
    FEW = "few"

    @property
    def word(self) -> str:
        """As a person reads it."""
        return "too few to tell" if self is State.FEW else self.value


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, and how many samples it is made of.

    `moments`: as many as were needed to see the `verdict`, the last ones, over `window_s`; where there is none, those
    of a day. `few_are_enough`: however few there are, more will not come.
    """

    value: float = 0.0
    samples: int = 0
    moments: Moments = NO_MOMENTS
    verdict: Verdict | None = None
    window_s: float = 0.0
    few_are_enough: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """What a figure is read from: what processes counted, and the database, both in its window.

    `read_back_after_s`: when a write is due to be read back. `once`: what several figures are read from, by its name.
    """

    counted: Counted
    connection: Connection
    now: float
    window_s: float
    read_back_after_s: float
    once: dict[tuple[str, float], Any] = field(default_factory=dict)

    @property
    def sums(self) -> Sums:
        """What all processes counted in the window."""
        return self.counted.sums(self.window_s)


Read = Callable[[Material], Mapping[str, Reading]]
"""A figure's values now, by what they are of. Blocking."""
Moment = Callable[[Sums, float], Mapping[str, bool]]
"""Whether what was counted in one moment is bad, by what it is of, for a figure that is raised at that value."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. It is raised above `raise_at` and cleared at `clear_at`, after `in_a_row` evaluations; after
    `clear_in_a_row`, where between the two there is no room for a gap.

    `of`: what it is taken of by itself (a tool, an upstream, ...), empty when there is one only. `least`: samples
    without which it says nothing; 0: where nothing was seen, its value is 0. `falls`: the low values are the bad ones.
    `told_by`: the page that tells of it already, so that this one is shown and does not page; `told_with`: the figure
    that tells of it for as long as it is raised itself. `age`: how long something
    lies there, which is not known before we have watched for as long as is borne.

    `borne`: the share of bad moments that nobody is called for, where too few samples come; None: they are not judged.
    `moment`: judges one of what was counted, None where `read` has them; `moments_are`: what they are called.
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
    clear_in_a_row: int = 0
    owner: Owner = Owner.INSTALLATION
    falls: bool = False
    told_by: str = ""
    told_with: str = ""
    age: bool = False
    borne: float | None = None
    moment: Moment | None = None
    moments_are: str = "spells of five minutes in which it was asked for"

    @property
    def span_s(self) -> float:
        """How long we must have watched to say anything."""
        return max(self.window_s, self.raise_at) if self.age else self.window_s

    @property
    def to_clear(self) -> int:
        """Evaluations in a row after which it is cleared."""
        return self.clear_in_a_row or self.in_a_row

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

    `over` and `under` count evaluations in a row beyond a threshold, `over` bad moments where they are too few to tell;
    `told_at`: when a person was last told. `seen`: by which moments it was judged, in words; it is not kept.
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
    seen: str = ""


def judged(figure: Figure, reading: Reading | None, before: Standing | None, sight: Sight, now: float) -> Standing:
    """How it stands now. `before`: how it stood, None for the first time; no reading: there is nothing to see."""
    before = before or Standing(since=now)
    reading = reading or Reading()
    found = replace(
        before, value=reading.value, samples=reading.samples, at=now, why="", seen=_by_moments(figure, reading)
    )
    if why := _unseen(figure, reading, sight, now):
        found = replace(found, why=why, over=0, under=0, state=State.RAISED if before.raised else State.UNKNOWN)
    elif why := _few(figure, reading, before):
        few = State.RAISED if before.raised else State.FEW if reading.samples else State.UNKNOWN
        found = replace(found, why=why, over=reading.moments.bad, under=0, state=few)
    else:
        found = _seen(figure, found, reading, now - sight.last)
    return found if found.state is before.state else replace(found, since=now)


def _by_moments(figure: Figure, reading: Reading) -> str:
    """What its moments say, in words, where they say something."""
    if reading.verdict is None or (reading.verdict is Verdict.WELL and not figure.least):
        return ""
    seen = reading.moments
    return f"bad in {seen.bad} of {seen.number} {figure.moments_are}, in the last {span(reading.window_s)}"


def _unseen(figure: Figure, reading: Reading, sight: Sight, now: float) -> str:
    """Why nothing can be said; empty where something can."""
    if now < sight.jumped_at + figure.span_s:
        return "our clock jumped"
    if sight.covered is None:
        return "nobody is counting"
    if sight.covered < COVERED and not _by_moments(figure, reading):
        return f"counted for only {sight.covered:.0%} of the last {span(figure.span_s)}"
    return ""


def _few(figure: Figure, reading: Reading, before: Standing) -> str:
    """How few samples there are where they are too few; empty where they are not, or nothing more will come."""
    wide = reading.few_are_enough
    if not figure.least or reading.verdict or (before.raised if wide else reading.samples >= figure.least):
        return ""
    seen = reading.moments
    bad = f", bad in {seen.bad} of {seen.number} {figure.moments_are}" if seen.bad else ""
    if not wide:
        return f"{reading.samples} of at least {counted(figure.least)}"
    return f"only {counted(reading.samples)} in the last {span(reading.window_s)}{bad}"


def _seen(figure: Figure, found: Standing, reading: Reading, ago_s: float) -> Standing:
    """`ago_s`: since the evaluation before."""
    over, under = (0, 0) if ago_s > LAPSE_S or found.state is State.FEW else (found.over, found.under)
    step = 0 if 0 <= ago_s < APART_S else 1
    over = max(over + step, 1) if _beyond(figure, reading) else 0
    under = max(under + step, 1) if _back(figure, reading) else 0
    raised = under < figure.to_clear if found.raised else over >= figure.in_a_row
    # Only the count that can change something is kept, so that a figure that is well costs no writing.
    state = State.RAISED if raised else State.FINE
    return replace(found, raised=raised, state=state, over=0 if raised else over, under=under if raised else 0)


def _beyond(figure: Figure, reading: Reading) -> bool:
    """A value that needs no least number of samples is there beside the verdict."""
    by_value = reading.verdict is None or not figure.least
    return reading.verdict is Verdict.BAD or (by_value and figure.beyond(reading.value))


def _back(figure: Figure, reading: Reading) -> bool:
    if figure.least and reading.verdict:
        return reading.verdict is Verdict.WELL
    seen = reading.moments
    mostly_bad = reading.verdict is not Verdict.WELL and seen.bad > 1 and 2 * seen.bad > seen.number
    return figure.back(reading.value) and (bool(figure.least) or not mostly_bad)


def counted(samples: int) -> str:
    """How many samples there were."""
    return "1 sample" if samples == 1 else f"{samples} samples"


def span(seconds: float) -> str:
    """So long, in words."""
    return f"{seconds / 60:g} minutes" if seconds <= 3_600.0 else f"{seconds / 3_600:.3g} hours"


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
