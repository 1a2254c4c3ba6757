"""The second of two wishes in one breath: whether it is one, kept while the first is under way, then taken up.

None is lost unsaid: what cannot be kept has to be texted again, and that is said. It decides nothing about the first.
"""

import re
from dataclasses import replace

from app.sms import apart, choosing, further, hours_said, meant, neighbours, own_appointments, phrases
from app.sms.ground import Ground
from app.sms.names_in_words import whole_name
from app.sms.several import MOST_PUT_OFF
from app.sms.spans_in_words import DAY_NAMES
from app.sms.state import CHOOSING, IDLE, Booked, PutOff, Step, Task
from app.sms.talk import Talk
from app.sms.theirs import is_one_more
from app.sms.vocabulary import AS_WELL, BETTER, FOR_THEIRS, MOVE, MOVES_ONE, ONE_MORE, OTHER_ONE, PLUS, THE_ONE, TOO
from app.sms.words import Answer, Intent, Said, read

MAX_WORDS_CHARS = 200
"""Of one that is kept."""
MOST_CALLS_BEFORE = 3
"""With more in one turn it is not looked up whether a visit stands."""

_THING_TO_TIME = re.compile(
    r"\W*(?:(?:and|then|plus|also|n) )?(?:(?:the|my|our) )?(?!(?:need|want|get|book|add|send|an?) )(?:[a-z-]+ ){1,2}to "
    rf"(?:(?:this|next) )?(?:{DAY_NAMES}|tomorrow|[0-9])"
)
"""A visit by its service, and when it shall be: "ants to Thursday at 2"."""

_THE_ONE = re.compile(rf"{THE_ONE.pattern}|\b(?:instead|better|rather)\b")
_ELSEWHEN = re.compile(
    rf"{BETTER.pattern}|\b(?:should|must|(?:needs?|has|have) to|can|could|will|would) (?:\w+ )??be\b|"
    r"\b(?:can|could) [a-z]+ (?:have|get|do|make) (?:the|my|our)\b"
)
"""What is said like this of a visit gives it another time."""

_WHOSE = re.compile(r"\b[Ff]or (?:me|myself|him|her),? (?P<name>[A-Z][\w'.-]+(?: [A-Z][\w'.-]+){1,3})")


def one_or_two(talk: Talk, ground: Ground) -> Said:
    """What was said, as one where a yes with a request after it answers nothing that was asked."""
    if (beside := further.beside_an_answer(talk, ground)) is not None:
        return beside
    if further.only_further(talk):
        return Said(whole=talk.said.whole, intent=Intent.BOOK, next=replace(talk.said, intent=Intent.BOOK))
    said = talk.said = apart.apart(talk, ground)
    then = said.next
    if then is None or said.cancels or said.intent is Intent.MOVE or said.answer is not Answer.YES:
        return said
    if talk.state.step is Step.CONFIRM_CANCEL:
        besides = then.intent is Intent.BOOK or _says_one_more(then) or _is_besides_cancelling(talk, then)
    elif talk.state.step is Step.CONFIRM:
        besides = _is_besides(talk, then)
    else:
        besides = talk.state.step in CHOOSING and (names_another(talk, then) or _says_one_more(then))
    return said if besides else replace(said, next=None).then(then)


async def goes_elsewhere(talk: Talk) -> bool:
    """Whether it says where a visit that stands shall go, without a verb: "inspection to Thursday at 9"."""
    low = talk.said.text.lower()
    placed = _THING_TO_TIME.match(low) or (_THE_ONE.search(low) and _ELSEWHEN.search(low))
    return bool(placed) and await _is_of_standing(talk)


def names_another(talk: Talk, then: Said) -> bool:
    """Whether it is about a visit that stands, and not about the one under way."""
    state, days = talk.state, then.when.days
    if then.intent not in (Intent.MOVE, Intent.CANCEL):
        return False
    low, start = then.text.lower(), state.slot or state.appointment
    if OTHER_ONE.search(low):
        return True
    if then.intent is Intent.MOVE and not MOVES_ONE.search(low):
        return False  # "change it to an inspection"
    from_elsewhere = len(days) > 1 and start is not None and start.starts.date() not in days
    return from_elsewhere or names_other_service(talk, then)


def _is_besides_cancelling(talk: Talk, then: Said) -> bool:
    """Whether it comes on top of the visit that they were asked about: "yes, cancel the other one" takes its place."""
    if then.intent is Intent.CANCEL:
        return bool(TOO.search(then.text.lower()))
    return names_another(talk, then)


def _is_besides(talk: Talk, then: Said) -> bool:
    """Whether a request after a yes comes on top of what was asked, and does not change it."""
    slot, low = talk.state.slot, then.text.lower()
    if slot is None:
        return False
    if then.intent is Intent.CANCEL:
        elsewhere = bool(then.when.days) and not meant.names_time(then.when, slot.starts)
        as_well = talk.said.intent is Intent.BOOK or bool(AS_WELL.search(low))
        return elsewhere or as_well or names_another(talk, then)
    if then.intent is Intent.MOVE:
        return names_another(talk, then)
    if BETTER.search(low) or meant.names_time(then.when, slot.starts):
        return False
    return names_other_service(talk, then) or bool(PLUS.match(low)) or _says_one_more(then)


def names_other_service(talk: Talk, then: Said) -> bool:
    """Whether it names a service, and not the one under way."""
    under_way = talk.state.appointment.service if talk.state.appointment else talk.state.service
    named = meant.services_in(talk, then)
    return bool(named) and under_way not in [each.id for each in named]


def _says_one_more(then: Said) -> bool:
    return then.intent in (None, Intent.BOOK) and bool(ONE_MORE.search(then.text.lower()))


async def see_to(talk: Talk, ground: Ground) -> None:
    """Keep what was asked for beside what has just been seen to, or take it up if that is done."""
    if talk.missed:
        return
    kept = talk.said.next is None or _keep(talk, talk.said.next)
    if talk.state.step in IDLE and talk.state.put_off:
        await _take_up(talk, ground)
        if talk.said.next is not None and not _keep(talk, talk.said.next, at=0):
            talk.say(phrases.REST_AGAIN)
    elif not kept:
        talk.lead(phrases.REST_AGAIN)
    elif talk.said.next is not None:
        talk.lead(phrases.THIS_FIRST)
    elif talk.state.step in CHOOSING and talk.state.task is Task.BOOK:
        if apart.wants_several(talk, talk.said):
            talk.lead(phrases.REST_AGAIN)
        elif apart.for_several(talk.said):
            talk.lead(phrases.ONE_VISIT)


def _keep(talk: Talk, then: Said, at: int = MOST_PUT_OFF) -> bool:
    """Whether there is room for it and for what follows it, before those `at` that place and later."""
    state = talk.state
    if then.next is not None and not then.whole:  # two that were put together here
        first = _keep(talk, replace(then, next=None), at)
        return _keep(talk, then.next, at + 1) and first
    new = PutOff(then.text if then.next is None else then.whole, talk.today)
    fits = len(new.words) <= MAX_WORDS_CHARS and len(state.put_off) < MOST_PUT_OFF
    if fits and new not in state.put_off:
        state.put_off = [*state.put_off[:at], new, *state.put_off[at:]]
    return fits


async def _take_up(talk: Talk, ground: Ground) -> None:
    """The first that was put off, as if it had just been said on the day it was said."""
    state, last = talk.state, talk.state.last
    first, *state.put_off = state.put_off
    ground = ground.as_on(first.on)
    talk.said = read([(first.words, 0)], ground)
    state.besides = is_one_more(talk, first.words.lower())
    talk = hours_said.with_hour(talk)
    await neighbours.placed(talk, ground)
    said = talk.said = apart.apart(talk, ground)
    if said.intent is Intent.CANCEL:
        await own_appointments.begin(talk, Task.CANCEL)
    elif _moves(talk) or await _is_of_standing(talk):
        await own_appointments.begin(talk, Task.MOVE)
    else:
        wish = replace(said, intent=Intent.BOOK, answer=None)
        if apart.FOR_ANOTHER.match(first.words.lower()):  # the one before was for somebody else
            whose = _WHOSE.search(first.words)
            state.name = whole_name(whose["name"], ground) if whose else ""
        await choosing.take_up(talk, _on_day_of(last, wish), last.service if last else "")
    service = talk.business.service(state.service)
    if service is not None and (state.step is Step.TIME or (state.step is Step.DAY and state.task is Task.BOOK)):
        talk.replies[-1:] = [phrases.fit(f"{phrases.short(service.name)}: {reply}") for reply in talk.replies[-1:]]


def _moves(talk: Talk) -> bool:
    return (talk.said.intent is Intent.MOVE and not _only_shifts(talk)) or talk.said.wishes_sooner


def _only_shifts(talk: Talk) -> bool:
    """Whether it is a visit at a time said from another one's, as "a follow-up two weeks later" is, and no move."""
    return bool(meant.services_in(talk)) and not MOVE.search(talk.said.text.lower())


async def _is_of_standing(talk: Talk) -> bool:
    """Whether it names a visit that stands by its service, and a time: "and the inspection friday at ten"."""
    said, low = talk.said, talk.said.text.lower()
    named = meant.services_in(talk, said)
    more = any(form.search(low) for form in (ONE_MORE, FOR_THEIRS, apart.ANOTHER))
    one = bool(_THE_ONE.search(low)) or bool(_THING_TO_TIME.match(low))
    if len(named) != 1 or said.intent is not None or not said.when or more or not one:
        return False
    return talk.calls <= MOST_CALLS_BEFORE and await own_appointments.stands(talk, named[0].id)


def _on_day_of(last: Booked | None, wish: Said) -> Said:
    """A time of day alone is said about the day of the one that was done just now."""
    if last is None or wish.when.days or wish.when.anytime or not wish.when.clock:
        return wish
    return replace(wish, when=replace(wish.when, days=(last.starts.date(),)))
