"""What was confirmed is done, and its outcome said as what it is: done, not done, or not known yet."""

from collections.abc import Mapping
from typing import Any

from app.errors import Code
from app.sms import phrases
from app.sms.deciding import waits
from app.sms.renewal import looked_for, own, renewed
from app.sms.state import Booked, Offered, Step, Task
from app.sms.talk import Talk


async def carry_out(talk: Talk) -> None:
    """Book the chosen time, or move the appointment to it."""
    state, slot = talk.state, talk.state.slot
    if slot is None:
        await talk.misunderstood()
        return
    if state.task is Task.MOVE and await _moved_meanwhile(talk, slot):
        return
    if state.task is Task.BOOK and await _approved_meanwhile(talk):
        return
    if await waits(talk, *_change(talk, slot)):
        return
    result = await _write(talk, slot)
    if result.get("code") == Code.SLOT_EXPIRED:
        result = await _write_again(talk, slot, result)
    outcome = result.get("outcome")
    if outcome == "confirmed":
        _done(talk, result)
    elif outcome == "pending" or (result.get("code") == Code.STILL_CHECKING and outcome != "refused"):
        what = phrases.visit(talk.business, state.service, slot.who, slot.starts, talk.today)
        talk.say(phrases.NOT_SURE_YET.format(what=what), _not_the_rest(talk))
        state.over()
    elif outcome == "refused" and (theirs := await _theirs_already(talk, slot, result)) is not None:
        state.over()
        state.last = theirs
        what = phrases.appointment(talk.business, theirs, talk.today)
        talk.say(f"{phrases.HAVE_THAT} {what}. Reference {theirs.reference}.")
    elif outcome == "refused":
        _refused(talk, result)
    else:
        rest = _not_the_rest(talk)
        state.over()
        await talk.person(f"{phrases.IN_DOUBT} {rest}".strip())


async def _moved_meanwhile(talk: Talk, slot: Offered) -> bool:
    """Whether the visit is elsewhere by now, by phone: what they said yes to is not what would be moved.

    One that is where it was to go is left to the tool: a turn that is run again after a crash has moved it.
    """
    before = talk.state.appointment
    found = (await talk.ask("find_appointments")).get("appointments", ())
    now = next((each for each in found if before is not None and each["reference"] == before.reference), None)
    if before is None or now is None or now["start"] in (before.start, slot.start):
        return False
    talk.state.appointment = Booked(now["reference"], now["start"], now["service"], now["technician"])
    talk.say(f"{phrases.MOVED_MEANWHILE} {talk.question()}")
    return True


async def _approved_meanwhile(talk: Talk) -> bool:
    """Whether they have heard of another visit for the same since they were asked: their yes may be to that one."""
    if talk.decides is None or talk.state.besides or (visit := await talk.decides.booked_since(talk)) is None:
        return False
    talk.state.stays = visit
    talk.say(talk.question())
    return True


async def _theirs_already(talk: Talk, slot: Offered, result: Mapping[str, Any]) -> Booked | None:
    """Their own visit at that time, booked meanwhile in another way, where it is what takes the slot."""
    state = talk.state
    if result.get("code") != Code.SLOT_TAKEN or state.task is not Task.BOOK:
        return None
    _, same = await own(talk.ask, state.service, slot)
    return next((Booked(t["reference"], t["start"], t["service"], t["technician"]) for t in same), None)


def _not_the_rest(talk: Talk) -> str:
    """What was to be asked next hangs on something that is not certain: it is not asked, and that is said."""
    rest, talk.state.after = talk.state.after, []
    return phrases.NOT_THE_REST if rest else ""


async def _write(talk: Talk, slot: Offered) -> Mapping[str, Any]:
    tool, arguments = _change(talk, slot)
    return await talk.ask(tool, **arguments)


def _change(talk: Talk, slot: Offered) -> tuple[str, dict[str, Any]]:
    state = talk.state
    if state.task is Task.MOVE and state.appointment is not None:
        return "reschedule_appointment", {"reference": state.appointment.reference, "slot_id": slot.slot_id}
    return "book_appointment", {"slot_id": slot.slot_id, "customer_name": state.name, **state.words}


async def _write_again(talk: Talk, slot: Offered, refused: Mapping[str, Any]) -> Mapping[str, Any]:
    """The offer grew old while they were thinking: the same time is taken if it is still open.

    If it is not, that may be because it is theirs: a turn that is run again after a crash finds its own booking there.
    """
    state = talk.state
    fresh = renewed(await looked_for(talk.ask, state.service, slot), slot)
    if fresh is not None:
        return await _write(talk, fresh)
    _, same = await own(talk.ask, state.service, slot)
    moved = (t for t in same if state.appointment is None or t["reference"] == state.appointment.reference)
    return next(moved, refused)


def _done(talk: Talk, result: Mapping[str, Any]) -> None:
    state, slot = talk.state, talk.state.slot
    if slot is None:
        return
    moved = state.task is Task.MOVE
    booked = Booked(result["reference"], slot.start, state.service, slot.who)
    what = phrases.appointment(talk.business, booked, talk.today)
    whom = "" if moved else phrases.whom(state.name)
    talk.say(
        f"{'Moved' if moved else 'Booked'}: {what}{whom}. Reference {booked.reference}.",
        'To change it, text "move my appointment".',
    )
    before = state.appointment if moved else None
    state.over()
    state.last, state.before = booked, before


def _refused(talk: Talk, result: Mapping[str, Any]) -> None:
    state, code = talk.state, result.get("code")
    done = "moved" if state.task is Task.MOVE else "booked"
    slots = result.get("slots") or ()
    if slots:
        state.slots = [Offered(slot["slot_id"], slot["start"], slot["technician"]) for slot in slots]
        state.slot, state.step = None, Step.TIME
        lead = phrases.TOO_OLD if code == Code.SLOT_EXPIRED else phrases.GONE
        talk.say(f"{lead.format(done=done)} Open: {talk.question()}")
    elif code == Code.CALENDAR_UNAVAILABLE:
        talk.say(phrases.NOT_BOOKED_NOW.format(done=done))
    elif code in (Code.SLOT_TAKEN, Code.SLOT_EXPIRED, Code.NOT_OFFERED):
        state.forget_times()
        state.step = Step.DAY
        talk.say(phrases.GONE.format(done=done), phrases.OTHER_DAY)
    elif code == Code.INVALID_ARGUMENTS and state.task is Task.BOOK:
        state.name, state.words, state.step = "", {}, Step.NAME
        talk.say(f"{phrases.SORRY} {phrases.YOUR_NAME}")
    else:
        # The appointment itself is in the way: the tool knows the words.
        state.over()
        talk.say(result["say"])
