"""An answer to "what is your full name?" with something after it: the name is taken, the rest read. And a no; notes."""

import re
from dataclasses import replace

from app.sms.ground import Ground
from app.sms.names_in_words import AROUND_NAME, GIVEN_NAMES, fitting, titled, whole_name
from app.sms.state import Step, Task
from app.sms.talk import Talk
from app.sms.tidings import DETAIL
from app.sms.words import Answer, Intent, Said, read

MAX_NOTE_CHARS = 200
_WORD = r"[A-Z](?:[\w'-]|\.(?=\w))*"
_NAME = rf"(?:{'|'.join(sorted(GIVEN_NAMES))}|{_WORD}(?: (?:[A-Z]\.|{_WORD})){{1,3}})"
_AGREED = r"(?:(?:yes|yeah|yep|sure|ok|okay|hi|hello|well),? )?"
_FIRST = re.compile(
    rf"{_AGREED}(?:(?:it's |it is |its |i'm |i am |this is |for |under |put it under |(?:my )?name is )"
    r"(?:(?:my|our) [a-z]+,? )?)?"
    rf"(?P<name>(?-i:{_NAME}))(?: (?:please|pls|thanks|thank you|thx|here))?"
    r"(?P<rest>(?:\s*[,.;\n(]|\s+(?=(?:and|but|my|our|please|is|can|could|how|what)\b|[0-9(+#])).*)?",
    re.I | re.S,
)
_WRONG = re.compile(
    r"(?:(?:that'?s|that is|it'?s|you (?:have|got)|sorry|oops) )*(?:the |a |my )?(?:wrong name|name is wrong)"
)
_REFUSES = re.compile(r"\b(?:changed my mind|forget it|not (?:any ?more|now)|never ?mind|no thanks?|don'?t want)\b")


def with_name(talk: Talk, ground: Ground) -> Said:
    """What was said, with the name that it begins with and a note of what else is told."""
    said = talk.said
    if said.name and _WRONG.fullmatch(said.question.lower().strip(" .!?")):
        return replace(said, question="")
    if talk.state.step is not Step.NAME or said.name or said.next is not None:
        return said
    if said.titled or said.alone:
        return replace(said, answer=None) if said.answer is Answer.YES and _is_called(said) else said
    low = said.text.lower()
    if _REFUSES.search(low) or (said.answer is Answer.NO and len(low.split()) == 1):
        return replace(said, intent=Intent.ABORT, answer=None)
    found = _FIRST.fullmatch(said.text)
    name = AROUND_NAME.sub("", found["name"]) if found else ""
    if name not in GIVEN_NAMES:
        name = name if " " in name else ""
        name = whole_name(name, ground) or fitting(name, ground.own_words) or titled(name, name.lower(), None)
    if found is None or not name:
        return said
    return _with_rest(talk, read([((found["rest"] or "").strip(" ,.;\n"), 0)], ground), name)


def noted(talk: Talk) -> bool:
    """Whether something is told that whoever comes has to know: it goes with the booking that is asked about."""
    state, said = talk.state, talk.said
    given = said.answer or said.intent or said.when or said.name or said.number is not None
    if state.task is not Task.BOOK or said.asks or given or not DETAIL.search(said.text):
        return False
    notes = "; ".join(filter(None, (state.words.get("notes", ""), said.text)))
    state.words = {**state.words, "notes": notes[:MAX_NOTE_CHARS]}
    return True


def _is_called(said: Said) -> bool:
    """Whether the yes only stands before a name: "sure, it's Jane", unlike "yes correct"."""
    name = said.alone or said.titled
    return said.intent is None and name[:1].isupper() and name in said.text


def _with_rest(talk: Talk, rest: Said, name: str) -> Said:
    asked = rest.intent is Intent.QUESTION or (rest.asks and rest.intent is None and not rest.when)
    if asked:
        return Said(text=rest.text, whole=rest.whole, name=name, question=rest.question or rest.text)
    told = rest.intent is None and not rest.when and rest.number is None and rest.answer is None
    if told and rest.text:
        talk.state.words = {**talk.state.words, "notes": rest.text[:MAX_NOTE_CHARS]}
        return Said(text=rest.text, whole=rest.whole, name=name)
    return replace(rest, name=name, alone="")
