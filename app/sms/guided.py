"""The conversation without a model: an explicit state machine over the tools. It books nothing that was not confirmed.

What it cannot answer, and what it does not understand twice in a row, goes to a person.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.booking.availability import last_bookable_day
from app.booking.business import Business, Businesses
from app.booking.zones import local_date
from app.sms import choosing, own_appointments, phrases
from app.sms.state import CHOOSING, State, Step, Task, dumped, loaded
from app.sms.talk import Ask, Talk
from app.sms.turn import Conversation, Incoming, Turn
from app.sms.vocabulary import AGAIN, CANCEL, CANCEL_IT
from app.sms.words import Answer, Ground, Intent, Said, read

STALE_AFTER_S = 4 * 3600
"""An answer that comes later than this is an answer to nothing: what was offered is long out of date."""
MAX_TEXTS = 20
"""Of a flood of texts in one turn the last ones are read."""


class GuidedConversation:
    """A Responder. Deterministic: the same state, texts and answers of the tools give the same turn."""

    def __init__(self, businesses: Businesses, ask: Ask) -> None:
        self._businesses = businesses
        self._ask = ask

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        """One answer to all of `texts`, read in their order."""
        business = self._businesses.by_id.get(conversation.business)
        if business is None or not texts:
            return Turn((), conversation.state)
        now = texts[-1].received_at
        said = read([(text.body, text.media) for text in texts[-MAX_TEXTS:]], _ground(business, int(now)))
        state, interrupted = _resumed(conversation.state, texts[0].id, now)
        talk = Talk(conversation, business, state, said, int(now), texts[-1].id, self._ask)
        await _respond(talk, interrupted)
        if not talk.missed:
            state.misses = 0
        state.at = max(state.at, now)
        return Turn(tuple(talk.replies), dumped(state))


def _ground(business: Business, now: int) -> Ground:
    names = [business.name, *(s.name for s in business.services), *(t.name for t in business.technicians)]
    own = frozenset(word.strip(".,'") for name in names for word in name.lower().split())
    return Ground(local_date(business.zone, now), last_bookable_day(business, now), own)


def _resumed(kept: Mapping[str, Any], first_text: str, now: float) -> tuple[State, bool]:
    """The conversation as it was left, or a new one; and whether it was left too long ago in the middle of things."""
    state = loaded(kept)
    if state.session and now - state.at <= STALE_AFTER_S:
        return state, False
    fresh = State(v=state.v, session=first_text, at=now, name=state.name)
    return fresh, bool(state.session) and state.step not in (Step.NEW, Step.DONE)


async def _respond(talk: Talk, interrupted: bool) -> None:
    state, said = talk.state, talk.said
    if interrupted and _only_answers(said):
        talk.say(f"{phrases.START_AGAIN} {phrases.HOW}")
        return
    busy = state.step in CHOOSING
    match None if _confirms(talk) or choosing.names_them(talk) else said.intent:
        case Intent.PERSON:
            await talk.person()
        case Intent.QUESTION if not (said.name and state.step in (Step.NAME, Step.CONFIRM)):
            await _question(talk)
        case Intent.STATUS:
            await own_appointments.tell(talk)
        case Intent.CANCEL if busy and not said.own and state.task is Task.BOOK and state.last is None:
            choosing.give_up(talk)
        case Intent.CANCEL:
            await own_appointments.begin(talk, Task.CANCEL)
        case Intent.MOVE if not busy or said.own:
            await own_appointments.begin(talk, Task.MOVE)
        case Intent.ABORT if state.step not in (Step.NEW, Step.DONE):
            choosing.give_up(talk)
        case Intent.ABORT if CANCEL.search(said.text.lower()):
            await own_appointments.begin(talk, Task.CANCEL)
        case _:
            await _by_step(talk)


async def _by_step(talk: Talk) -> None:
    state, said = talk.state, talk.said
    if said.intent is Intent.BOOK and state.step in (Step.WHICH, Step.CONFIRM_CANCEL, Step.DONE):
        state.over()
        state.step = Step.NEW
    if state.step in CHOOSING:
        if _nothing_but_a_question(talk):
            await _question(talk)
        else:
            await choosing.go_on(talk)
    elif state.step in (Step.WHICH, Step.CONFIRM_CANCEL):
        await own_appointments.go_on(talk)
    elif state.step is Step.DONE:
        await _afterwards(talk)
    else:
        await _first(talk)


async def _first(talk: Talk) -> None:
    """The first text: what it already says is taken in; else we say what can be done here."""
    state, said = talk.state, talk.said
    if said.thanks and said.closing:
        _you_are_welcome(talk)
    elif said.when or said.intent is Intent.BOOK or choosing.services_in(talk):
        state.step = Step.DAY
        await choosing.go_on(talk) if said.when or choosing.services_in(talk) else await choosing.ask_next(talk)
    elif said.asks and not said.greets and not said.foreign:
        await _question(talk)
    else:
        services = talk.business.services_said()
        state.step = Step.DAY if len(services) == 1 else Step.SERVICE
        if len(services) == 1:
            state.service = services[0].id
        lead = phrases.ONLY_ENGLISH if said.foreign else phrases.greeting(talk.business)
        talk.say(lead, talk.question())


async def _afterwards(talk: Talk) -> None:
    """After something was done: thanks is answered once, "ok" not at all, another day means the same visit."""
    state, said = talk.state, talk.said
    agreed = said.answer is Answer.YES and not said.when and not said.asks
    if said.closing or agreed or _repeats_what_is_booked(talk):
        if said.thanks:
            _you_are_welcome(talk)
    elif said.only_greets:
        talk.say(f"{phrases.greeting(talk.business)} {phrases.HOW}")
    elif said.when and state.last is not None and not AGAIN.search(said.text.lower()):
        await own_appointments.begin(talk, Task.MOVE)
    elif said.when or choosing.services_in(talk):
        state.step = Step.DAY
        state.service = state.last.service if state.last is not None else ""
        await choosing.go_on(talk)
    elif said.asks:
        await _question(talk)
    elif said.thanks:
        _you_are_welcome(talk)
    else:
        await talk.misunderstood()


async def _question(talk: Talk) -> None:
    """Answered by the business's own documents, else by a person; whatever else was said is done first."""
    said = talk.said
    if talk.state.step in CHOOSING and (said.answer is Answer.YES or said.number is not None or said.when):
        await choosing.go_on(talk)
    if not talk.missed and not await talk.quoted():
        await talk.person(phrases.PASSED_ON)


def _repeats_what_is_booked(talk: Talk) -> bool:
    """Whether a time is named that is the one just booked: "great, Tuesday at 9"."""
    when, last = talk.said.when, talk.state.last
    if last is None or not when or talk.said.asks or talk.said.intent is not None:
        return False
    minute = last.starts.hour * 60 + last.starts.minute
    return (not when.days or when.days == (last.starts.date(),)) and when.clock.allows(minute)


def _confirms(talk: Talk) -> bool:
    """Whether it is a yes that repeats what it says yes to: "yes, cancel it"."""
    step, said = talk.state.step, talk.said
    if step is Step.CONFIRM_CANCEL and CANCEL_IT.fullmatch(said.text.lower()):
        return True
    repeated = {Step.CONFIRM_CANCEL: (Intent.CANCEL,), Step.CONFIRM: (Intent.MOVE, Intent.BOOK, Intent.STATUS)}
    agreed = said.answer is Answer.YES and not said.when and not said.asks
    return agreed and said.intent in repeated.get(step, ())


def _nothing_but_a_question(talk: Talk) -> bool:
    said = talk.said
    given = said.when or said.number is not None or said.answer is not None or said.more or said.name
    if said.foreign or said.only_greets or choosing.services_in(talk):
        return False
    return said.asks and not given and said.intent is None


def _only_answers(said: Said) -> bool:
    """Whether it says nothing but what answers a question asked before."""
    return said.intent is None and not (said.when and not said.when.loose) and not said.greets and not said.asks


def _you_are_welcome(talk: Talk) -> None:
    state = talk.state
    state.step = Step.DONE
    if not state.thanked:
        state.thanked = True
        talk.say(phrases.WELCOME)
