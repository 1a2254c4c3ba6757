"""On the way to a time: service, day, offered times, name, and yes. Nothing is booked or moved without that yes."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.booking.business import Service
from app.booking.speech import WEEKDAYS
from app.errors import Code
from app.sms import phrases
from app.sms.clocks_in_words import hours_meant
from app.sms.dates_in_words import When
from app.sms.settling import carry_out
from app.sms.state import Offered, Step, Task, Wanted
from app.sms.talk import Talk
from app.sms.vocabulary import SAME_TIME
from app.sms.words import Answer, Intent, More

MANY = 50
"""Times looked through where a certain one is wanted."""
OFFERED = 3
MORE_DAYS = 10
NOT_THE_POINT = frozenset(
    ("home", "house", "visit", "service", "services", "appointment", "the", "and", "a", "of", "my", "up")
)
"""Words of a service's name that people use anyway."""


async def go_on(talk: Talk) -> None:
    """Take in what was said, then ask for what is still missing, or do what was confirmed."""
    state, said = talk.state, talk.said
    confirming = state.step is Step.CONFIRM and state.slot is not None
    took = _take_in(talk)
    if confirming and not took:
        if said.answer is Answer.YES:
            await carry_out(talk)
            return
        if said.answer is Answer.NO:
            _refuse(talk)
            return
    if took or said.intent in (Intent.BOOK, Intent.MOVE):
        await ask_next(talk)
    elif said.answer is Answer.NO and state.step in (Step.SERVICE, Step.DAY):
        give_up(talk)
    elif said.answer is Answer.NO and state.step in (Step.TIME, Step.WHICH_DAY):
        state.forget_times()
        state.wanted, state.step = Wanted(), Step.DAY
        talk.say(f"OK. {phrases.OTHER_DAY}")
    else:
        await talk.misunderstood()


async def ask_next(talk: Talk) -> None:
    """Ask for whatever is missing next."""
    state = talk.state
    services = talk.business.services_said()
    if not state.service and len(services) == 1:
        state.service = services[0].id
    if not state.service:
        state.step = Step.SERVICE
        talk.say(talk.question())
    elif state.slot is not None:
        state.step = Step.CONFIRM if state.name or state.task is Task.MOVE else Step.NAME
        lead = "" if state.step is Step.CONFIRM else phrases.moment(state.slot.starts, talk.today) + "."
        talk.say(f"{lead} {talk.question()}".strip())
    elif len(state.wanted.days) > 1:
        state.step = Step.WHICH_DAY
        talk.say(talk.question())
    elif state.wanted:
        if state.appointment is not None and not state.wanted.clock and SAME_TIME.search(talk.said.text.lower()):
            state.wanted.minutes = [state.appointment.starts.hour * 60 + state.appointment.starts.minute]
        await _offer(talk)
    elif talk.said.more in (More.LATER, More.EARLIER) and state.slots:
        await _other_times(talk)
    else:
        state.step = Step.TIME if state.slots else Step.DAY
        talk.say(talk.question())


def give_up(talk: Talk) -> None:
    """They do not want it after all."""
    moving = talk.state.task is not Task.BOOK
    talk.state.over()
    talk.say(phrases.KEPT if moving else phrases.NOTHING_DONE, phrases.HOW)


def services_in(talk: Talk) -> list[Service]:
    """The services that the words can mean: by whole name, else by the words that only they have."""
    low = f" {talk.said.text.lower()} "
    services = talk.business.services_said()
    whole = [s for s in services if f" {s.name.lower()}" in low or f" {s.id.lower()} " in low]
    if whole:
        return whole
    words = {word.rstrip("s") for word in _words(low)}
    scores = {s.id: len(words & {word.rstrip("s") for word in _words(s.name) - NOT_THE_POINT}) for s in services}
    best = max(scores.values(), default=0)
    return [s for s in services if best and scores[s.id] == best]


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _take_in(talk: Talk) -> bool:
    """Put what was said into the state; whether anything in it changed what is wanted."""
    state, said = talk.state, talk.said
    if names_them(talk):
        state.name = said.titled
        return True
    service = _take_service(talk)
    time = _take_time(talk)
    who = _take_technician(talk)
    name = said.name or (said.alone if _may_be_name(talk) and not (service or time or who or said.answer) else "")
    if state.task is Task.BOOK and name and name != state.name:
        state.name = name
        return True
    return service or time or who


def names_them(talk: Talk) -> bool:
    """Whether it answers the question for the name, whatever else its words could mean."""
    return talk.state.step is Step.NAME and bool(talk.said.titled) and talk.said.answer is None


def _may_be_name(talk: Talk) -> bool:
    """A name alone answers the question for it; while times are offered only a whole one is taken for a name."""
    words = talk.said.alone.split()
    whole = len(words) > 1 and all(word[:1].isupper() for word in words)
    return talk.state.step is Step.NAME or (talk.state.step is Step.TIME and whole and talk.said.more is None)


def _take_service(talk: Talk) -> bool:
    state, said = talk.state, talk.said
    if state.task is Task.MOVE:
        return False
    chosen, services = None, talk.business.services_said()
    if state.step is Step.SERVICE and said.number is not None and said.number <= len(services):
        chosen = services[said.number - 1 if said.number > 0 else -1]
    elif len(named := services_in(talk)) == 1:
        chosen = named[0]
    if chosen is None or chosen.id == state.service:
        return False
    if state.slot is not None or state.slots:  # what was offered was for another service
        day = (state.slot or state.slots[0]).starts.date()
        state.wanted = state.wanted or Wanted(days=[day])
    state.service = chosen.id
    state.forget_times()
    return True


def _take_time(talk: Talk) -> bool:
    """A choice among what was offered, or another wish."""
    state, said = talk.state, talk.said
    if state.step is Step.WHICH_DAY and (day := _numbered_day(talk)) is not None:
        state.wanted.days = [day]
        return True
    if state.slots:
        picked = _pick(talk)
        if picked is not None:
            changed = state.slot is None or picked.slot_id != state.slot.slot_id or state.step is Step.NAME
            state.slot = picked
            state.wanted = Wanted()
            return changed
        if said.more is not None:
            state.slot, state.wanted = None, Wanted()
            if said.more is More.OTHER_DAY and not said.when:
                state.forget_times()
                return True
            if not said.when:
                return True
    if said.when and not (said.when.loose and said.number is not None and state.step is Step.SERVICE):
        state.wanted = _near_what_was_offered(talk).said(said.when)
        state.forget_times()
        return True
    if state.slots and said.number is not None and len(state.slots) < said.number and hours_meant(said.number):
        state.wanted = Wanted(days=[state.slots[0].starts.date()], minutes=list(hours_meant(said.number)))
        state.forget_times()
        return True
    return False


def _near_what_was_offered(talk: Talk) -> Wanted:
    """A time of day alone is said about the day that is being spoken of."""
    state = talk.state
    offered = state.slot or (state.slots[0] if state.slots else None)
    return state.wanted if state.wanted or offered is None else Wanted(days=[offered.starts.date()])


def _numbered_day(talk: Talk) -> date | None:
    days, said = talk.state.wanted.days, talk.said
    if said.number is not None and (said.number == -1 or 1 <= said.number <= len(days)):
        return days[said.number - 1 if said.number > 0 else -1]
    named = [day for day in said.when.days if day in days] or (days[:1] if said.when.anytime else [])
    return named[0] if len(named) == 1 else None


def _pick(talk: Talk) -> Offered | None:
    """The offered time that is meant, if it is one: by number, by its clock, by who comes, or the only one."""
    slots, said = talk.state.slots, talk.said
    days = () if said.when.loose else said.when.days
    on_day = [slot for slot in slots if not days or slot.starts.date() in days]
    if said.number is not None and (said.number == -1 or 1 <= said.number <= len(slots)):
        numbered = slots[said.number - 1 if said.number > 0 else -1]
        return numbered if numbered in on_day else None
    if said.when.clock.minutes:
        at = [slot for slot in on_day if slot.starts.hour * 60 + slot.starts.minute in said.when.clock.minutes]
        return at[0] if len(at) == 1 else None
    if said.when == When(anytime=True) and talk.state.step is Step.TIME and not said.asks:
        return slots[0]
    if said.when:
        return None
    if who := _technician_in(talk):
        theirs = [slot for slot in slots if slot.who == who]
        return theirs[0] if len(theirs) == 1 else None
    if talk.state.step is Step.TIME and len(slots) == 1 and said.answer is Answer.YES and not said.more:
        return slots[0]
    return None


def _technician_in(talk: Talk) -> str:
    low = " ".join(talk.said.text.lower().replace(",", " ").split())
    for technician in talk.business.technicians:
        name = technician.name.lower()
        if low == name or any(f" {cue} {name}" in f" {low}" for cue in ("with", "see", "want", "prefer", "get")):
            return technician.id
    return ""


def _take_technician(talk: Talk) -> bool:
    state, who = talk.state, _technician_in(talk)
    if not who or who == state.technician or state.step is Step.NAME:
        return False
    state.technician = who
    if state.slot is not None and state.slot.who != who:
        state.wanted = Wanted(days=[state.slot.starts.date()], minutes=[_minute(state.slot)])
        state.forget_times()
    elif state.slot is None and state.slots:
        state.wanted = Wanted(days=[state.slots[0].starts.date()])
        state.forget_times()
    return True


def _refuse(talk: Talk) -> None:
    """No to what was about to be done: the other times that were offered, if there are any."""
    state = talk.state
    state.slot = None
    if state.slots:
        state.step = Step.TIME
        talk.say(f"OK. {talk.question()}")
    else:
        state.step = Step.DAY
        talk.say(f"OK. {phrases.OTHER_DAY}")


async def _offer(talk: Talk) -> None:
    """Look up what is open, and offer it; a certain time that is open is taken as chosen."""
    state, wanted = talk.state, talk.state.wanted
    result = await _look_up(talk, wanted, MANY if wanted.clock else OFFERED)
    if result is None:
        return
    slots = _offered(result["slots"])
    fitting = [slot for slot in slots if wanted.clock.allows(_minute(slot))]
    exact = bool(wanted.clock.minutes)
    state.wanted = Wanted()
    if not slots:
        state.step = Step.DAY
        talk.say(result["say"], phrases.OTHER_DAY)
    elif exact and len(fitting) == 1:
        state.slots = state.slots or fitting
        state.slot = fitting[0]
        await ask_next(talk)
    elif fitting:
        _show(talk, fitting[:OFFERED])
    else:
        nearest = sorted(slots, key=lambda slot: (wanted.clock.distance(_minute(slot)), slot.start))[:OFFERED]
        _show(talk, sorted(nearest, key=lambda slot: slot.starts), "That time is not open. The nearest:")


async def _other_times(talk: Talk) -> None:
    """What is open before or after the times that were offered."""
    state, shown = talk.state, talk.state.slots
    if talk.said.more is More.EARLIER:
        length = (shown[0].starts.date() - talk.today).days + 1
        wanted = Wanted(days=[talk.today], length=length)
    else:
        wanted = Wanted(days=[shown[-1].starts.date()], length=MORE_DAYS)
    result = await _look_up(talk, wanted, MANY)
    if result is None:
        return
    slots = _offered(result["slots"])
    if talk.said.more is More.EARLIER:
        found = [slot for slot in slots if slot.starts < shown[0].starts]
        found = [slot for slot in found if slot.starts.date() == shown[0].starts.date()] or found
    else:
        found = [slot for slot in slots if slot.starts > shown[-1].starts]
    if found:
        _show(talk, found[:OFFERED])
        return
    state.step = Step.TIME
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
        talk.say(result["say"] if code == Code.DAILY_CAP else phrases.NOT_NOW)
    return None


def _offered(slots: Sequence[Mapping[str, str]]) -> list[Offered]:
    return [Offered(slot["slot_id"], slot["start"], slot["technician"]) for slot in slots]


def _minute(slot: Offered) -> int:
    return slot.starts.hour * 60 + slot.starts.minute
