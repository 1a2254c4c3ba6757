"""What a person goes by who decides about a change that a model wants: the visit in words, and what was said before.

It is kept as it was when it was proposed: later, too, it can be read what they decided about.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from app.log import masked_phone
from app.sms.allowed import OWN_WORDS, Permitted
from app.sms.model_turn import ModelTurn
from app.sms.put_back import offer_of
from app.sms.state import Booked

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
    named = ", then ".join(_headline(turn, change, own) for change in changes)
    return f"{named[:1].upper()}{named[1:]}, for {masked_phone(turn.conversation.customer)}."


def _headline(turn: ModelTurn, change: Permitted, own: Sequence[Booked]) -> str:
    visit = _visit(change, own)
    slot, _ = offer_of(turn, str(change.arguments.get("slot_id", "")))
    about = slot or visit
    when = _when(turn, about.starts, about.who) if about else ""
    which = visit.reference if visit else ""
    return " ".join(filter(None, (change.tool.replace("_", " "), which, "to be" if slot and visit else "", when)))


def _visit(change: Permitted, own: Sequence[Booked]) -> Booked | None:
    return next((each for each in own if each.reference == change.arguments.get("reference")), None)


def in_words(turn: ModelTurn, change: Permitted, own: Sequence[Booked]) -> str:
    """`Book Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana.` By the business's own clocks."""
    reference = str(change.arguments.get("reference", ""))
    visit = _visit(change, own)
    slot, service = offer_of(turn, str(change.arguments.get("slot_id", "")))
    then = _when(turn, slot.starts, slot.who) if slot else "at a time that is not known any more"
    if change.tool == "book_appointment":
        words = "; ".join(str(change.arguments[name]) for name in OWN_WORDS if name in change.arguments)
        return f"Book {_service(turn, service)} {then}{f', for {words}' if words else ''}."
    old = f"{_service(turn, visit.service)} {_when(turn, visit.starts, visit.who)}" if visit else f"visit {reference}"
    told = f"Move {old}. The new time: {then}." if slot else f"Cancel {old}."
    return told if visit else f"{told} It is none of the visits that this number has ahead."


def _service(turn: ModelTurn, service: str) -> str:
    found = turn.business.service(service)
    return found.name if found else service or "a visit"


def _when(turn: ModelTurn, start: datetime, who: str) -> str:
    technician = turn.business.technician(who)
    with_whom = f" with {technician.name if technician else who}" if who else ""
    return f"on {start.astimezone(turn.business.zone).strftime('%a %-d %b %Y, %H:%M %Z')}{with_whom}"
