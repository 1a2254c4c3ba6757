"""What a model hands in, held against a schema and against what is known: it may say only what somebody said or a tool
answered. What does not hold is told as such, and never guessed at.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.inference.fallback import NotWorthItError
from app.inference.model import ModelAnswer, Wanted
from app.inference.statements import asked, unfounded

MOST_REPLY_CHARS: Final = 600
MOST_QUOTES: Final = 6
MOST_WANTED: Final = 4
"""Tools that one answer may ask for."""
LEAST_QUOTE_SIGNS: Final = 2


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
WISHES: Final = frozenset((Intent.BOOK, Intent.CHANGE, Intent.CANCEL, Intent.FIND, Intent.PERSON))
"""Intents to which "of course" only says that it will be looked after."""


class Decision(BaseModel):
    """What the model understood, how sure it is, on which words, and what it would say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intent: Intent
    confidence: Annotated[float, Field(ge=0, le=1)]
    rests_on: Annotated[tuple[str, ...], Field(max_length=MOST_QUOTES)]
    reply: Annotated[str, Field(min_length=1, max_length=MOST_REPLY_CHARS)]


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
        "reply": {"type": "string", "maxLength": MOST_REPLY_CHARS},
    },
    "required": ["intent", "confidence", "rests_on", "reply"],
    "additionalProperties": False,
}
"""What a model is told of `Decision`. Written out: it is part of every stored prompt."""
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
    """What a reply may rest on. `said` is what the customer said; `told` what tools and documents answered."""

    said: str
    told: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    """What stands by what tools of this turn told: `booked`."""
    quotes: tuple[str, ...] = ()
    """Answers out of the business's documents, which are said by code: a reply may hold them word for word."""
    place: str = ""
    """What the business's file says."""
    newest: str = ""
    """What the customer said last."""
    answered: bool = True
    """Whether a tool answered in this turn."""


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
    """Whether these words were said, whatever their case and spacing."""
    wanted = folded(quote)
    return len(wanted.strip()) >= LEAST_QUOTE_SIGNS and wanted in folded(said)


def without(reply: str, quotes: Sequence[str]) -> str:
    """A reply but for what it quotes word for word."""
    for quote in quotes:
        reply = reply.replace(quote, " ")
    return " ".join(reply.split())


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
    reply = without(decision.reply, known.quotes).replace("’", "'")
    for claim, pattern in CLAIMS.items():
        if claim not in known.done and pattern.search(reply):
            raise NotWorthItError(f"claims something not done: {claim}")
    _check_told(reply, decision.intent, known)


def _check_told(reply: str, intent: Intent, known: Known) -> None:
    # What the customer wrote counts for nothing here: to repeat a price or a reference would be to confirm it.
    told = " ".join((*known.told, known.place))
    for what, pattern in FACTS.items():
        if not all(_joined(_fact(found)) in _joined(told) for found in pattern.finditer(reply)):
            raise NotWorthItError(f"says something nobody told it: {what}")
    if not _prices(reply) <= _prices(told):
        raise NotWorthItError("says something nobody told it: a price")
    if not _times(reply) <= _times(told) | _times(known.said):
        raise NotWorthItError("says something nobody told it: a time")
    question = asked(known.newest) and intent not in WISHES
    for pattern in (FACTS["a reference"], FACTS["an address on the web"], FACTS["a phone number"], _PRICE):
        reply = pattern.sub(" ", reply)  # these hold
    if what := unfounded(reply, told, known.said, answered=known.answered, question=question):
        raise NotWorthItError(f"says something nobody told it: {what}")


def _fact(found: re.Match[str]) -> str:
    return next((group for group in found.groups() if group), found.group())


def _prices(text: str) -> set[str]:
    return {re.sub(r"[^\d.]", "", found).strip(".").removesuffix(".00") for found in _PRICE.findall(text)}


def _joined(text: str) -> str:
    """Its letters and digits without anything between them: references are told spelled out, numbers in groups."""
    return "".join(_WORD.findall(text.casefold()))


def _times(text: str) -> set[tuple[int, int]]:
    """Times of day, on a clock of twelve hours."""
    return {(int(hour) % 12, int(minute or 0)) for hour, minute in _TIME.findall(text)}


_WORD: Final = re.compile(r"[^\W_]+")
_TIME: Final = re.compile(r"(?<![\d:.-])(\d{1,2})(?=:\d\d|\s?[ap]\.?m\b)(?::(\d\d))?", re.I)
_PRICE: Final = re.compile(r"[$€£]\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:dollars|bucks|usd|euros?|pounds)\b|\d+\s?%", re.I)

CLAIMS: Final = {
    "arranged": re.compile(
        r"\b(?:(?:i|we|they|someone|somebody|a (?:colleague|person|technician))(?:'ll| will|'re going to| is going to)"
        r" (?:be )?(?:\w+ )?(?:call|calling|phone|ring|contact|get back|reach out|in touch)"
        r"|(?:i'll|i will|i have|i've|i'm|let me) (?:\w+ )?(?:have|having|ask|asked|get|arrange|arranged|"
        r"arranging|request|requested|requesting|tell|told)\b[^.!?]*\b(?:call|callback|contact)"
        r"|(?:i've|i have|we've|we have|been|i|have) (?:just |now |already )?(?:sent|texted|emailed|passed|forwarded|"
        r"added|updated|requested|arranged|told|notified|informed)"
        r"|le llamar(?:á|án|emos)|on vous rappell\w+|wir rufen|rufen (?:wir )?sie)\b",
        re.I,
    ),
    "booked": re.compile(
        r"\b(?:(?:is|are|'re|'s|been|have|now|got you) (?:all |now )?(?:booked|scheduled|confirmed|set|reserved)"
        r"|(?:booked|scheduled|reserved) (?:you|it|your|for you)|(?:booking|appointment) confirmed"
        r"|(?:put|got|have|'ve|marked|penciled|pencilled|locked) you (?:down|in)|you(?:'re| are) (?:down|in|on)"
        r"|all set|(?<!are you )(?<!when )done|see you(?![^.!]*\?)|(?:expect|await)(?:ing)? you|it is(?=\s*[.!])"
        r"|on (?:the|our) (?:calendar|schedule|books?)|look(?:ing)? forward to (?:seeing|meeting|your)|locked in"
        r"|reservad[oa]|confirmad[oa]|agendad[oa]|gebucht|bestätigt|réservée?|confirmée?|prenotat[oa]|confermat[oa])\b",
        re.I,
    ),
    "moved": re.compile(
        r"\b(?:(?:been|is|have|'ve|i|successfully) (?:now )?(?:moved|rescheduled|changed)"
        r"|cambiad[oa]|reprogramad[oa]|verschoben|déplacée?|spostat[oa])\b",
        re.I,
    ),
    "cancelled": re.compile(
        r"\b(?:(?:been|is|have|'ve|i|successfully) (?:now )?cancell?ed"
        r"|cancelad[oa]|abgesagt|storniert|annulée?|cancellat[oa])\b",
        re.I,
    ),
}
"""Words that say something was done, and what must have been done then."""

FACTS: Final = {
    "a reference": re.compile(
        r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{5,10}\b|\b(?:[A-Z0-9][ -]){3,}[A-Z0-9]\b"
        r"|(?i:\breference)(?i: is| number| no\.|:| #)* ([A-Z0-9]{4,10})\b"
    ),
    "a gift": re.compile(
        r"\b(?:free of c\w+|for free|(?:no|without|at no) (?:extra )?(?:charge|cost)|gratis|kostenlos|gratuit\w*"
        r"|free (?:\w+ )?(?:service|visit|inspection|treatment|appointment)s?|(?:is|are|be|it's) (?:all |totally )?free"
        r"(?! (?:at|on|from|to|tomorrow|all|that|then))|discount\w*|refund\w*|waive\w*)\b",
        re.I,
    ),
    "an address on the web": re.compile(r"\bhttps?://\S+|\bwww\.\S+", re.I),
    "a phone number": re.compile(r"\+?\d[\d ().-]{6,}\d"),
}
"""What nobody may say who was not told it by a tool."""
