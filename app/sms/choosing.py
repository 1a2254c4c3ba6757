"""On the way to a time: service, day, offered times, name, and yes. Nothing is booked or moved without that yes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from app.booking.speech import WEEKDAYS
from app.errors import Code
from app.sms import meant, naming, phrases
from app.sms.clocks_in_words import hours_meant
from app.sms.dates_in_words import When
from app.sms.deciding import still_waits
from app.sms.ground import ground
from app.sms.meant import minute
from app.sms.settling import carry_out
from app.sms.state import Booked, Offered, Step, Task, Wanted
from app.sms.talk import Talk
from app.sms.told_as_bad import services_wished
from app.sms.vocabulary import LEAVES, PLUS, YES
from app.sms.words import Answer, Intent, More, Said

MANY = 50
"""Times looked through where a certain one is wanted."""
OFFERED = 3
MORE_DAYS = 10
BARS = (Step.DAY, Step.WHICH_DAY, Step.TIME, Step.NAME, Step.CONFIRM)


async def go_on(talk: Talk) -> None:
    """Take in what was said, then ask for what is still missing, or do what was confirmed."""
    state, said = talk.state, talk.said
    confirming = state.step is Step.CONFIRM and state.slot is not None
    if confirming and said.answer is Answer.YES:
        await _confirmed(talk)
        return
    took, noted = _take_in(talk), await naming.noted(talk)
    if said.when.no_such and not said.when.days:
        _no_such_day(talk, said.when.no_such)
        return
    if (said.when.barred or said.when.off) and not took and state.step in BARS:
        if confirming and state.slot is not None and not said.when.turns_down(state.slot.starts.date()):
            await talk.misunderstood()  # that day is not the one that was asked about
        else:
            _bar(talk)
        return
    if confirming and not took and said.answer is Answer.NO:
        await _refuse(talk)
    elif took or said.intent is Intent.BOOK or (said.intent is Intent.MOVE and not confirming) or _repeats(talk):
        await ask_next(talk)
    elif noted and not said.asks:
        _say_noted(talk)
    elif said.answer is Answer.NO and _gives_up(talk):
        await give_up(talk)
    elif said.answer is Answer.NO and state.step in (Step.TIME, Step.WHICH_DAY):
        state.forget_times()
        state.wanted, state.step = Wanted(), Step.DAY
        talk.say(phrases.NOT_THEN)
    else:
        await talk.misunderstood()


async def _confirmed(talk: Talk) -> None:
    moves = talk.state.task is Task.MOVE
    await naming.noted(talk)
    await carry_out(talk)
    if moves:
        await naming.passed_on(talk)


def _say_noted(talk: Talk) -> None:
    if not talk.passed_on:
        talk.say(f"{phrases.NOTED} {talk.question()}")


def _gives_up(talk: Talk) -> bool:
    """Whether a no is one to all of it: no time was spoken of yet, or the visit is to stay where it is."""
    stays = talk.state.task is Task.MOVE and bool(LEAVES.search(talk.said.text.lower()))
    return stays or talk.state.step in (Step.SERVICE, Step.DAY)


def _repeats(talk: Talk) -> bool:
    """Whether it says again, beside no answer, what they are asked about: its time, or its service."""
    state, said = talk.state, talk.said
    if state.step is not Step.CONFIRM or state.slot is None or said.answer is not None:
        return False
    again = [service.id for service in meant.services_in(talk)] == [state.service] and said.intent is not Intent.MOVE
    return meant.names_time(said.when, state.slot.starts) or (again and not said.when)


async def take_up(talk: Talk, said: Said, service: str = "") -> None:
    """Begin a booking with what was said about it."""
    state = talk.state
    state.over()
    talk.said, state.step, state.service = said, Step.DAY, service
    await go_on(talk)


async def ask_next(talk: Talk) -> None:
    """Ask for whatever is missing next."""
    state = talk.state
    _take_only_service(talk)
    if state.slot is None and (relative := meant.says_from(talk)) is not None:
        state.wanted = relative
    if not state.service:
        state.step = Step.SERVICE
        talk.say(talk.question())
    elif state.slot is not None:
        state.step = Step.CONFIRM if state.name or state.task is Task.MOVE else Step.NAME
        lead = "" if state.step is Step.CONFIRM else talk.moment(state.slot.starts) + "."
        talk.say(f"{lead} {talk.question()}".strip())
    elif len(state.wanted.days) > 1:
        state.step = Step.WHICH_DAY
        talk.say(talk.question())
    elif state.wanted:
        await _offer(talk)
    elif talk.said.more in (More.LATER, More.EARLIER) and (state.slots or state.appointment):
        await _other_times(talk)
    else:
        state.step = Step.TIME if state.slots else Step.DAY
        talk.say(talk.question())


async def give_up(talk: Talk) -> None:
    """They do not want it after all."""
    state, services = talk.state, talk.business.services_said()
    moving, waits = state.task is not Task.BOOK, await still_waits(talk)
    begun = bool(state.slots or state.wanted or (state.service and len(services) > 1))
    if waits and begun and not moving:  # what waits is another wish, which is told apart from this one
        waits = f"{phrases.NOTHING_NEW} {waits}"
    state.invite()
    talk.say(waits or (phrases.KEPT if moving else phrases.NOTHING_DONE), phrases.HOW)


def _no_such_day(talk: Talk, day: str) -> None:
    """Say so, and ask again: the nearest one that there is was not asked for."""
    state = talk.state
    _take_only_service(talk)
    state.forget_times()
    state.step = Step.DAY if state.service else Step.SERVICE
    talk.say(f"{phrases.NO_SUCH_DAY.format(day=day)} {talk.question()}")


def _bar(talk: Talk) -> None:
    """Not on that day: another one is theirs to say."""
    state = talk.state
    state.forget_times()
    state.wanted, state.step = Wanted(barred=list(talk.said.when.barred)), Step.DAY
    talk.say(phrases.NOT_THEN)


def _take_only_service(talk: Talk) -> None:
    state, services = talk.state, talk.business.services_said()
    cancelled = state.before if state.last is None and state.task is Task.BOOK else None
    more = PLUS.match(talk.said.text) or meant.services_in(talk)
    if not state.service and len(services) == 1:
        state.service = services[0].id
    elif not state.service and cancelled and talk.said.when and not more:
        state.service = cancelled.service  # "text a day if you want to book another time"


def _take_in(talk: Talk) -> bool:
    """Put what was said into the state; whether anything in it changed what is wanted."""
    state, said = talk.state, talk.said
    if meant.names_them(talk):
        state.name = said.titled
        if not said.instead or ground(talk.business, talk.now).when(said.titled)[0]:
            return True
        _take_time(talk)
        return _take_technician(talk) or True
    service = _take_service(talk)
    # "Yes, whenever" wishes for no other time.
    whenever = state.slot is not None and said.when == When(anytime=True) and YES.match(said.text.lower())
    time = not whenever and _take_time(talk)
    who = _take_technician(talk)
    name = said.name or (said.alone if meant.may_be_name(talk) and not (service or time or who or said.answer) else "")
    if state.task is Task.BOOK and name and name != state.name:
        state.name = name
        return True
    return service or time or who


def _take_service(talk: Talk) -> bool:
    state, said = talk.state, talk.said
    if state.task is Task.MOVE:
        return False
    chosen, services = None, talk.business.services_said()
    if state.step is Step.SERVICE and said.number is not None and said.number <= len(services):
        chosen = services[said.number - 1 if said.number > 0 else -1]
    elif len(named := services_wished(talk)) == 1:
        chosen = named[0]
    if chosen is None or chosen.id == state.service:
        return False
    if state.slot is not None or state.slots:  # what was offered was for another service
        about = state.slot or state.slots[0]
        at = state.slot if meant.names_only(said, chosen) else None  # else they choose anew
        days, barred = [about.starts.date()], said.when.barred
        days = [day for day in days if day.weekday() not in barred]
        state.wanted = state.wanted or Wanted(days=days, minutes=[minute(at)] if at else [], barred=list(barred))
        state.wanted.declined = meant.declined(talk)
    state.after = [replace(each, if_booked=chosen.id) if each.if_booked else each for each in state.after]
    state.service = chosen.id
    state.forget_times()
    return True


def _take_time(talk: Talk) -> bool:
    """A choice among what was offered, or another wish."""
    state, said = talk.state, talk.said
    if state.step is Step.WHICH_DAY and (day := meant.numbered_day(talk)) is not None:
        state.wanted.days = [day]
        return True
    if (relative := meant.says_from(talk)) is not None:
        state.wanted = relative
        state.forget_times()
        return True
    beyond = said.number if said.number is not None and said.number > len(state.slots) else 0
    hours = hours_meant(beyond) if state.slots and beyond else ()
    if state.slots:
        picked = meant.picked(talk)
        if picked is not None:
            changed = state.slot is None or picked.slot_id != state.slot.slot_id or state.step is Step.NAME
            state.slot = picked
            state.wanted = Wanted()
            return changed
        if said.more is not None and not hours:
            state.slot, state.wanted = None, Wanted()
            if said.more is More.OTHER_DAY and not said.when:
                state.forget_times()
                return True
            if not said.when:
                return True
    if (wanted := _wished(talk, hours)) is None:
        return False
    state.wanted, wanted.declined = wanted, [*wanted.declined, *meant.declined(talk)]
    state.forget_times()
    return True


def _wished(talk: Talk, hours: Sequence[int]) -> Wanted | None:
    """What is wanted, if anything is; `hours` are those of a number that is none of an offered time."""
    state, when = talk.state, talk.said.when
    if not when or (when.loose and talk.said.number is not None and state.step is Step.SERVICE):
        day = (state.slot or state.slots[0]).starts.date() if hours or meant.turns_down(talk) else None
        return Wanted(days=[day], minutes=[*hours], declined=[] if hours else state.wanted.declined) if day else None
    minutes = meant.only_differ_by_day(state.slots)  # then a day alone leaves the hour as it is
    if minutes and when == When(days=when.days, bare=when.bare):
        return Wanted(days=list(when.days), bare=when.bare, minutes=minutes)
    return meant.near_what_is_spoken_of(talk, _near_what_was_offered(talk).said(when))


def _near_what_was_offered(talk: Talk) -> Wanted:
    """A time of day alone is said about the day that is being spoken of."""
    state, when = talk.state, talk.said.when
    own = state.appointment if (when.clock or when.part) and not when.anytime else None
    offered = state.slot or (state.slots[0] if state.slots else own)
    return state.wanted if state.wanted or offered is None else Wanted(days=[offered.starts.date()])


def _take_technician(talk: Talk) -> bool:
    state, who = talk.state, meant.technician_in(talk)
    beside = bool(who) and naming.asks_for_technician(talk)  # a name alone may be like theirs
    if not who or who == state.technician or (state.step is Step.NAME and not beside):
        return False
    state.technician = who
    if state.slot is not None and state.slot.who != who:
        state.wanted = Wanted(days=[state.slot.starts.date()], minutes=[minute(state.slot)])
        state.forget_times()
    elif state.slot is None and state.slots:
        state.wanted = Wanted(days=[state.slots[0].starts.date()])
        state.forget_times()
    return True


async def _refuse(talk: Talk) -> None:
    """No to what was about to be done: a visit stays where it is, else the other times that were offered."""
    state, refused = talk.state, talk.state.slot
    state.slot = None
    if state.task is Task.MOVE:
        await give_up(talk)
    elif any(slot != refused for slot in state.slots):
        state.step = Step.TIME
        talk.say(f"OK. {talk.question()}")
    else:
        state.forget_times()
        state.step = Step.DAY
        talk.say(phrases.NOT_THEN)


async def _offer(talk: Talk) -> None:
    """Look up what is open, and offer it; a certain time that is open is taken as chosen."""
    state, wanted = talk.state, talk.state.wanted
    if _has(talk, wanted):
        state.wanted, state.step = Wanted(), Step.DAY
        talk.say(phrases.THAT_TIME_ALREADY, phrases.WHICH_DAY)
        return
    limit = MANY if wanted.clock or wanted.barred or wanted.declined else OFFERED
    result = await _look_up(talk, wanted, limit)
    if result is None:
        return
    offered = [slot for slot in _offered(result["slots"]) if slot.starts.weekday() not in wanted.barred]
    slots = [s for s in offered if not (_is_theirs(talk, s.starts) or minute(s) in wanted.declined)]
    near = meant.nearest(slots, wanted.clock)
    fitting = [slot for slot in near if wanted.clock.allows(minute(slot))]
    exact = bool(wanted.clock.minutes)
    state.wanted = Wanted(declined=wanted.declined if slots else [])
    if not slots:
        state.step = Step.DAY
        talk.say("" if result["slots"] else result["say"], phrases.OTHER_DAY)
    elif exact and len(fitting) == 1:
        state.slots = state.slots or fitting
        state.slot = fitting[0]
        await ask_next(talk)
    elif fitting:
        _show(talk, fitting[:OFFERED])
    else:
        _show(talk, near, phrases.NEAREST)


def _has(talk: Talk, wanted: Wanted) -> bool:
    """Whether it is the very time that a visit is at which shall be moved."""
    visit = talk.state.appointment
    if visit is None or not _is_theirs(talk, visit.starts) or wanted.length != 1:
        return False
    return visit.starts.date() in wanted.days and minute(visit) in wanted.minutes


def _is_theirs(talk: Talk, starts: datetime) -> bool:
    """Whether a move to this time would be none, unless somebody else shall come."""
    visit, who = talk.state.appointment, talk.state.technician
    if talk.state.task is not Task.MOVE or visit is None:
        return False
    return visit.starts == starts and who in ("", visit.who)


async def _other_times(talk: Talk) -> None:
    """What is open before or after the times that were offered."""
    state = talk.state
    shown: Sequence[Offered | Booked] = state.slots or [each for each in (state.appointment,) if each is not None]
    if talk.said.more is More.EARLIER:
        length = (shown[0].starts.date() - talk.today).days + 1
        wanted = Wanted(days=[talk.today], length=length)
    else:
        wanted = Wanted(days=[shown[-1].starts.date()], length=MORE_DAYS)
    result = await _look_up(talk, wanted, MANY)
    if result is None:
        return
    slots = [slot for slot in _offered(result["slots"]) if not _is_theirs(talk, slot.starts)]
    if talk.said.more is More.EARLIER:
        found = [slot for slot in slots if slot.starts < shown[0].starts]
        found = [slot for slot in found if slot.starts.date() == shown[0].starts.date()] or found
    else:
        found = [slot for slot in slots if slot.starts > shown[-1].starts]
    if found:
        _show(talk, found[:OFFERED])
        return
    state.step = Step.TIME if state.slots else Step.DAY
    talk.say(f"There is nothing {'earlier' if talk.said.more is More.EARLIER else 'more'} then. {talk.question()}")


def _show(talk: Talk, slots: Sequence[Offered], lead: str = "") -> None:
    talk.state.slots, talk.state.slot = list(slots), None
    talk.state.step = Step.TIME
    talk.say(f"{lead} {talk.question()}".strip())


async def _look_up(talk: Talk, wanted: Wanted, limit: int) -> Mapping[str, Any] | None:
    """Ask for open times; None when that did not work, which has been said then."""
    state = talk.state
    first = wanted.days[0] if wanted.days else None
    result = await talk.ask(
        "check_availability",
        service=state.service,
        date=None if first is None else WEEKDAYS[first.weekday()].lower() if wanted.bare else first.isoformat(),
        date_to=(first + timedelta(days=wanted.length - 1)).isoformat() if first and wanted.length > 1 else None,
        part_of_day=wanted.part,
        technician=state.technician,
        limit=limit,
        # Its own time is no obstacle to where it goes: half an hour later overlaps it.
        reference=state.appointment.reference if state.task is Task.MOVE and state.appointment else None,
    )
    if result["ok"] and "slots" in result:
        return result
    code = result.get("code")
    state.wanted = Wanted()
    state.forget_times()
    state.step = Step.DAY
    if code in (Code.PAST_DATE, Code.OUTSIDE_WINDOW, Code.INVALID_ARGUMENTS):
        talk.say(result["say"], phrases.OTHER_DAY)
    elif code in (Code.CALENDAR_UNAVAILABLE, Code.STILL_CHECKING):
        talk.say(phrases.NO_CALENDAR)
    else:
        talk.say(phrases.NOT_NOW)
    return None


def _offered(slots: Sequence[Mapping[str, str]]) -> list[Offered]:
    return [Offered(slot["slot_id"], slot["start"], slot["technician"]) for slot in slots]
