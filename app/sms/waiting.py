"""Whether what the guided conversation has asked is waited for, so that no model reads the answer to it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.booking.business import Business
from app.sms.guided import STALE_AFTER_S, ground
from app.sms.state import CHOOSING, Step
from app.sms.turn import Incoming
from app.sms.words import read

WAITS_FOR: Final = frozenset((*CHOOSING, Step.WHICH, Step.CONFIRM_CANCEL))
"""Steps in which it waits for an answer."""
YES_OR_NO: Final = frozenset((Step.CONFIRM, Step.CONFIRM_CANCEL))
"""Steps whose answer is a yes or a no, which nothing else can be an answer to for long."""


def waits(
    business: Business, guided: Mapping[str, Any], texts: Sequence[Incoming], asked_at: float, within_s: float
) -> bool:
    """For `within_s` any text is the answer; a plain yes or no is one for as long as the question is not too old."""
    step, late_s = guided.get("step"), texts[-1].received_at - asked_at
    if late_s < within_s:
        return step in WAITS_FOR
    if step not in YES_OR_NO or late_s > STALE_AFTER_S:
        return False
    said = read([(text.body, text.media) for text in texts], ground(business, int(texts[-1].received_at)))
    return said.answer is not None and said.intent is None
