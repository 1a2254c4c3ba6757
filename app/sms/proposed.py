"""What a person goes by who decides about a change that a model wants: the visit in words, and what was said before.

It is kept as it was when it was proposed: later, too, it can be read what they decided about.
"""

from collections.abc import Sequence
from typing import Any, Final

from app.log import masked_phone
from app.sms.allowed import Permitted
from app.sms.model_turn import ModelTurn
from app.sms.put_back import offer_of
from app.sms.state import Booked
from app.sms.wishes_in_words import sentence, title

MOST_BEFORE: Final = 8
"""Turns of both sides, the newest: what an answer like "2" is an answer to."""
MOST_BEFORE_CHARS: Final = 600


def as_content(turn: ModelTurn, changes: Sequence[Permitted], own: Sequence[Booked]) -> dict[str, Any]:
    """What a review keeps of it: a sentence for each change, in their order, and what was said before by whom.

    `visits` are those that would be moved or cancelled, each with its time: one that is elsewhere by then stays there.
    """
    before = turn.window.turns[-MOST_BEFORE:]
    named = {str(change.arguments.get("reference", "")) for change in changes}
    return {
        "in_words": [in_words(turn, change, own) for change in changes],
        "visits": {each.reference: each.start for each in own if each.reference in named},
        "said_before": [{"who": each.who, "text": each.text[:MOST_BEFORE_CHARS]} for each in before],
    }


def headline(turn: ModelTurn, changes: Sequence[Permitted], own: Sequence[Booked]) -> str:
    """`Cancel appointment RB7K2M on Tue 24 Nov 2026, 09:00 CST with Dana, for +1…42.` No name and no number in full."""
    slots = [offer_of(turn, str(change.arguments.get("slot_id", "")))[0] for change in changes]
    told = zip(changes, slots, strict=True)
    named = ", then ".join(title(turn.business, change.tool, slot, _visit(change, own)) for change, slot in told)
    return f"{named[:1].upper()}{named[1:]}, for {masked_phone(turn.conversation.customer)}."


def _visit(change: Permitted, own: Sequence[Booked]) -> Booked | None:
    return next((each for each in own if each.reference == change.arguments.get("reference")), None)


def in_words(turn: ModelTurn, change: Permitted, own: Sequence[Booked]) -> str:
    """`Book Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana.` By the business's own clocks."""
    slot, service = offer_of(turn, str(change.arguments.get("slot_id", "")))
    return sentence(turn.business, change.tool, change.arguments, slot, service, _visit(change, own))
