"""What is said after a visit was cancelled: another one to be cancelled too, or spoken of; or it was to be moved."""

import re
from dataclasses import replace

from app.sms import choosing, own_appointments, phrases, several, tidings
from app.sms.meant import could_be
from app.sms.state import Task
from app.sms.talk import Talk
from app.sms.vocabulary import APPT, BOOKS, OTHER_ONE, WISHES_FOR
from app.sms.words import Intent

_ALSO = re.compile(r"^\W*(?:and|also|plus|now|then|both)\b|\b(?:too|also|as well)\b")
_THAT_ONE = re.compile(rf"\b(?:it|that one|(?:my|the|that) (?:\w+ )?{APPT}|meant)\b")
_SHORT = 7
"""Words that only name it: "the ant treatment on Wednesday too please"."""


async def is_had_after_all(talk: Talk) -> bool:
    """Book it anew where what was cancelled was to be moved: "sorry, I meant move it to Thursday at 9"."""
    state, said = talk.state, talk.said
    moves = said.intent is Intent.MOVE and (said.when or _THAT_ONE.search(said.text.lower()))
    if not moves or state.before is None or await own_appointments.all_standing(talk) != []:
        return False
    await choosing.take_up(talk, replace(said, intent=Intent.BOOK, answer=None), state.before.service)
    return True


async def goes_on(talk: Talk) -> bool:
    """Ask about the visit that is named, or tell of it, where one was cancelled last. False: another time is wanted."""
    state, said = talk.state, talk.said
    low = said.text.lower()
    wishes = BOOKS.search(low) or WISHES_FOR.search(low)
    if state.before is None or state.last is not None or said.intent is not None or wishes:
        return False
    if not (_ALSO.search(low) or OTHER_ONE.search(low) or several.STANDS.search(low)):
        return False
    visits = several.named(talk, said, await own_appointments.all_standing(talk) or [])
    if not any(could_be(said.when, each.starts) for each in visits):
        return False
    if tidings.tells(talk):
        await tidings.pass_on(talk)
    elif said.asks or several.STAYS.search(low):
        await own_appointments.tell(talk, how=said.asks)
    elif len(low.split()) > _SHORT:
        await own_appointments.tell(talk, phrases.SORRY)
    else:
        await own_appointments.begin(talk, Task.CANCEL)
    return True
