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
    r"\b(?:change|switch|swap|turn|upgrade|trade|exchange) (?P<old>.+?) (?:(?:in)?to|for (?!the\b|my\b|our\b))"
    r" ?(?P<new>.+)|\bmake (?:it|that|this) (?P<made>.+)",
    re.S,
)
_IT = re.compile(
    r"(?:it|this|that|me|us|"
    r"(?:my|our|the|that|this) (?:[\w:]+ ){0,2}(?:visit|appointment|appt|apt|booking|one|service)|"
    r"(?:my|our|the) \d[\d:]* ?(?:[ap]m)?)\b"
)
_INSTEAD = re.compile(r"(?P<new>.+?)\b(?:instead of|rather than|(?:and )?not) (?P<old>.+)", re.S)
_NO_WISH = re.compile(
    r"\b(?:don'?t|do not|never|keep|both|too|also|as well|if|did|do i|how|what|who|will it|would it|may|might|later|"
    r"names?|address|he|she|they|neighbou?r\w*)\b"
)
"""What makes it a question, a no, or one visit more: then it is no exchange."""
_FIRST_WORDS = 3
_MISHEARD = re.compile(r"\b(?:asked for|wanted|meant|said|ordered|should(?: be|(?: have|'?ve) been)|supposed to be)\b")
_ONLY_INSTEAD = re.compile(r"(?P<new>.+?)\binstead\b(?P<rest>.*)", re.S)
_IF_POSSIBLE = re.compile(
    r"\bif (?:(?:at all|(?:that|it)(?:'?s| is| would be)) )?(?:possible|ok|okay|fine|alright|all right)\b|"
    r"\bif (?:(?:you|u|we|i) (?:can|could)|(?:you|u) (?:do ?n'?t|do not) mind)\b"
)
"""No condition, but a courtesy."""
_COURTEOUS = re.compile(
    r"(?:\W|\b(?:please|pls|plz|thanks|thank|you|u|thx|ty|sorry|for|on|at|me|us|then|the|my|visit)\b)*"
)
"""All that stands behind "instead", beside a time."""
_ASKED = re.compile(r"\bis it possible to\b|\bi'?d (?:like|love|prefer)\b")


async def takes_its_place(talk: Talk, ground: Ground) -> bool:
    """Whether it is wanted; the new visit has been asked about then. False: it is something else, and nothing was."""
    said, low = talk.said, _IF_POSSIBLE.sub(" ", talk.said.whole.lower())
    found = _CHANGED.search(low) or _INSTEAD.fullmatch(low) or _only_instead(low, ground)
    if found is None or _NO_WISH.search(low) or said.when.rules_out or said.cancels or said.next is not None:
        return False
    parts = found.groupdict()
    new, old = parts.get("new") or parts.get("made") or "", parts.get("old") or ""
    wanted, named = all_services_in(talk, new), all_services_in(talk, old)
    of_it = bool(_IT.match(old)) and (found.re is _CHANGED or "instead of" in low)
    if is_one_more(talk, low) or (old and len(named) != 1 and not of_it):
        return False
    if found.re is _CHANGED and all_services_in(talk, " ".join(new.split()[:_FIRST_WORDS])) != wanted:
        return False  # "make it quick when you do the ants"
    told = found.re is _CHANGED or any(form.search(low) for form in (WISHES_FOR, _MISHEARD, _ASKED))
    wishes = told or said.intent in (Intent.BOOK, Intent.MOVE)
    if len(wanted) != 1 or not wishes:
        return False
    visits = await own_appointments.all_standing(talk) or []
    visit = _replaced(talk, visits, [service.id for service in named], ground.when(old)[0])
    if visit is None or any(each.service == wanted[0].id for each in visits):
        return False
    await _book_first(talk, ground, new, visit, wanted[0].id)
    return True


def _only_instead(low: str, ground: Ground) -> re.Match[str] | None:
    found = _ONLY_INSTEAD.fullmatch(low)
    return found if found and _COURTEOUS.fullmatch(ground.when(found["rest"])[1]) else None


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
