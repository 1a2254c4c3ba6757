"""An answer to "what is your full name?" with something after it: the name is taken, the rest read. And a no; notes."""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from app.sms import phrases, way_in
from app.sms.dates_in_words import When
from app.sms.day_names import WEEKDAYS
from app.sms.given_names import GIVEN_NAMES_KNOWN
from app.sms.ground import Ground
from app.sms.meant import called
from app.sms.names_in_words import AROUND_NAME, GIVEN_NAMES, by_parts, fitting, titled, whole_name
from app.sms.state import Step, Task
from app.sms.talk import Talk
from app.sms.tidings import DETAIL
from app.sms.vocabulary import APPT, ASKING, JOINING, SEGMENTS
from app.sms.words import Answer, Intent, Said, read

MAX_NOTE_CHARS = 2_000
"""As many as the tool takes."""
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
_NAMED_SO = re.compile(
    r"\W*(?P<sorry>(?:(?:no|sorry|oops|wait|actually|typo|correction|i meant?)\W+)*)"
    r"(?P<so>(?:(?:the|my) name (?:should be|is not right,? it'?s) |it'?s |name: ?)?)"
    rf"(?P<name>(?-i:{_NAME}))(?:,? not [\w' -]+)?\W*",
    re.I,
)
_AGREES = re.compile(r"^\W*(?:(?:yes|yeah|yep|ok|okay|sure|and|but|also|then)\b[ ,]*)*", re.I)
_SPELT_SO = re.compile(
    r"\W*(?:(?:no|sorry|oops|wait|actually|typo|correction|i meant?)\W+)*"
    r"(?:(?:it'?s|that'?s|(?:my |the )?(?:(?:first|last) )?name(?:'?s| is)?)\W+)?(?:spell?e?[dt]\W+)?"
    r"(?P<new>[^\W\d_][\w'-]*)\W*",
    re.I,
)
_TWO = 2
_ALIKE = 0.7
"""How much of a word has to agree, of 1, for it to be the same one, put right."""
_NOT_SO = re.compile(
    r"(?:(?:no|sorry|oops|wait|actually)\W+)*+"
    r"(?:(?:it'?s|that'?s|(?:it|that) is|(?:my )?name(?: i|')s|i'?m|spelled) )*+"
    r"(?:(?P<new>[^\W\d_][\w'-]*),? (?:and )?)?not (?P<old>[^\W\d_][\w'-]*)\W*",
    re.I,
)
_OTHER = re.compile(
    r"(?:(?:no|sorry|oops|wait)\W+)*not (?P<old>[^\W\d_][\w'-]*),? (?:(?:but|it'?s|it is|my name is) )*"
    r"(?P<new>[^\W\d_][\w'-]*(?: [^\W\d_][\w'-]*){0,2})\W*",
    re.I,
)
"""The name that it is instead: "not Jane, it's John Roe"."""
_SPELT_OUT = re.compile(r"[^\W\d_](?:[-. ][^\W\d_]){2,}")
_NO_NAME = (
    r"is|not|correct|right|fine|ok|okay|good|needed|required|necessary|same|missing|optional|there|that|this|it|"
    r"enough|spell\w*|misspell\w*|please|private|different|incorrect|hyphenated"
)
"""What is said of a name and is none."""
_PART = re.compile(
    r"(?:^|[,.;!\n] ?|\b(?:no|sorry|oops|wait|actually|ok|okay|yes|but|and|my|the|her|his|first name is \w+) )"
    r"(?<!\bis my )(?<!\bis the )"
    r"(?P<which>first|last) name(?:'?s| is| should be|:)?(?: really| actually)?(?: spelle?[dt]| with)?:? "
    rf"(?P<new>{_SPELT_OUT.pattern}|(?!(?:{_NO_NAME})\b)[^\W\d_][\w'-]*)[^\w?]*$",
    re.I,
)
"""The first or the last name alone."""
_OF_PART = re.compile(r"\b(?:first|last) name\b", re.I)
_REFUSES = re.compile(
    r"\b(?:changed my mind|forget it|not (?:any ?more|now)|never ?mind|no thanks?)\b|"
    r"\b(?:don'?t|do not) want(?: (?:it|this|that|one|any|anything|(?:(?:to )?(?:make|have|book|schedule) )?"
    rf"(?:an?|any|the|this|that|your) (?:\w+ )?(?:{APPT}|services?|inspection|treatment)|"
    r"(?:you|u|anyone|anybody|any ?one) to (?:come|visit)(?: (?:out|over|here|by))?|"
    r"to(?: (?:book|schedule|proceed|continue|pay|come|do (?:it|this|that)|go (?:on|ahead)))?))?"
    r"(?:,? (?:any ?more|now|after all|please|sorry|thanks))*\W*$"
)

_ASKING = (
    r"(?:and|but|please|no|i|we|i'?d|we'?d|would|don'?t|do not|want|have|prefer|like|rather|to|see|get|can|could|you|"
    r"make|send|it|with|not|"
    r"without|anyone|anybody|except|how|what|about|is|if)"
)
_ASKS_FOR = (
    rf"(?:^|[,.;!\n])\W{{{{0,3}}}}(?:{_ASKING} )+"
    r"(?:(?:{names})(?:,? (?:instead of (?:{names})|if that'?s (?:ok|okay|possible)|please|pls|thanks|thank you|"
    r"instead|rather|if possible|available|free|this time|in the (?:morning|afternoon)|(?:to )?come|"
    r"do (?:it|that|this)|at [0-9][0-9:]*(?: ?[ap]m)?|(?:on |this |next )?(?:\w{{2,6}}day|tomorrow)))*\W*$|"
    r"(?<=\b(?:not|but) )(?:{names}),? (?:she|he|they|because|since|again|as)\b|"
    r"(?<=\b(?:not|but) with )(?:{names}),? (?:she|he|they|because|since|again|as)\b)"
)
"""Nothing else beside the name of who comes: "with Lee my husband" and "see Lee at the front desk" ask for nobody."""
_PLACE = re.compile(
    r"\b(?:(?:[Ii]|[Ww]e)(?:'?m| am|'?re| are)|lives?|located|(?:address|house|home|place) is) at [0-9]|"
    rf"\bat [0-9]{{1,5}} (?!(?:{'|'.join(day[:3].title() for day in WEEKDAYS)}|[AP]m\b|Tomorrow|Today|Please|Thank))"
    r"[A-Z][a-z]"
)
"""The number of a house, which is no hour."""


def asks_for_technician(talk: Talk) -> bool:
    """Whether what stands beside the customer's name asks for somebody to come, or for somebody not to."""
    names = "|".join(called(talk).values())
    return bool(names) and re.search(_ASKS_FOR.format(names=names), talk.said.text.lower()) is not None


def with_name(talk: Talk, ground: Ground) -> Said:
    """What was said, with the name that it begins with and a note of what else is told."""
    said = talk.said
    if talk.state.step is Step.NAME and not said.when.days and _PLACE.search(said.text):
        said = replace(said, when=When())
    if said.name and _WRONG.fullmatch(said.question.lower().strip(" .!?")):
        return replace(said, question="")
    if (new := _respelt(talk, ground)) is not None:
        talk.state.name = new
        return Said(text=said.text, whole=said.whole, intent=Intent.BOOK)
    if _confirms(talk) and _OF_PART.search(said.text):
        said = replace(said, name="", titled="", alone="")  # one word of it alone is no whole name
    if talk.state.step is not Step.NAME or said.name or said.next is not None:
        return said
    if said.titled or said.alone:
        return replace(said, answer=None) if said.answer is Answer.YES and _is_called(said) else said
    low = said.text.lower()
    if (_REFUSES.search(low) and not said.when) or (said.answer is Answer.NO and len(low.split()) == 1):
        return replace(said, intent=Intent.ABORT, answer=None)
    found = _FIRST.fullmatch(said.text)
    name = AROUND_NAME.sub("", found["name"]) if found else ""
    if name not in GIVEN_NAMES:
        name = name if " " in name else ""
        name = whole_name(name, ground) or fitting(name, ground.own_words) or titled(name, name.lower(), None)
    if found is None or not name:
        return said
    rest = JOINING.sub("", (found["rest"] or "").strip(" ,.;\n"))
    return _with_rest(talk, read([(rest, 0)], ground), name)


async def noted(talk: Talk) -> bool:
    """Whether something new is told that whoever comes has to know: it goes with the booking that is under way.

    What there is no room for goes to a person, who has been promised then.
    """
    state, said = talk.state, talk.said
    if state.task is not Task.BOOK:
        return False
    before, names = state.words.get("notes", ""), {name.lower() for name in (said.name, said.alone, said.titled)}
    told = _notes(said)
    new = [part for part in told if part not in before and part.lower() not in names]
    if new and not _written(talk, ", ".join(new)):
        await talk.person(phrases.GOES_ON)
    return bool(new)


async def passed_on(talk: Talk) -> None:
    """What is told beside a yes to a move goes to a person: no tool takes it down with that."""
    if _notes(talk.said) and not talk.passed_on:
        await talk.person(phrases.GOES_ON)


def _notes(said: Said) -> list[str]:
    return [_AGREES.sub("", part).strip(" .") for part in SEGMENTS.split(said.whole) if _is_note(part)]


def _written(talk: Talk, note: str) -> bool:
    """Whether there was room for it beside what was noted before."""
    words = talk.state.words
    notes = "; ".join(filter(None, (words.get("notes", ""), note)))
    if len(notes) > MAX_NOTE_CHARS:
        return False
    talk.state.words = {**words, "notes": notes}
    return True


def _respelt(talk: Talk, ground: Ground) -> str | None:
    """The name that was given, with one of its words put right: "it's Karin, not Karen". Empty: it is only wrong."""
    state, found = talk.state, _NOT_SO.fullmatch(talk.said.text)
    words = state.name.split()
    confirming = _confirms(talk)
    if confirming and (both := by_parts(talk.said.text, ground)):
        return both
    if confirming and (name := _whole_instead(talk, ground) or _one_word_instead(talk, ground)):
        return name
    if confirming and _WRONG.fullmatch(talk.said.text.lower().strip(" .!?")):
        return ""
    if confirming and len(words) > 1 and (part := _PART.search(talk.said.text)):
        new = fitting(_written_out(part["new"]), ground.own_words)
        return new and " ".join((*words[:-1], new) if part["which"].lower() == "last" else (new, *words[1:]))
    if confirming and (other := _OTHER.fullmatch(talk.said.text)) and (name := _instead(words, other, ground)):
        return name
    if not confirming or found is None:
        return None
    old, new = found["old"].lower(), found["new"] or ""
    new = fitting(new[:1].upper() + new[1:], ground.own_words)
    if old not in map(str.lower, words) or (not new and old in ground.technicians):
        return None
    return new and " ".join(new if word.lower() == old else word for word in words)


def _confirms(talk: Talk) -> bool:
    """Whether a booking, with its name, is asked about."""
    return talk.state.step is Step.CONFIRM and talk.state.task is Task.BOOK


def _instead(words: Sequence[str], other: re.Match[str], ground: Ground) -> str:
    """The name with what it is instead of one of its words, or a whole other one; empty where that is none."""
    old, new = other["old"].lower(), fitting(other["new"].title(), ground.own_words)
    if old not in map(str.lower, words) or ground.when(other["new"])[0]:
        return ""
    return new if " " in new else new and " ".join(new if word.lower() == old else word for word in words)


def _whole_instead(talk: Talk, ground: Ground) -> str:
    """The name that is said to be another: "it's Ann Roe", "sorry, Ann Lowe"; else one that shares a word with it."""
    so = _NAMED_SO.fullmatch(talk.said.text)
    name = whole_name(so["name"], ground) if so else ""
    if so is None or not name:
        return ""
    first, *others = name.lower().split()
    known = bool(so["sorry"]) and first in GIVEN_NAMES_KNOWN
    return name if so["so"] or known or {first, *others} & {*talk.state.name.lower().split()} else ""


def _one_word_instead(talk: Talk, ground: Ground) -> str:
    """The name with the one of its words that is like what is said put right: "it's spelled Rowe"."""
    said, words = talk.said, talk.state.name.split()
    found = _SPELT_SO.fullmatch(said.text)
    answers = said.answer is not None or said.intent is not None or bool(said.when) or said.number is not None
    if found is None or answers or len(words) < _TWO:
        return ""
    new = fitting(_written_out(found["new"]), ground.own_words | ground.technicians)
    like = get_close_matches(new.lower(), [word.lower() for word in words], 1, _ALIKE) if new else []
    return " ".join(new if word.lower() in like else word for word in words) if like else ""


def _written_out(name: str) -> str:
    """`Rowe`, from "R-o-w-e"; another one as it is, with a capital."""
    letters = _SPELT_OUT.fullmatch(name)
    return "".join(sign for sign in name if sign.isalpha()).capitalize() if letters else name[:1].upper() + name[1:]


def _is_note(part: str) -> bool:
    asks = part.endswith("?") or ASKING.match(_AGREES.sub("", part.lower()))
    return way_in.is_told(part) or bool(DETAIL.search(part) and not asks)


def _is_called(said: Said) -> bool:
    """Whether the yes only stands before a name: "sure, it's Jane", unlike "yes correct"."""
    name = said.alone or said.titled
    return said.intent is None and name[:1].isupper() and name in said.text


def _with_rest(talk: Talk, rest: Said, name: str) -> Said:
    if not rest.when.days and _PLACE.search(rest.text):
        rest = replace(rest, when=When())
    asked = rest.intent is Intent.QUESTION or (rest.asks and rest.intent is None and not rest.when)
    if asked:
        return Said(text=rest.text, whole=rest.whole, name=name, question=rest.question or rest.text)
    told = rest.intent is None and not rest.when and rest.number is None and rest.answer is None
    if told and rest.text and not asks_for_technician(replace(talk, said=rest)):
        room = _written(talk, rest.text)
        return Said(text=rest.text, whole=rest.whole, name=name, question="" if room else rest.text)
    return replace(rest, name=name, alone="")
