"""Every service figure as a page or a command shows it: its value now, its thresholds, and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from app.clock import utc
from app.watch.figure_day import Day
from app.watch.figure_watch import read, stand
from app.watch.figure_words import amount, called
from app.watch.figures import Figure, Standing, State, counted

UNWATCHED_S: Final = 180.0
"""Nobody has evaluated for so long: whoever asks is told that, and not what was."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure of one thing, now."""

    figure: Figure
    of: str
    standing: Standing

    @property
    def sentence(self) -> str:
        """One line for a person."""
        return f"{called(self.figure, self.of)} {self.standing.state.word}: {self.detail}"

    @property
    def detail(self) -> str:
        """The same beside its name and its state."""
        figure, found = self.figure, self.standing
        side = "below" if figure.falls else "above"
        bound = f"raised {side} {amount(figure, figure.raise_at)}"
        if found.why:
            return f"{found.why} ({bound})"
        if found.seen:
            return f"{found.seen} ({figure.borne:.0%} are borne)"
        return f"{amount(figure, found.value)} ({counted(found.samples)}, {bound})"

    def as_json(self) -> dict[str, Any]:
        """Plain values, ready to be written as JSON. `value` is None where it is not known."""
        figure, found = self.figure, self.standing
        return {
            "name": figure.name,
            "of": self.of,
            "state": found.state.value,
            "raised": found.raised,
            "since": utc(found.since) if found.since else None,
            "value": None if found.why else round(found.value, 6),
            "unit": figure.unit,
            "samples": found.samples,
            "least": figure.least,
            "why": found.why,
            "seen": found.seen,
            "borne": figure.borne,
            "raise_at": figure.raise_at,
            "clear_at": figure.clear_at,
            "falls": figure.falls,
            "in_a_row": figure.in_a_row,
            "clear_in_a_row": figure.to_clear,
            "window_s": figure.window_s,
            "made_of": figure.made_of,
            "owner": figure.owner.value,
            "remedy": figure.remedy,
            "told_by": figure.told_by or "figure",
        }


def overview(
    connection: Connection, figures: Sequence[Figure], now: float, read_back_after_s: float, day: Day | None = None
) -> list[Shown]:
    """Every figure, in the order of the list. Decides nothing: whether one is raised is what was noted last."""
    found = read(connection, figures, now, read_back_after_s, day)
    watched = now - found.book.last <= UNWATCHED_S
    shown = []
    for figure in figures:
        ofs = sorted({of for name, of in {**found.readings, **found.book.standings} if name == figure.name})
        for of in ofs or [""]:
            before = found.book.standings.get((figure.name, of))
            standing = _as_noted(stand(figure, of, found, now), before)
            shown.append(Shown(figure, of, standing if watched else _unwatched(standing)))
    return shown


def _as_noted(fresh: Standing, before: Standing | None) -> Standing:
    """The value as it is now, with the state that was noted; of what was never noted, no time."""
    raised = before is not None and before.raised
    since = before.since if before is not None else 0.0
    if raised:
        return replace(fresh, state=State.RAISED, raised=True, since=since)
    state = fresh.state if fresh.why else State.FINE
    return replace(fresh, state=state, raised=False, since=since if before and before.state is state else 0.0)


def _unwatched(found: Standing) -> Standing:
    return replace(found, state=State.RAISED if found.raised else State.UNKNOWN, why="nobody evaluates figures now")
