"""Where the guided conversation takes over from a model: at the times that were offered last, and for what they were
offered. What was to be moved does not become a booking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from app.booking.business import Business
from app.booking.zones import local_date
from app.inference.output import Saying
from app.inference.window import Memory
from app.sms import asked_next
from app.sms.changing import booked
from app.sms.ground import ground
from app.sms.guided import heard
from app.sms.instead import Wish, since_booked, which, wish
from app.sms.meant import picked
from app.sms.sayings import BY_LANGUAGE, in_one_language
from app.sms.state import VERSION, Asked, Booked, Offered, State, Step, Task, dumped
from app.sms.talk import Ask, Talk
from app.sms.turn import Conversation, Incoming, Turn
from app.sms.vocabulary import LEAVES
from app.sms.words import Answer, Intent, Said

ASKED: Final = (
    Saying.ASK_SERVICE,
    Saying.ASK_DAY,
    Saying.ASK_PART,
    Saying.ASK_TIME,
    Saying.ASK_NAME,
    Saying.ASK_ADDRESS,
    Saying.ASK_APPOINTMENT,
)
"""What a model asks for a wish that is still to be seen to."""
MOST_BEFORE: Final = 5
"""Texts of theirs that are read anew."""
NIGHT_S: Final = 4 * 3_600
"""After midnight what was told before may be of the day before: nobody knows when each text of it came."""


async def going_on(
    ask: Ask, business: Business, conversation: Conversation, memory: Memory, texts: Sequence[Incoming]
) -> Mapping[str, Any] | Turn:
    """What it goes on from, empty where it begins anew; or its turn, where it is asked which visit is meant."""
    offers = [memory.facts.get("offers", {}).get(name) for name in memory.facts.get("shown", ())]
    services = {offer.get("service", "") for offer in offers if offer}
    if not offers or None in offers or len(services) != 1:
        return {}
    now, service = texts[-1].received_at, services.pop()
    slots = [Offered(offer["slot_id"], offer["start"], offer["technician"]) for offer in offers if offer]
    state = State(v=VERSION, session=texts[0].id, at=now, step=Step.TIME, service=service, slots=slots)
    found = await ask(conversation, texts[0].id, "find_appointments", {}, f"{texts[-1].id}:own")
    if not found["ok"]:
        return {}  # nobody knows whether it is a move
    own = [booked(each) for each in found.get("appointments", ())]
    visits = [each for each in own if service in ("", each.service)]
    told = ground(business, int(now))
    words = [*since_booked(memory.turns, visits), *(text.body for text in texts)]
    wanted = wish(words, told)
    if not visits:
        return {} if own and wanted is Wish.MOVE else dumped(state)
    if wanted in (Wish.ONE_MORE, Wish.BOOK):
        state.stays = visits[0]
        return dumped(state)
    state.task, state.appointment = Task.MOVE, which(words, visits, told)
    if state.appointment is not None:
        state.service = state.appointment.service
        return dumped(state)
    said = await heard(business, texts)
    if said.intent not in (None, Intent.BOOK, Intent.MOVE):
        return {}  # it is about no time
    return await _which(Talk(conversation, business, state, said, int(now), texts[-1].id, ask), visits)


async def with_what_was_before(
    business: Business, memory: Memory, at: float, texts: Sequence[Incoming]
) -> Sequence[Incoming]:
    """The texts, after those of before that got nothing but a question: what they told then is not asked again.

    Not where they were of another day, or are taken back, or something else is wanted by now. `at` is the last turn's
    time.
    """
    since, now = min(at, texts[0].received_at - NIGHT_S), texts[-1].received_at
    if local_date(business.zone, int(since)) != local_date(business.zone, int(now)):
        return texts  # "tomorrow" would be another day
    before = [replace(texts[0], body=body, media=0) for body in _asked_back(business, memory)]
    if not before or _is_new(await heard(business, texts), (await heard(business, before)).intent):
        return texts
    return [*before, *texts]


def _asked_back(business: Business, memory: Memory) -> list[str]:
    asked = [in_one_language(saying, language, business) for language in BY_LANGUAGE for saying in ASKED]
    before: list[str] = []
    for turn in reversed(memory.turns):
        if turn.who == "customer":
            before.insert(0, turn.text)
        elif not _is_made_of(asked, turn.text) or len(before) == MOST_BEFORE:
            break
    return before


def _is_new(said: Said, before: Intent | None) -> bool:
    """Whether the words stand for themselves, and are no answer to what was asked."""
    taken_back = said.answer is Answer.NO or said.instead or LEAVES.search(said.text.lower())
    of_another = said.intent is Intent.BOOK and before not in (None, Intent.BOOK)
    return bool(taken_back) or of_another or said.intent not in (None, Intent.BOOK)


def _is_made_of(questions: Sequence[str], text: str) -> bool:
    left = " ".join(text.split())
    for question in questions:
        left = left.replace(" ".join(question.split()), "")
    return not left.strip()


async def _which(talk: Talk, visits: Sequence[Booked]) -> Turn:
    """Ask which of their visits is to be moved, to the time that was chosen if there is one."""
    chosen, service = picked(talk), talk.state.service
    await asked_next.begin(talk, [Asked(Task.MOVE, None, chosen, service)], visits, ())
    return Turn(tuple(talk.replies), dumped(talk.state))
