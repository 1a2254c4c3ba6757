"""Whether a booking takes the place of a visit that stands already, or comes on top of it.

Pure. Who names another time for what they have wants it moved, unless something says that it is one more.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from app.sms.allowed import Permitted
from app.sms.ground import Ground, ground
from app.sms.model_turn import ModelTurn
from app.sms.put_back import offer_of
from app.sms.state import Booked
from app.sms.vocabulary import AGAIN, AS_WELL, BETTER, FOR_THEIRS, ONE_MORE
from app.sms.words import Answer, Intent, Said, read

_TOLD: Final = "You have:"
"""Begins what only tells of a visit that stood before."""
_NO_VISIT: Final = re.compile(
    r"\b(?:the|number|option) second\b(?: (?:one|time|slot))?|"
    r"\b(?:an)?other (?:times?|days?|dates?|slots?|hours?|weeks?)\b"
)
"""Another time, or the second of several, is no second visit."""
_MORE: Final = re.compile(r"\b(?:a|the) (?:second|further|separate|additional) \w+|\bextra\b|\bin addition\b")


class Wish(StrEnum):
    """What a customer with a visit says about another time."""

    MOVE = "move"
    ONE_MORE = "one more"
    BOOK = "book"
    """They ask for a booking, and do not say whether they remember the other one."""
    UNSAID = ""


class Message(Protocol):
    """What was said, and by whom."""

    @property
    def who(self) -> str: ...
    @property
    def text(self) -> str: ...


def since_booked(messages: Sequence[Message], own: Sequence[Booked]) -> list[str]:
    """What the customer wrote since one of these visits was booked in this conversation, oldest first; else all."""
    texts: list[str] = []
    for message in reversed(messages):
        if message.who == "customer":
            texts.insert(0, message.text)
        elif message.who == "agent" and _tells_booked(message.text, own):
            break
    return texts


def wish(texts: Sequence[str], told: Ground) -> Wish:
    """What these words ask for; the newest, which come last, count first."""
    read_as = [_heard(text, told) for text in texts]
    for said in reversed(read_as):
        if said.intent is Intent.MOVE:
            return Wish.MOVE
        if _says_one_more(said.text):
            return Wish.ONE_MORE
    if any(BETTER.search(said.text.lower()) or (said.when and said.answer is Answer.NO) for said in read_as):
        return Wish.MOVE
    return Wish.BOOK if any(said.intent is Intent.BOOK for said in read_as) else Wish.UNSAID


def which(texts: Sequence[str], visits: Sequence[Booked], told: Ground) -> Booked | None:
    """The visit that the words are about: the only one, or the only one whose day they name."""
    days = {day for text in texts for day in _heard(text, told).when.days}
    named = [each for each in visits if each.starts.date() in days] if len(visits) > 1 else [*visits]
    return named[0] if len(named) == 1 else None


def in_place(
    turn: ModelTurn, change: Permitted, others: Sequence[Permitted], own: Sequence[Booked]
) -> tuple[Permitted, bool]:
    """The booking, or the move that it rather is; and whether it has to be asked about, whatever the words.

    A move of one of several visits names none: they are asked which.
    """
    slot, service = offer_of(turn, str(change.arguments.get("slot_id", "")))
    touched = [other.arguments.get("reference") for other in others]
    visits = [each for each in own if each.service == service and each.reference not in touched]
    if change.tool != "book_appointment" or slot is None or not visits:
        return change, False
    if any((each.starts, each.who) == (slot.starts, slot.who) for each in visits):
        return change, False  # what is booked already, once more
    texts, told = since_booked(turn.messages, visits), ground(turn.business, int(turn.now))
    wanted = wish(texts, told)
    if wanted in (Wish.ONE_MORE, Wish.BOOK):
        return change, wanted is Wish.BOOK
    visit = which(texts, visits, told)
    arguments = {"reference": visit.reference if visit else "", "slot_id": slot.slot_id}
    return Permitted("reschedule_appointment", arguments, change.confidence, change.rests_on), True


def _heard(text: str, told: Ground) -> Said:
    return read([(line, 0) for line in text.splitlines()], told)


def _tells_booked(text: str, own: Sequence[Booked]) -> bool:
    bare = "".join(sign for sign in text.upper() if sign.isalnum())
    return not text.startswith(_TOLD) and any(each.reference in bare for each in own)


def _says_one_more(text: str) -> bool:
    low = _NO_VISIT.sub(" ", text.lower())
    if ONE_MORE.search(low) or FOR_THEIRS.search(low) or _MORE.search(low):
        return True
    return bool(AGAIN.search(low) or AS_WELL.search(low)) and not BETTER.search(low)
