"""The hour that a visit is at now, said to tell which one shall go elsewhere: "my 9 o'clock to 11". Pure.

So is an hour that is only turned down: "not at 9", "the 9 o'clock one is no good".
"""

import re

from app.sms.clocks_in_words import MOST_CHOICES, ONE_HOUR
from app.sms.spans_in_words import DAY_NAMES

_VERB = r"\b(?:move|moving|change|switch|push|shift|bump|swap|reschedule|postpone)"
_DAY = rf"(?:(?:the )?(?:{DAY_NAMES}|today|tomorrow)(?:'?s)?,? )?"
_HOUR = rf"(?P<hour>{ONE_HOUR})(?P<said> ?o'? ?clock)?"
_AT_HOUR = rf"{ONE_HOUR}(?: ?o'? ?clock)?"
_END = r"(?![\w/:.-]*\w)"
_OWN = re.compile(rf"{_VERB} (?:my|our|the|that|this) {_DAY}(?:at )?{_HOUR}{_END}", re.I)
_FROM = re.compile(
    rf"{_VERB}(?: (?:it|me|us|that|this|(?:my|our|the) (?:\w+ ){{0,2}}?\w+))? from {_DAY}(?:at )?{_HOUR}{_END}"
    r"(?= to\b)",
    re.I,
)
_OF_DAY = re.compile(
    rf"{_VERB} (?:my |the )?(?:{DAY_NAMES}|today|tomorrow)(?:'?s)?,? (?:at )?{_HOUR}{_END}(?= to\b)", re.I
)
_ONE = r"(?: (?:one|visit|appointment|appt|booking|slot|time))"
_UNFIT = (
    r"(?:(?:(?:is|are)(?: really| just)?|'s) (?:bad|out|impossible|not? (?:\w+ )?(?:good|possible|ok|okay|fine|great|"
    r"ideal|convenient|an option|going to work|gonna work))|"
    r"(?:(?:is|does|do|will|would|wo)(?:n'?t| not)|isnt|doesnt|wont)"
    r" (?:\w+ )?(?:works?|good|great|ok|okay|fine|possible|suits?|fits?|do)|no longer (?:works|suits|fits)|"
    r"(?:i|we) (?:can'?t|cannot|can not|won'?t)(?: (?:do|make|come)(?: it)?)?(?=\W*$|[,.;!?]))\b"
)
_BEGINS = r"(?:^|[,.;!\n] ?|\b(?:but|so|and|because|since|sorry|hi|hey|hello|no|ok|actually|unfortunately) )"
_OF = r"(?:the|my|our|that)"
_CANNOT = r"(?:can'?t|cannot|can not|won'?t) (?:do|make)"
_NO_DAY = rf"(?! (?:for (?:me|us) )?(?:on )?(?:{DAY_NAMES}|today|tomorrow)\b)"
_UNFIT_HOUR = re.compile(rf"{_BEGINS}(?P<at>at )?(?:{_OF} )?{_HOUR}{_ONE}? {_UNFIT}{_NO_DAY}", re.I)
UNFIT_HOUR = re.compile(
    rf"{_BEGINS}(?:at )?(?:{_OF} )?{_AT_HOUR}{_ONE}? {_UNFIT}|"
    rf"\b{_CANNOT} (?:it )?(?:at )?(?:{_OF} )?{_AT_HOUR}{_ONE}?{_END}",
    re.I,
)
"""An hour at which they cannot, unlike one that is only another than is meant: "not the 9 o'clock one"."""
UNFIT_VISIT = re.compile(
    rf"{_BEGINS}{_OF} {_AT_HOUR}{_ONE} {_UNFIT}|\b{_CANNOT} {_OF} {_AT_HOUR}{_ONE}(?=\W*$|[,.;!?\n])", re.I
)
"""A visit, by its hour, that does not suit."""
_NOT_AT = re.compile(
    rf"(?<!why )\b(?:not|{_CANNOT}|(?:any ?thing|any ?time) but|except) "
    rf"(?P<at>(?:it )?at )?(?:for )?(?:{_OF} )?{_HOUR}{_ONE}?{_END}"
    r"(?=\W*$|[,.;!?\n]| (?:but|please|pls|so|because|can|could|how|what|instead|then|and|i|we|rather|maybe|sorry|"
    r"thanks)\b)",
    re.I,
)
"""An hour that is turned down; "why not 9?" asks for it."""
DAY_TO = re.compile(
    rf"{_VERB} (?:my |the )?(?:{DAY_NAMES}|today|tomorrow)(?:'?s)?(?: (?:visit|one|appointment|appt))?"
    r"(?: up| back)? to\b",
    re.I,
)
"""The day is where it is, and not where it goes: "change Wednesday's to 2pm"."""
_TO_HOUR = re.compile(rf"\b(?P<to>(?:to|until) {_DAY})(?=(?:{ONE_HOUR}){_END})", re.I)
_TO_HOUR_ALONE = re.compile(
    rf"\b(?P<to>(?:to|until) {_DAY})(?=(?:{ONE_HOUR}){_END}"
    r"(?:\W*$|[,.;!?\n]| (?:please|pls|instead|if|in the|o'? ?clock|or|thanks?|thx|with)\b))",
    re.I,
)
"""Unlike "to 10 December" and "to two weeks later"."""
_UNTIL = re.compile(rf" ?(?:to|until) ?{ONE_HOUR}{_END}(?: (?:window|slot|visit|one|appointment|appt))?(?= to\b)", re.I)
"""The end of a span where it is: "my Tuesday 1 to 3 window"."""
FROM_TO = re.compile(
    rf"\b(?:{DAY_NAMES}|today|tomorrow|[0-9]{{1,2}}(?:st|nd|rd|th)?)(?:'?s)?(?: [\w:']+){{0,4}}? (?:to|until) "
    rf"(?:the |this |next |on )*(?:{DAY_NAMES}|today|tomorrow|\w+ [0-9]|[0-9])",
    re.I,
)
"""From the day where it is to another one."""
_ONE_DAY = rf"(?:(?:the |my )?(?:{DAY_NAMES}|today|tomorrow)(?:'?s)?(?: (?:visit|one|appointment|appt)s?)?)"
_NAMED = rf"(?:{_ONE_DAY}|(?:the |my )[a-z]+)"
_DAY_AND_HOUR = rf"(?:(?:this|next) )?(?:{DAY_NAMES}|tomorrow)(?: [0-9]{{1,2}}(?:st|nd|rd|th))?"
_DAY_AND_HOUR += r"(?: at [0-9]{1,2}(?::[0-9]{2})?(?: ?[ap]m)?)?"
_GOAL = rf"(?:to|until) {_DAY_AND_HOUR}"
_BOTH_TO = re.compile(
    rf"{_VERB} (?P<first>{_NAMED}) (?:and|&) (?P<second>{_NAMED}) (?P<goal>{_GOAL})\b"
    rf"(?! (?:and|&|or) (?:{DAY_NAMES})\b)",
    re.I,
)
"""Two visits that shall go to the same day."""
_OWN_TO = re.compile(
    rf"^\W*(?P<first>(?:the |my ){_ONE_DAY}) (?:and|&) (?P<second>{_ONE_DAY}(?<=s)) (?P<goal>{_GOAL})\b", re.I
)
"""Likewise, without a verb: "my Tuesday and Wednesday visits to Thursday"."""
_TO_TWO = re.compile(
    rf"{_VERB} (?P<first>{_NAMED}) (?:and|&) (?P<second>{_NAMED}) (?P<goal>{_GOAL}) (?:and|&) "
    rf"(?P<other>{_DAY_AND_HOUR})",
    re.I,
)
_EACH_ON = re.compile(
    r"\b(?:(?:(?:can|could) (?:you|u|we|i)|(?:i|we)(?:'?d| would)? (?:want|like) to) )?(?:(?:please|pls|just) )?"
    rf"(?:do|have|make|put) (?P<first>(?:the |my )[a-z]+) (?:on|for) (?P<one>{_DAY_AND_HOUR}),? (?:and|&) "
    rf"(?P<second>(?:the |my )[a-z]+) (?:on|for) (?P<two>{_DAY_AND_HOUR}) instead\b",
    re.I,
)
"""Where neither is booked they are booked."""


def each_to_its_goal(text: str) -> str:
    """Two requests where two visits go to one day: "move Tuesday to Thursday and move Wednesday to Thursday".

    So it is where each has a day of its own: "Tuesday and Wednesday to Thursday and Friday".
    """
    text = _TO_TWO.sub(r"move \g<first> \g<goal> and move \g<second> to \g<other>", text)
    text = _EACH_ON.sub(r"can I have \g<first> on \g<one> and \g<second> on \g<two>", text)
    for form in (_BOTH_TO, _OWN_TO):
        text = form.sub(r"move \g<first> \g<goal> and move \g<second> \g<goal>", text)
    return text


def without_origin(text: str) -> tuple[str, str]:
    """The hour where it is, empty if none is said; and the text without it, in which a bare hour after "to" is one."""
    for form in (_FROM, _OF_DAY, _OWN):
        if (match := form.search(text)) and (form is not _OWN or _is_hour(match)):
            until = _UNTIL.match(text, match.end()) or match
            rest = f"{text[: match.start('hour')]} visit {text[until.end() :]}"
            return match["hour"], _TO_HOUR.sub(r"\g<to>at ", rest)
    for form in (_UNFIT_HOUR, _NOT_AT):
        if (match := form.search(text)) and (match["at"] or _is_hour(match)):
            return match["hour"], f"{text[: match.start()]} , {text[match.end() :]}"
    return "", _TO_HOUR_ALONE.sub(r"\g<to>at ", text) if DAY_TO.search(text) else text


def _is_hour(match: re.Match[str]) -> bool:
    """Whether it is no number of a choice."""
    return bool(match["said"]) or not match["hour"].isdigit() or int(match["hour"]) > MOST_CHOICES
