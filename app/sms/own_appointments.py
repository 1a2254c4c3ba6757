"""What is booked already: told, cancelled, or moved. Always the customer's own, by the number the carrier signals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.errors import Code
from app.sms import choosing, phrases, several, theirs, which_visit
from app.sms.cancelling import Cancelling
from app.sms.choosing import ask_next, take_up
from app.sms.deciding import still_waits, waits
from app.sms.meant import (
    all_services_in,
    minute,
    names_time,
    near_what_is_spoken_of,
    says_from,
    services_in,
    technician_in,
)
from app.sms.state import CHOOSING, IDLE, Booked, PutOff, Step, Task, Then, Wanted
from app.sms.talk import Talk
from app.sms.vocabulary import ALL, CANCEL_IT, FOR_THEIRS, KEEPING, NOT_KEEPING, NOT_TO_CANCEL, ONE_MORE, OTHER_ONE
from app.sms.words import Answer, Intent, Said

TOLD = 3
_CAUTIONS = {
    "mismatch": " - not on the calendar as booked, someone will call you about it",
    "changed": " - changed on the calendar, someone will call you about it",
    "cannot_verify": " - can't be seen on the calendar now, someone looks into it",
}
_CHANGES = {"move": " - a move of it is still being checked", "cancel": " - its cancellation is still being checked"}


async def all_standing(talk: Talk) -> list[Booked] | None:
    """Those ahead, soonest first; None: they could not be looked up."""
    result = await talk.ask("find_appointments")
    return [_booked(each) for each in result["appointments"]] if result["ok"] else None


async def stands(talk: Talk, service: str) -> bool:
    """Whether there is one for this service."""
    return any(each.service == service for each in await all_standing(talk) or [])


async def tell(talk: Talk, lead: str = "", *, how: bool = False) -> None:
    """When they are. After a `lead` it is asked back what shall be done with them, or said `how` it is done."""
    found = await _find(talk)
    if found is None:
        return
    if not found:
        if talk.state.step not in IDLE:
            talk.say(f"{phrases.NOTHING_YET} {talk.question()}")
            return
        talk.state.invite()
        talk.say(await still_waits(talk) or phrases.NO_APPOINTMENT)
        return
    talk.state.told = True
    how = bool(lead) or (how and talk.state.step in IDLE)
    if how and talk.state.step in IDLE:
        talk.state.step = Step.INVITED  # a yes to that wants an answer
    told = [_told(talk, each) for each in found[:TOLD]]
    more = f" And {len(found) - TOLD} more." if len(found) > TOLD else ""
    rest = await still_waits(talk) or (phrases.HOW if how else _to_go_on(talk))
    talk.say(f"{lead} You have: {'; '.join(told)}.{more}".strip(), rest)


async def begin(talk: Talk, task: Task) -> None:
    """Find the appointment that is to be cancelled or moved."""
    state = talk.state
    looked_up = await _find(talk)
    if looked_up is None:
        talk.said = replace(talk.said, next=None)  # nothing was done, and they were told to try again
        return
    found = [_booked(each) for each in looked_up]
    if await _is_not_theirs(talk, found, task):
        return
    found = theirs.referred(talk, found) or which_visit.numbered_with(talk) or found
    then = _one_wish(talk, found).next or which_visit.only_wished(talk, looked_up)
    when, (found, others) = several.without_spared_days(talk, found), several.without_kept(talk, found)
    talk.said = replace(talk.said, when=which_visit.in_its_week(talk, found, when, task))
    if not found and task is Task.MOVE and state.task is Task.BOOK and state.step in CHOOSING:
        await choosing.go_on(talk)  # "my appointment" is the one that is being booked
        return
    begun, about = _begun(talk), _spoken_of(talk)
    if begun is not None and task is Task.MOVE:
        _put_off(talk, begun)
    state.invite()
    if not found:
        talk.say(phrases.NO_OTHER if others else await still_waits(talk) or phrases.NO_APPOINTMENT)
        talk.said = replace(talk.said, next=None)
        if then is not None and then.intent is not Intent.MOVE:
            await take_up(talk, then)
        return
    state.task = task
    state.then = _then(talk) or (begun if task is Task.CANCEL else None)
    state.appointments = [*found][: phrases.MAX_LISTED]
    none_then, unknown = task is Task.CANCEL and theirs.none_then(talk, found), theirs.with_somebody_unknown(talk)
    state.strict = task is Task.CANCEL and (none_then or unknown or talk.said.cancelling is not Cancelling.PLAIN)
    await _named(talk, about)
    if unknown:
        talk.lead(phrases.THIS_IS.format(name=phrases.short(talk.business.name)))
    if none_then:
        days = talk.said.when.days
        talk.lead(phrases.NONE_THEN.format(when=f"on {phrases.day(days[0], talk.today)}" if days else "then"))


async def _named(talk: Talk, about: Booked | None) -> None:
    """Go on with the visits that are named; which, is asked where they do not say it."""
    state = talk.state
    if visits := several.listed(talk, state.appointments):
        await _one_by_one(talk, visits)
        return
    chosen, wanted = which_visit.meant_one(talk, state.appointments, about)
    if state.task is Task.MOVE:
        state.wanted = wanted
    if chosen is None:
        state.step = Step.WHICH
        talk.say(talk.question())
    else:
        await _with(talk, chosen)


async def _is_not_theirs(talk: Talk, found: Sequence[Booked], task: Task) -> bool:
    """Whether it is another's visit, by its name or its reference, or there is none then; that has been said then."""
    if task is Task.CANCEL and several.names_none(talk, found):
        await tell(talk, phrases.NONE_THEN.format(when="then"))
        return True
    unknown = theirs.referred(talk, found) == []
    if task is Task.CANCEL and found and theirs.needs_none_of(talk, found):
        await tell(talk, how=True)
        return True
    if not found or not (unknown or theirs.under_another_name(talk)):
        return False
    await (tell(talk, phrases.NO_SUCH_REFERENCE) if unknown else talk.person(phrases.PASSED_ON))
    talk.said = replace(talk.said, next=None)
    return True


def _spoken_of(talk: Talk) -> Booked | None:
    """What "it" is: the visit that they were asked about, or the one that was spoken of last."""
    if talk.state.step is Step.CONFIRM_CANCEL:
        return talk.state.appointment
    return None if talk.of_several else talk.state.last


async def go_on(talk: Talk) -> None:
    """Which one was meant, or whether it is to be cancelled."""
    state, said = talk.state, talk.said
    listed = which_visit.listed_one(talk)
    keep = said.answer is Answer.NO or keeps(talk)
    asked = state.appointment if state.step is Step.CONFIRM_CANCEL else None
    elsewhen = asked is not None and which_visit.says_other_day(talk, asked)
    if listed is not None:
        await _with_listed(talk, listed)
    elif asked and said.next is not None and said.answer is Answer.YES:
        state.then = _then(talk) or state.then
        await (_with(talk, asked) if _is_move(state.then, asked) else _cancel(talk, asked))
    elif asked and said.answer is Answer.YES:
        await _cancel(talk, asked)
    elif asked and elsewhen and keep and ONE_MORE.search(said.text.lower()):
        talk.say(phrases.KEPT)
        await take_up(talk, replace(said, answer=None, intent=Intent.BOOK), asked.service)
    elif asked and (other := which_visit.put_right(talk, asked)) is not None:
        await _with(talk, other)
    elif asked and elsewhen and said.answer in (None, Answer.NO):
        state.task, state.wanted = Task.MOVE, Wanted().said(said.when)
        await _with(talk, asked)
    elif keep and CANCEL_IT.match(said.text.lower()):
        await talk.misunderstood()
    elif keep and not elsewhen:
        then = state.then
        state.over()
        state.told = True  # a yes to that may have been meant for what was asked
        talk.say(phrases.NO_OTHER if asked and OTHER_ONE.search(said.text.lower()) else phrases.KEPT)
        await _go_on_with(talk, then)
    elif asked:
        await talk.misunderstood()
    else:
        await _which(talk)


async def _with_listed(talk: Talk, listed: Booked) -> None:
    """Go on with this one; what shall be done besides has to be texted again."""
    more = which_visit.numbered_with(talk) and which_visit.DOES.search(talk.said.text.lower())
    await _with(talk, listed)
    if more:
        talk.lead(phrases.REST_AGAIN)


async def _which(talk: Talk) -> None:
    """One of those that were listed is named, or several."""
    state = talk.state
    if visits := several.listed(talk, state.appointments):
        beyond = several.beyond(talk, state.appointments)
        await _one_by_one(talk, visits)
        talk.lead(beyond)
    elif ALL.search(talk.said.text.lower()):
        await talk.misunderstood(phrases.ONE_AT_A_TIME)
    else:
        chosen, _ = which_visit.meant_one(talk, state.appointments, None)
        await (_with(talk, chosen) if chosen else talk.misunderstood())


async def _one_by_one(talk: Talk, visits: Sequence[Booked]) -> None:
    """Each of these visits in turn; the day that all of them shall go to is kept, each has its own hour."""
    state = talk.state
    first, *others = several.in_turn(talk, visits)
    if state.task is Task.MOVE:
        talk.said = replace(talk.said, when=several.goal(talk, visits))
        state.wanted = Wanted().said(talk.said.when)
        if not several.names_hours(talk.said.when):
            which_visit.on_its_day(first, state.wanted)
    kept_all = several.wait(talk, state.task, others)
    await _with(talk, first)
    if others:
        several.lead(talk, kept_all=kept_all)


async def put_back(talk: Talk) -> None:
    """What was moved or cancelled last goes back to where it was, once they say yes to it."""
    state, before = talk.state, talk.state.before
    found = await all_standing(talk)
    if found is None or before is None:
        talk.say(phrases.NOT_NOW)
        return
    state.over()
    state.before, state.wanted = None, Wanted(days=[before.starts.date()], minutes=[minute(before)])
    moved = next((each for each in found if each.reference == before.reference), None)
    if moved is not None:
        state.task = Task.MOVE
        await _with(talk, moved)
    else:
        state.service = before.service
        await ask_next(talk)


def keeps(talk: Talk) -> bool:
    """Whether it says that nothing is to be cancelled after all, in whatever words."""
    text = talk.said.text.lower()
    keeping = bool(KEEPING.search(text)) and not NOT_KEEPING.search(text) and not talk.said.asks
    asked = talk.state.step is Step.CONFIRM_CANCEL
    return talk.state.task is Task.CANCEL and (bool(NOT_TO_CANCEL.search(text)) or (asked and keeping))


def names_another(talk: Talk) -> bool:
    """Whether it is another appointment than the one that they were asked about, or several that were listed."""
    state, said = talk.state, talk.said
    if state.step is Step.WHICH and state.task is Task.CANCEL and said.intent is Intent.CANCEL:
        return said.next is None and bool(several.numbered(talk, state.appointments))
    return state.step is Step.CONFIRM_CANCEL and which_visit.listed_one(talk) is not None


def _is_move(then: Then | None, chosen: Booked) -> bool:
    return then is not None and not then.besides and then.service in ("", chosen.service)


def _one_wish(talk: Talk, found: Sequence[Booked]) -> Said:
    """What was said, where a time beside "cancel it" only says which one: "cancel my visit, Tuesday at 9"."""
    then = talk.said.next
    if then is None or then.intent is not None:
        return talk.said
    if any(names_time(then.when, each.starts) for each in several.spared(talk, talk.said, found)):
        talk.said = replace(talk.said, next=None)  # "cancel the 9 am, 10 am still works"
        return talk.said
    named = {service.id for service in services_in(talk, then)}  # another service then is a wish of its own
    starts = [each.starts for each in found if not named or each.service in named]
    days = then.when.days if len(then.when.days) > 1 else ()
    if any(names_time(then.when, at) or at.date() in days for at in starts):
        both = dict.fromkeys((*talk.said.when.days, *then.when.days))
        merged = replace(talk.said, next=None).then(then)
        talk.said = replace(merged, when=replace(merged.when, days=tuple(both)))
    return talk.said


def _begun(talk: Talk) -> Then | None:
    """The booking that was about to be made when something else came first."""
    state, slot = talk.state, talk.state.slot
    if slot is None or state.task is not Task.BOOK:
        return None
    return Then(state.service, Wanted(days=[slot.starts.date()], minutes=[minute(slot)]))


def _put_off(talk: Talk, begun: Then) -> None:
    """A move keeps its own time in the state, so what was about to be booked is kept as if they had said it."""
    service, slot = talk.business.service(begun.service), talk.state.slot
    if service is not None and slot is not None:
        who = talk.business.technician(slot.who)
        whom = f" with {who.name}" if who else ""
        words = f"book {service.name}{whom}, {slot.starts.date().isoformat()} at {phrases.clock(slot.starts)}"
        talk.state.put_off = [PutOff(words, talk.today), *talk.state.put_off]


def _then(talk: Talk) -> Then | None:
    """The booking that was asked for in the same breath, which is seen to here."""
    then = talk.said.next
    if then is None or then.intent in (Intent.MOVE, Intent.CANCEL) or talk.state.task is Task.MOVE:
        return None
    talk.said = replace(talk.said, next=then.next)
    named = services_in(talk, then)
    talk.state.name = then.name or talk.state.name
    besides = bool(ONE_MORE.search(then.text.lower()) or FOR_THEIRS.search(then.text.lower()))
    return Then(named[0].id if len(named) == 1 else "", Wanted().said(then.when), besides)


async def _with(talk: Talk, chosen: Booked) -> None:
    """Go on with this appointment."""
    state = talk.state
    state.appointment = chosen
    if state.then is not None and _is_move(state.then, chosen):
        # One instead of the other: a move never leaves them without either.
        state.task, state.wanted = Task.MOVE, which_visit.on_its_day(chosen, state.then.wanted)
    if state.task is Task.MOVE:
        state.appointments, state.then = [], None
        state.service, state.technician = chosen.service, technician_in(talk)
        state.step = Step.DAY
        if state.technician not in ("", chosen.who) and not (state.wanted or talk.said.when or says_from(talk)):
            state.wanted = Wanted(days=[chosen.starts.date()], minutes=[minute(chosen)])
        named, state.wanted = services_in(talk), near_what_is_spoken_of(talk, state.wanted)
        if state.wanted or says_from(talk) or which_visit.goes_sooner(talk):
            await ask_next(talk)
        elif day := talk.said.when.no_such:
            talk.say(f"{phrases.NO_SUCH_DAY.format(day=day)} {phrases.WHICH_DAY}")
        else:
            talk.say(f"Moving {phrases.appointment(talk.business, chosen, talk.today)}.", phrases.WHICH_DAY)
        if named and chosen.service not in [each.id for each in (*named, *all_services_in(talk, talk.said.text))]:
            talk.lead(phrases.SAME_SERVICE)
        return
    state.step = Step.CONFIRM_CANCEL
    days = () if talk.said.when.loose else talk.said.when.days
    talk.say(talk.question(), phrases.OR_MOVE if days and chosen.starts.date() not in days else "")


async def _cancel(talk: Talk, appointment: Booked) -> None:
    state, then = talk.state, talk.state.then
    found = await all_standing(talk) or []
    if any(each.reference == appointment.reference and each != appointment for each in found):
        # Moved meanwhile, by phone: what they said yes to is not what would be cancelled.
        state.appointments = found[: phrases.MAX_LISTED]
        state.appointment = next(each for each in found if each.reference == appointment.reference)
        talk.say(f"{phrases.MOVED_MEANWHILE} {talk.question()}")
        return
    wish = {"reference": appointment.reference}
    if await waits(talk, "cancel_appointment", wish):
        return
    result = await talk.ask("cancel_appointment", **wish)
    outcome, code = result.get("outcome"), result.get("code")
    what = phrases.appointment(talk.business, appointment, talk.today)
    if outcome == "confirmed":
        talk.say(f"Cancelled: {what}.", "" if then else "Text a day if you want to book another time.")
    elif outcome == "pending":
        talk.say(phrases.NOT_SURE_YET.format(what=f"that {what} is cancelled"))
    elif outcome == "refused":
        talk.say(result["say"])
    else:
        state.over()
        await talk.person(phrases.IN_DOUBT)
        await _go_on_with(talk, then)
        return
    if outcome == "refused" and code in (Code.CALENDAR_UNAVAILABLE, Code.STILL_CHECKING):
        return  # a YES in a few minutes tries again
    state.invite()
    state.last, state.before = None, appointment if outcome == "confirmed" else None
    if then is not None and then.besides and not then.service:
        then = Then(appointment.service, then.wanted)
    await _go_on_with(talk, then)


async def _go_on_with(talk: Talk, then: Then | None) -> None:
    if then is not None:
        talk.state.service, talk.state.wanted = then.service, then.wanted
        await ask_next(talk)


async def _find(talk: Talk) -> Sequence[Mapping[str, Any]] | None:
    """The customer's appointments ahead; None when they could not be looked up, which has been said then."""
    result = await talk.ask("find_appointments")
    if result["ok"]:
        found: Sequence[Mapping[str, Any]] = result["appointments"]
        return found
    talk.say(result["say"] if result.get("code") == Code.NOT_FOUND else phrases.NOT_NOW)
    return None


def _told(talk: Talk, each: Mapping[str, Any]) -> str:
    booked = _booked(each)
    state = "" if each["outcome"] == "confirmed" else " - not confirmed by the calendar yet"
    caution = state or _CAUTIONS.get(str(each.get("verification")), "") + _CHANGES.get(str(each.get("change")), "")
    return f"{phrases.appointment(talk.business, booked, talk.today)}, reference {booked.reference}{caution}"


def _to_go_on(talk: Talk) -> str:
    return "" if talk.state.step in IDLE else talk.question()


def _booked(each: Mapping[str, Any]) -> Booked:
    return Booked(each["reference"], each["start"], each["service"], each["technician"])
