"""Another visit that is to be cancelled as well, named after one was: "and Wednesday too", "now the other one"."""

import re

from app.sms import own_appointments, several
from app.sms.state import Task
from app.sms.talk import Talk
from app.sms.vocabulary import BOOKS, OTHER_ONE

_ALSO = re.compile(r"^\W*(?:and|also|plus|now|then|both)\b|\b(?:too|also|as well)\b")


async def goes_on(talk: Talk) -> bool:
    """Ask about the visit that is named, where one was cancelled last and these words go on. False: they do not."""
    state, said = talk.state, talk.said
    low = said.text.lower()
    if state.before is None or state.last is not None or said.intent is not None or BOOKS.search(low):
        return False
    if not (_ALSO.search(low) or OTHER_ONE.search(low)) or not several.named(
        talk, said, await own_appointments.all_standing(talk) or []
    ):
        return False
    await own_appointments.begin(talk, Task.CANCEL)
    return True
