"""Whether what the guided conversation has asked is waited for, so that no model reads the answer to it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.booking.business import Business
from app.sms.guided import STALE_AFTER_S, heard
from app.sms.state import CHOOSING, Step
from app.sms.turn import Incoming

WAITS_FOR: Final = frozenset((*CHOOSING, Step.WHICH, Step.CONFIRM_CANCEL))
"""Steps in which it waits for an answer."""
YES_OR_NO: Final = frozenset((Step.CONFIRM, Step.CONFIRM_CANCEL))
"""Steps whose answer is a yes or a no, which nothing else can be an answer to for long."""


async def waits(
    business: Business, guided: Mapping[str, Any], texts: Sequence[Incoming], asked_at: float, within_s: float
) -> bool:
    """For `within_s` any text is the answer, a plain yes or no for as long as the question is not too old.

    What answers a model's wish in another language than English, and is neither of the two, is for a model to read.
    """
    step, late_s = guided.get("step"), texts[-1].received_at - asked_at
    if step not in WAITS_FOR or late_s > STALE_AFTER_S:
        return False
    if late_s < within_s and not (step in YES_OR_NO and guided.get("asked_at")):
        return True
    said = await heard(business, texts)
    if late_s < within_s:
        return said.answer is not None or not said.foreign
    return step in YES_OR_NO and said.answer is not None and said.intent is None
