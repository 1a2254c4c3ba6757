"""Several wishes in the words that open a matter: which comes first, and which waits for it.

A booking of one service beside a change of another visit is done first, so that nothing is given up for what may not
be open. What a cancellation hangs on is asked about before it.
"""

import re
from dataclasses import replace

from app.sms import meant
from app.sms.dates_in_words import When
from app.sms.further import ON_TOP, TELLS, halves, turns
from app.sms.ground import Ground
from app.sms.several import EVERY
from app.sms.spans_in_words import COUNTS, DAY_NAMES, read_shift
from app.sms.state import Step
from app.sms.talk import Talk
from app.sms.vocabulary import HAS_ONE, MOVE, NEGATION, WISHES_FOR
from app.sms.words import Answer, Intent, Said, read

ANOTHER = re.compile(r"\b(?:second|another|additional|extra|one more)\b")
_NEW = re.compile(rf"{ANOTHER.pattern}|\ban?\b")
_FROM_TO = re.compile(r"\w+ to \w+")
_JOINED = re.compile(r"^\W*(?:and|then|plus|also|n)\b ?", re.I)
_THING_TO = re.compile(r"\W*(?:(?:and|then|plus|also|n) )?(?:(?:the|my|our) )?(?:[a-z-]+ ){1,3}to (?!be\b)\w")
_THING_SHIFTED = re.compile(
    r"\W*(?:(?:and|then|plus|also|n) )?(?:(?:the|my|our) )?(?!an? |another |one )(?:[a-z-]+ ){1,3}?(?:by )?"
    rf"(?:[0-9]+|half an|{'|'.join(COUNTS)}) "
)
_HOUR = r"[0-9]{1,2}(?::[0-9]{2})? ?(?:[ap]m)?"
_DAY = rf"(?:{DAY_NAMES})"
_ORIGIN = re.compile(
    r"\b(?:move|change|switch|push) (?:the |my )?"
    rf"(?:(?:{_DAY}(?:'?s)?|{_HOUR})(?: one)? to [0-9]|{_HOUR}(?: one)? to {_DAY})",
    re.I,
)
"""A visit by its day or its hour, and the time that it shall have."""
_COURTEOUS = re.compile(
    r"(?:if|as long as) (?:(?:that|it)(?:'?s| is) (?:ok|okay|fine|all ?right|possible|not too late)|possible|"
    r"(?:you|u|i|we) (?:can|could|may)(?=\W*$|[.,;!])|not too late)\b",
    re.I,
)
"""A condition that is none."""
_FOR_SEVERAL = re.compile(
    r"\bfor (?:(?:both|two|three|four|five|several|a couple|[2-9]) (?:(?:of|my|our|the) )*(?!(?:hours|hrs|minutes|mins|"
    r"days|weeks|months|years|bedrooms|rooms|[a-z]+days)\b)(?:[a-z]+s|people|children)|"
    r"(?:me|us|myself) (?:and|&|\+) (?:my|our)|my \w+ (?:and|&|\+) (?:me|myself|my))\b",
    re.I,
)
"""One booking may do for them, or not."""
_SEVERAL = re.compile(
    r"\b(?:two|both|three|four|five|several|a couple(?: of)?|[2-9]) (?P<what>(?:[a-z]+ ){0,2}[a-z]+)", re.I
)
_COUNTED = frozenset(("visit", "appointment", "appt", "house", "home", "properties", "place", "apartment", "unit"))
FOR_ANOTHER = re.compile(r"^\W*(?:(?:and|plus|n) )?for (?:me|myself|us|my|him|her)\b")
"""Beside a visit at its own time it is another one: "... at 9 and for me at 9:30"."""
_STANDS = re.compile(r"\b(?:still|confirmed)\b")
_HANGS_ON = re.compile(r"\b(?:(?:but|and) )?(?:only (?:if|when)|if|as long as|provided(?: that)?|unless)\b", re.I)


def apart(talk: Talk, ground: Ground) -> Said:
    """What was said, with the wish that waits as its `next`."""
    said = talk.said
    if talk.state.step is Step.CONFIRM_CANCEL or said.intent not in (None, Intent.BOOK, Intent.CANCEL, Intent.MOVE):
        return said
    if said.cancels and (hanging := _hanging(talk, ground)) is not None:
        return hanging
    if said.instead or said.answer is not None:
        return said
    if said.next is not None and said.next.next is not None:
        return _booked_first(talk, said, said.next)
    for first, rest in reversed(list(halves(said.whole, ground))):
        if (two := _two(talk, first, rest, ground)) is not None:
            return two
    return _all_days(said, ground) if said.cancels and said.next is None else said


def _booked_first(talk: Talk, said: Said, then: Said) -> Said:
    """Three wishes as they were read; one that began with a booking of another service than is cancelled is so done."""
    one = {each.id for each in meant.all_services_in(talk, said.text)}
    other = {each.id for each in meant.all_services_in(talk, then.text)}
    began = said.cancels and then.intent is Intent.BOOK and said.whole.startswith(then.text)
    if not began or not one or not other or one & other:
        return said
    return replace(then, whole=said.whole, next=replace(said, whole="", next=then.next))


def wants_several(talk: Talk, said: Said) -> bool:
    """Whether more than one visit is asked for by a number of visits or of places: "two inspections", "my 3 houses"."""
    known = _COUNTED | {word for service in talk.business.services_said() for word in service.name.lower().split()}
    found = (match["what"].lower().split() for match in _SEVERAL.finditer(said.text))
    return any(word.endswith("s") and (word in known or word.rstrip("s") in known) for words in found for word in words)


def for_several(said: Said) -> bool:
    """Whether it is for more than one: "for both my cars", "for me and my son"."""
    return said.next is None and _FOR_SEVERAL.search(said.text) is not None


def _two(talk: Talk, first: Said, rest: Said, ground: Ground) -> Said | None:
    """These two as one after the other, if each is a wish of its own."""
    low, one = rest.text.lower(), {each.id for each in meant.all_services_in(talk, first.text)}
    other = {each.id for each in meant.all_services_in(talk, rest.text)}
    disjoint = bool(one) and bool(other) and not one & other
    wish = replace(rest, intent=Intent.BOOK)
    changed = rest.intent in (Intent.CANCEL, Intent.MOVE)
    if first.cancels:
        asks = WISHES_FOR.search(low) and not (NEGATION.search(low) or HAS_ONE.search(low) or TELLS.search(low))
        return replace(first, next=wish) if asks and not changed and other and (disjoint or not one) else None
    if first.intent is Intent.MOVE:
        return _beside_move(first, rest, wish, ground, other=bool(other) and (disjoint or not one))
    if first.intent not in (None, Intent.BOOK) or len(one) != 1:
        return None
    if not other and rest.intent is None and wants_several(talk, first) and not turns(rest):
        whole = all(len(each.when.days) == 1 and each.when.clock for each in (first, rest))
        return replace(first, next=wish) if whole else None
    if not other and rest.intent is None and FOR_ANOTHER.match(low) and not turns(rest):
        exact = rest.when.clock.minutes and first.when.clock.minutes  # "for my husband before 10" is about this one
        return replace(first, next=wish) if exact else None
    if not disjoint:
        return None
    if rest.intent is Intent.CANCEL:
        return replace(first, next=_with_between(talk, rest, ground))
    wished = bool(rest.when or ON_TOP.match(low) or WISHES_FOR.search(low))
    first = first if first.when else replace(first, when=rest.when)  # "an inspection and an ant treatment on Tuesday"
    return replace(first, next=wish) if wished and not changed and not turns(rest) else None


def _with_between(talk: Talk, rest: Said, ground: Ground) -> Said:
    """What is to be cancelled, behind the wish before it: "another inspection Thursday and cancel Tuesday"."""
    for between, last in halves(rest.whole, ground):
        told_which = last.when.days or meant.all_services_in(talk, last.text)
        new = _NEW.search(between.text.lower()) and between.when and meant.all_services_in(talk, between.text)
        if last.intent is Intent.CANCEL and told_which and new and not between.cancels and not turns(between):
            then = replace(between.next, next=last, whole="") if between.next else last
            return replace(between, intent=Intent.BOOK, next=then, whole="")
    return rest


def _beside_move(first: Said, rest: Said, wish: Said, ground: Ground, *, other: bool) -> Said | None:
    low = rest.text.lower()
    if EVERY.search(first.text.lower()):
        return None  # "both Tuesday and Wednesday to Thursday" is one move of two visits
    if (moved := _moved_too(first, rest, ground, other=other)) is not None:
        return replace(first, next=moved)
    if rest.intent in (Intent.CANCEL, Intent.MOVE) or turns(rest):
        return None
    asks, more = bool(WISHES_FOR.search(low)), bool(ANOTHER.search(low))
    on_top = bool(ON_TOP.match(low)) and bool(rest.when)
    return replace(first, next=wish) if (other and (asks or on_top)) or (asks and more) else None


def _moved_too(first: Said, rest: Said, ground: Ground, *, other: bool) -> Said | None:
    """Another visit that shall be moved as well, and where to: "and the ants to Thursday", "and the 10 to 2".

    Or by how much: "and the ants an hour earlier".
    """
    low = rest.text.lower()
    shifted = read_shift(low) is not None and bool(MOVE.search(low) or _THING_SHIFTED.match(low))
    if rest.intent not in (None, Intent.MOVE) or not (shifted or _FROM_TO.search(low)):
        return None
    moved = (
        rest
        if rest.intent is Intent.MOVE and (MOVE.search(low) or not shifted)
        else read([(f"move {_JOINED.sub('', rest.text)}", 0)], ground)
    )
    if len(moved.when.days) > 1 and ON_TOP.match(low):
        return moved
    both_placed = bool(_ORIGIN.search(first.text)) and bool(_ORIGIN.search(moved.text))
    of_service = other and (rest.intent is Intent.MOVE or bool(_THING_TO.match(low)))
    timed = shifted or bool(moved.when or moved.number)
    timed = timed and bool(first.when or first.number or read_shift(first.text) is not None)
    return moved if timed and (of_service or both_placed) else None


def _hanging(talk: Talk, ground: Ground) -> Said | None:
    """A cancellation that hangs on something else: that is seen to first, or a person decides."""
    text = talk.said.whole
    text = _COURTEOUS.sub(" ", text)
    condition = _HANGS_ON.search(text)
    if condition is None or (talk.said.next is not None and not re.search(r"\w", text[: condition.start()])):
        return None
    for_a_person = replace(talk.said, intent=Intent.PERSON, when=When(), next=None)
    first, on = (read([(part, 0)], ground) for part in (text[: condition.start()], text[condition.end() :]))
    other = meant.all_services_in(talk, on.text)
    told = on.when or other or meant.names_technician(talk, on.text)
    unless = (
        NEGATION.search(on.text.lower())
        or _STANDS.search(on.text.lower())
        or condition.group().lower().endswith("unless")
    )
    if not first.cancels or not told or unless:
        return for_a_person
    if other:
        return replace(on, intent=Intent.BOOK, answer=None, next=first)
    return replace(talk.said, intent=Intent.MOVE, when=on.when, next=None) if on.when else for_a_person


def _all_days(said: Said, ground: Ground) -> Said:
    """A cancellation with the days of all its texts: "cancel Tuesday", and in one of its own "cancel Wednesday"."""
    lines = [read([(line, 0)], ground) for line in said.whole.splitlines()]
    parts = [part for part in lines if part.when.days]
    more = all(part.intent is Intent.CANCEL or ON_TOP.match(part.text.lower()) for part in parts)
    if len(parts) < 2 or not more or any(part.answer is Answer.NO or part.instead for part in lines):
        return said
    days = tuple(dict.fromkeys(day for part in parts for day in part.when.days))
    return replace(said, when=replace(said.when, days=days))
