"""A further wish beside an answer, told by the service or the visit that it names: the answer counts, the wish follows.

An answer is a yes, a number or a name. What only says the wish under way in another way is no further one.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from app.sms import assent, meant, on_offer, several
from app.sms.ground import Ground
from app.sms.state import CHOOSING, Asked, Step, Task
from app.sms.talk import Talk
from app.sms.vocabulary import ASSENT, BESIDES, BETTER, HAS_ONE, MOVE, NEGATION, ONE_MORE, TAG, WISHES_FOR, YES
from app.sms.words import Answer, Intent, Said, most_betweens, read

ON_TOP = re.compile(
    r"\W*(?:and|plus|n|also|then|both|all|everything|every|\+|&)\b|"
    r".*\b(?:also|too(?! \w+ly\b)|as well|another|plus|both|everything|all of)\b",
    re.S,
)
_BEGINS = re.compile(r"\W*(?:and|also|plus|&|\+)(?![a-z])")
_HOLDS = re.compile(r"[^\w?]*(?:\?|but\b)")
CHANGES = re.compile(
    r"\b(?:make|change|switch|move) (?:it|that|this)\b|\b(?:instead|actually|rather|i mean|i meant|correction)\b"
)
TELLS = re.compile(r"\b(?:there (?:is|are)|there's|saw|seen|found|if|unless)\b")


def beside_an_answer(talk: Talk, ground: Ground) -> Said | None:
    """The answer with the further wish as its `next`; None where there is none to be told apart."""
    step, state = talk.state.step, talk.state
    if step is Step.CONFIRM_CANCEL and state.appointment is not None:
        return _beside_cancelling(talk, ground)
    if step not in (Step.CONFIRM, Step.NAME, Step.TIME, Step.WHICH_DAY):
        return None
    for first, rest in halves(talk.said.whole, ground):
        if _answers(talk, first) and _is_clear(talk, first, rest) and on_offer.told_beside(talk, rest):
            return first
        if _answers(talk, first) and _is_further(talk, rest):
            intent = Intent.CANCEL if rest.intent is Intent.CANCEL else Intent.BOOK
            return replace(first, next=replace(rest, intent=intent))
    return None


def only_further(talk: Talk) -> bool:
    """Whether it answers nothing and wishes for another service besides the one under way: "and ants on Thursday"."""
    state, said = talk.state, talk.said
    under_way = state.step in CHOOSING and bool(state.service)
    if on_offer.asks_whether(talk, said):
        return False
    wish = said.intent in (None, Intent.BOOK) and said.answer is None and said.number is None and said.next is None
    return under_way and wish and bool(_BEGINS.match(said.whole.lower())) and _is_further(talk, said)


def _beside_cancelling(talk: Talk, ground: Ground) -> Said | None:
    """A yes with more visits to cancel, which are asked about after this one; or with a booking."""
    state = talk.state
    listed = [each for each in state.appointments if each != state.appointment]
    for first, rest in halves(talk.said.whole, ground):
        low = rest.text.lower()
        if _agrees(talk, first) and several.kept(talk, rest, listed):
            return first  # "yes, but keep the Wednesday one"
        if not _agrees(talk, first) or rest.intent is Intent.MOVE or turns(rest):
            continue
        if (others := several.named(talk, rest, listed)) and rest.intent in (None, Intent.CANCEL) and ON_TOP.match(low):
            waiting = [each.appointment for each in state.after]
            new = [Asked(Task.CANCEL, each) for each in others if each not in waiting]
            state.after = [*new, *state.after]
            return first
        books = _asks_for(rest) and rest.intent is not Intent.CANCEL
        if books and not others and meant.all_services_in(talk, rest.text):
            return replace(first, next=replace(rest, intent=Intent.BOOK))
    return None


def halves(text: str, ground: Ground) -> Iterator[tuple[Said, Said]]:
    """What stands before and after each place where a wish can begin, the latest one first."""
    spans = [between.span() for between in islice(BESIDES.finditer(text), most_betweens(text))]
    if agreed := YES.match(text.lower()):
        spans = [(agreed.end(), agreed.end()), *spans]
    for start, end in reversed(spans):
        if text[:start].strip() and text[end:].strip(" .,!"):
            yield read([(text[:start], 0)], ground), read([(text[end:], 0)], ground)


def _answers(talk: Talk, first: Said) -> bool:
    """Whether this alone answers what was asked."""
    if talk.state.step is Step.CONFIRM:
        return _agrees(talk, first)
    if talk.state.step is Step.NAME:
        return bool(first.alone or first.name or first.titled) and first.answer is None
    return first.number is not None or bool(first.when.clock or first.when.days)


def _is_clear(talk: Talk, first: Said, rest: Said) -> bool:
    """Whether nothing is done upon this but what it says: an "ok" or a "yes, but" only leads to the question."""
    confirming = talk.state.step is Step.CONFIRM
    return not confirming or bool(ASSENT.match(first.whole.lower()) and not _HOLDS.match(rest.whole.lower()))


def _agrees(talk: Talk, first: Said) -> bool:
    return assent.weighed(replace(talk, said=first)).answer is Answer.YES


def _is_further(talk: Talk, rest: Said) -> bool:
    """Whether it names another service than the one under way, and is a wish for it."""
    if turns(rest):
        return False
    low = rest.text.lower()
    if rest.intent is Intent.CANCEL:
        return bool(several.EVERY.search(low))
    moves = rest.intent is Intent.MOVE and bool(MOVE.search(low))
    if moves or rest.intent not in (None, Intent.BOOK, Intent.MOVE, Intent.STATUS, Intent.QUESTION):
        return False
    named = meant.all_services_in(talk, rest.text)
    other = bool(named) and talk.state.service not in [each.id for each in named]
    return other and (_asks_for(rest) or bool(ON_TOP.match(low)) or bool(ONE_MORE.search(low)))


def _asks_for(rest: Said) -> bool:
    low = rest.text.lower()
    return bool(WISHES_FOR.search(low)) or bool(ON_TOP.match(low) and not rest.asks)


def turns(rest: Said) -> bool:
    """Whether it changes what is under way, weighs it or only tells of something."""
    low = rest.text.lower()
    told_of = HAS_ONE.search(low) or TELLS.search(low)
    return bool(CHANGES.search(low) or NEGATION.search(low) or told_of or BETTER.search(low) or TAG.fullmatch(low))
