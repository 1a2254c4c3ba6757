"""What a model may have done for a customer who texts. Pure: it decides by what was said and what tools told.

A model may use offered times, references that tools told or the customer wrote, and words of the customer. Numbers and
addresses it never sees, so those it gives are made up.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from app.inference.model import Offered, Wanted
from app.inference.output import folded
from app.sms.cleaning import cleaned
from app.sms.names_in_words import NAME_WORD, NO_NAMES

CHANGES: Final = frozenset(("book_appointment", "reschedule_appointment", "cancel_appointment"))
"""What a person may have to approve."""
TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "check_availability": ("service", "date", "weekday", "date_to", "part_of_day", "technician", "limit"),
    "find_appointments": (),
    "answer_question": ("question",),
    "book_appointment": ("slot_id", "customer_name", "address", "notes"),
    "reschedule_appointment": ("reference", "slot_id"),
    "cancel_appointment": ("reference", "reason"),
    "request_callback": ("reason", "when"),
    "send_confirmation": ("reference",),
}
"""Every tool a model may use, and the arguments it may give. Who the customer is comes from the carrier alone."""
OWN_WORDS: Final = ("customer_name", "address", "notes")
"""Arguments that must be the customer's own words."""
MONEY: Final = re.compile(r"[$€£%]|\b(?:free|charge|price|cost|discount|refund|dollars?|waive\w*|paid)\b", re.I)
"""What is said about money is no note for a technician."""
MOST_ARGUMENT_CHARS: Final = 4_000
MOST_TIMES: Final = 6
"""Times that fit into one text."""

LANGUAGE: Final = "The customer's, where it is Spanish; else en"
NO_SUCH_TOOL: Final = "There is no such tool here. Offer a callback instead."
UNREADABLE: Final = "The arguments were no JSON object. Call it again with a JSON object."
NOT_OFFERED: Final = (
    "That time was not offered in this conversation. Call check_availability and offer what it answers."
)
NO_REFERENCE: Final = "Nobody told that reference. Call find_appointments; it knows this customer's own appointments."
NO_NAME: Final = "The customer has not written that name. Ask for the name the booking is for."


@dataclass(frozen=True, slots=True)
class Facts:
    """What tools told in this conversation: offered times by short name, and references."""

    offers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    """Names of the times that the customer last saw, in the order of their numbers."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """A tool that may run with these arguments. `confidence` and `rests_on` are the model's, for a change."""

    tool: str
    arguments: Mapping[str, Any]
    confidence: float | None
    rests_on: tuple[str, ...]
    language: str = ""
    """The customer's, as the model says; only what is asked about a change is put in it."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A tool that may not; `say` tells the model what to do instead."""

    tool: str
    say: str


def permitted(wanted: Wanted, facts: Facts, said: str) -> Permitted | Denied:
    """Whether a tool may run as the model wants. `said` is everything the customer wrote in this conversation."""
    takes = TAKES.get(wanted.name)
    if takes is None:
        return Denied(wanted.name[:64], NO_SUCH_TOOL)
    given = _object(wanted.arguments)
    if given is None:
        return Denied(wanted.name, UNREADABLE)
    arguments = {name: given[name] for name in takes if given.get(name) not in (None, "")}
    if "limit" in arguments:
        arguments["limit"] = min(arguments["limit"], MOST_TIMES) if isinstance(arguments["limit"], int) else MOST_TIMES
    problem = _slot(arguments, facts) or _reference(arguments, facts, said) or _words(arguments, said)
    if problem:
        return Denied(wanted.name, problem)
    confidence, rests_on = _figure(given.get("confidence")), _texts(given.get("rests_on"))
    return Permitted(wanted.name, arguments, confidence, rests_on, str(given.get("language", "")))


def offered_tool(name: str, description: str, schema: Mapping[str, Any]) -> Offered:
    """A tool as a model is told of it: only what it may give, and for a change what that rests on."""
    takes = TAKES[name]
    properties = {each: schema["properties"][each] for each in takes}
    required = [each for each in schema.get("required", ()) if each in takes]
    if name in CHANGES:
        properties["confidence"] = {"type": "number", "description": "How sure you are, from 0 to 1"}
        properties["rests_on"] = {
            "type": "array",
            "items": {"type": "string"},
            "description": "The customer's own words that ask for exactly this",
        }
        properties["language"] = {"type": "string", "enum": ["en", "es"], "description": LANGUAGE}
        required += ["confidence", "rests_on", "language"]
    parameters = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if "$defs" in schema:
        parameters["$defs"] = schema["$defs"]
    return Offered(name, description, parameters)


def _object(text: str) -> dict[str, Any] | None:
    try:
        given = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return None
    return given if isinstance(given, dict) and len(text) <= MOST_ARGUMENT_CHARS else None


def _slot(arguments: dict[str, Any], facts: Facts) -> str:
    if "slot_id" in arguments:
        offer = facts.offers.get(str(arguments["slot_id"]))
        if offer is None:
            return NOT_OFFERED
        arguments["slot_id"] = offer["slot_id"]
    return ""


def _reference(arguments: dict[str, Any], facts: Facts, said: str) -> str:
    if "reference" in arguments:
        bare = "".join(sign for sign in str(arguments["reference"]).upper() if sign.isalnum())
        if bare not in facts.references and f" {bare.casefold()} " not in folded(said):
            return NO_REFERENCE
        arguments["reference"] = bare
    return ""


def _words(arguments: dict[str, Any], said: str) -> str:
    heard = folded(said)
    for name in OWN_WORDS:
        text = str(arguments.get(name, ""))
        unsaid = bool(text) and (not folded(text).strip() or folded(text) not in heard)
        if name == "customer_name" and text and (unsaid or not _is_name(text)):
            return NO_NAME
        if unsaid or (name == "notes" and MONEY.search(text)):
            del arguments[name]
    return ""


def _is_name(text: str) -> bool:
    """Whether these words can be a name: one that means something else as well stands there with a capital, beside one
    that does not.
    """
    words = cleaned(text).split()
    other = [word for word in words if word.lower().strip(".'") in NO_NAMES]
    written = all(NAME_WORD.fullmatch(word) for word in words) and all(word[0].isupper() for word in other)
    return written and len(other) < len(words)


def _figure(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
