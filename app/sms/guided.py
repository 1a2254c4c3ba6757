"""The conversation without a model: an explicit state machine over the tools. It books nothing that was not confirmed.

What it cannot answer, and what it does not understand twice in a row, goes to a person.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.booking.business import Business, Businesses
from app.sms import (
    after_cancelling,
    asked_next,
    assent,
    calling,
    choosing,
    hours_said,
    invitation,
    meant,
    naming,
    neighbours,
    on_offer,
    other_service,
    own_appointments,
    phrases,
    second_wish,
    spoken_of,
    strangers,
    theirs,
    tidings,
    unsuited,
)
from app.sms.cancelling import CANNOT_COME, Cancelling
from app.sms.deciding import still_waits
from app.sms.ground import ground
from app.sms.state import CHOOSING, IDLE, State, Step, Task, dumped, loaded
from app.sms.talk import MAX_REASON_CHARS, Ask, Decides, Talk
from app.sms.turn import Conversation, Incoming, Turn
from app.sms.vocabulary import (
    ABOUT_VISIT,
    BACK,
    BETTER,
    CANCEL_IT,
    INSTEAD_OF_IT,
    NOT_YET,
    ONE_MORE,
    PICKS_AND_CANCELS,
    PUZZLED,
    REACTION,
    START,
    WHO,
)
from app.sms.words import Answer, Intent, More, Said, read

STALE_AFTER_S = 4 * 3600
"""An answer that comes later than this is an answer to nothing: what was offered is long out of date."""
MAX_TEXTS = 20
"""Of a flood of texts in one turn the last ones are read."""
READ_AT_ONCE_CHARS = 320


class GuidedConversation:
    """A Responder. Deterministic: the same state, texts and answers of the tools give the same turn."""

    def __init__(self, businesses: Businesses, ask: Ask, decides: Decides | None = None) -> None:
        self._businesses = businesses
        self._ask = ask
        self._decides = decides

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        """One answer to all of `texts`, read in their order."""
        business = self._businesses.by_id.get(conversation.business)
        if business is None or not texts:
            return Turn((), conversation.state)
        now = texts[-1].received_at
        held, said = ground(business, int(now)), await heard(business, texts)
        state, interrupted = _resumed(conversation.state, texts[0].id, now)
        early, told, state.told = texts[0].received_at < state.asked_at, state.told, False
        talk = Talk(
            conversation, business, state, said, int(now), texts[-1].id, self._ask, self._decides, early, held, told
        )
        await _respond(talk, interrupted)
        await asked_next.go_on(talk)
        if not talk.missed:
            state.misses, state.unread = 0, ""
        state.at = max(state.at, now)
        return Turn(tuple(talk.replies), dumped(state))


async def heard(business: Business, texts: Sequence[Incoming]) -> Said:
    """What they say. Long ones take a tenth of a second, in which no caller is to wait."""
    told, parts = ground(business, int(texts[-1].received_at)), [(each.body, each.media) for each in texts[-MAX_TEXTS:]]
    if sum(len(body) for body, _ in parts) <= READ_AT_ONCE_CHARS:
        return read(parts, told)
    return await asyncio.to_thread(read, parts, told)


def _resumed(kept: Mapping[str, Any], first_text: str, now: float) -> tuple[State, bool]:
    """The conversation as it was left, or a new one; and whether it was left too long ago in the middle of things."""
    state = loaded(kept)
    if state.session and now - state.at <= STALE_AFTER_S:
        return state, False
    fresh = State(v=state.v, session=first_text, at=now, name=state.name, promised_in=state.promised_in)
    return fresh, bool(state.session) and state.step not in IDLE


async def _respond(talk: Talk, interrupted: bool) -> None:
    state, said = talk.state, talk.said
    if interrupted and said.only_answers:
        talk.say(f"{phrases.START_AGAIN} {phrases.HOW}")
        return
    if state.step in IDLE and REACTION.fullmatch(said.text):
        return
    state.besides = theirs.is_one_more(talk, said.whole.lower()) if state.step in IDLE else state.besides
    await calling.beside(talk, ground(talk.business, talk.now))
    await neighbours.placed(talk, ground(talk.business, talk.now))
    talk.said = second_wish.one_or_two(talk, ground(talk.business, talk.now))
    talk.said = naming.with_name(talk, ground(talk.business, talk.now))
    talk.said = said = assent.weighed(hours_said.as_asked(hours_said.with_hour(talk)))
    if state.step is not Step.NEW and PUZZLED.fullmatch(said.text.lower()):
        await _again(talk)
    elif state.step in IDLE and state.before is not None and BACK.search(said.text.lower()):
        await own_appointments.put_back(talk)
    elif tidings.wants_no_call(talk):
        await tidings.call_off(talk)
    elif START.fullmatch(said.text.lower()):
        talk.say(talk.question() if state.step not in IDLE else f"{phrases.greeting(talk.business)} {phrases.HOW}")
    elif state.step not in IDLE and NOT_YET.fullmatch(said.text.lower()):
        state.strict = True  # an "ok" to this answers nothing else
        talk.say(phrases.NO_HURRY)
    elif state.step is not Step.NEW and WHO.fullmatch(said.text.lower()):
        talk.say(phrases.greeting(talk.business), talk.question())
    elif said.question and (state.step in (Step.WHICH, Step.CONFIRM_CANCEL) or _holds_back(talk)):
        await _question(talk)
        await _besides(talk)
    else:
        await _by_intent(talk)
        await _besides(talk)


async def _by_intent(talk: Talk) -> None:
    state, said = talk.state, talk.said
    busy = state.step in CHOOSING
    if state.step in IDLE and await other_service.takes_its_place(talk, ground(talk.business, talk.now)):
        return
    if state.step in IDLE and (await strangers.has_no_visit(talk) or await after_cancelling.is_had_after_all(talk)):
        return
    match None if _answers(talk) else said.intent:
        case Intent.PERSON:
            await talk.person()
        case Intent.QUESTION if not (said.name and state.step in (Step.NAME, Step.CONFIRM)):
            await _question(talk)
        case Intent.STATUS:
            await own_appointments.tell(talk, how=said.cancelling in (Cancelling.TOLD, Cancelling.WEIGHED))
        case Intent.CANCEL if busy and not said.own and state.task is Task.BOOK and state.last is None:
            # "I can't make it" is a no to that time, and not to the visit.
            another = second_wish.names_other_service(talk, said)
            declined = CANNOT_COME.search(said.text.lower())
            await (_cancel_other(talk) if another else _decline(talk) if declined else _give_up(talk))
        case Intent.CANCEL:
            await own_appointments.begin(talk, Task.CANCEL)
        case Intent.MOVE if not busy or said.own or second_wish.names_another(talk, said):
            await own_appointments.begin(talk, Task.MOVE)
        case Intent.ABORT if state.step not in IDLE or said.cancels or await still_waits(talk):
            await _abort(talk)
        case _:
            await _by_step(talk)


async def _besides(talk: Talk) -> None:
    """What was asked for beside what has just been seen to."""
    first = talk.said
    await _ask_beside(talk, 1)
    await tidings.pass_on_beside(talk)
    await second_wish.see_to(talk, ground(talk.business, talk.now))
    if talk.said is not first:
        await _ask_beside(talk, 2)


async def _ask_beside(talk: Talk, most_said: int) -> None:
    """The question beside it, where there is room for an answer."""
    if talk.said.question and not talk.passed_on and not talk.missed and len(talk.replies) <= most_said:
        await _ask_elsewhere(talk)


async def _abort(talk: Talk) -> None:
    """What is on its way is not wanted any more, or the visit itself."""
    state, said = talk.state, talk.said
    instead = state.task is Task.MOVE and (said.instead or INSTEAD_OF_IT.search(said.text.lower()))
    if state.step in CHOOSING and said.when and said.answer is Answer.NO:
        await choosing.go_on(talk)
    elif said.cancels and (state.step in IDLE or instead):
        await own_appointments.begin(talk, Task.CANCEL)
    else:
        await _give_up(talk)


async def _give_up(talk: Talk) -> None:
    """What was on its way; where something else is wanted instead, that is begun."""
    other = talk.said.next
    await (choosing.give_up(talk) if other is None else choosing.take_up(talk, other, talk.state.service))


async def _cancel_other(talk: Talk) -> None:
    """A visit of another service than the one that is being booked; what is on its way stays so."""
    if await own_appointments.stands(talk, meant.services_in(talk)[0].id):
        await own_appointments.begin(talk, Task.CANCEL)
    else:
        await own_appointments.tell(talk)


async def _decline(talk: Talk) -> None:
    talk.said = replace(talk.said, answer=Answer.NO, intent=None)
    await choosing.go_on(talk)


async def _again(talk: Talk, lead: str = "") -> None:
    """They did not follow, or we did not: what was asked, or what stands, once more."""
    state, said = talk.state, talk.said
    read_it = said.text and not said.foreign and not said.rude
    if state.step in IDLE and state.last is not None and read_it and not state.misses:
        talk.missed, state.misses, state.unread = True, 1, said.text[:MAX_REASON_CHARS]
        await own_appointments.tell(talk, lead)
    else:
        await talk.misunderstood(lead)


async def _by_step(talk: Talk) -> None:
    state, said = talk.state, talk.said
    unclear = state.step is Step.CONFIRM_CANCEL and (said.answer is Answer.UNSURE or own_appointments.keeps(talk))
    if said.intent is Intent.BOOK and state.step not in CHOOSING and not unclear:
        state.over()
        state.step = Step.NEW
    if tidings.tells_meanwhile(talk) and not own_appointments.keeps(talk):
        await tidings.pass_on(talk)
    elif state.step in CHOOSING:
        if meant.only_asks(talk):
            await _question(talk)
        elif not on_offer.told(talk) and not await unsuited.is_another(talk):
            await choosing.go_on(talk)
    elif state.step in (Step.WHICH, Step.CONFIRM_CANCEL):
        await own_appointments.go_on(talk)
    elif state.step in (Step.INVITED, Step.DONE):
        await _afterwards(talk)
    else:
        await _first(talk)


async def _first(talk: Talk) -> None:
    """The first text: what it already says is taken in; else we say what can be done here.

    What may be about a visit that stands, as an answer to its reminder is, is read as said of that.
    """
    state, said = talk.state, talk.said
    visits = await own_appointments.all_standing(talk) if theirs.may_be_of_visit(talk) else None
    if visits:
        state.last, state.step = visits[0], Step.DONE
        talk.of_several = len(visits) > 1
        # A yes to something that we no longer know of must not be taken for done.
        yes = said.answer is Answer.YES and not said.thanks and assent.says_nothing_else(talk)
        await (own_appointments.tell(talk) if yes else _afterwards(talk))
    elif said.thanks and assent.says_nothing_else(talk):
        _you_are_welcome(talk)
    elif await spoken_of.passed_on(talk):
        return
    elif said.when or said.when.no_such or said.intent is Intent.BOOK or meant.services_in(talk):
        state.step = Step.DAY
        told = said.when or said.when.no_such or meant.services_in(talk)
        await choosing.go_on(talk) if told else await choosing.ask_next(talk)
    elif said.asks and not (said.greets or said.foreign or said.only_puzzled):
        await _question(talk)
    elif tidings.CALL_THEM.match(said.text):
        await talk.person()
    else:
        services = talk.business.services_said()
        state.step = Step.DAY if len(services) == 1 else Step.SERVICE
        if len(services) == 1:
            state.service = services[0].id
        await naming.noted(talk)
        unseen = said.pictures and not said.text
        lead = phrases.ONLY_ENGLISH if said.foreign else phrases.PICTURE if unseen else phrases.greeting(talk.business)
        talk.say(lead, talk.question())


async def _afterwards(talk: Talk) -> None:
    """After something was done: thanks alone is answered once, "ok" alone not at all; another day is of the same visit.

    Whatever else is said gets an answer: what we leave unanswered is taken for understood.
    """
    state, said = talk.state, talk.said
    if await invitation.is_yes_to_what_stands(talk):
        return
    if state.step is Step.INVITED and await invitation.is_taken_up(talk):
        return
    if said.only_greets:
        state.step = Step.INVITED
        talk.say(f"{phrases.greeting(talk.business)} {phrases.HOW}")
    elif assent.says_nothing_else(talk) and not spoken_of.is_wished(talk):
        if said.thanks:
            _you_are_welcome(talk)
    elif await _about_visits(talk):
        return
    elif said.when or said.when.no_such or meant.services_in(talk):
        state.step = Step.DAY
        state.service = state.last.service if state.last is not None and not meant.services_in(talk) else ""
        await choosing.go_on(talk)
    elif said.asks:
        await _question(talk)
    elif state.last is not None and said.intent is None and ONE_MORE.search(said.text.lower()):
        await choosing.take_up(talk, replace(said, intent=Intent.BOOK), state.last.service)
    else:
        await _again(talk, phrases.SORRY)


async def _about_visits(talk: Talk) -> bool:
    """What is said of a visit that was cancelled, booked, or stands. False if it is none of these."""
    if await after_cancelling.goes_on(talk) or (talk.state.last is not None and await _about_booked(talk)):
        return True
    return await spoken_of.passed_on(talk)


async def _about_booked(talk: Talk) -> bool:
    """What is said of the visit just booked: its time again, a question, another time. False if it is none of these."""
    said = talk.said
    its_time = said.intent is None and said.answer is not Answer.NO and theirs.at_its_time(talk)
    who = meant.technician_in(talk)
    another = talk.state.last is not None and who not in ("", talk.state.last.who)
    elsewhen = said.when or said.when.no_such or said.more is More.OTHER_DAY or another
    wishes = elsewhen and not its_time and (said.asks or BETTER.search(said.text.lower()))
    if tidings.tells(talk):
        await tidings.pass_on(talk)
    elif theirs.expects_it(talk) or (theirs.as_agreed(talk) and await spoken_of.is_at_one(talk)):
        await own_appointments.tell(talk)
    elif said.cancelling is Cancelling.TOLD and not wishes:
        await own_appointments.tell(talk, how=True)
    elif await unsuited.gives_up(talk):
        return True
    elif its_time and said.asks and said.when.clock:
        await own_appointments.tell(talk)
    elif said.wishes_sooner:
        await own_appointments.begin(talk, Task.MOVE)
    elif said.asks and (its_time or ABOUT_VISIT.search(said.text.lower())):
        await _question(talk)
    elif not elsewhen or (theirs.is_another(talk) and not await second_wish.goes_elsewhere(talk)):
        return False
    elif its_time and said.more is not More.OTHER_DAY and not another:
        await _again(talk, phrases.SORRY)
    else:
        await own_appointments.begin(talk, Task.MOVE)
    return True


async def _question(talk: Talk) -> None:
    """Answered by the business's own documents, else by a person; whatever else was said is done first."""
    said = talk.said
    if talk.state.step in CHOOSING and (said.answer is Answer.YES or said.number is not None or said.when):
        await choosing.go_on(talk)
    if not talk.missed:
        await _ask_elsewhere(talk)


async def _ask_elsewhere(talk: Talk) -> None:
    if talk.said.pictures or not await talk.quoted():
        await talk.person(phrases.PASSED_ON)


def _holds_back(talk: Talk) -> bool:
    """Whether the question has to be answered before the yes: "right, so who is Dana?"."""
    return talk.state.step is Step.CONFIRM and talk.said.answer is Answer.UNSURE


def _answers(talk: Talk) -> bool:
    """Whether it answers what was asked, whatever its words could be about elsewhere."""
    step = talk.state.step
    kept = step in (Step.WHICH, Step.CONFIRM_CANCEL) and talk.said.intent is not Intent.MOVE
    unclear = step is Step.CONFIRM_CANCEL and bool(CANCEL_IT.match(talk.said.text.lower())) and not talk.said.next
    return (
        meant.names_them(talk)
        or own_appointments.names_another(talk)
        or (kept and own_appointments.keeps(talk))
        or (unclear and talk.said.answer is Answer.NO)
        or (step is Step.TIME and PICKS_AND_CANCELS.fullmatch(talk.said.text.lower()) is not None)
    )


def _you_are_welcome(talk: Talk) -> None:
    state = talk.state
    state.step = Step.DONE
    if not state.thanked:
        state.thanked = True
        talk.say(phrases.WELCOME)
