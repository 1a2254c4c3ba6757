"""A visit that stands, spoken of by its service: "the inspection is for my daughter". That books no other one.

What no tool takes down or answers is for a person; what asks for such a service ("I need an inspection") is a booking.
"""

import re
from dataclasses import replace

from app.sms import own_appointments, phrases
from app.sms.ground import ground
from app.sms.meant import all_services_in, names_time, services_in
from app.sms.sooner_in_words import wants_own_sooner
from app.sms.state import Task
from app.sms.talk import Talk
from app.sms.vocabulary import BETTER, FOR_THEIRS, NEGATION, ONE_MORE, WISHES_FOR
from app.sms.words import Intent

_WORD = r"[\w-]+"
_DEFINITE = re.compile(rf"\b(?:the|my|our|this|that|his|her|their) (?P<what>{_WORD}(?: {_WORD}){{0,2}})")
_SUBJECT = re.compile(rf"\b(?P<what>{_WORD}(?: {_WORD})?) (?:is|was|are|isn'?t|wasn'?t|has to|needs? to|will|won'?t)\b")
_INDEFINITE = re.compile(rf"\b(?:an?|any|some|another) (?P<what>{_WORD}(?: {_WORD}){{0,2}})")


def is_wished(talk: Talk) -> bool:
    """Whether a service is asked for, be it one of which there is a visit: "I need an inspection"."""
    low = talk.said.text.lower()
    return bool(WISHES_FOR.search(low)) and _names(talk, _INDEFINITE, low)


async def passed_on(talk: Talk) -> bool:
    """Answer or pass on what is asked or told of one, where that is plain and no time is named; else False.

    Where it shall only be sooner or later, other times are offered.
    """
    said = talk.said
    low = said.text.lower()
    about, told_of = services_in(talk), _names(talk, _SUBJECT, low)
    more = ONE_MORE.search(low) or (FOR_THEIRS.search(low) and not told_of)
    more = more or BETTER.search(low) or _names(talk, _INDEFINITE, low)  # and "sooner" is a wish for another time
    if not about or said.when or said.intent is not None or more:
        return False
    if not (told_of or _names(talk, _DEFINITE, low) or said.asks or NEGATION.search(low)):
        return False
    if not all([await own_appointments.stands(talk, each.id) for each in about]):
        return False
    if wants_own_sooner(low, ground(talk.business, talk.now).own_words, stands=True):
        talk.said = replace(said, intent=Intent.MOVE)  # "I want the inspection sooner"
        await own_appointments.begin(talk, Task.MOVE)
    elif not (said.asks and await talk.quoted()):
        await talk.person(phrases.PASSED_ON if said.asks else phrases.GOES_ON)
    return True


async def is_at_one(talk: Talk) -> bool:
    """Whether a visit stands at the time that is named."""
    visits = await own_appointments.all_standing(talk) or ()
    return any(names_time(talk.said.when, each.starts) for each in visits)


def _names(talk: Talk, form: re.Pattern[str], low: str) -> bool:
    """Whether this form of words is about a service."""
    return any(all_services_in(talk, match["what"]) for match in form.finditer(low))
