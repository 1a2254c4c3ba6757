"""Whether what a model would say states anything that nobody told it.

No list can name every fact about a business, so it goes the other way round: a reply may be made of words that state
nothing (`talk_words`), of what tools told, and, where it does not speak of the business, of the customer's own words.
Anything else is refused, and said by code out of the business's documents or by a person, or not at all. That is
stricter than a model deserves, and errs only to that side.
"""

import re
import unicodedata
from collections.abc import Set
from typing import Final

from app.inference.talk_words import LEADS, OF_US, OPENERS, TALK_WORDS

CLOSED: Final = "a fact"
AGREES: Final = "yes to a question that nobody answered"
SETTLES: Final = "a time as if it were settled"

_I: Final = re.I
_WORD: Final = re.compile(r"[^\W_]+")
_SENTENCE: Final = re.compile(r"[^.!?…\n]*(?:\.(?=\S)[^.!?…\n]*)*[.!?…]*")
_CLAUSE: Final = re.compile(r"[,;:()\"“”–—]|\s-\s")
_TO_CUSTOMER: Final = re.compile(
    r"^\W*(?:(?:i'?m|i am|so|very|really|oh|ah|ok|okay|and|great|perfect|hi|hello|hey|hola|well)\W+)*"
    r"(?:thanks?|sorry|apolog\w*|got it|noted|understood|i (?:see|understand|hear|'?ll|can|could|will|have noted)|i'll|"
    r"to confirm|just to|so\b|you (?:said|want|wanted|need|mentioned|asked|wrote|have|chose|picked|would like)|you'd|"
    r"you'?re (?:very |most |so )?welcome|i'd|hi|hello|hey|hola|gracias|lo siento|merci|désolé|danke|entschuldig\w*|"
    r"for|let me|let's|great|perfect|ok|okay|sure|of course|no problem|no worries|please)\b",
    _I,
)
"""How a sentence begins that takes up what the customer wrote."""
_NUMBERED: Final = re.compile(
    r"(?:(?<=^)|(?<=[\s(]))[1-9](?=[).:])|\b(?:option|number|reply|choose|pick|or|to|and) [1-9]\b", _I
)
_FREE_THEN: Final = re.compile(
    r"\bfree (?=(?:at|on|from|to|tomorrow|all|that|then|next|this|for|between|after|before)\b)", _I
)
_YES: Final = re.compile(
    r"^\W*(?:(?:oh|well|hi|hello|thanks|thank you|(?:great|good) question)\W+)*(?:yes|yeah|yep|yup|sure|of course|"
    r"no(?! (?:problem|worries|trouble))|nope|correct|right|indeed|exactly|true|definitely|absolutely|certainly|always|"
    r"never|both|sí|si|claro|oui|non|ja|nein)\b",
    _I,
)
_IT_IS: Final = re.compile(
    r"\b(?:it|that|this|everything|everyone|all|there|you)(?:'(?:re|s|ll)\b| (?:do|does|can|could|will|are|is|has)\b)|"
    r"\bi (?:think|hope) so\b",
    _I,
)
"""Said to somebody who asked something: it says yes or no."""
_WE_DO: Final = re.compile(
    r"\b(?:we|they|he|she|nosotros)(?:'(?:re|ve|ll|s|d)\b| (?:all |also |both |always |never |usually )*"
    r"(?:do|does|can|could|will|would|are|is|have|has|don|doesn|cannot|won|aren|isn|work|go|take|come|make|know|use|"
    r"need|get|call|start)\b)",
    _I,
)
_WE_HELP: Final = re.compile(
    r"\b(?:we|our team)(?:'(?:ll|d|re)| will| would| can| could| are| are all)? "
    r"(?:be |also |just |gladly |always |only )*(?:happy|glad|help|assist|sorry|check|look|find|need|"
    r"know|see|hear|appreciate)\b",
    _I,
)
_ADVICE: Final = re.compile(
    r"\byou(?:'ll| will| would)? (?:do not|don'?t|needn'?t|need not|won'?t|will not|never|shouldn'?t|should not|"
    r"must not|mustn'?t|must|have to|should|may|can (?:always |also |still |just )*(?:cancel|change|move|reschedule|be|"
    r"leave|wait|stop|work|go|do|have|use|get|come|take|start))\b",
    _I,
)
_ASKS: Final = re.compile(
    r"[?¿]|^\W*(?:tell me|let me know|i (?:was )?wonder|wondering|i(?:'d| would)? (?:want|like) to know)", _I
)
_DAY: Final = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:tomorrow|tonight)\b|\b\d{1,2}(?::\d\d)? ?[ap]\.?m\b|"
    r"\b\d{1,2}:\d\d\b",
    _I,
)
_ASKS_FOR: Final = re.compile(
    r"[?¿]|\b(?:let me know|tell me|please|reply|send|text me|choose|pick|i need|would you|could you|may i)\b", _I
)


def asked(text: str) -> bool:
    """Whether a customer's text asks something."""
    first = _WORD.findall(text.casefold())[:1]
    return bool(_ASKS.search(text)) or bool(first and first[0] in OPENERS)


def unfounded(reply: str, told: str, said: str, *, answered: bool, question: bool) -> str:
    """What is stated that nobody told; empty when nothing is.

    `told` is what tools and the business's file say, `said` the customer's words. `answered`: a tool answered in this
    turn. `question`: the customer asked something that is no wish for an appointment or a person.
    """
    told_words, said_words = words(told), words(said)
    plain = _plain(reply)
    if not answered and _DAY.search(plain) and not _ASKS_FOR.search(plain):
        return SETTLES
    for sentence in _SENTENCE.findall(plain):
        statement, query = _apart(sentence)
        if not answered and (problem := _agreement(statement, question)):
            return problem
        if not _covered(statement, told_words | TALK_WORDS | (said_words if _to_customer(sentence) else set())):
            return CLOSED
        if OF_US & words(query) and not _covered(query, told_words | TALK_WORDS | said_words):
            return CLOSED
    return ""


def words(text: str) -> set[str]:
    """Its words, lower case, those with an apostrophe in their parts; `24th` as `24`."""
    found = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return {re.sub(r"^(\d+)(?:st|nd|rd|th|h|am|pm)$", r"\1", word).lstrip("0") or "0" for word in found}


def _plain(reply: str) -> str:
    text = unicodedata.normalize("NFKC", reply).replace("’", "'").replace("‘", "'")
    return _NUMBERED.sub(" ", _FREE_THEN.sub(" ", text))


def _apart(sentence: str) -> tuple[str, str]:
    """The part of a sentence that states, and the part that asks."""
    bare = sentence.strip()
    if not bare.endswith("?"):
        return bare, ""
    clauses = _CLAUSE.split(bare)
    for number, clause in enumerate(clauses):
        first = next((word for word in _WORD.findall(clause.casefold()) if word not in LEADS), "")
        if first in OPENERS:
            return " , ".join(clauses[:number]), " , ".join(clauses[number:])
    return " , ".join(clauses[:-1]), clauses[-1]


def _agreement(statement: str, question: bool) -> str:
    """Whether it answers what only a tool can, without one."""
    if _WE_DO.search(statement) and not _WE_HELP.search(statement):
        return AGREES
    if _ADVICE.search(statement):
        return CLOSED
    return AGREES if question and (_YES.search(statement) or _IT_IS.search(statement)) else ""


def _to_customer(sentence: str) -> bool:
    """Whether it speaks to the customer of what they wrote, and not of the business."""
    return bool(_TO_CUSTOMER.search(sentence)) and not OF_US & words(sentence)


def _covered(text: str, allowed: Set[str]) -> bool:
    return words(text) <= allowed
