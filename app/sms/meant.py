"""What words mean beside what was asked and offered: which service, which of the times, whose name. Changes nothing."""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import TypeGuard
from unicodedata import combining, normalize

from msgspec.structs import replace

from app.booking.business import Service
from app.sms.clocks_in_words import Clock
from app.sms.dates_in_words import When
from app.sms.day_names import MONTHS, WEEKDAYS
from app.sms.ground import ground
from app.sms.shown_twice import by_label
from app.sms.spans_in_words import read_next_to_it, read_shift
from app.sms.state import Booked, Offered, Step, Task, Wanted
from app.sms.talk import Talk
from app.sms.vocabulary import EARLIER_ONE, KEPT_ONE, LATER_ONE, OTHER_ONE, SAME, SAME_DAY
from app.sms.words import Answer, Intent, More, Said

NEAR = 3
"""Times near the one that is not open."""
_TWO = 2
_LATER, _EARLIER = re.compile(r"\b(?:later|latter|latest)\b"), re.compile(r"\b(?:earlier|sooner|former|earliest)\b")
"""Of two days."""
_DAY = timedelta(days=1)
_WEEK_DAYS = 7
_NOON, _EVENING = 12, 17
"""Hours."""
_LEAST_MISSPELT = 6
_ALIKE = 0.85
"""How much of a word has to agree, of 1: two letters of "inspection" may stand in each other's place."""
_RULED_OUT = r"\b(?:not|without|no|except|any(?:one|body) but|do ?n'?t(?= want))(?: (?:with|see|want|get|have|for))? "
_ASKED_FOR = (
    r"(?<!is it )(?<!one is )(?<!is that )(?<!is this )(?<!will it be )(?<!still )"
    r"\b(?:with|see|want|prefer|get|have|how about|what about|(?:make|send) (?:it )?) ?{name}\b(?!'s)|"
    r"\b(?:can|could|will|would|is|if) {name} (?:come|see (?:me|us)|do (?:it|that|the|my)|make it|take it|free|"
    r"available|there|instead)\b|"
    r"\b(?:switch|change|swap) (?:me|us|it|this|that) (?:over )?to {name}\b(?!'s)|"
    r"\b{name} (?:instead|rather|if possible)\b"
)
_BY_TITLE = r"(?<!for )(?<!from )(?<!by )(?<!it )(?<!with )\b(?=(?:dr|doctor)\b){name}\b"
"""Beside a time it is enough: "Dr. May, Tuesday at 9"."""
_SIGNS = re.compile(r"[^\w-]+")
_TITLES = ("dr", "doctor", "mr", "mrs", "ms", "miss")
_CORRECTS = re.compile(
    r"\b(?:no|nope|not|that|that'?s|sorry|oops|actually|wait|oh|hm+|i|we|i'?d|like|meant|want(?:ed)?|need(?:ed)?|asked|for|"
    r"to|make|switch|change|it|is|was|should|be|the|an?|my|one|instead|please|pls|can|could|rather|than|of|and|do|get)\b"
)
_NOT_THAT = re.compile(r"\bnot (?:that|this|the) (?:one|time|hour|slot)\b")
_PUTS_RIGHT = re.compile(r"\b(?:no|nope|nah|sorry|oops|wait|actually|i meant?|i said|should)\b")
_OF_A_DAY = re.compile(
    r"(?:\W|\b(?:no|nope|nah|sorry|oops|wait|actually|i|mean|meant|said|should|be|have|been|it'?s|on|for|make|it|that|"
    r"please|pls|thanks|not|but|the|this|instead|want|wanted|need)\b)*"
)
_STEM_CHARS = 3
NOT_THE_POINT = frozenset(
    ("home", "house", "visit", "service", "services", "appointment", "the", "and", "a", "of", "my", "up")
)
"""Words of a service's name that people use anyway."""


def services_in(talk: Talk, said: Said | None = None) -> list[Service]:
    """The services that the words can mean: by whole name, else by the words that only they have."""
    low = _plain(_without_kept(said or talk.said))
    services = talk.business.services_said()
    whole = [s for s in services if _plain(s.name).rstrip() in low or _plain(s.id) in low]
    if whole:
        return whole
    known = {word for service in services for word in _words(service.name)} - NOT_THE_POINT
    words = {_spelt(word, known).rstrip("s") for word in _words(low)}
    scores = {s.id: len(words & {word.rstrip("s") for word in _words(s.name) - NOT_THE_POINT}) for s in services}
    best = max(scores.values(), default=0)
    return [s for s in services if best and scores[s.id] == best]


def _without_kept(said: Said) -> str:
    """Without what stays as it is; what is not wanted is named where it is to be cancelled."""
    cancels = said.intent is Intent.CANCEL
    return KEPT_ONE.sub(lambda match: match[0] if cancels and match["unwanted"] else " ", said.text)


def all_services_in(talk: Talk, text: str) -> list[Service]:
    """Every service that the words name, each by its name or by words that only it has: "an inspection, and ants"."""
    low = _plain(KEPT_ONE.sub(" ", text))
    services = talk.business.services_said()
    found = set()
    for name, service in sorted(((n, s.id) for s in services for n in (s.name, s.id)), key=lambda each: -len(each[0])):
        if (plain := _plain(name).rstrip()) in low or plain.replace("-", " ") in low:
            found.add(service)
            low = low.replace(plain, " ").replace(plain.replace("-", " "), " ")
    of = {s.id: {word.rstrip("s") for word in _words(s.name) - NOT_THE_POINT} for s in services}
    known = {word for words in of.values() for word in words}
    words = {_spelt(word.rstrip("s"), known) for word in _words(low)}
    for one, own in of.items():
        if words & (own - {word for other, theirs in of.items() if other != one for word in theirs}):
            found.add(one)
    return [s for s in services if s.id in found]


def services_kept(talk: Talk) -> list[Service]:
    """The services whose visits shall stay as they are: "all but the treatment"."""
    return [service for kept in talk.said.kept for service in services_in(talk, kept)]


def names_them(talk: Talk) -> bool:
    """Whether it answers the question for the name, whatever else its words could mean: "No Van Nguyen", too."""
    said = talk.said
    whole = said.answer is None or len(said.titled.split()) > _TWO
    return talk.state.step is Step.NAME and bool(said.titled) and whole


def may_be_name(talk: Talk) -> bool:
    """A name alone answers the question for it; while times are offered only a whole one is taken for a name.

    So it is where another one is put in its place: "actually Bob Roe".
    """
    step, words = talk.state.step, talk.said.alone.split()
    whole = len(words) > 1 and all(word[:1].isupper() for word in words)
    put_right = step is Step.CONFIRM and talk.said.instead
    return step is Step.NAME or ((step is Step.TIME or put_right) and whole and talk.said.more is None)


def technician_in(talk: Talk) -> str:
    """The id of the technician who is asked for, or of the only one who is not ruled out; empty if nobody is."""
    low = " ".join(talk.said.text.lower().replace(",", " ").split())
    people = [each for each in talk.business.technicians if each.id != talk.business.tester]
    names = called(talk)
    others = [each for each in people if not re.search(rf"{_RULED_OUT}{names[each.id]}\b", low)]
    if len(others) < len(people):
        return others[0].id if len(others) == 1 else ""
    for technician in people:
        name = names[technician.id]
        alone = re.fullmatch(rf"(?:with )?{name}(?: (?:please|pls|thanks|instead))*\W*", low)
        by_title = talk.said.when and re.search(_BY_TITLE.format(name=name), low)
        if alone or by_title or re.search(_ASKED_FOR.format(name=name), low):
            return technician.id
    return ""


def called(talk: Talk) -> dict[str, str]:
    """How each technician, by id, can be called, as a pattern of lower case.

    "Dr. Grace May" is "grace" and "dr may", too. One name alone that others have as well, or that is a month's or a
    day's, is nobody's.
    """
    people = [each for each in talk.business.technicians if each.id != talk.business.tester]
    bare = {
        each.id: [w for w in (word.strip(".,") for word in each.name.lower().split()) if w not in _TITLES]
        for each in people
    }
    firsts, lasts = ([names[at] for names in bare.values() if names] for at in (0, -1))
    forms = {}
    for each in people:
        names, whole = bare[each.id], each.name.lower()
        ways = [whole, " ".join(names)]
        if names and len(names[0]) > 1 and firsts.count(names[0]) == 1 and names[0] not in (*MONTHS, *WEEKDAYS):
            ways.append(names[0])
        patterns = [re.escape(way) for way in dict.fromkeys(ways) if way]
        if names and lasts.count(names[-1]) == 1:
            patterns.append(rf"(?:{'|'.join(_TITLES)})\.? {re.escape(names[-1])}")
        forms[each.id] = f"(?:{'|'.join(patterns)})"
    return forms


def nearest(slots: Sequence[Offered], clock: Clock) -> list[Offered]:
    """Those at this time of day, in order; where there is none, the few that are nearest to it."""
    if fitting := [slot for slot in slots if clock.allows(minute(slot))]:
        return fitting
    near = sorted(slots, key=lambda slot: (clock.distance(minute(slot)), slot.start))[:NEAR]
    return sorted(near, key=lambda slot: slot.starts)


def names_only(said: Said, service: Service) -> bool:
    """Whether nothing but this service is said, and courtesies: whoever says more may mean another time as well."""
    stems = tuple(word[:_STEM_CHARS] for word in _plain(service.name).split())
    low = said.whole.lower()
    left = _plain(_CORRECTS.sub(" ", low)).split()
    if said.question or said.when or _NOT_THAT.search(low):  # an hour beside it, or one that is turned down
        return False
    return all(word.startswith(stems) for word in left)


def names_technician(talk: Talk, text: str) -> bool:
    """Whether anybody who comes to visits is named."""
    words = _words(text)
    return any(_words(each.name) <= words for each in talk.business.technicians if each.id != talk.business.tester)


def picked(talk: Talk) -> Offered | None:
    """The offered time that is meant, if it is one: by number, by its clock, by who comes, or the only one."""
    slots, said = talk.state.slots, talk.said
    days = () if said.when.loose else said.when.days
    on_day = [slot for slot in slots if not days or slot.starts.date() in days]
    if said.number is not None and (said.number == -1 or 1 <= said.number <= len(slots)):
        numbered = slots[said.number - 1 if said.number > 0 else -1]
        return numbered if numbered in on_day else None
    if (labelled := by_label(slots, said.text.lower())) is not None:
        return labelled
    if len(slots) == _TWO and (placed := _placed(talk)) is not None:
        return placed
    if said.when.clock.minutes:
        at = [slot for slot in on_day if minute(slot) in said.when.clock.minutes]
        return at[0] if len(at) == 1 else None
    if said.when == When(anytime=True) and talk.state.step is Step.TIME and not said.asks:
        return slots[0]
    if said.when:
        return None
    if who := technician_in(talk):
        theirs = [slot for slot in slots if slot.who == who]
        return theirs[0] if len(theirs) == 1 else None
    if talk.state.step is Step.TIME and len(slots) == 1 and said.answer is Answer.YES and not said.more:
        return slots[0]
    return None


def names_time(when: When, starts: datetime) -> bool:
    """Whether the time that is named is this one, as far as it says: "great, Tuesday at 9"."""
    day, part = starts.date(), part_of(starts)
    on_day = not when.days or when.days == (day,) or ((when.bare or when.loose) and day in when.days)
    at_part = when.part in ("", part) and not when.anytime and when.length == 1
    return bool(when) and on_day and at_part and when.clock.allows(starts.hour * 60 + starts.minute)


def could_be(when: When, starts: datetime) -> bool:
    """Whether the time that is named can be this one, as far as it says; of several days it may be any."""
    days = {day + n * _DAY for day in when.days for n in range(when.length)}
    at_part = when.part in ("", part_of(starts))
    return (not days or starts.date() in days) and at_part and when.clock.allows(starts.hour * 60 + starts.minute)


def part_of(starts: datetime) -> str:
    """The part of the day, as the tools name it."""
    return "morning" if starts.hour < _NOON else "afternoon" if starts.hour < _EVENING else "evening"


def numbered_day(talk: Talk) -> date | None:
    """The day that is meant of those that were asked back, if it is one."""
    days, said = talk.state.wanted.days, talk.said
    numbered = None
    if said.number is not None and (said.number == -1 or 1 <= said.number <= len(days)):
        numbered = days[said.number - 1 if said.number > 0 else -1]
    length = said.when.length * _DAY
    within = [day for day in days if any(first <= day < first + length for first in said.when.days)]
    if numbered is not None and (not within or within == [numbered]):
        return numbered
    if numbered is not None and said.when.loose:
        return None  # "the 1st", where the second day is a first
    if not said.when and said.number is not None:
        within = [day for day in days if day.day == said.number]
    elif (
        not said.when and len(days) == _TWO and (_LATER.search(said.text.lower()) or _EARLIER.search(said.text.lower()))
    ):
        within = days[1:] if _LATER.search(said.text.lower()) else days[:1]
    named = within or (days[:1] if said.when.anytime else [])
    if said.when.barred and not said.when.days:
        named = [day for day in days if day.weekday() not in said.when.barred]
    return named[0] if len(named) == 1 else None


def near_what_is_spoken_of(talk: Talk, wanted: Wanted) -> Wanted:
    """What is wanted, where a weekday alone can be that of the later week that is spoken of: which, is asked back."""
    state, when = talk.state, talk.said.when
    about = state.slot or next(iter(state.slots), None) or state.appointment
    if about is None or not when.weekday or len(wanted.days) != 1 or wanted.length != 1:
        return wanted
    [day], spoken_of = wanted.days, about.starts.date()
    there = spoken_of + timedelta(days=day.weekday() - spoken_of.weekday())
    return replace(wanted, days=[day, there], bare=False) if there > day else wanted


def says_from(talk: Talk) -> Wanted | None:
    """What is wanted, said from the time chosen or the one to be moved: "an hour later", "same time next week"."""
    state, text = talk.state, _beside_question(talk.said).lower()
    wanted = state.wanted or Wanted().said(talk.said.when)
    start, shift = state.slot or state.appointment, read_next_to_it(text) or read_shift(text)
    if start is None and not state.slots and state.task is Task.BOOK and SAME.search(text):
        start = state.last  # "same time again next week"
    shown = state.slot or next(iter(state.slots), None) or start
    if shown is not None and _is_whole_days(shift) and (start is None or wanted.clock or wanted.part):
        return _days_from(shown.starts.date(), shift, wanted)
    if start is None or wanted.clock:
        return None
    at, same = start.starts.replace(tzinfo=None), SAME.findall(text)
    if shift is not None:
        to = at + shift
        return Wanted(days=wanted.days or [to.date()], minutes=[to.hour * 60 + to.minute])
    if not wanted and talk.said.more in (More.LATER, More.EARLIER) and SAME_DAY.search(text):
        than, later = at.hour * 60 + at.minute, talk.said.more is More.LATER
        return Wanted(days=[at.date()], after=than + 1 if later else None, before=None if later else than)
    if (
        wanted
        and (state.slot or state.step is not Step.TIME)
        and state.task is not Task.CANCEL
        and _puts_day_right(talk)
    ):
        return near_what_is_spoken_of(talk, replace(wanted, minutes=[at.hour * 60 + at.minute]))
    if not same or not wanted:
        return None
    days, length = wanted.days, wanted.length
    if length == _WEEK_DAYS:  # the same weekday in that week, or a week after the appointment
        days = sorted({days[0] + timedelta(days=at.weekday()), at.date() + timedelta(days=_WEEK_DAYS)} - {at.date()})
        length = 1
    minutes = [] if same == ["day"] else [at.hour * 60 + at.minute]
    return replace(wanted, days=days, length=length, minutes=minutes)


def _beside_question(said: Said) -> str:
    """What is said, without what is asked beside it: a "day before" in that is no day that is wished for."""
    text = said.text
    for part in filter(None, said.question.split("\n")):
        text = text.replace(part, " , ")
    return text


def _is_whole_days(shift: timedelta | None) -> TypeGuard[timedelta]:
    return shift is not None and shift.days * _DAY == shift


def _days_from(shown: date, shift: timedelta, wanted: Wanted) -> Wanted | None:
    """So many days before or after the day that is shown: "the day after at 2". None where another day is wanted."""
    return replace(wanted, days=[shown + shift], length=1) if wanted.days in ([], [shown]) else None


def _puts_day_right(talk: Talk) -> bool:
    """Whether nothing but another day is put in the place of the one that was understood: "no, Wednesday"."""
    said, when = talk.said, talk.said.when
    low = said.whole.lower()
    alone = len(when.days) == 1 and when == When(days=when.days, bare=when.bare, barred=when.barred)
    return alone and bool(_PUTS_RIGHT.search(low) and _OF_A_DAY.fullmatch(ground(talk.business, talk.now).when(low)[1]))


def only_differ_by_day(slots: Sequence[Offered]) -> list[int]:
    """The hour that all of these times on several days have, in minutes since midnight."""
    minutes, days = {minute(slot) for slot in slots}, {slot.starts.date() for slot in slots}
    return list(minutes) if len(minutes) == 1 and len(days) > 1 else []


def declined(talk: Talk) -> list[int]:
    """The hours, in minutes since midnight, at which what is being booked is not wanted: "not at nine"."""
    return list(talk.said.at.clock.minutes) if talk.state.task is Task.BOOK or turns_down(talk) else []


def turns_down(talk: Talk) -> bool:
    """Whether it is an hour at which what is offered, or asked about, is not wanted."""
    state, said = talk.state, talk.said
    if state.step is Step.CONFIRM and state.slot is not None:
        return not said.when and said.answer is None and bool(said.at)
    return state.task is Task.BOOK and bool(state.slots and said.at) and state.step in (Step.TIME, Step.NAME)


def minute(slot: Offered | Booked) -> int:
    """When it begins, in minutes since midnight."""
    return slot.starts.hour * 60 + slot.starts.minute


def _placed(talk: Talk) -> Offered | None:
    """Of two times the later, the earlier, or the other one than was chosen."""
    state, text = talk.state, talk.said.text.lower()
    if LATER_ONE.search(text) or EARLIER_ONE.search(text):
        return state.slots[1 if LATER_ONE.search(text) else 0]
    others = [slot for slot in state.slots if state.slot and slot != state.slot]
    return others[0] if len(others) == 1 and OTHER_ONE.search(text) else None


def _plain(text: str) -> str:
    """Between blanks and without the signs between words."""
    return f" {' '.join(_SIGNS.sub(' ', _bare(text.lower())).split())} "


def _bare(text: str) -> str:
    """Without accents."""
    return text if text.isascii() else "".join(c for c in normalize("NFKD", text) if not combining(c))


def _spelt(word: str, known: Collection[str]) -> str:
    """The known word that a longer one is a misspelling of, else the word itself."""
    if word in known or len(word) < _LEAST_MISSPELT:
        return word
    return next(iter(get_close_matches(word, known, 1, _ALIKE)), word)


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in _bare(text.lower())).split())


def only_asks(talk: Talk) -> bool:
    """Whether it is a question, and answers none of ours."""
    said = talk.said
    timed = said.when or said.when.rules_out
    given = timed or said.number is not None or said.answer is not None or said.more or said.name
    given = given or technician_in(talk)
    if said.foreign or said.only_greets or services_in(talk):
        return False
    return said.asks and not given and said.intent is None
