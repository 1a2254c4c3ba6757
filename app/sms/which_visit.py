"""Which of a customer's visits their words are about: by its day and hour, its service, its number or its place. Pure.

Where the words fit several it is none of them, and has to be asked.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.sms import several
from app.sms.dates_in_words import When
from app.sms.meant import names_time, says_from, services_in, services_kept
from app.sms.state import Booked, Task, Wanted
from app.sms.talk import Talk
from app.sms.vocabulary import EARLIER_ONE, LATER_ONE, OTHER_ONE, SEVERAL, THIS_ONE
from app.sms.words import Intent

_TWO = 2


def listed_one(talk: Talk) -> Booked | None:
    """The appointment that is meant of those that were listed, by its number or by its place."""
    state, said, text = talk.state, talk.said, talk.said.text.lower()
    listed = state.appointments
    if len(listed) > 1 and said.number is not None and (said.number == -1 or 1 <= said.number <= len(listed)):
        return listed[said.number - 1 if said.number > 0 else -1]
    if len(listed) == _TWO and (LATER_ONE.search(text) or EARLIER_ONE.search(text)):
        return listed[1 if LATER_ONE.search(text) else 0]
    others = [each for each in listed if each != state.appointment]
    return others[0] if state.appointment and len(others) == 1 and OTHER_ONE.search(text) else None


def put_right(talk: Talk, asked: Booked) -> Booked | None:
    """The visit that was meant instead of the one asked about: "no, I meant Wednesday's", where it is the only one."""
    said = talk.said
    others = several.named(talk, said, [each for each in talk.state.appointments if each != asked])
    no_move = said.intent is not Intent.MOVE and not says_from(talk)
    return others[0] if len(others) == 1 and no_move and names_time(said.when, others[0].starts) else None


def meant_one(talk: Talk, found: Sequence[Booked], last: Booked | None) -> tuple[Booked | None, Wanted]:
    """Which appointment the words are about, as far as they say, and the time it shall be moved to.

    "It" is the one that was spoken of last.
    """
    when = talk.said.when
    days = list(when.days)
    on_day = [each for each in found if each.starts.date() in days]
    to_day = talk.state.task is Task.MOVE and len(days) == 1 and _is_goal(talk.said.text)
    named = {service.id for service in services_in(talk)}
    if on_day and (of_it := [each for each in found if each.service in named]) and not any(e in of_it for e in on_day):
        # "Cancel the inspection on Wednesday", where that day is another visit's: one of the two words is wrong.
        if talk.state.task is Task.CANCEL:
            return None, Wanted()
        found, on_day = of_it, []
    if on_day and not to_day:
        found = on_day
        days = [day for day in days if day not in {each.starts.date() for each in on_day}]
        its_own = any(when.clock.allows(each.starts.hour * 60 + each.starts.minute) for each in on_day)
        when = replace(when, days=tuple(days)) if days or not its_own else When()
    if len(found) > 1 and (kept := {service.id for service in services_kept(talk)}):
        found = [each for each in found if each.service not in kept] or found
    if len(found) > 1 and named:
        found = [each for each in found if each.service in named] or found
    one = not SEVERAL.search(talk.said.text.lower())
    about_last = talk.state.task is Task.MOVE or bool(THIS_ONE.search(talk.said.text.lower()))
    if len(found) > 1 and last is not None and not on_day and about_last and one:
        found = [each for each in found if each.reference == last.reference] or found
    chosen = found[0] if len(found) == 1 else None
    wanted = Wanted().said(when)
    return chosen, on_its_day(chosen, wanted) if chosen else wanted


def on_its_day(chosen: Booked, wanted: Wanted) -> Wanted:
    """A time of day alone is said about the day of the appointment."""
    if wanted.clock and not wanted.days:
        wanted.days = [chosen.starts.date()]
    return wanted


def _is_goal(text: str) -> bool:
    """Whether the day in the words is where it shall go: "move it to Tuesday", unlike "move my Tuesday visit"."""
    words = text.lower().split()
    return any(word in words for word in ("to", "for", "until", "til", "till"))
