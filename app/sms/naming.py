"""An answer to "what is your full name?" with something after it: the name is taken, the rest read. And a no; notes."""

import re
from dataclasses import replace

from app.sms.ground import Ground
from app.sms.names_in_words import AROUND_NAME, GIVEN_NAMES, fitting, titled, whole_name
from app.sms.state import Step, Task
from app.sms.talk import Talk
from app.sms.tidings import DETAIL
from app.sms.vocabulary import ASKING, SEGMENTS
from app.sms.words import Answer, Intent, Said, read

MAX_NOTE_CHARS = 200
_WORD = r"[A-Z](?:[\w'-]|\.(?=\w))*"
_NAME = rf"(?:{'|'.join(sorted(GIVEN_NAMES))}|{_WORD}(?: (?:[A-Z]\.|{_WORD})){{1,3}})"
_AGREED = r"(?:(?:yes|yeah|yep|sure|ok|okay|hi|hello|well),? )?"
_FIRST = re.compile(
    rf"{_AGREED}(?:(?:it's |it is |its |i'm |i am |this is |for |under |put it under |(?:my )?name is )"
    r"(?:(?:my|our) [a-z]+,? )?)?"
    rf"(?P<name>(?-i:{_NAME}))(?: (?:please|pls|thanks|thank you|thx|here))?"
    r"(?P<rest>(?:\s*[,.;\n(]|\s+(?=(?:and|but|my|our|please|is|can|could|how|what)\b|[0-9(+#]|\S+@)).*)?",
    re.I | re.S,
)
_WRONG = re.compile(
    r"(?:(?:that'?s|that is|it'?s|you (?:have|got)|sorry|oops) )*(?:the |a |my )?(?:wrong name|name is wrong)"
)
_AGREES = re.compile(r"^\W*(?:(?:yes|yeah|yep|ok|okay|sure|and|but|also|then)\b[ ,]*)*", re.I)
_NOT_SO = re.compile(
    r"(?:(?:no|sorry|oops|wait|actually)\W+)*(?:(?:it'?s|its|that'?s|(?:my )?name(?: i|')s|spelled) )*"
    r"(?P<new>[^\W\d_][\w'-]*),? (?:and )?not (?P<old>[^\W\d_][\w'-]*)\W*",
    re.I,
)
_REFUSES = re.compile(r"\b(?:changed my mind|forget it|not (?:any ?more|now)|never ?mind|no thanks?|don'?t want)\b")


def with_name(talk: Talk, ground: Ground) -> Said:
    """What was said, with the name that it begins with and a note of what else is told."""
    said = talk.said
    if said.name and _WRONG.fullmatch(said.question.lower().strip(" .!?")):
        return replace(said, question="")
    if new := _respelt(talk):
        return replace(said, name=new, answer=None)
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
    """Whether something new is told that whoever comes has to know: it goes with the booking that is under way."""
    state, said = talk.state, talk.said
    if state.task is not Task.BOOK:
        return False
    before, names = state.words.get("notes", ""), {name.lower() for name in (said.name, said.alone, said.titled)}
    told = [_AGREES.sub("", part).strip(" .") for part in SEGMENTS.split(said.whole) if DETAIL.search(part)]
    new = [part for part in told if part not in before and part.lower() not in names and not _asks(part)]
    if new:
        state.words = {**state.words, "notes": "; ".join(filter(None, (before, ", ".join(new))))[:MAX_NOTE_CHARS]}
    return bool(new)


def _respelt(talk: Talk) -> str:
    """The name that was given, with one of its words put right: "it's Karin, not Karen"."""
    found = _NOT_SO.fullmatch(talk.said.text)
    words = talk.state.name.split()
    if talk.state.step is not Step.CONFIRM or found is None or found["old"].lower() not in map(str.lower, words):
        return ""
    new = found["new"][:1].upper() + found["new"][1:]
    return " ".join(new if word.lower() == found["old"].lower() else word for word in words)


def _asks(part: str) -> bool:
    return part.endswith("?") or bool(ASKING.match(part.lower()))


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
