"""An hour that is said by a bare number: to be put in place of another, or to stay what is asked about."""

import re
from dataclasses import replace

from app.sms.clocks_in_words import Clock, hours_meant
from app.sms.ground import ground
from app.sms.meant import names_time
from app.sms.numbers_in_words import AN_HOUR
from app.sms.state import IDLE, Step, Task
from app.sms.talk import Talk
from app.sms.words import Intent, Said, read

_KEEPS = re.compile(
    r"\b(?:keep|leave) (?:it|that|this)(?: one| time| as is| then| please| pls)*\W*$|"
    r"(?:\b(?:keep|stick (?:with|to)|stay (?:with|at)|leave it (?:at|for)|back to)(?: (?:it|the|that|at|to|with|on))* )"
    r"(?P<what>[^,.;!?\n]{1,30}?)(?: (?:please|pls|then|thanks|instead|after all|as is))*\W*$",
    re.I,
)
"""At the end, where it takes back what was said before: "make it 10, no, keep 9"."""
_NOT = re.compile(r"(?:n['o]?t|\bcannot|\bnever)(?: (?:want|need|like|able))?(?: to)? $", re.I)
"""Before "keep it": it is not kept."""
_HOUR = re.compile(r"(?P<hour>[0-9]{1,2}|[a-z]+)(?: one)?")


def as_asked(talk: Talk) -> Talk:
    """What was said, where the time that is asked about shall be the one, or another that is to be kept instead."""
    said, slot, told = talk.said, talk.state.slot, ground(talk.business, talk.now)
    asked = talk.state.task is Task.BOOK and talk.state.step is Step.CONFIRM
    kept = _KEEPS.search(said.whole)
    if slot is None or kept is None or not asked or said.next is not None or _NOT.search(said.whole[: kept.start()]):
        return talk
    named = (kept["what"] or "").lower()
    what = f"at {named}" if _HOUR.fullmatch(named) else named
    when = told.when(what)[0]
    if not what or names_time(when, slot.starts):
        talk.said = Said(text=kept[0], whole=said.whole, intent=Intent.BOOK)
    elif when.clock.minutes:
        talk.said = replace(read([(what, 0)], told), whole=said.whole)
    return talk


def with_hour(talk: Talk) -> Talk:
    """What was said, where a bare number is an hour because nothing is numbered: "make it 10", "I meant 10"."""
    said = talk.said
    spoken = said.number is not None and not said.when.clock and talk.state.step in IDLE
    if spoken and (said.instead or AN_HOUR.search(said.text.lower())):
        talk.said = replace(said, number=None, when=replace(said.when, clock=Clock(hours_meant(said.number or 0))))
    return talk
