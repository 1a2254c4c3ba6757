"""Whether it is asked by what rules a visit can be given up: how late, for how much. That gives none up yet. Pure."""

import re

from app.sms.vocabulary import APPT

_CANCEL = r"(?:cancel(?:l?ing|l?ation)?|cancelar)"
_MOVE = r"(?:re-?schedul(?:e|ing)|re-?book(?:ing)?|chang(?:e|ing))"
_ENDS = r"(?=\W*$|[,.;!?\n]| (?:or|and|if|but|without|with|for|then|please|pls|right|correct)\b)"
_OF_IT = rf"(?: (?:(?:of )?(?:the|my|our|an?) (?:\w+ )?{APPT}|it|that|i come|you come))?"
_COUNT = r"(?:[0-9]{1,3}|an?|one|two|three|a few|few|(?:a )?couple(?: of)?|how many)"
_UNIT = r"(?:h|hrs?|hours?|days?|weeks?|min(?:ute)?s?)'?s?"
_OF_RULES = (
    r"(?:up (?:to|until|till?)|hasta|"
    rf"{_COUNT} ?{_UNIT} (?:before(?:hand)?|prior|ahead|in advance|(?:of )?notice)|"
    r"(?:with(?:out)?|on|at)(?: \w+){0,4}? notice|(?:at the |until the )?last[- ]minute|"
    r"in advance|ahead of time|beforehand|for free|free of charge|at no (?:cost|charge)|"
    r"without (?:(?:an?|any|being|getting|having to) )*(?:fees?|charged?|charges|costs?|penalt\w+|pay(?:ing)?))\b"
)
_TERM = (
    rf"(?:{_OF_RULES}|"
    rf"(?:(?:until|till?|on|by) )?(?:the )?(?:day|night|evening|morning) (?:before|prior)(?: to)?{_OF_IT}{_ENDS}|"
    rf"(?:on )?(?:the )?(?:same day|day of){_OF_IT}{_ENDS}|"
    rf"(?:at )?any ?(?:time|point|moment)\b|whenever\b|(?<!the )(?<!my )(?:later(?: on)?|afterwards?){_ENDS})"
)
"""By when, or on what terms; where something is to be moved, some of them are times for it."""
_WORDS = r"(?: (?!(?:and|then|but)\b)[\w'-]+){0,5}?"
_MAY = (
    r"(?:(?:can|could|may|must|should|do) (?:i|we|one|people|customers)|"
    r"(?:am i|are we|is it|would it be|will (?:i|we) be)"
    r" (?:still |also )?(?:able|allowed|free|ok|okay|fine|possible)|puedo|podemos|"
    r"(?:i|we) (?:can|could|may)(?=[^.!\n]{0,80}\?))(?: (?!you\b|u\b)[a-z']+){0,4}?"
)
_IT = rf"(?: (?:it|that|this|(?:my|our|the) (?:\w+ )?{APPT}))?"
_LONG_BEFORE = (
    r"how (?:much (?:notice|time|warning)|many (?:hours|hrs|days|weeks|minutes)|far (?:in advance|ahead)|long before)"
)
_LATEST = (
    r"how (?:late|long|far|soon|early|close)|hasta cu[aá]ndo|when|(?:the|what'?s|whats) (?:very )?latest|"
    r"(?:until|till?|by|up to|up until) (?:when|what (?:time|day|hour|point))"
)
_BETWEEN = (
    rf"(?: (?:before|in|advance|ahead|of|time|the|my|{APPT}|that)){{0,4}}"
    r" (?:(?:can|could|may|must|should|do|puedo)(?: (?:i|we|one|people|you|u))?|(?:i|we|you) can)"
    r"(?: (?:still|have|need|want|to|give|notice|for)){0,4}"
)
_RULES = re.compile(
    rf"\b{_MAY} {_CANCEL}{_WORDS} {_TERM}|\b{_MAY} {_MOVE}{_IT} {_OF_RULES}|"
    rf"\b(?:can|could) (?:you|u) (?:{_CANCEL} {_TERM}|{_MOVE} {_OF_RULES})|"
    rf"\b(?:{_LONG_BEFORE}|{_LATEST}){_BETWEEN} {_CANCEL}\b|\b{_LONG_BEFORE}{_BETWEEN} {_MOVE}\b|"
    r"\b(?:deadline|cut ?-?off|time limit|limit|(?:latest|last) (?:time|moment|day|point|chance))(?: \w+){0,2}?"
    rf" (?:to|for|on|of|i can|we can)(?: an?| my| the)? (?:{_CANCEL}|{_MOVE})\b"
)


def asks_rules(low: str) -> bool:
    """Whether these words (lower case) ask for the rules: "can I cancel up to the day before?"."""
    return _RULES.search(low) is not None


def rules_in(low: str) -> list[tuple[int, int]]:
    """Where they do."""
    return [match.span() for match in _RULES.finditer(low)]
