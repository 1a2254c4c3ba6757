"""What becomes of a version on trial: up a step, taken back, or neither yet, and why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.canary.evidence import Evidence, looks_worse
from app.canary.guards import FEW_MISSING, GUARDS, UNKNOWN_TOOL, Guard

HOUR_S: Final = 3_600.0
MISMATCH: Final = "read_back_mismatch"
NO_ASSISTANT: Final = "no_assistant"
UNHEARD_SHARE: Final = 0.2
LEAST_UNHEARD: Final = 5
"""Of so many calls on trial this share without a report says that reports do not come."""


@dataclass(frozen=True, slots=True)
class Step:
    """A share of callers, and what it takes to leave it: calls on trial that came at it, and time under watch."""

    percent: int
    calls: int
    watched_s: float


STEPS: Final = (
    Step(5, 30, 1 * HOUR_S),
    Step(10, 50, 2 * HOUR_S),
    Step(25, 80, 4 * HOUR_S),
    Step(50, 100, 12 * HOUR_S),
    Step(100, 100, 24 * HOUR_S),
)
"""At the last nobody is left to compare with; what is not borne at all still takes it back."""


class Verdict(StrEnum):
    """What is to be done."""

    STAY = "stay"
    UP = "up"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a version at its present step.

    `calls` on trial that came at this step and were counted; `unheard` more of them nobody reported on; `owed`
    read-backs of its bookings; `broke`: how often each thing that is not borne has happened; `blind`: why nothing can
    be said now, empty where something can.
    """

    figures: Mapping[str, Evidence]
    calls: int = 0
    unheard: int = 0
    owed: int = 0
    watched_s: float = 0.0
    broke: Mapping[str, int] = field(default_factory=dict)
    blind: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with its reason in words."""

    verdict: Verdict
    why: str


def step_of(percent: int) -> Step:
    """The step of a share; of one that a person chose between two, the lower of them."""
    return next((step for step in reversed(STEPS) if step.percent <= percent), STEPS[0])


def after(percent: int) -> int:
    """The next higher share; 100 has none above it."""
    return next((step.percent for step in STEPS if step.percent > percent), STEPS[-1].percent)


def judged(percent: int, seen: Seen, *, held: bool = False) -> Judged:
    """What becomes of it. It goes back at once, and goes up only when nothing at all speaks against it."""
    if why := _not_borne(seen.broke) or _proven(seen.figures):
        return Judged(Verdict.BACK, why)
    if held:
        return Judged(Verdict.STAY, "held by hand")
    why = _unknown(seen) or _owed(seen) or _doubted(seen.figures) or _too_early(step_of(percent), seen)
    if why:
        return Judged(Verdict.STAY, why)
    return Judged(Verdict.UP, f"{seen.calls} calls at {percent} percent, no figure worse")


def _not_borne(broke: Mapping[str, int]) -> str:
    if broke.get(MISMATCH):
        return "a booking made in its call is not on the calendar as promised"
    # Which tools there are to call is up to who made the version; every other outcome a caller can bring about alone.
    if broke.get(UNKNOWN_TOOL):
        return "it called a tool that is none of ours"
    if broke.get(NO_ASSISTANT, 0) >= FEW_MISSING:
        return f"{broke[NO_ASSISTANT]} of its calls ended since the platform does not have it"
    return ""


def _proven(figures: Mapping[str, Evidence]) -> str:
    worse = [(guard, found) for guard in GUARDS if (found := figures.get(guard.name)) and _is_worse(guard, found)]
    return "; ".join(shares(guard, found) for guard, found in worse)


def _is_worse(guard: Guard, found: Evidence) -> bool:
    return found.beyond(guard.alpha) and found.trial.share - found.stable.share > guard.tolerance


def shares(guard: Guard, found: Evidence) -> str:
    """One figure of both versions, in words."""
    trial, stable = found.trial, found.stable
    return (
        f"{guard.name} {trial.share:.1%} ({trial.bad} of {trial.calls}) "
        f"against {stable.share:.1%} ({stable.bad} of {stable.calls})"
    )


def _unknown(seen: Seen) -> str:
    if seen.blind:
        return seen.blind
    known = seen.calls + seen.unheard
    if known >= LEAST_UNHEARD and seen.unheard > UNHEARD_SHARE * known:
        return f"no report came about {seen.unheard} of {known} of its calls"
    return ""


def _owed(seen: Seen) -> str:
    return f"{seen.owed} of its bookings not read back yet" if seen.owed else ""


def _doubted(figures: Mapping[str, Evidence]) -> str:
    for guard in GUARDS:
        found = figures.get(guard.name)
        if found is not None and looks_worse(found, guard.tolerance):
            return f"looks worse: {shares(guard, found)}"
    return ""


def _too_early(step: Step, seen: Seen) -> str:
    if seen.calls < step.calls:
        return f"{seen.calls} of at least {step.calls} calls at this step"
    if seen.watched_s < step.watched_s:
        return f"watched for {seen.watched_s / HOUR_S:.1f} of at least {step.watched_s / HOUR_S:g} hours at this step"
    return ""
