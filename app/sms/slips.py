"""What is put in other words before a text is read: slips of the thumb, and why an hour does not suit. Pure."""

import re

_TOO = (
    r"\A(?P<head>\D*?)\b(?P<hour>1[0-2]|[1-9])(?::00)?(?P<half> ?[ap]m)?(?: o'?clock)?"
    r"(?:'s| is| would be| seems| sounds)"
    r"(?: a bit| a little| way| much| far| really| still)* too {what}\b(?P<rest>[^\d?]*)\Z"
)
"""The only hour that is named, and why it is none."""
_NUMBERED = re.compile(
    r"\A(?P<head>\D*?)\b(?:(?:option|number|no\.?) )?[1-3](?:'s| is| seems| sounds)"
    r"(?P<rest>(?: a bit| a little| way| much| far| really| still)* too (?:early|late)\b[^\d?]*)\Z",
    re.I,
)
"""The number of an offered time, if it is not an hour of the afternoon: either way another one is looked for."""
_NONE = re.compile(
    r"\b(?:(?:i|we) )?(?:can'?t|cannot|can not|do ?n'?t|do not|won'?t)"
    r"(?: (?:do|make|want|like|take|use))? (?:any|either)(?: one)? of (?:them|those|these)(?: times)?\b",
    re.I,
)
"""Before "of those" it would be any of them."""
_ELSE = re.compile(r"(?<=[0-9apm])(?: or|,)? if not,?(?: then)? (?=[0-9]{1,2}(?::[0-5][0-9])? ?[ap]m\b)", re.I)
"""Between an hour and what would do as well."""
SLIPS = (
    (_NUMBERED, r"\g<head>that is\g<rest>"),
    (re.compile(_TOO.format(what="early"), re.I), r"\g<head>rather after \g<hour>:01\g<half>\g<rest>"),
    (re.compile(_TOO.format(what="late"), re.I), r"\g<head>rather before \g<hour>:00\g<half>\g<rest>"),
    (_NONE, "none of those"),
    (_ELSE, " or "),
    (re.compile(r"\b(?:chnge|cahnge|chagne|chnage|chaneg)\b", re.I), "change"),
    (re.compile(r"\b(?:mvoe|moev)\b", re.I), "move"),
    (re.compile(r"\b(?:cxl|cncl|canx)\b", re.I), "cancel"),
    (re.compile(r"\bre-?(?!schedul)s(?:c?h|c)e?du?[a-z]{0,3}\b", re.I), "reschedule"),
    (re.compile(r"\b(?!appointment)app?oi?n?i?tm[ea]?n?t(?=s?\b)", re.I), "appointment"),
)
"""Forms and what each is read as, in this order."""
