"""What a text asks, in the customer's own words and each question by itself: one sentence of a document answers one.

Pure. What a model makes of a question is not put to the documents: an answer to another one would be taken for theirs.
"""

import re
from typing import Final

from app.inference.output import folded, occurs
from app.sms.asked_for import heard_now
from app.sms.model_turn import ModelTurn
from app.sms.rules_in_words import asks_rules
from app.sms.talk import MAX_QUESTION_CHARS, MOST_QUESTIONS
from app.sms.vocabulary import ABOUT_TIMES, ASKING, LEAST_QUESTION_WORDS, TAG, TOPICS
from app.sms.words import Intent

_SENTENCES: Final = re.compile(r"[^?.!;\n]+[?.!;\n]*")
_CLAUSES: Final = re.compile(r", | and ", re.I)
_INDIRECT: Final = re.compile(
    r"\b(?:wonder\w*|curious|(?:if|whether) (?:you|u|they)(?! (?:can|could|want|need)\b)|"
    r"(?:let me|(?:like|love|need|want) to) know (?:\w+ )?"
    r"(?:about|how(?! soon)|what(?! (?:time|day))|where|who|why|your)|"
    r"(?:ask\w*|tell me|info\w*|questions?|details?) (?:more )?(?:about|regarding))\b"
)
"""No time answers it, which is why "let me know if Tuesday works" is none."""
IN_PASSING: Final = re.compile(r"\bhow (?:are|r) (?:you|u|things)\b|\bhow'?s it going\b|\b(?:are|r) (?:you|u) there\b")
"""Asked without wanting an answer."""


def questions(said: str) -> list[str]:
    """The parts of a text that ask something."""
    parts = []
    for sentence in _SENTENCES.findall(said):
        clauses = [clause.strip() for clause in _CLAUSES.split(sentence) if clause.strip()]
        lows = [clause.lower() for clause in clauses]
        asks = [ASKING.match(low) or low.endswith("?") or _INDIRECT.search(low) for low in lows]
        parts += [clause for clause, asked in zip(clauses, asks, strict=True) if asked]
    return parts


def as_asked(turn: ModelTurn, question: str) -> list[str]:
    """What a model wants to ask the documents, as the customer asked it."""
    said = turn.window.said
    own = occurs(question, said)
    parts = questions(question if own else said)
    whole = question if own else " ".join(parts) or said
    return [part[:MAX_QUESTION_CHARS] for part in (parts if 1 < len(parts) <= MOST_QUESTIONS else [whole])]


def of_documents(turn: ModelTurn) -> list[str]:
    """What is for the documents to answer and was not put to them yet: beside one such question every other one that
    no time and no visit answers."""
    parts = unasked(turn)
    about = [part for part in parts if _is_topic(part.lower())]
    if about or turn.told.questions:
        about = [part for part in parts if part in about or _is_aside(turn, part)]
    return [part[:MAX_QUESTION_CHARS] for part in about[:MOST_QUESTIONS]]


def _is_topic(low: str) -> bool:
    return bool(TOPICS.search(low)) or asks_rules(low)


def _is_aside(turn: ModelTurn, part: str) -> bool:
    said, low = turn.reads(part), part.lower()
    whole = len(low.split()) >= LEAST_QUESTION_WORDS and not TAG.fullmatch(low)
    return whole and not said.when and said.intent in (None, Intent.QUESTION) and not ABOUT_TIMES.search(low)


def unasked(turn: ModelTurn) -> list[str]:
    """What is asked and was not put to the documents."""
    asked = [folded(each) for each in turn.told.questions]
    return [
        part
        for part in questions(turn.window.said)
        if not IN_PASSING.search(part.lower()) and not any(folded(part) in one or one in folded(part) for one in asked)
    ]


def asks_nothing(turn: ModelTurn) -> bool:
    """Whether the newest words can be read, and no question is among them: a time, a name, a yes, a wish."""
    said, low = heard_now(turn).said, turn.window.said.lower()
    asks = said.asks or said.intent is Intent.QUESTION or questions(turn.window.said) or TOPICS.search(low)
    other = said.intent or said.answer or said.number is not None or said.alone or said.name or said.thanks
    return bool(not asks and not said.foreign and (other or said.when or said.only_greets))
