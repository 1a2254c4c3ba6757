"""Which of a customer's visits their words are about: by its day and hour, its service, its number or its place. Pure.

Where the words fit several it is none of them, and has to be asked.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.sms import several
from app.sms.barred_in_words import UNFIT_DAY
from app.sms.cancelling import CANNOT_COME, CANNOT_ON
from app.sms.dates_in_words import When
from app.sms.ground import ground
from app.sms.meant import could_be, names_time, says_from, services_in, services_kept
from app.sms.numbers_in_words import ORDINALS
from app.sms.origins_in_words import DAY_TO, FROM_TO, UNFIT_HOUR
from app.sms.sooner_in_words import moves_sooner, wants_own_sooner
from app.sms.spans_in_words import MONTH_NAMES
from app.sms.state import Booked, Step, Task, Wanted
from app.sms.talk import Talk
from app.sms.vocabulary import APPT, EARLIER_ONE, KEPT_ONE, LATER_ONE, OTHER_ONE, SEVERAL, THIS_ONE, YES
from app.sms.words import Intent, More, Said

_TWO = 2
DOES = re.compile(r"\b(?:move|change|switch|push|re-?schedule|re-?book|cancel|book)\b")
_SHORT = 3
"""Words that only name the other one: "the ants"."""
_WORD = re.compile(r"[\w']+")
_MEANT = re.compile(r"\b(?:i meant?|no|not|wait|sorry|instead|oops|rather|wrong|please|oh)\b")
_STAYS = re.compile(r"\b(?:stays?|need|home)\b")
_TELLS = re.compile(r"\b(?:keep|stays?|still|came|back|are|is|have|need|want)\b|\bnot (?!(?:that|this|it|the|my)\b)")
"""What is said like this of a visit does not put it in the place of the one that is asked about."""
_PLACE = re.compile(
    rf"\b(?:move|change|switch|push|shift|bump|swap|reschedule|postpone|cancel|drop) (?:the|my) "
    rf"(?P<place>{'|'.join(ORDINALS)}|earlier|earliest|later|latest|latter|former)"
    r"(?: (?:one|of (?:them|the two|those|these)|visit|appointment|appt|booking))?"
    r"(?=\W*$|[,.;!?\n]| (?:to|until|on|for|and|please|pls|instead)\b)|"
    rf"^\W*(?:(?:the|my) )?(?P<alone>{'|'.join(ORDINALS)}|earlier|earliest|later|latest) "
    r"(?:one|visit|appointment|appt)(?=,? (?:please |pls )?cancel\W*$| to\b| (?:by )?(?:half|an?|[0-9]+) )"
)
"""A visit by its place among those that stand: "move the first one", "earlier one to Friday"."""


_DATED = re.compile(rf"\b(?:{MONTH_NAMES})\b|[0-9](?:st|nd|rd|th)\b|[0-9][/.-][0-9]|\b(?:this|next|coming)\b", re.I)
"""A day that is not said by its name alone."""
_WITH_LIST = re.compile(
    r"^\W*(?:(?:please|pls|just|can (?:you|we)|to|move|change|switch|push|reschedule|cancel|number|option|the) )*#?"
    rf"(?P<number>[1-9]|{'|'.join(ORDINALS)})(?:st|nd|rd|th)?\)?(?: one)?,?"
    r"(?= (?:to|but|until)\b(?! #?[1-9]\W*$)|"
    rf" and\b(?!(?: (?:then|also|the|number|option|cancel))* #?{several.ONE_OF_LIST}\b))"
)
"""A number of the list with what shall be done with it: "move 1 to Thursday"."""


def in_its_week(talk: Talk, found: Sequence[Booked], when: When, task: Task) -> When:
    """When it is said to be, where the day by which a visit is named is that of a visit in another week: "cancel
    Monday", "move Monday to Tuesday". So it is where they only say the day on which they cannot.
    """
    low = talk.said.text.lower()
    cannot = CANNOT_COME.search(low) or CANNOT_ON.search(low)
    if task is Task.CANCEL and when.barred and not when.days and cannot:
        return replace(when, days=tuple(each.starts.date() for each in found if each.starts.weekday() in when.barred))
    origin = re.split(r"\b(?:to|until)\b", talk.said.text, maxsplit=1)[0]
    named = when.weekday if task is Task.CANCEL else len(when.days) == _TWO and bool(FROM_TO.search(talk.said.text))
    if not (named and when.days) or _DATED.search(origin):  # none is left of a day on which a visit stays
        return when
    first, *others = when.days
    same = [each.starts.date() for each in found if each.starts.weekday() == first.weekday()]
    return replace(when, days=(same[0], *others)) if same and first not in same else when


def only_wished(talk: Talk, found: Sequence[object]) -> Said | None:
    """What is named with its time to stay, of which there is none: "no ant treatment, just the inspection at 9"."""
    wished = next((each for each in talk.said.kept if each.when.days and services_in(talk, each)), None)
    return replace(wished, intent=Intent.BOOK) if wished and not found else None


def listed_one(talk: Talk) -> Booked | None:
    """The appointment that is meant of those that were listed, by its number or by its place."""
    state, said, text = talk.state, talk.said, talk.said.text.lower()
    listed = state.appointments
    if numbered := numbered_with(talk):
        return numbered[0]
    if state.step is Step.WHICH and several.numbered(talk, listed):
        return None
    if len(listed) > 1 and said.number is not None and (said.number == -1 or 1 <= said.number <= len(listed)):
        return listed[said.number - 1 if said.number > 0 else -1]
    if len(listed) == _TWO and (LATER_ONE.search(text) or EARLIER_ONE.search(text)):
        return listed[1 if LATER_ONE.search(text) else 0]
    others = [each for each in listed if each != state.appointment]
    return others[0] if state.appointment and len(others) == 1 and OTHER_ONE.search(text) else None


def numbered_with(talk: Talk) -> list[Booked]:
    """The one, if any, of those that were just listed whose number stands beside what shall be done with it."""
    match, listed = _WITH_LIST.match(talk.said.whole.lower()), talk.state.appointments
    if match is None or talk.state.step is not Step.WHICH:
        return []
    place = ORDINALS.get(match["number"]) or int(match["number"])
    return [listed[place - 1 if place > 0 else -1]] if place <= len(listed) else []


def put_right(talk: Talk, asked: Booked) -> Booked | None:
    """The visit that was meant instead of the one asked about: "no, I meant Wednesday's", where it is the only one."""
    said = talk.said
    others = several.named(talk, said, [each for each in talk.state.appointments if each != asked])
    no_move = said.intent is not Intent.MOVE and not says_from(talk)
    timed = said.when and others
    instead = names_time(said.when, others[0].starts) if timed else _only_names_service(talk)
    kept = timed and _tells_of_other(talk, asked)
    return others[0] if len(others) == 1 and no_move and instead and not kept else None


def says_other_day(talk: Talk, asked: Booked) -> bool:
    """Whether a day is said that is neither that of the visit asked about nor of another one that only stays."""
    when = talk.said.when
    return bool(when.days) and not names_time(when, asked.starts) and not _tells_of_other(talk, asked)


def _tells_of_other(talk: Talk, asked: Booked) -> bool:
    """Whether it only says of another visit, by its time, that it stays: "no, I still have Wednesday"."""
    low, others = talk.said.text.lower(), [each for each in talk.state.appointments if each != asked]
    stays = several.STAYS.search(low) or _STAYS.search(low)
    return bool(stays) and any(names_time(talk.said.when, each.starts) for each in others)


def _only_names_service(talk: Talk) -> bool:
    """Whether the words do nothing but name a service that was meant: "wait, not the inspection, the ants"."""
    low = talk.said.text.lower()
    short = len(_WORD.findall(_MEANT.sub(" ", KEPT_ONE.sub(" ", low)))) <= _SHORT
    return bool(services_in(talk)) and short and not _TELLS.search(low) and not YES.match(low)


def meant_one(talk: Talk, found: Sequence[Booked], last: Booked | None) -> tuple[Booked | None, Wanted]:
    """Which appointment the words are about, as far as they say, and the time it shall be moved to.

    "It" is the one that was spoken of last.
    """
    when, moves = talk.said.when, talk.state.task is Task.MOVE
    days = list(when.days)
    found = _placed(talk, found) or found
    at = talk.said.at if moves else When(clock=when.clock) or _given_up_at(talk)
    if len(found) > 1 and at:
        found = [each for each in found if could_be(at, each.starts)] or found
    if moves and len(days) == _TWO and FROM_TO.search(talk.said.text):
        found = [each for each in found if each.starts.date() == days[0]]
        wanted = Wanted().said(replace(when, days=when.days[1:]))
        return (found[0] if len(found) == 1 else None), wanted
    on_day = [each for each in found if each.starts.date() in days]
    unsuited = _unsuited(talk, found) if moves and not on_day else []
    found = unsuited or found
    to_day = moves and len(days) == 1 and _is_goal(talk.said.text)
    named, with_whom = {service.id for service in services_in(talk)}, _with_whom(talk, found)
    of_it = [each for each in found if each.service in named] or with_whom
    if on_day and of_it and not any(each in of_it for each in on_day):
        # "Cancel the inspection on Wednesday", where that day is another visit's: one of the two words is wrong.
        if talk.state.task is Task.CANCEL:
            return None, Wanted()
        found, on_day = of_it, []
    if on_day and not to_day:
        found = on_day
        days = [day for day in days if day not in {each.starts.date() for each in on_day}]
        its_own = not DAY_TO.search(talk.said.text)  # "Tuesday to the morning" may be a morning's
        its_own = its_own and any(could_be(replace(when, days=()), each.starts) for each in on_day)
        when = replace(when, days=tuple(days)) if days or not its_own else When()
    if len(found) > 1 and (kept := {service.id for service in services_kept(talk)}):
        found = [each for each in found if each.service not in kept] or found
    if len(found) > 1 and named:
        found = [each for each in found if each.service in named] or found
    found = [each for each in found if each in with_whom] or found
    one = not SEVERAL.search(talk.said.text.lower())
    low = talk.said.text.lower()
    about_last = (moves and not named and not wants_own_sooner(low, ())) or bool(THIS_ONE.search(low))
    if len(found) > 1 and last is not None and not (on_day or unsuited) and about_last and one:
        found = [each for each in found if each.reference == last.reference] or found
    chosen = found[0] if len(found) == 1 else None
    wanted = Wanted().said(when)
    return chosen, on_its_day(chosen, wanted) if chosen else wanted


def goes_sooner(talk: Talk) -> bool:
    """Whether what is being moved shall go to an earlier or a later time, whichever that is."""
    said = talk.said
    own = ground(talk.business, talk.now).own_words
    moves = said.more in (More.EARLIER, More.LATER) and moves_sooner(said.text.lower(), own)
    return moves or said.wishes_sooner


def _given_up_at(talk: Talk) -> When:
    """The hour at which they cannot: "the 9 o'clock one is no good, cancel it"."""
    return talk.said.at if UNFIT_HOUR.search(talk.said.text) else When()


def on_its_day(chosen: Booked, wanted: Wanted) -> Wanted:
    """A time of day alone is said about the day of the appointment, unless that is the one that does not suit."""
    day = chosen.starts.date()
    if (wanted.clock or wanted.part) and not (wanted.days or wanted.anytime or day.weekday() in wanted.barred):
        wanted.days = [day]
    return wanted


def _unsuited(talk: Talk, found: Sequence[Booked]) -> list[Booked]:
    """Those on a day on which they cannot: "can't make it Tuesday, move it to Thursday"."""
    low, barred = talk.said.text.lower(), talk.said.when.barred
    cannot = any(form.search(low) for form in (CANNOT_COME, CANNOT_ON, UNFIT_DAY))
    return [each for each in found if cannot and each.starts.weekday() in barred]


def _placed(talk: Talk, found: Sequence[Booked]) -> list[Booked]:
    """The one that is named by its place among several: "move the first one"."""
    match = _PLACE.search(talk.said.text.lower()) if len(found) > 1 else None
    if match is None:
        return []
    said = match["place"] or match["alone"]
    place = ORDINALS.get(said) or (-1 if said.startswith("lat") else 1)
    return [found[place - 1 if place > 0 else -1]] if place <= len(found) else []


def _with_whom(talk: Talk, found: Sequence[Booked]) -> list[Booked]:
    """Those to which the one comes who is named with them: "the one with Lee", unlike "I spoke with Lee"."""
    low, services = talk.said.text.lower(), talk.business.services_said()
    kinds = {re.escape(word) for service in services for word in service.name.lower().split()}
    of = rf"\b(?:ones?|{APPT}|(?:{'|'.join(kinds)})s?) (?:that (?:is|was) )?(?:with|by) |^\W*with |"
    of += r"^\W*(?:(?:please|pls|can (?:you|we)|(?:i )?(?:need|want) to) )*(?:cancel|move|re-?schedule|push) "
    people = [(each.id, re.escape(each.name.lower())) for each in talk.business.technicians]
    alone = low.strip(" .!?")
    who = [each for each, name in people if re.search(rf"(?:{of}){name}\b", low) or re.fullmatch(name, alone)]
    return [each for each in found if each.who in who]


def _is_goal(text: str) -> bool:
    """Whether the day in the words is where it shall go: "move it to Tuesday", unlike "move my Tuesday visit"."""
    words = text.lower().split()
    return not DAY_TO.search(text) and any(word in words for word in ("to", "for", "until", "til", "till"))
