"""Canaries as a page or a command shows them: state, figures of both versions, and what each waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.canary.book import Canary, listed, newest
from app.canary.evidence import Evidence
from app.canary.guards import GUARDS, Guard
from app.canary.judge import broken
from app.canary.steps import step_of
from app.canary.words import sentence
from app.clock import utc


@dataclass(frozen=True, slots=True)
class Shown:
    """One canary now. `first` is the assistant that the business file names first, empty where there is none."""

    canary: Canary
    first: str
    broke: Mapping[str, int]

    @property
    def sentence(self) -> str:
        """One line for a person."""
        return sentence(self.canary, self.first)

    def as_json(self) -> dict[str, Any]:
        """Plain values, ready to be written as JSON."""
        canary, known = self.canary, self.canary.seen
        step = step_of(canary.percent)
        return {
            "id": canary.id,
            "business": canary.business,
            "stable": canary.stable,
            "assistant": canary.assistant,
            "percent": canary.percent,
            "state": canary.state.value,
            "why": canary.why,
            "changed_by": canary.changed_by,
            "started_at": utc(canary.started_at),
            "since": utc(canary.since),
            "changed_at": utc(canary.changed_at) if canary.changed_at else None,
            "looked_at": utc(canary.looked_at) if canary.looked_at else None,
            "waits_for": canary.waits_for,
            "calls": known.calls,
            "least_calls": step.calls,
            "unheard": known.unheard,
            "watched_s": round(canary.watched_s, 1),
            "least_watched_s": step.watched_s,
            "broke": dict(self.broke),
            "figures": [_figure(guard, known.figures.get(guard.name, Evidence())) for guard in GUARDS],
            "sentence": self.sentence,
        }


def overview(connection: Connection, first: Mapping[str, str]) -> list[Shown]:
    """Every canary, newest first. `first` has each business's assistant by its file. Decides nothing."""
    return [_shown(connection, canary, first) for canary in listed(connection)]


def latest(connection: Connection, business: str, first: Mapping[str, str]) -> Shown | None:
    """The newest of one business."""
    canary = newest(connection, business)
    return None if canary is None else _shown(connection, canary, first)


def lines(shown: Shown) -> Sequence[str]:
    """All there is to say of one."""
    told = shown.as_json()
    figures = [
        f"{one['name']}: {one['trial_bad']} of {one['trial_calls']} on trial, {one['stable_bad']} of "
        f"{one['stable_calls']} stable; evidence {one['evidence']:g} of {one['taken_back_at']:g} ({one['made_of']})"
        for one in told["figures"]
    ]
    progress = (
        f"{told['calls']} of {told['least_calls']} calls, {told['watched_s'] / 3600:.1f} of "
        f"{told['least_watched_s'] / 3600:g} hours at this step, {told['unheard']} unheard"
    )
    return [shown.sentence, progress, *figures]


def _shown(connection: Connection, canary: Canary, first: Mapping[str, str]) -> Shown:
    return Shown(canary, first.get(canary.business, ""), broken(connection, canary.id))


def _figure(guard: Guard, found: Evidence) -> dict[str, Any]:
    return {
        "name": guard.name,
        "made_of": guard.made_of,
        "worse": "more",
        "tolerance": guard.tolerance,
        "trial_calls": found.trial.calls,
        "trial_bad": found.trial.bad,
        "stable_calls": found.stable.calls,
        "stable_bad": found.stable.bad,
        "evidence": float(f"{found.peak:.3g}"),
        "taken_back_at": round(1.0 / guard.alpha),
    }
