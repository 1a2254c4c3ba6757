"""Whether a change may be made at once, or a person decides first. The model's own figure is one reason of several."""

from collections.abc import Collection, Sequence
from typing import Final

from app.inference.output import occurs

LEAST: Final = 0.7
"""Confidence below which a person decides about a change."""


def needs_person(tool: str, confidence: float | None, rests_on: Sequence[str], said: str, high: Collection[str]) -> str:
    """Why a person decides about this change; empty: nobody need. `high` names the tools the business has marked."""
    if tool in high:
        return "high_stakes"
    if confidence is None or not 0 <= confidence <= 1:
        return "no_confidence"
    if confidence < LEAST:
        return "low_confidence"
    if not rests_on or not all(occurs(quote, said) for quote in rests_on):
        return "rests_on_nothing"
    return ""
