"""Whether a customer gets what they want from what tools told and a model chose to have said; where they do not, the
guided conversation answers, which finds out or has a person call.

Pure. A model may answer validly and uselessly for ever: nothing is asked again and again, and no wish passed over.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

from app.inference.output import Saying
from app.inference.window import shown
from app.sms.asked_for import heard_now
from app.sms.assent import says_nothing_else
from app.sms.cancelling import Cancelling
from app.sms.ground import ground
from app.sms.meant import picked, services_in
from app.sms.model_turn import ModelTurn
from app.sms.questions import IN_PASSING, unasked
from app.sms.theirs import expects_it
from app.sms.vocabulary import ASSENT, BETTER, NOT_YET, REACTION
from app.sms.words import Answer, Intent, read

COURTESIES: Final = frozenset((Saying.HELLO, Saying.WELCOME, Saying.SORRY, Saying.ASK_ELSE))
ASKS: Final = frozenset(saying for saying in Saying if saying.startswith("ask_"))
MOST_ONLY_SAID: Final = 4
"""Turns in a row in which a model only chose something to be said, and the customer told nothing new."""
ONLY_SAID: Final = "only_said"
"""The fact that counts them."""
ASKED_CALL: Final = "asked_call"
"""The fact that a call was offered, with the words it would be about."""
_SHORT_WORDS: Final = 6
"""A greeting with no more words than that holds no wish, in whatever language it is."""
_HESITATION: Final = re.compile(r"h+m+|u+[hm]+|oh+|ah+|well|so")
"""One word of those who only hesitate."""
_TAKES_NOTE: Final = re.compile(
    r"\W*(?:(?:ok+|okay|ah+|oh+|wow|oops|(?:i'?m )?(?:so )?sorry)\W+){0,2}"
    r"(?:np|i see|understood|danke(?: sch[oö]n)?|(?:you have the |it'?s the )?wrong (?:number|person)|"
    r"that(?:'?s| is| was) (?:all(?: for (?:now|today))?|(?:so |really |very )?(?:fast|quick))|"
    r"(?:(?:amazing|great|excellent|awesome|fantastic) (?:service|job|work)\W*)?(?:5|five) stars?|"
    r"(?:amazing|great|excellent|awesome|fantastic) (?:service|job|work)|"
    r"(?:i(?:'ll| will) |will )get back to (?:you|u)(?: (?:later|soon|tomorrow|today|tonight|then))?)"
    r"(?: (?:thanks|guys|all|again))?\W*"
)
"""What people text who were told something and want no more, as a whole text."""
_WORD: Final = re.compile(r"\w+")
_FIGURE: Final = re.compile(r"\d")
_FIGURES: Final = re.compile(r"\d+")


def of_no_use(turn: ModelTurn, sayings: Collection[Saying], replies: Sequence[str]) -> str:
    """Why what would be said helps nobody; empty where it may. Counts turns in which nothing but sayings is said
    and the customer tells nothing new: who gives one thing after the other is not made to begin again.
    """
    if not replies:
        return "nothing to say"
    if _passes_over(turn, sayings):
        return "passes over what is wanted"
    talked, only_said = not turn.told.words(), int(turn.facts.get(ONLY_SAID, 0))
    if talked and [shown(reply) for reply in replies] == _said_last(turn):
        return "says the same again"
    only_said = only_said + (not _tells_more(turn)) if talked else 0
    if only_said > MOST_ONLY_SAID:
        return "says something and does nothing"
    turn.facts[ONLY_SAID] = only_said
    return ""


def wants_something(turn: ModelTurn) -> bool:
    """Whether the newest words want something done, choose a time, or want told what the documents do not hold."""
    talk = heard_now(turn)
    said = talk.said
    if said.intent in (Intent.CANCEL, Intent.MOVE, Intent.PERSON) or (talk.state.slots and picked(talk)):
        return True
    other_time = (said.when or _FIGURE.search(said.text)) and BETTER.search(said.text.lower())
    return bool(said.intent in (Intent.BOOK, Intent.STATUS) or other_time) and not (said.thanks or said.closing)


def is_answered(turn: ModelTurn) -> bool:
    """Whether what tools told is what was asked for, or asks for the next step itself, as an offer of times does."""
    said = heard_now(turn).said
    if turn.told.of_times:
        return said.cancelling < Cancelling.HALF and said.intent is not Intent.PERSON
    if _has_none_yet(turn):
        return False
    return (said.intent is Intent.STATUS and turn.told.own is not None) or not (
        wants_something(turn) or _is_unanswered(turn)
    )


def offers_call(turn: ModelTurn, sayings: Collection[Saying]) -> bool:
    """Whether a yes can mean nothing but the call that is offered: no other question and no times stand beside it."""
    return Saying.ASK_CALL in sayings and not turn.told.of_times and not (ASKS - {Saying.ASK_CALL}) & set(sayings)


def agrees_to_call(turn: ModelTurn) -> bool:
    """Whether the newest words are a yes to the call that was offered, and to nothing else."""
    talk = heard_now(turn)
    said = talk.said
    if said.answer is not Answer.YES or said.intent not in (None, Intent.PERSON) or said.asks:
        return False
    # "Ok thanks" may end the conversation, and where times are still to be seen a number or an hour is one of them.
    good_word = said.thanks and not ASSENT.match(said.text.lower())
    slots = talk.state.slots
    chosen = slots and (said.number is not None or said.when or (len(slots) > 1 and picked(talk)))
    other = said.intent is None and (chosen or services_in(talk))
    return not (good_word or other or said.next or said.cancels)


def _tells_more(turn: ModelTurn) -> bool:
    """Whether the newest words name a service, a day, a figure or a whole name that was not named before."""
    *before, newest = [_named(turn, message.text) for message in turn.messages if message.who == "customer"]
    return bool(newest.difference(*before))


def _named(turn: ModelTurn, text: str) -> set[str]:
    said = read([(text, 0)], ground(turn.business, int(turn.now)))
    words = said.alone.split()
    whole = len(words) > 1 and all(word[:1].isupper() for word in words)
    services = {service.id for service in services_in(heard_now(turn), said)}
    days = {day.isoformat() for day in said.when.days}
    return {*services, *days, *_FIGURES.findall(text), said.name or (said.alone if whole else "")} - {""}


def _passes_over(turn: ModelTurn, sayings: Collection[Saying]) -> bool:
    """Whether nobody would call who was to, or what is done here is said not to be, or whether there would be nothing
    but courtesies for what the customer wants: that sounds as if it were done.
    """
    intent = heard_now(turn).said.intent
    to_change = intent in (Intent.CANCEL, Intent.MOVE)
    if intent is Intent.PERSON or (to_change and Saying.NOT_HERE in sayings):
        return True
    if not COURTESIES.issuperset(sayings) or turn.told.of_times:
        return False
    if turn.told.words() != tuple(turn.told.documents):
        return to_change or _has_none_yet(turn)
    return wants_something(turn) or _is_unanswered(turn) or not (turn.told.documents or _is_courtesy(turn))


def _is_courtesy(turn: ModelTurn) -> bool:
    """Whether the newest words are of the kind that a courtesy answers. What nobody can read may be a wish."""
    talk = heard_now(turn)
    said, low = talk.said, talk.said.text.lower()
    greets = said.only_greets or (said.greets and (said.foreign or IN_PASSING.search(low)))
    short = len(said.text.split()) <= _SHORT_WORDS
    if said.thanks or said.closing or (greets and short) or (said.answer is not None and short and said.only_answers):
        return True
    noted = NOT_YET.fullmatch(low) or _TAKES_NOTE.fullmatch(low) or REACTION.fullmatch(said.text)
    return bool(noted) or _hesitates(low) or expects_it(talk) or says_nothing_else(talk)


def _hesitates(low: str) -> bool:
    """Whether nothing but "hmm" and the like is said. Word by word: in one pattern each new word doubles the time."""
    words = _WORD.findall(low)
    return bool(words) and all(_HESITATION.fullmatch(word) for word in words)


def _has_none_yet(turn: ModelTurn) -> bool:
    """Whether they name a visit that they want, and were told no more than that they have none."""
    if turn.told.own != 0 or turn.told.of_times:
        return False
    talk = heard_now(turn)
    said = talk.said
    named = said.intent is None and not said.asks and bool(services_in(talk) or said.when) and not expects_it(talk)
    return said.intent is Intent.BOOK or named


def _is_unanswered(turn: ModelTurn) -> bool:
    """Whether something is asked that the documents have not been asked."""
    return heard_now(turn).said.asks and bool(unasked(turn))


def _said_last(turn: ModelTurn) -> list[str]:
    said: list[str] = []
    for each in reversed(turn.window.turns):
        if each.who != "agent":
            break
        said.insert(0, each.text)
    return said
