"""Whether the visit that a text names is the customer's own: by the name it is under, its reference, its day. Pure."""

import re
from collections.abc import Sequence

from app.sms.cancelling import CANNOT_COME, NOT_NEEDED, is_timed
from app.sms.day_names import FROM_TODAY, WEEKDAYS
from app.sms.ground import ground
from app.sms.meant import all_services_in, could_be, names_time, services_in
from app.sms.state import Booked
from app.sms.talk import Talk
from app.sms.vocabulary import AGAIN, APPT, BETTER, ONE_MORE, WHO, WISHES_FOR
from app.sms.words import Intent

_NAME = r"[A-Z][\w'.-]*[^\W_]"
_UNDER = re.compile(
    r"\b(?i:appointments?|appts?|bookings?|visits?|ones?|it|that|reservations?)\b(?: [\w']+){0,2}? "
    rf"(?i:of|for|under|by)(?i: the name(?: of)?)? (?P<name>{_NAME}(?: {_NAME})+)"
)
_HAS = re.compile(
    r"\b(?:my|our) (?:\w+[- ]in[- ]law|mom|mum|mother|dad|father|parents?|sister|brother|son|daughter|friend|wife|"
    rf"husband|neighbou?r|tenant|grand\w+|aunt|uncle|cousin|boss) "
    rf"(?:has|have|had) (?:an?|the|one|his|her) (?:(?P<kind>\w+) )?{APPT}\b(?! with (?:me|us)\b)"
)
"""Whose it is, where that is somebody else."""
_CHANGES = r"(?:cancel|move|re-?schedule|change|switch|push)"
_CHANGES_OWN = re.compile(
    rf"\bmine\b|\b{_CHANGES} (?:my|our)\b|\bso (?:can |could |please )?(?:i|we)\b|"
    rf"\b(?:(?:need|want|have|got|like) to|(?:can|could) (?:i|we)) {_CHANGES}\b"
    r"(?! (?:it|that|this|his|hers?|theirs?)\b)"
)
"""Theirs is only the reason."""
_ANY_KIND = frozenset(
    (
        *FROM_TODAY,
        *WEEKDAYS,
        "upcoming",
        "existing",
        "scheduled",
        "booked",
        "other",
        "new",
        "morning",
        "afternoon",
        "early",
    )
)
_REFERENCE = re.compile(
    r"\b(?i:ref(?:erence)?|confirmation|code)(?i: (?:number|code|no|is))*[ .:#]*(?P<said>[A-Z0-9]{6})\b|"
    r"\b(?i:cancel|move|reschedule|change) (?P<next>[A-Z0-9]{6})\b|"
    r"\b(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])(?P<alone>[A-Z0-9]{6})\b"
)

_SEE_YOU = re.compile(r"\bsee (?:you|u|ya|y'?all|him|her|them)\b")
_EXPECTS = re.compile(
    rf"{_SEE_YOU.pattern}|\blooking forward\b|\b(?:i|we) thought\b|"
    r"^\W*(?:(?:so|and|wait|ok|oh|but)\W+)*(?:is|was|isn'?t|wasn'?t) (?:it|that|this|(?:my|the|our) \w+)(?: still)?\W*$"
)
_STAYS = re.compile(
    r"\W*(?:(?:no|ok|okay|actually|sorry|wait|please|pls|oh|never ?mind|nvm|forget it|i'?ll|we'?ll|let'?s|just)\W+)*"
    r"(?:keep|leave) (?:it|them|both|everything|(?:my|the) (?:[\w-]+ )?"
    rf"{APPT})(?: (?:both|all|as (?:it|they) (?:is|are)|as is|then|please|pls))*\W*"
)
_ONE_MORE_OF = re.compile(
    r"(?<!\bthe )(?<!\bmy )\b(?:another|second|additional|extra|one more) (?P<what>[\w-]+(?: [\w-]+)?)"
)
_NOT_SO = re.compile(r"\b(?:wo|ca|do|does|did)n'?t\b|\b(?:cannot|not|never|no)\b")
_WISHED = re.compile(r"\bwould like\b|\bpossible\b|\bmov(?:e|ing)\b|\bbad\b|\bno good\b")
_CANCELS = re.compile(r"\bcancel (?:the|my|our) [\w-]+(?: [\w-]+){0,2}")
_WITH = re.compile(rf"\b{APPT} with (?:(?:the|my|our|an?|dr\.?|doctor) )+(?P<who>[a-z]+)")
_ANYBODY = frozenset(
    ("tech", "technician", "guy", "guys", "team", "crew", "company", "person", "man", "lady", "office")
)


def with_somebody_unknown(talk: Talk) -> bool:
    """Whether it is with somebody of whom nothing here speaks: "my appointment with the dentist"."""
    match = _WITH.search(talk.said.whole.lower())
    own = ground(talk.business, talk.now)
    return match is not None and match["who"] not in own.own_words | own.technicians | _ANYBODY


def under_another_name(talk: Talk) -> bool:
    """Whether it is under a name that is not theirs, as far as theirs is known."""
    if _has_one(talk):
        return True
    known = set(talk.state.name.lower().split())
    own = {word for each in talk.business.technicians for word in each.name.lower().split()}
    own |= {word for service in talk.business.services for word in service.name.lower().split()}
    names = [{*match["name"].lower().split()} for match in _UNDER.finditer(talk.said.whole)]
    return bool(known) and any(not name <= known and not name & own for name in names)


def _has_one(talk: Talk) -> bool:
    """Whether a relative's visit is what is spoken of, and not why the customer's own shall change."""
    low, known = talk.said.whole.lower(), ground(talk.business, talk.now)
    match = _HAS.search(low)
    if match is None or _CHANGES_OWN.search(f"{low[: match.start()]},{low[match.end() :]}"):
        return False
    return match["kind"] is None or match["kind"] in known.own_words | known.technicians | _ANY_KIND


def may_be_of_visit(talk: Talk) -> bool:
    """Whether a first text may be about a visit that stands, and asks for no other one."""
    said = talk.said
    asked_for = said.intent is Intent.BOOK or services_in(talk)
    told = said.text and not said.only_greets and not said.foreign and not WHO.fullmatch(said.text.lower())
    return bool(told and not asked_for and (said.when or said.when.no_such or not said.asks))


def referred(talk: Talk, own: Sequence[Booked]) -> list[Booked] | None:
    """Those whose reference is written, none if it is nobody's here; None: there is no reference written."""
    said = {match["said"] or match["next"] or match["alone"] for match in _REFERENCE.finditer(talk.said.whole)}
    return [each for each in own if each.reference in said] if said else None


def none_then(talk: Talk, own: Sequence[Booked]) -> bool:
    """Whether the visit that is to be cancelled is named by a day or an hour at which there is none."""
    when, low = talk.said.when, talk.said.text.lower()
    if when.barred and CANNOT_COME.search(low):
        return not any(each.starts.weekday() in when.barred for each in own)
    named = bool(when.days or when.clock.minutes) and when.length == 1 and is_timed(low)
    return named and not any(could_be(when, each.starts) for each in own)


def needs_none_of(talk: Talk, own: Sequence[Booked]) -> bool:
    """Whether it is a service of which they have no visit that is given up: "skip the ants", "cancel the ants"."""
    low = talk.said.text.lower()
    given_up = (match[0] for form in (NOT_NEEDED, _CANCELS) for match in form.finditer(low))
    named = {service.id for words in given_up for service in all_services_in(talk, words)}
    return bool(named) and all(each.service not in named for each in own)


def expects_it(talk: Talk) -> bool:
    """Whether they only say, or ask, when they take it to be: "see you Wednesday", "I thought it was Friday".

    Or that it stays as it is: "never mind, keep it".
    """
    said = talk.said
    low = said.text.lower()
    if _STAYS.fullmatch(low):
        return True
    wishes = said.instead or as_agreed(talk) or any(form.search(low) for form in (BETTER, WISHES_FOR, _NOT_SO, _WISHED))
    return (
        said.intent in (None, Intent.STATUS)
        and not wishes
        and bool(said.when.days or said.when.clock)
        and bool(_EXPECTS.search(said.told))
    )


def as_agreed(talk: Talk) -> bool:
    """Whether a time is named as if it were agreed upon, which may be another visit's: "see you Wednesday at 10"."""
    when, asks_for = talk.said.when, talk.said.intent not in (None, Intent.STATUS)
    exact = bool(when.clock) and (bool(when.days) or not at_its_time(talk))
    return exact and not asks_for and bool(_SEE_YOU.search(talk.said.text.lower()))


def is_another(talk: Talk) -> bool:
    """Whether a visit besides the one that is booked is spoken of: for somebody else, or for another service."""
    last, named = talk.state.last, {service.id for service in services_in(talk)}
    low = talk.said.text.lower()
    return is_one_more(talk, low) or bool(last and named and last.service not in named)


def is_one_more(talk: Talk, low: str) -> bool:
    """Whether these words, lower case, speak of one more visit, or of one for somebody else."""
    again = AGAIN.search(low) and (ONE_MORE.search(low) or not BETTER.search(low))
    return bool(again) or any(all_services_in(talk, match["what"]) for match in _ONE_MORE_OF.finditer(low))


def at_its_time(talk: Talk) -> bool:
    """Whether the time that is named is that of the visit that was spoken of last."""
    last = talk.state.last
    return last is not None and names_time(talk.said.when, last.starts)
