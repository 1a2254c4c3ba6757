"""The time at which a visit is plainly wished for: what nothing else in the text can be about.

Pure. A clause counts only where every word of it belongs to such a wish: what a day beside other words is about, a
wedding, an arrival, a bad time, is for whoever reads the text to find out.
"""

import re
from dataclasses import replace
from typing import Final

from app.sms.clocks_in_words import NO_CLOCK
from app.sms.dates_in_words import When
from app.sms.ground import Ground, ground
from app.sms.meant import all_services_in, names_technician, technician_in
from app.sms.origins_in_words import without_origin
from app.sms.talk import Talk
from app.sms.vocabulary import APPT, GREETING, NEGATION, NO_BUT_FINE, PLEASE

_CLAUSES: Final = re.compile(r"[,;!?\n]|\.(?=\s|$)| - |\b(?:but|so)\b", re.I)
_WHO: Final = r"(?:you|u|ya|someone|somebody|anyone|anybody)(?: guys)?"
_DOES: Final = r"(?:come(?: out| by| over)?|be here|do|make|send (?:someone|somebody|anyone)|book|schedule|get)"
_WISH: Final = re.compile(
    r"\b(?:(?:i|we)(?:'d| would)? (?:also |just |really )?(?:need|want|like|love|prefer)"
    r"(?: to (?:book|schedule|reserve|get|have|make|move|reschedule|change))?|"
    r"(?:i|we)(?:'m| am|'re| are) looking (?:for|to (?:book|schedule|get))|"
    r"(?:can|could|may) (?:i|we) (?:please )?(?:book|schedule|get|have|do|make)|"
    rf"(?:can|could|will|would) {_WHO} (?:please )?{_DOES}|do {_WHO} have|(?:is|are) there|"
    r"(?:does|do|would|will|is)(?=\s+,)|(?:how|what) about|let'?s do|make it|"
    r"(?:works?|good|great|fine|best|ok|okay)(?: for (?:me|us))?|"
    r"(?:move|reschedule|change|push|switch|shift|bump) (?:it|that|(?:my|our|the) \w+))\b"
)
_SMALL: Final = re.compile(
    r"\b(?:an?|the|my|our|another|one|for|on|at|in|to|of|around|about|like|please|pls|plz|thanks?|thank (?:you|u)|thx|"
    r"hi|hey|hello|yes|yeah|sure|ok|okay|and|or|also|then|with|need|want|book|schedule|reserve|get|me|us|it|i'd|"
    r"actually|instead|maybe|ideally|preferably|possible|available|availability|open|openings?|slots?|times?|day|any|"
    r"anything|something|someone|somebody)\b"
)
_WORD: Final = re.compile(r"[^\W_][\w']*")
_VISIT: Final = re.compile(APPT)


def plainly_wished(talk: Talk, service: str) -> When:
    """The day, the hour and the part of it that is plainly wished for a visit of `service`; nothing where that may be
    about something else, or where something is said not to be.
    """
    said, known = talk.said, ground(talk.business, talk.now)
    low = said.text.lower()
    if NEGATION.search(NO_BUT_FINE.sub(" ", low)):
        return When()
    whens = [when for each in (_whole(low), *_apart(low, known)) if (when := _wished(talk, each, service, known))]
    if not whens:
        return When()
    if _is_plain(_whole(low), known):
        return said.when if _is_for(talk, low, service) else When()
    days = {day for when in whens for day in when.days if set(when.days) <= set(said.when.days)}
    named = said.when if len(said.when.days) == 1 and days else When(tuple(sorted(days)))
    clocks, parts = {when.clock for when in whens if when.clock}, {when.part for when in whens if when.part}
    return replace(
        named if days else When(),
        clock=clocks.pop() if len(clocks) == 1 else NO_CLOCK,
        part=parts.pop() if len(parts) == 1 else "",
    )


def plainly_with(talk: Talk) -> str:
    """The id of the technician who is plainly wished for; empty where nobody is, or they may only be spoken of."""
    low, known = talk.said.text.lower(), ground(talk.business, talk.now)
    clauses = [each for each in (_whole(low), *_apart(low, known)) if _is_plain(each, known)]
    return technician_in(talk) if any(names_technician(talk, each) for each in clauses) else ""


def _whole(low: str) -> str:
    greeting = GREETING.match(low)
    return low[greeting.end() :] if greeting else low


def _apart(low: str, known: Ground) -> list[str]:
    """The clauses that may count. A day alone goes with what stands before it: "we are away Friday, Saturday"."""
    clauses = [part.strip() for part in _CLAUSES.split(_whole(low)) if part.strip()]
    plain = [_is_plain(part, known) for part in clauses]
    alone = [_names_only_time(part, known) for part in clauses]
    beside = [plain[place - 1] if place else all(plain[1:2]) for place in range(len(clauses))]
    return [
        part for part, fits, bare, may in zip(clauses, plain, alone, beside, strict=True) if fits and (may or not bare)
    ]


def _wished(talk: Talk, clause: str, service: str, known: Ground) -> When:
    plain = _is_plain(clause, known) and _is_for(talk, clause, service)
    return known.when(without_origin(clause)[1])[0] if plain else When()


def _is_for(talk: Talk, clause: str, service: str) -> bool:
    """Whether no other service is named in it, or all of them in one go: an inspection on Tuesday and a treatment says
    nothing of when the treatment shall be.
    """
    named, known = [each.id for each in all_services_in(talk, clause)], ground(talk.business, talk.now)
    left = _left(clause, known)
    places = [match.start() for match in _WORD.finditer(left) if match[0] in known.own_words]
    in_one_go = service in named and len(places) > 1 and "," not in left[places[0] : places[-1]]
    return not named or named == [service] or in_one_go


def _names_only_time(clause: str, known: Ground) -> bool:
    left = _left(clause, known)
    wishes = _WISH.search(left) or _VISIT.search(left) or PLEASE.search(left)
    return not wishes and not any(word in known.own_words for word in _WORD.findall(left))


def _is_plain(clause: str, known: Ground) -> bool:
    left = _SMALL.sub(" ", _VISIT.sub(" ", _WISH.sub(" ", _left(clause, known))))
    return all(word in known.own_words or word in known.technicians for word in _WORD.findall(left))


def _left(clause: str, known: Ground) -> str:
    return known.when(without_origin(clause)[1])[1]
