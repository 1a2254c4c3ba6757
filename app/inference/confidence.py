"""Whether a change may be made at once, or a person decides first. The model's own figure is one reason of several."""

from collections.abc import Collection, Sequence
from typing import Final

from app.inference.output import folded, occurs

LEAST: Final = 0.7
"""Confidence below which a person decides about a change."""
WORDS_BEFORE: Final = 4
_NOT: Final = frozenset(("not", "don", "dont", "didn", "won", "wouldn", "never", "cannot", "without", "nicht", "kein"))


def needs_person(
    tool: str, confidence: float | None, rests_on: Sequence[str], said: str, now: str, high: Collection[str]
) -> str:
    """Why a person decides about this change; empty: nobody need.

    `said` is everything the customer wrote, `now` their newest words; `high` names the tools the business has marked.
    """
    if tool in high:
        return "high_stakes"
    if confidence is None or not 0 <= confidence <= 1:
        return "no_confidence"
    if confidence < LEAST:
        return "low_confidence"
    if not rests_on or not all(occurs(quote, said) for quote in rests_on):
        return "rests_on_nothing"
    if not any(occurs(quote, now) for quote in rests_on):
        return "rests_on_before"
    return "rests_on_a_no" if any(_denied(quote, now) for quote in rests_on) else ""


def _denied(quote: str, now: str) -> bool:
    """Whether the words stand behind a "not": "I don't want the first one"."""
    before, found, _ = folded(now).partition(folded(quote))
    return bool(found) and bool(_NOT.intersection(before.split()[-WORDS_BEFORE:]))
