"""A change that a model wants and the newest words do not plainly ask for, as what the customer is asked instead.

What the question names is what tools told: the visit by their own list, the time and the service by the offer.
"""

from collections.abc import Sequence
from typing import Final

from app.errors import ReadbackError
from app.sms.allowed import OWN_WORDS, Permitted
from app.sms.asked_for import asks_plainly, heard_now, is_who_comes
from app.sms.meant import services_in
from app.sms.model_turn import ModelTurn
from app.sms.state import VERSION, Asked, Booked, Offered, State, Task, Then, Wanted
from app.sms.talk import Ask, Talk
from app.sms.words import Intent

TASKS: Final = {
    "book_appointment": Task.BOOK,
    "reschedule_appointment": Task.MOVE,
    "cancel_appointment": Task.CANCEL,
}
OTHER_SERVICE: Final = (
    "That time is for another service than the appointment. Call check_availability for the appointment's own service."
)
BOOKED_ALREADY: Final = "The customer has exactly that appointment already. Nothing is to be booked."


class RefusedError(ReadbackError):
    """Nothing is done, and the customer is not asked about it; the text tells a model what to do instead."""


def put_back(turn: ModelTurn, change: Permitted, own: Sequence[Booked], *, alone: bool) -> Asked:
    """What to ask. A visit that is none of theirs is left open: they are asked which. Raises `RefusedError`.

    `alone`: nothing else is asked about, so that a second wish has still to be seen to.
    """
    arguments, task = change.arguments, TASKS[change.tool]
    visit = next((each for each in own if each.reference == arguments.get("reference")), None)
    slot, service = offer_of(turn, str(arguments.get("slot_id", "")))
    if task is Task.MOVE and visit is not None and slot is not None and visit.service != service:
        raise RefusedError(OTHER_SERVICE)
    words = {name: str(arguments[name]) for name in OWN_WORDS if name != "customer_name" and name in arguments}
    then = _second(turn, visit.service) if alone and task is Task.CANCEL and visit is not None else None
    name = "" if is_who_comes(turn, change) else str(arguments.get("customer_name", ""))
    strict = not asks_plainly(turn, task)
    same = [each for each in own if each.service == service] if task is Task.BOOK else []
    if slot is not None and any((each.starts, each.who) == (slot.starts, slot.who) for each in same):
        raise RefusedError(BOOKED_ALREADY)
    return Asked(task, visit, slot, service, name, words, then, strict, same[0] if same else None)


def shown_of(turn: ModelTurn, asked: Asked) -> list[Offered]:
    """The times that the customer last saw, where the one that is asked about is of them: their numbers hold on."""
    known = turn.known()
    offers = [offer_of(turn, known.offers[name]["slot_id"]) for name in known.shown if name in known.offers]
    slots = [slot for slot, service in offers if slot is not None and service == asked.service]
    return slots if len(slots) == len(offers) and asked.slot in slots else []


def talk_of(turn: ModelTurn, ask: Ask, *, asked_at: float) -> Talk:
    """A turn of the guided conversation, in which to ask."""
    state = State(v=VERSION, session=turn.session, at=turn.now, asked_at=asked_at, language=turn.language)
    return Talk(turn.conversation, turn.business, state, heard_now(turn).said, int(turn.now), turn.id, ask)


def _second(turn: ModelTurn, service: str) -> Then | None:
    """The booking that was asked for in the same breath; of the same service unless another one was named."""
    talk = heard_now(turn)
    then = talk.said.next
    if then is None or then.intent is not Intent.BOOK:
        return None
    named = services_in(talk, then)
    return Then(named[0].id if len(named) == 1 else service, Wanted().said(then.when))


def offer_of(turn: ModelTurn, slot_id: str) -> tuple[Offered | None, str]:
    """The time, and the id of the service it is for."""
    offer = next((each for each in turn.known().offers.values() if each["slot_id"] == slot_id), None)
    if offer is None:
        return None, ""
    services = turn.business.services_said()
    service = turn.business.service(offer["service"]) or (services[0] if len(services) == 1 else None)
    return Offered(slot_id, offer["start"], offer["technician"]), service.id if service else ""
