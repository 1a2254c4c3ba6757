"""A call that is asked for beside something else: each half keeps its own time, and neither is lost."""

from dataclasses import replace

from app.sms import meant
from app.sms.further import halves
from app.sms.ground import Ground
from app.sms.not_asked import CAME
from app.sms.state import IDLE
from app.sms.talk import Talk
from app.sms.vocabulary import HAS_ONE, WISHES_FOR
from app.sms.words import Intent, Said


async def beside(talk: Talk, ground: Ground) -> None:
    """Promise the call, and leave in `said` what else was wished for."""
    if talk.said.intent is not Intent.PERSON or talk.state.step not in IDLE:
        return
    both = [*halves(talk.said.whole, ground)]
    ends = ((first, rest) for first, rest in both)
    begins = ((rest, first) for first, rest in reversed(both))
    for wish, call in (*ends, *begins):
        if call.intent is Intent.PERSON and _is_wish(talk, wish):
            talk.said = replace(call, text=talk.said.whole)
            await talk.person()
            talk.said, talk.led_from = wish, len(talk.replies)
            return


def _is_wish(talk: Talk, said: Said) -> bool:
    """Whether something is to be done that no call is needed for."""
    if said.intent in (Intent.CANCEL, Intent.MOVE):
        return True
    low = said.text.lower()
    asked = bool(said.when) or bool(WISHES_FOR.search(low)) or said.intent is Intent.BOOK
    about = bool(meant.all_services_in(talk, said.text)) and not HAS_ONE.search(low)
    return said.intent in (None, Intent.BOOK) and about and asked and not CAME.search(low)
