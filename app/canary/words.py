"""Canaries in words: the page of one that was taken back, and what a list says of each. Pure."""

from collections.abc import Sequence
from typing import Final

from app.canary.book import Canary, Known, State
from app.canary.guards import GUARDS
from app.canary.steps import shares

RUNBOOK: Final = "infra/runbooks/when-it-breaks.md"


def title(canary: Canary) -> str:
    """The title of its page."""
    return f"Canary rolled back: {canary.assistant} of {canary.business}"


def body(canary: Canary, known: Known, why: str) -> str:
    """The body of its page: why, every figure of both versions, and what to do."""
    return (
        f"Every caller gets {canary.stable} again since {why}. It was at {canary.percent} percent.\n"
        f"{'; '.join(figures(known)) or 'No call had been counted.'}.\n"
        f"Mend the new version, then: readback canary start {canary.business} --assistant {canary.assistant}. "
        f"See {RUNBOOK}."
    )


def figures(known: Known) -> Sequence[str]:
    """Each figure of both versions."""
    return [shares(guard, known.figures[guard.name]) for guard in GUARDS if guard.name in known.figures]


def sentence(canary: Canary, first: str) -> str:
    """One line for a person. `first` is what the business file names first, empty for a business that is gone."""
    about = f"{canary.business}: {canary.assistant} {canary.state.replace('_', ' ')} at {canary.percent} percent"
    if canary.state is State.PROMOTED:
        return f"{about}; {_left_to_do(canary, first)}"
    if canary.state in (State.RUNNING, State.HELD):
        return f"{about}; {canary.waits_for or 'not judged yet'}"
    return f"{about}; {canary.why}" if canary.why else about


def _left_to_do(canary: Canary, first: str) -> str:
    if first == canary.assistant:
        return "the business file names it first, nothing is left to do"
    if first == canary.stable:
        return (
            f"put {canary.assistant} first in vapi_assistants of {canary.business}: until then this row alone serves it"
        )
    return "nobody gets it, the business file names another assistant first"
