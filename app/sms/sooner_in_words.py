"""An earlier or a later time than that of a visit that stands, asked for without saying which. Pure."""

import re
from collections.abc import Collection

from app.sms.vocabulary import APPT, NEGATION

_BY = r"(?:a (?:bit|little)(?: bit)?|any|much|a lot|slightly|some(?:what|time)?|way)"
SOONER = re.compile(
    r"\b(?:come|be here|arrive|do|do (?:it|this|that)|make it|get here|start|get in|(?:fit|squeeze|get) (?:me|us|"
    r"it) in|"
    r"anything|something|any ?time|possible|have(?: \w+)?|slots?|openings?|appointments?|appts?|times?) "
    rf"(?:(?:{_BY}|open|available) )?(?:earlier|sooner|later)\b(?! than\b)|"
    r"^\W*(?:a (?:bit|little) )?(?:earlier|sooner|later)(?: (?:in|on|that) (?:the )?day)?(?: (?:possible|ok|"
    r"open))?(?: please| pls)?\W*$"
)
"""What is asked like this of a visit that stands is another time for it."""
_WISH = (
    r"(?:(?:(?:i|we)(?:'?d| would|'?ll)?(?: (?:really|just|still|rather|also|actually))*"
    r" (?:want|need|like|love|prefer|wish|hope for)|"
    r"^\W*(?:(?:hi|hey|hello|please|pls|no)\W+)*(?:want|need|get|have|make)|"
    r"(?:can|could|would|will|want|need|like|love|possible|way|chance)(?: (?:you|u|i|we))?(?: \w+ly)?(?: to)?"
    r" (?:have|get|do|make|see|schedule|bring))|"
    r"(?P<asks>can|could|should|may|would it be possible for))"
)
_OWN = re.compile(
    rf"{_WISH} (?P<whose>my|our|the|that) (?P<what>[\w-]+(?: [\w-]+){{0,2}}?)"
    rf"(?P<be> (?:to )?(?:be|come|start|happen)(?: (?:done|moved|scheduled|made))?)?(?: {_BY})?"
    r" (?:earlier|sooner|later)\b(?! (?:one|visit|appointment|time|slot|than)\b)"
)
_NEEDS = re.compile(
    r"\b(?:my|our) (?P<what>[\w-]+(?: [\w-]+){0,2}?) (?:needs? to|has to|must|should) be(?: (?:done|moved))?"
    rf"(?: {_BY})? (?:earlier|sooner|later)\b(?! than\b)"
)
_VISIT = re.compile(APPT)
_MOVED = re.compile(
    r"\b(?:(?:move|moving|push|bring|shift|bump)|(?P<changes>change|switch|put|reschedule|rescheduling|postpone))"
    r"(?: (?:it|this|that|me|us|(?:my|our|the) (?P<what>[\w-]+(?: [\w-]+){0,2}?)))?"
    r"(?: (?:up|back|forward|out))?(?P<goes> (?:to|for))?"
    rf"(?: (?:an?|{_BY}))? (?:earlier|sooner|later)\b(?! (?:than|days?|dates?|weeks?|months?)\b)(?! if (?!possible\b))|"
    r"[,.;] ?(?:earlier|sooner)(?: if (?:at all )?possible)?(?: please| pls)?\W*$"
)


def wants_own_sooner(low: str, own: Collection[str], *, stands: bool = False) -> bool:
    """Whether a visit that they have (lower case, by a word of the business's `own`) shall be at another time: "I want
    my inspection sooner", unlike "my report sooner". "The inspection" may be a new one, unless one is known to stand.
    """
    for form in (_OWN, _NEEDS):
        match = form.search(low)
        if match is None or NEGATION.search(low[: match.start() + 1]):
            continue
        words = match["what"].split()
        parts = match.groupdict()
        put_so = not parts.get("asks") or parts.get("be")
        named = all(word in own or _VISIT.fullmatch(word) for word in words)
        theirs = stands or parts.get("whose") not in ("the", "that") or _VISIT.fullmatch(words[-1])
        if named and put_so and theirs:
            return True
    return False


def moves_sooner(low: str, own: Collection[str]) -> bool:
    """Whether what is to be moved (lower case) goes to an earlier or a later time: "can I move it later?", unlike "move
    it now and confirm later" and "can I change it later?".
    """
    match = _MOVED.search(low)
    if match is not None and (match["goes"] or not match["changes"]):
        return all(word in own or _VISIT.fullmatch(word) for word in (match["what"] or "").split())
    return wants_own_sooner(low, own, stands=True)
