"""Changes that wait for a yes, asked about one after the other in the words of the guided conversation."""

from collections.abc import Sequence

from app.sms import phrases, spanish
from app.sms.choosing import ask_next
from app.sms.meant import minute
from app.sms.own_appointments import all_standing
from app.sms.state import IDLE, Asked, Booked, Offered, Step, Task, Wanted
from app.sms.talk import Talk


async def begin(talk: Talk, changes: Sequence[Asked], own: Sequence[Booked], shown: Sequence[Offered]) -> None:
    """Ask about the first of them. `own` are the customer's visits ahead, `shown` the times they may choose from."""
    first, *talk.state.after = changes
    await _ask(talk, first, own)
    if talk.state.slot is not None and shown:
        talk.state.slots = list(shown)
    if talk.state.after or talk.state.then is not None:
        talk.lead(spanish.THIS_FIRST if talk.state.language == spanish.LANGUAGE else phrases.THIS_FIRST)


async def go_on(talk: Talk) -> None:
    """Ask what waits, once nothing else is under way. What is said of a visit that is no more needs no answer."""
    state = talk.state
    own: Sequence[Booked] | None = None
    while state.after and state.step in IDLE:
        first, *state.after = state.after
        # What was spoken of last may be the old visit itself: then nothing has taken its place.
        if first.if_booked and (state.last in (None, first.appointment) or state.last.service != first.if_booked):
            continue
        if first.task is not Task.BOOK:
            own = await all_standing(talk) if own is None else own
            if own is not None and first.appointment is not None and first.appointment not in own:
                continue
        await _ask(talk, first, own or ())


async def _ask(talk: Talk, asked: Asked, own: Sequence[Booked]) -> None:
    """Whether to do it; which visit is meant, where that is not known; whose name it is for, likewise."""
    state = talk.state
    state.over()
    theirs = own if asked.task is not Task.BOOK else ()
    visit = asked.appointment or (theirs[0] if len(theirs) == 1 else None)
    if asked.task is not Task.BOOK and visit is None and not theirs:
        state.invite()
        talk.say(spanish.NO_APPOINTMENT if state.language == spanish.LANGUAGE else phrases.NO_APPOINTMENT)
        return
    state.task, state.appointment, state.strict = asked.task, visit, asked.strict
    state.slot, state.slots = asked.slot, [asked.slot] if asked.slot else []
    if asked.task is not Task.BOOK and visit is None:
        state.appointments, state.step = [*own][: phrases.MAX_LISTED], Step.WHICH
        if asked.slot is not None:
            state.wanted = Wanted(days=[asked.slot.starts.date()], minutes=[minute(asked.slot)])
            state.forget_times()
        talk.say(talk.question())
    elif asked.task is Task.CANCEL:
        listed = own or [each for each in (visit,) if each is not None]
        state.appointments, state.step = [*listed][: phrases.MAX_LISTED], Step.CONFIRM_CANCEL
        state.then = asked.then
        or_move = _names_other_day(talk) and state.language != spanish.LANGUAGE
        talk.say(talk.question(), phrases.OR_MOVE if or_move else "")
    else:
        state.service, state.name, state.words = asked.service, asked.name or state.name, dict(asked.words)
        state.stays = asked.stays
        await ask_next(talk)


def _names_other_day(talk: Talk) -> bool:
    said, visit = talk.said, talk.state.appointment
    times = [said.when, *((said.next.when,) if said.next else ())]
    days = {day for when in times for day in when.days if not when.loose}
    return bool(visit and days and visit.starts.date() not in days)
