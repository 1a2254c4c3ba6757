"""Whether it is asked by what rules a visit can be given up: how late, for how much. That gives none up yet. Pure."""

import re

from app.sms.day_names import FROM_TODAY, MONTHS, WEEKDAYS
from app.sms.vocabulary import APPT

_CANCEL = r"(?:cancel(?:l?ing|l?ation)?|cancelar)"
_MOVE = r"(?:re-?schedul(?:e|ing)|re-?book(?:ing)?|chang(?:e|ing))"
_ENDS = r"(?=\W*$|[,.;!?\n]| (?:or|and|if|but|without|with|for|then|please|pls|right|correct)\b)"
_OF_IT = rf"(?: (?:(?:of )?(?:the|my|our|an?) (?:\w+ )?{APPT}|it|that|i come|you come))?"
_COUNT = r"(?:[0-9]{1,3}|an?|one|two|three|a few|few|(?:a )?couple(?: of)?|how many)"
_UNIT = r"(?:h|hrs?|hours?|days?|weeks?|min(?:ute)?s?)'?s?"
_UP_TO = (
    r"(?:up (?:to|until|till?)|hasta|"
    rf"{_COUNT} ?{_UNIT} (?:before(?:hand)?|prior|ahead|in advance|(?:of )?notice))\b"
)
_NOTICE = (
    r"(?:(?:with(?:out)?|on|at)(?: \w+){0,4}? notice|(?:at the |until the )?last[- ]minute|"
    r"in advance|ahead of time|beforehand)\b"
)
_COST = (
    r"(?:for free|free of charge|at no (?:cost|charge)|"
    r"without (?:(?:an?|any|being|getting|having to) )*(?:fees?|charged?|charges|costs?|penalt\w+|pay(?:ing)?))\b"
)
_THE_DAY_BEFORE = (
    rf"(?:(?:until|till?|on|by) )?(?:the )?(?:day|night|evening|morning) (?:before|prior)(?: to)?{_OF_IT}{_ENDS}"
)
_AT_ANY_TIME = (
    rf"(?:(?:on )?(?:the )?(?:same day|day of){_OF_IT}{_ENDS}|"
    rf"(?:at )?any ?(?:time|point|moment)\b|whenever\b|(?<!the )(?<!my )(?:later(?: on)?|afterwards?){_ENDS})"
)
_DAYS = rf"(?:{'|'.join((*WEEKDAYS, *FROM_TODAY))}|(?:{'|'.join(MONTHS)}) [0-9])"
_OUTSIDE = (
    rf"(?![^.;!?\n]{{0,60}}(?:\b{_DAYS}(?!\w)|\b(?:to|at|for) [0-9]|\b(?:another|a different) |\binstead\b|"
    r"\b[0-9]{1,2} ?[ap]\.?m\b)|,? (?:please|pls|plz)\b)"
)
"""A day or an hour that stands behind such terms is one that is wished for."""
_WORDS = r"(?: (?!(?:and|then|but)\b)[\w'-]+){0,5}?"
_ITS = rf"(?: or {_MOVE})?(?: (?:it|that|this|(?:an?|any|my|our|the) {APPT}))?"
"""One visit of several, both of them or the treatment is to be given up, whatever is asked about it."""
_MAY = (
    r"(?:(?:can|could|may|must|should|do) (?:i|we|one|people|customers)|"
    r"(?:am i|are we|is it|would it be|will (?:i|we) be)"
    r" (?:still |also )?(?:able|allowed|free|ok|okay|fine|possible)|puedo|podemos|"
    r"(?:i|we) (?:can|could|may)(?=[^.!\n]{0,80}\?))(?: (?!(?:you|u|please|pls)\b)[a-z']+){0,4}?"
)
_NOT_TO = rf"(?! (?:to (?!(?:the|my|our|an?) {APPT})|on |in |at |this |next |later|sooner))"
_IT = rf"(?: (?:it|that|this|(?:my|our|the) (?:\w+ )?{APPT}))?"
_LONG_BEFORE = (
    r"how (?:much (?:notice|time|warning)|many (?:hours|hrs|days|weeks|minutes)|far (?:in advance|ahead)|long before)"
)
_LATEST = (
    r"how (?:late|long|far|close)|hasta cu[aá]ndo|(?:the|what'?s|whats) (?:very )?latest|"
    r"(?:until|till?|by|up to|up until) (?:when|what (?:time|day|hour|point))"
)
_WHEN = r"(?:when|how (?:soon|early))(?! (?:can|could|do|may|must|should) (?:you|u)\b)"
"""Of them "when can you cancel it" asks that it be done."""
_BETWEEN = (
    rf"(?: (?:before|in|advance|ahead|of|time|the|my|{APPT}|that)){{0,4}}"
    r" (?:(?:can|could|may|must|should|do|puedo)(?: (?:i|we|one|people|you|u))?|(?:i|we|you) can)"
    r"(?: (?:still|have|need|want|to|give|notice|for)){0,4}"
)
_RULES = re.compile(
    rf"\b{_MAY} {_CANCEL}(?:{_WORDS} (?:{_UP_TO}|{_THE_DAY_BEFORE})|{_ITS} (?:{_AT_ANY_TIME}|{_COST}{_OUTSIDE})|"
    rf"(?: or {_MOVE})?(?: (?:an? )?{APPT})? {_NOTICE}{_OUTSIDE})|"
    rf"\b{_MAY} {_MOVE}{_IT} (?:{_UP_TO}{_NOT_TO}|(?:{_NOTICE}|{_COST}){_NOT_TO}{_OUTSIDE})|"
    rf"\b(?:can|could) (?:you|u) (?:{_CANCEL} (?:{_UP_TO}|{_THE_DAY_BEFORE})|{_MOVE} {_UP_TO})|"
    rf"\b(?:{_LONG_BEFORE}|{_LATEST}|{_WHEN}){_BETWEEN} {_CANCEL}\b|\b{_LONG_BEFORE}{_BETWEEN} {_MOVE}\b|"
    r"\b(?:deadline|cut ?-?off|time limit|limit|(?:latest|last) (?:time|moment|day|point|chance))(?: \w+){0,2}?"
    rf" (?:to|for|on|of|i can|we can)(?: an?| my| the)? (?:{_CANCEL}|{_MOVE})\b"
)
_REASON = re.compile(
    r"\b(?:(?:is|are|am|'?s|'?re|'?m|got|feel\w*) (?:\w+ ){0,2}?(?:sick|ill|unwell|stuck|hurt)|came up|has come up|"
    r"(?:have|had|is|having) an? (?:\w+ )?emergency|(?:so|very|really|am|are|i'?m|we'?re) sorry|(?:it|them|this) gone|"
    r"changed (?:my|our) minds?)\b"
)
_KEPT_OR_ANOTHER = re.compile(
    r",? (?:and|but|then)(?: then)? (?:i |we )?(?:just |still )?(?:keep|leave|re-?book|book|re-?schedule|move|have)\b"
)
_IN_CASE = re.compile(r"\b(?:if|in case|when|should|what)\b")


def asks_rules(low: str) -> bool:
    """Whether these words (lower case) ask for the rules: "can I cancel up to the day before?"."""
    return bool(rules_in(low))


def rules_in(low: str) -> list[tuple[int, int]]:
    """Where they do. Who gives a reason, or says what is to stand instead, wants it done."""
    found = list(_RULES.finditer(low))
    if not found or ((reason := _REASON.search(low)) and not _IN_CASE.search(low, 0, reason.start())):
        return []
    return [match.span() for match in found if not _KEPT_OR_ANOTHER.match(low, match.end())]
