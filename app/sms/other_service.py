"""Another service instead of that of a visit that stands: "make it an ant treatment instead". No move does that.

The new visit is booked first, at the old one's time where no other is said; only then is asked whether to cancel that.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.sms import choosing, own_appointments, phrases
from app.sms.dates_in_words import When
from app.sms.ground import Ground
from app.sms.meant import all_services_in, could_be, minute, names_time
from app.sms.state import Asked, Booked, Step, Task, Wanted
from app.sms.talk import Talk
from app.sms.theirs import is_one_more
from app.sms.vocabulary import WISHES_FOR
from app.sms.words import Intent, read

_CHANGED = re.compile(
    r"\b(?:change|switch|swap|turn|upgrade) (?P<old>.+?) (?:in)?to (?P<new>.+)|\bmake (?:it|that|this) (?P<made>.+)",
    re.S,
)
_INSTEAD = re.compile(r"(?P<new>.+?)\b(?:instead of|rather than|(?:and )?not) (?P<old>.+)", re.S)
_MISHEARD = re.compile(r"\b(?:asked for|wanted|meant|said|ordered|should(?: be|(?: have|'?ve) been)|supposed to be)\b")
_ONLY_INSTEAD = re.compile(r"(?P<new>.+?)\binstead(?: please| pls)?\W*", re.S)


async def takes_its_place(talk: Talk, ground: Ground) -> bool:
    """Whether it is wanted; the new visit has been asked about then. False: it is something else, and nothing was."""
    said, low = talk.said, talk.said.whole.lower()
    found = _CHANGED.search(low) or _INSTEAD.fullmatch(low) or _ONLY_INSTEAD.fullmatch(low)
    if found is None or said.cancels or said.next is not None or is_one_more(talk, low):
        return False
    parts = found.groupdict()
    new, old = parts.get("new") or parts.get("made") or "", parts.get("old") or ""
    wanted = all_services_in(talk, new)
    told = found.re is _CHANGED or any(form.search(low) for form in (WISHES_FOR, _MISHEARD))
    wishes = told or said.intent in (Intent.BOOK, Intent.MOVE)
    if len(wanted) != 1 or not wishes:
        return False
    visits = await own_appointments.all_standing(talk) or []
    visit = _replaced(talk, visits, [service.id for service in all_services_in(talk, old)], ground.when(old)[0])
    if visit is None or any(each.service == wanted[0].id for each in visits):
        return False
    await _book_first(talk, ground, new, visit, wanted[0].id)
    return True


def _replaced(talk: Talk, visits: Sequence[Booked], named: Sequence[str], at: When) -> Booked | None:
    """The visit that is not wanted any more: by its service and time where they are said, else the last spoken of."""
    of_it = [each for each in visits if could_be(at, each.starts) and (each.service in named or not named)]
    last = [each for each in of_it if each == talk.state.last]
    return of_it[0] if len(of_it) == 1 else next(iter(last), None)


async def _book_first(talk: Talk, ground: Ground, new: str, visit: Booked, service: str) -> None:
    state = talk.state
    wish = read([(new, 0)], ground)
    state.over()
    state.step, state.service = Step.DAY, service
    state.wanted = Wanted(days=[visit.starts.date()], minutes=[minute(visit)])
    state.after = [Asked(Task.CANCEL, visit, if_booked=service), *state.after]
    of_old = names_time(talk.said.when, visit.starts)  # "instead of Tuesday's inspection"
    when = talk.said.when if talk.said.when and not wish.when and not of_old else wish.when
    talk.said = replace(wish, intent=Intent.BOOK, answer=None, next=None, when=when)
    await choosing.go_on(talk)
    talk.lead(phrases.NEW_FIRST)
