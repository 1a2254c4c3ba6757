"""What is booked already: told, cancelled, or moved. Always the customer's own, by the number the carrier signals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.errors import Code
from app.sms import phrases
from app.sms.choosing import ask_next, services_in
from app.sms.dates_in_words import When
from app.sms.state import Booked, Step, Task, Wanted
from app.sms.talk import Talk
from app.sms.vocabulary import CANCEL_IT, THIS_ONE
from app.sms.words import Answer

TOLD = 3
_CAUTIONS = {
    "mismatch": " - not on the calendar as booked, someone will call you about it",
    "changed": " - changed on the calendar, someone will call you about it",
}


async def tell(talk: Talk) -> None:
    """When they are."""
    found = await _find(talk)
    if found is None:
        return
    if not found:
        talk.say(phrases.NO_APPOINTMENT)
        return
    told = [_told(talk, each) for each in found[:TOLD]]
    more = f" And {len(found) - TOLD} more." if len(found) > TOLD else ""
    talk.say(f"You have: {'; '.join(told)}.{more}", _to_go_on(talk))


async def begin(talk: Talk, task: Task) -> None:
    """Find the appointment that is to be cancelled or moved."""
    state = talk.state
    found = await _find(talk)
    if found is None:
        return
    state.over()
    if not found:
        talk.say(phrases.NO_APPOINTMENT)
        return
    state.task = task
    state.appointments = [_booked(each) for each in found][: phrases.MAX_LISTED]
    chosen, wanted = _meant(talk, state.appointments)
    if task is Task.MOVE:
        state.wanted = wanted
    if chosen is None:
        state.step = Step.WHICH
        talk.say(talk.question())
    else:
        await _with(talk, chosen)


async def go_on(talk: Talk) -> None:
    """Which one was meant, or whether it is to be cancelled."""
    state, said = talk.state, talk.said
    if state.step is Step.CONFIRM_CANCEL and state.appointment is not None:
        if (said.answer is not Answer.NO and CANCEL_IT.fullmatch(said.text.lower())) or (
            said.answer is Answer.YES and not said.when
        ):
            await _cancel(talk, state.appointment)
        elif said.answer is Answer.NO:
            state.over()
            talk.say(phrases.KEPT)
        else:
            await talk.misunderstood()
        return
    number = said.number
    if number is not None and (number == -1 or 1 <= number <= len(state.appointments)):
        await _with(talk, state.appointments[number - 1 if number > 0 else -1])
    elif said.answer is Answer.NO:
        state.over()
        talk.say(phrases.KEPT)
    else:
        chosen, _ = _meant(talk, state.appointments)
        await (_with(talk, chosen) if chosen else talk.misunderstood())


async def _with(talk: Talk, chosen: Booked) -> None:
    """Go on with this appointment."""
    state = talk.state
    state.appointment, state.appointments = chosen, []
    if state.task is Task.MOVE:
        state.service = chosen.service
        state.step = Step.DAY
        if state.wanted:
            await ask_next(talk)
        else:
            talk.say(f"Moving {phrases.appointment(talk.business, chosen, talk.today)}.", phrases.WHICH_DAY)
        return
    state.step = Step.CONFIRM_CANCEL
    talk.say(talk.question())


async def _cancel(talk: Talk, appointment: Booked) -> None:
    state = talk.state
    result = await talk.ask("cancel_appointment", reference=appointment.reference)
    outcome, code = result.get("outcome"), result.get("code")
    what = phrases.appointment(talk.business, appointment, talk.today)
    if outcome == "confirmed":
        talk.say(f"Cancelled: {what}.", "Text a day if you want to book another time.")
    elif outcome == "pending":
        talk.say(phrases.NOT_SURE_YET.format(what=f"that {what} is cancelled"))
    elif outcome == "refused" or code == Code.DAILY_CAP:
        talk.say(result["say"])
    else:
        state.over()
        await talk.person(phrases.IN_DOUBT)
        return
    if outcome == "refused" and code in (Code.CALENDAR_UNAVAILABLE, Code.STILL_CHECKING):
        return  # a YES in a few minutes tries again
    state.over()
    state.last = None


async def _find(talk: Talk) -> Sequence[Mapping[str, Any]] | None:
    """The customer's appointments ahead; None when they could not be looked up, which has been said then."""
    result = await talk.ask("find_appointments")
    if result["ok"]:
        found: Sequence[Mapping[str, Any]] = result["appointments"]
        return found
    talk.say(result["say"] if result.get("code") in (Code.DAILY_CAP, Code.NOT_FOUND) else phrases.NOT_NOW)
    return None


def _meant(talk: Talk, found: Sequence[Booked]) -> tuple[Booked | None, Wanted]:
    """Which appointment the words are about, as far as they say, and the time it shall be moved to."""
    when, last = talk.said.when, talk.state.last
    days = list(when.days)
    on_day = [each for each in found if each.starts.date() in days]
    to_day = talk.state.task is Task.MOVE and len(days) == 1 and _is_goal(talk.said.text)
    if on_day and not to_day:
        found = on_day
        days = [day for day in days if day not in {each.starts.date() for each in on_day}]
        when = replace(when, days=tuple(days)) if days else When()
    if len(found) > 1 and (named := {service.id for service in services_in(talk)}):
        found = [each for each in found if each.service in named] or found
    about_last = talk.state.task is Task.MOVE or bool(THIS_ONE.search(talk.said.text.lower()))
    if len(found) > 1 and last is not None and not on_day and about_last:
        found = [each for each in found if each.reference == last.reference] or found
    chosen = found[0] if len(found) == 1 else None
    wanted = Wanted().said(when)
    if chosen and wanted.clock and not wanted.days:
        wanted.days = [chosen.starts.date()]
    return chosen, wanted


def _is_goal(text: str) -> bool:
    """Whether the day in the words is where it shall go: "move it to Tuesday", unlike "move my Tuesday visit"."""
    words = text.lower().split()
    return any(word in words for word in ("to", "for", "until", "til", "till"))


def _told(talk: Talk, each: Mapping[str, Any]) -> str:
    booked = _booked(each)
    state = "" if each["outcome"] == "confirmed" else " - not confirmed by the calendar yet"
    caution = state or _CAUTIONS.get(str(each.get("verification")), "")
    return f"{phrases.appointment(talk.business, booked, talk.today)}, reference {booked.reference}{caution}"


def _to_go_on(talk: Talk) -> str:
    return talk.question() if talk.state.step not in (Step.NEW, Step.DONE) else ""


def _booked(each: Mapping[str, Any]) -> Booked:
    return Booked(each["reference"], each["start"], each["service"], each["technician"])
