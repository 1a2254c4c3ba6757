"""What a model hands in, held against a schema and against what was said. It chooses what is to be said and writes none
of it. What does not hold is told as such, and never guessed at.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.inference.fallback import NotWorthItError
from app.inference.model import ModelAnswer, Wanted

MOST_SAYINGS: Final = 3
MOST_QUOTES: Final = 6
MOST_WANTED: Final = 4
"""Tools that one answer may ask for."""
LEAST_QUOTE_SIGNS: Final = 2
ONE_LETTER: Final = frozenset("ykn")


class Intent(StrEnum):
    """What a customer wants."""

    BOOK = "book"
    CHANGE = "change"
    CANCEL = "cancel"
    FIND = "find"
    QUESTION = "question"
    PERSON = "person"
    OTHER = "other"
    UNCLEAR = "unclear"


NEED_NO_WORDS: Final = frozenset((Intent.OTHER, Intent.UNCLEAR))
"""Intents that need not rest on anything that was said."""


class Saying(StrEnum):
    """What a model may have said to a customer. The words are code's, so none of them can state or promise anything."""

    HELLO = "hello"
    WELCOME = "you_are_welcome"
    SORRY = "sorry"
    CAN_DO = "what_can_be_done_here"
    NOT_HERE = "nothing_for_here"
    NOT_UNDERSTOOD = "not_understood"
    ASK_SERVICE = "ask_which_service"
    ASK_DAY = "ask_which_day"
    ASK_PART = "ask_morning_or_afternoon"
    ASK_TIME = "ask_which_time"
    ASK_NAME = "ask_name"
    ASK_ADDRESS = "ask_address"
    ASK_APPOINTMENT = "ask_which_appointment"
    ASK_CANCEL = "ask_whether_to_cancel"
    ASK_CALL = "ask_whether_to_call_back"
    ASK_ELSE = "ask_what_else"


class Decision(BaseModel):
    """What the model understood, how sure it is, on which words, and what is to be said besides what tools told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intent: Intent
    confidence: Annotated[float, Field(ge=0, le=1)]
    rests_on: Annotated[tuple[str, ...], Field(max_length=MOST_QUOTES)]
    say: Annotated[tuple[Saying, ...], Field(max_length=MOST_SAYINGS)]
    language: Literal["en", "es"] = "en"


class Grade(StrEnum):
    """What a second model says of a reply."""

    FITS = "fits"
    OUT_OF_SCOPE = "out_of_scope"
    UNSAFE = "unsafe"


class Verdict(BaseModel):
    """What a grader hands in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Grade


SHAPE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": [intent.value for intent in Intent]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "rests_on": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_QUOTES},
        "say": {
            "type": "array",
            "items": {"type": "string", "enum": [saying.value for saying in Saying]},
            "maxItems": MOST_SAYINGS,
        },
        "language": {"type": "string", "enum": ["en", "es"]},
    },
    "required": ["intent", "confidence", "rests_on", "say", "language"],
    "additionalProperties": False,
}
"""What a model is told of `Decision`. Written out: it is part of every stored prompt."""
REPLY_SHAPE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": [intent.value for intent in Intent]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "rests_on": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_QUOTES},
        "reply": {"type": "string", "maxLength": 600},
    },
    "required": ["intent", "confidence", "rests_on", "reply"],
    "additionalProperties": False,
}
"""What models were told when they still wrote replies: part of prompts that are stored."""
VERDICT_SHAPE: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Hand in your verdict on the reply.",
    "properties": {"verdict": {"type": "string", "enum": [grade.value for grade in Grade]}},
    "required": ["verdict"],
    "additionalProperties": False,
}
"""What a grader is told of `Verdict`, likewise."""

_HandedIn = TypeVar("_HandedIn", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer may rest on: everything the customer said, and whether a tool told anything in this turn."""

    said: str
    told: bool = False


Understood = Decision | tuple[Wanted, ...]


def understood(answer: ModelAnswer, known: Known) -> Understood:
    """The tools that are wanted, or the decision. Raises `NotWorthItError`, whose text carries no content."""
    if answer.wanted:
        if len(answer.wanted) > MOST_WANTED:
            raise NotWorthItError("wants too many tools at once")
        return answer.wanted
    decision = _read(Decision, answer)
    _check(decision, known)
    return decision


def graded(answer: ModelAnswer) -> Grade:
    """What a grader says. Raises `NotWorthItError`, whose text carries no content."""
    return _read(Verdict, answer).verdict


def occurs(quote: str, said: str) -> bool:
    """Whether these words were said, whatever their case and spacing. A single sign only where it answers: `2`, `y`."""
    wanted = folded(quote)
    answers = wanted.strip().isdigit() or wanted.strip() in ONE_LETTER
    return (len(wanted.strip()) >= LEAST_QUOTE_SIGNS or answers) and wanted in folded(said)


def folded(text: str) -> str:
    """Letters and digits, lower case, one space between words, one at each end: whole words only are found in it."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return f" {' '.join(words)} "


def _read(kind: type[_HandedIn], answer: ModelAnswer) -> _HandedIn:
    raw = answer.handed_in if answer.handed_in is not None else answer.text
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotWorthItError(f"unreadable: {place or 'answer'}: {first['type']}") from None


def _check(decision: Decision, known: Known) -> None:
    if not decision.rests_on and decision.intent not in NEED_NO_WORDS:
        raise NotWorthItError("rests on nothing")
    if not all(occurs(quote, known.said) for quote in decision.rests_on):
        raise NotWorthItError("rests on words that nobody said")
    if not decision.say and not known.told:
        raise NotWorthItError("says nothing")


_WORD: Final = re.compile(r"[^\W_]+")
