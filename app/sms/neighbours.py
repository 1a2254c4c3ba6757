"""A visit that is named only to say when another one shall be: "move the ants to the day after the inspection".

It is not the one that shall be booked or moved, and nothing is done to it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.sms import own_appointments
from app.sms.clocks_in_words import Clock
from app.sms.dates_in_words import When
from app.sms.ground import Ground
from app.sms.meant import all_services_in, minute
from app.sms.state import CHOOSING, IDLE, Booked
from app.sms.talk import Talk
from app.sms.vocabulary import APPT, THIS_ONE
from app.sms.words import Intent, read

_NEXT_TO = re.compile(
    r",? ?\b(?:(?:on |for )?(?:the )?(?:same )?day (?P<day>as|of|before|after)|"
    r"(?:(?:right|just|straight|directly|immediately) )?(?P<order>before|after|following)) "
    rf"(?:the|my|our) (?P<what>[\w-]+(?: [\w-]+){{0,2}}?)(?: {APPT}| one)?"
    r"(?=\W*$|[,.;!?\n]| (?:is|at|on|in|please|pls|and|or|if|with|instead|today|tomorrow|this|next|for|to|"
    r"[a-z]+day)\b)",
    re.I,
)

_ASKS_ABOUT = re.compile(r"\W*(?:is|are|was|does|do|did|how|why|what)\b", re.I)
"""Begins a question that wishes for nothing: "how soon should it be after the ant treatment?"."""


async def placed(talk: Talk, ground: Ground) -> None:
    """Put the time that it says in the place of its words, where another visit is named beside it or is "it"."""
    said, step = talk.said, talk.state.step
    match = _NEXT_TO.search(said.whole) if said.next is None and step in (*IDLE, *CHOOSING) else None
    asks = said.intent is None and _ASKS_ABOUT.match(said.whole)
    if match is None or said.intent not in (None, Intent.BOOK, Intent.MOVE) or asks:
        return
    named = {service.id for service in all_services_in(talk, match["what"])}
    to = " to then" if said.intent is Intent.MOVE else ""  # where it goes, and not where it is
    rest = f"{said.whole[: match.start()]}{to} {said.whole[match.end() :]}"
    other = {service.id for service in all_services_in(talk, rest)}
    if len(named) != 1 or named & other or not (other or THIS_ONE.search(rest.lower())):
        return
    beside = [each for each in await own_appointments.all_standing(talk) or () if each.service in named]
    if len(beside) == 1:
        when, alone = _when(talk, match, beside), read([(rest, said.pictures)], ground)
        elsewhen = alone.when.days and not {*when.days} & {*alone.when.days}
        when = alone.when if elsewhen else when.then(alone.when)
        talk.said = replace(alone, intent=alone.intent or said.intent, when=when)


def _when(talk: Talk, match: re.Match[str], beside: Sequence[Booked]) -> When:
    """That day, or the one beside it; on the day itself before the visit begins, or once it is over."""
    [visit] = beside
    by, service = (match["day"] or "").lower(), talk.business.service(visit.service)
    day = visit.starts.date() + timedelta(days={"before": -1, "after": 1}.get(by, 0))
    if by:
        return When(days=(day,))
    over = minute(visit) + (service.minutes if service else 0)
    return When(days=(day,), clock=Clock(before=minute(visit)) if "before" in match[0].lower() else Clock(after=over))
