"""Which of a business's lines a call is counted on. Only lines of its own file, so that nobody can make up more."""

from collections.abc import Sequence

from app.booking.business import Business
from app.booking.store import SYNTHETIC_CALLER
from app.calls.model import CallRef

TEXTS = "sms"
"""The platform of tool calls that come of texts, which are counted where they come in."""


def counted_on(ref: CallRef, business: Business) -> str | None:
    """The line; None for a call that is no customer's."""
    if ref.platform == TEXTS or ref.owner == SYNTHETIC_CALLER:
        return None
    return line_of(business, ref.lines)


def line_of(business: Business, named: Sequence[str]) -> str:
    """The first line named that is the business's own, or its only one where none is named; else empty."""
    for line in named:
        if line in business.lines:
            return line
    return business.lines[0] if not named and len(business.lines) == 1 else ""
