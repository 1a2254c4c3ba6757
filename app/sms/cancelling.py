"""What a text says of cancelling: that it is wanted, thought of, or told of what was done or is another's. Pure.

Only a plain request, in the imperative or as a plain wish, is one. In what tells of it nothing is asked for.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum

from app.sms.day_names import FROM_TODAY, MONTHS, WEEKDAYS
from app.sms.rules_in_words import rules_in
from app.sms.vocabulary import APPT


class Cancelling(IntEnum):
    """How it is spoken of; of several the highest counts."""

    UNSAID = 0
    TOLD = 1
    """It was done, or somebody else does it."""
    WEIGHED = 2
    """They may do it."""
    ELSEWHERE = 3
    """What is no visit of theirs: another's, a reminder, a call."""
    HALF = 4
    """They ask whether they can, or say the bare word."""
    PLAIN = 5


@dataclass(frozen=True, slots=True)
class _Clause:
    """A part of a text in which it is spoken of: what stands before the verb, its form and what follows."""

    start: int
    end: int
    before: str
    verb: str
    after: str


CANCEL = re.compile(
    r"\bcancel(?:l?ing|l?ed|l?ations?)\b|\bcan[cs]?el?l?(?:ing|ed)\b|\bcancel+\b|\bcan[cs]le?\b|\bcan[es]l\b|\bc(?:ansel|ncel|ancal)\b|"
    r"\bcacel\b|\b(?:cancelar|anular)(?:l[ao])?\b|\bcanc[eé]l[ae](?:l[ao])?\b|\bcall (?:it |that )?off\b|"
    rf"^(?:please )?undo\b|\b(?:delete|remove|drop|get rid of|scrap)(?= (?:my|the) (?:\w+ )?{APPT}\b)|"
    rf"\b(?:delete|remove|drop|get rid of|scrap|lose)(?= (?:(?:my|the) )?(?:{'|'.join(WEEKDAYS)})(?:'?s)?(?: one)?\W*$|"
    r" the (?:first|second|third|earlier|later|other|last)(?: one)?\W*$)"
)
_BETWEEN = re.compile(
    r"[.,;!?\n]+|\b(?:so|because|but|since|cause|cuz|and|then|while|though|although|anyway|if|unless|as long as|pero|y)"
    r"\b"
)
_FILLER = (
    r"(?:please|pls|plz|por favor|just|also|now|no|yes+|yeah|ok|okay|sure|sorry|hi|hello|hey|well|actually|instead|"
    r"kindly|go ahead|let'?s|let us|to|i said|um+|uh+|oh|unfortunately|right|correct|first|quickly|could|thanks|"
    r"simply|better|guys|dear|must|wait|possible|nvm|never mind)"
)
_IMPERATIVE = re.compile(rf"(?:{_FILLER} ?)*")
_WISH = re.compile(
    rf"(?:^|\b(?:i|we)(?:'?d| would|'ll|'?ve| will|'?m|'?re| am| are| do)? )(?:{_FILLER} |really |still |have |will |"
    r"do |would |going to |gonna )*"
    r"(?:(?:need|want|have|got|like|wish|prefer|calling|texting|writing|looking|trying)(?: (?:you|u))?(?: to)?|"
    r"had better|rather|gotta|wanna|quiero|quisiera|necesito|deseo|tengo que|hay que|me gustar[ií]a)"
    r"(?: (?:please|just|go ahead|now|be|have to|need to))*$"
)
_ASKED_OF_US = re.compile(
    r"(?:\b(?:can|could|would|will) (?:you|u|ya)(?: (?:guys|please|pls|just|kindly))*|puede[ns]?)$"
)
_ASKED = re.compile(
    r"\b(?:(?:can|could|may) (?:i|we)(?: (?:please|pls|just|still|also))*|how (?:do|can|would|could) (?:i|we|you)|"
    r"possible (?:for (?:me|us) )?to|(?:i|we)(?:'ll| will|'?m going to|'?m gonna)|i(?:'d)? hate to|"
    r"(?:tell|ask|have|let|get) [a-z]+(?: to)?|puedo|^(?:i|we))$"
)
_REASON = re.compile(
    rf"(?:{_FILLER} )*(?:"
    r"(?:(?:i|we)(?:'?m|'?re| am| are)|it(?:'?s| is)|this is|(?:my|our) \w+(?:'s| is| got| has))"
    r"(?: (?!(?:does|do|did|to|not|never|your|their|you|they|who|what|when|if|told|afraid|sure|that|my|an?|the)\b)"
    r"[\w']+| (?:in|at|out of|to) (?:the|my|an?) \w+){1,5}|"
    r"(?:he|she)(?:'?s| is) \w+|work is \w+|"
    r"(?:i|we)(?:'?m|'?re| am| are) not going to be (?:home|there|here|in|around)(?: \w+)?|"
    r"(?:i|we) (?:sold|lost|moved|hurt|broke) (?:the|my|our) \w+|"
    r"(?:(?:i|we) )?(?:have|had|got) an? (?!(?:e?mail|text|call|message|letter|note|notice|reminder)\b)\w+(?: \w+)?"
    r"(?: in the family)?|"
    r"something(?:'s| has)? c[ao]me up|(?:(?:i|we) )?(?:got|was|were) called in(?: (?:to|for) work)?)"
    rf"(?: {_FILLER})*"
)
"""A sentence that goes before a request without a stop: "I'm sick cancel my appointment"."""
_REQUESTS = re.compile(
    r"(?:(?:i|we)(?:'?d| would)? )?(?:request(?:ing)?|want|need|like)(?: to request)?(?: an?| the)?$"
)
_TO_BE_DONE = re.compile(r"\b(?:need|want|like|please|wish|(?:can|could) (?:i|you) (?:have|get))\b(?: \w+){0,5}$")
_HAS_TO_BE = re.compile(r"\b(?:needs?|has|have|must|should|can|could) (?:to )?(?:\w+ )?(?:be|get)(?: \w+)?$")
_PROGRESSIVE = re.compile(
    rf"(?:{_FILLER} )*(?:i'?m|i am|we'?re|we are|i'?ll be|i will be|we'?ll be|(?:i|we) have to be)(?: \w+ly)?"
)
_WEIGHED = re.compile(
    r"\b(?:might|may(?! (?:i|we)\b)|maybe|perhaps|probably|possibly|think(?:ing)?|thought|consider(?:ing)?|should|"
    r"wonder(?:ing)?|in case|tempted|about to|deciding|whether|or|"
    r"(?:would|(?:i|we)'?d)(?! (?:you|u|like|love|prefer|hate|rather|better)))\b"
)
_NOT = re.compile(
    r"\b(?:not|never|nobody|no ?one|no (?=reason|need|way|quiero|voy)|(?:do|ca|wo|did|is|was)n'?t|cannot|stop|quit|"
    r"avoid|refuse|almost|nearly|forgot|had|instead of|rather than|too (?:late|early)|glad|who|why|when|until|what|"
    r"where|did|was|were|been)\b"
)
"""Before the verb it makes it nothing that is asked for."""
_VISIT = re.compile(
    r"(?:appointments?|appts?|apts?|bookings?|reservations?|visits?|citas?|ones?|both|all|everything|rest|others|"
    r"slots?|spots?|times?|dates?|days?|orders?|jobs?|sessions?|services?|schedule|request|o'?clock|[ap]m|\d.*)"
)
_PLACE = re.compile(r"first|second|third|last|next|other|latter|former|two|three")
"""Of several, where no noun follows it."""
_DETERMINED = re.compile(
    r"(?:please )?(?:my|our|the|your|his|her|their|an?|those|these|mi|la|el|all|any|some) (?P<what>.+)"
)
_PHRASE_ENDS = re.compile(
    r" (?:on|for|at|with|this|next|before|after|please|pls|until|from|of|in|to|now|today|thanks?|as|by|i|we|it|again|"
    r"about|that|under|when|you|right|asap|too|also)\b.*"
)
_OWNED = re.compile(r"\b(?P<whose>[a-z]+)(?:'s|s')(?= |$)")
_UNTIL = re.compile(r" (?:until|till|before|after|since|because|from|i|we)\b.*")
_AT = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)\b|\b\d{1,2}(?::\d\d)? ?(?:[ap]\.?m\b|o'?clock)|\b\d{1,2}:\d\d")
_DAYS = frozenset((*FROM_TODAY, *WEEKDAYS, *MONTHS))
_NAMING = frozenset(("the", "my", "our", "on", "for", "all", "please", "this", "next", "of"))
_DAY_WORDS = frozenset((*_DAYS, "week", "month", "it", "that", "let", "what", "there", "here"))
_ALIKE = 0.72
"""How much of a word for a visit has to agree, of 1."""
_VISIT_WORDS = ("appointment", "appointments", "booking", "reservation", "visit")

_REQUEST = (
    r"(?:^|[.,;!\n]) ?(?:(?:please|pls|just|ok|okay|no|so|hi|hey|actually|sorry|let'?s|well|but|and|then|thanks|"
    r"you know what|i think|(?:we|you|u) can|(?:can|could) (?:i|we|you|u)) )*"
)
_FORGET = (
    rf"{_REQUEST}(?:(?:(?:(?:i|we)(?:'?ll| will|'?d rather)|gonna) )?skip|drop(?! [^,.;!\n]{{1,30}}\boff\b)|"
    r"forget(?: about)?)"
)
"""Only as a request; what somebody forgets is a complaint or a worry: "did they forget the inspection?"."""
NOT_NEEDED = re.compile(
    r"\b(?:do ?n[o']?t|do not|no longer|wo ?n[o']?t|will not)(?: be)? (?:need|want|needing|wanting)(?: for)? "
    r"(?:it|my|our|you|u|him|her|them|this|that|the (?:visit|appointment|appt|service|inspection|treatment|"
    r"(?P<which>[\w-]+)(?:'s)? (?:guy|guys|tech|technician|man|visit|appointment|appt|treatment|inspection)|"
    r"(?P<own>[\w-]+(?: [\w-]+){0,2}?)(?=(?: any ?more| after all| now)?"
    r"(?:\W*$|[,.;!]| (?:please|thanks|but|because|since)\b))))\b"
    r"(?! (?:to(?! come)|explained|done|now|yet)\b)|"
    r"\b(?:no longer|not) need(?:ed)?(?: any ?more)?(?=\W*$|[,.;!]| (?:thanks|please)\b)|"
    r"\bno longer need\b|\bno need any ?more\b|"
    r"\b(?:do ?n[o']?t|do not|no need to|no need for (?:you|him|her|them) to|need not)(?: \w+)? (?:come|send anyone)\b"
    r"(?! (?:before|after|until|till|earlier|late|early|in|inside|through|to|up|around|by|with)\b)|"
    r"\b(?:scrap|bin|ditch) (?:it|that|the \w+|my \w+)(?! time)\b|"
    rf"{_FORGET} (?:the|my) (?P<what>[\w-]+(?: [\w-]+){{0,2}}?)(?: visit| appointment| treatment| inspection)?"
    r"(?: please| pls)?(?=\W*$|[,.;!])|"
    r"\b(?:take|remove) (?:me|us) (?:off|from) (?:the|your) (?:schedule|calendar|books?)\b"
)
RATHER_THAN_IT = re.compile(
    rf"\b(?:do ?n[o']?t|do not) (?:want|need|like) the [\w-]+ (?:{APPT}|one|treatment|inspection)\b.*\b"
    r"(?:(?:can|could) (?:we|i|you) (?:do|have|get|make|come|switch)|"
    r"(?:any|some)thing (?:later|earlier|sooner|else|in|on|at|after|before))\b"
)
"""With a wish for another time behind it, what is not wanted is only when it is."""
_ALL_NEEDED = re.compile(
    r"(?P<not>\b(?:do ?n[o']?t|do not|no longer|wo ?n[o']?t) (?:need|want) [^,.;!?\n]+(?:[,.;!\n]+| but) ?)"
    r"(?:just|only)(?: (?:need|want))? (?=(?:the|my) )",
    re.I,
)
"""What is needed alone, beside what is not, stays: "don't need the ants, just the inspection"."""
_DAY = "|".join(sorted((*FROM_TODAY, *WEEKDAYS), key=len, reverse=True))
_SERVICE = rf"(?!(?:[\w-]+ )?(?:{APPT}|{_DAY}|ones?|both|rest|all)\b)[\w-]+(?: [\w-]+)?"
_ALL_LEFT = re.compile(
    rf"(?P<not>{_REQUEST}(?:cancel|skip|forget(?: about)?) (?:the|my) {_SERVICE}(?:[,.;!\n]+| but) ?)"
    rf"(?:(?:just|only) (?:(?:need|want|do|keep|have) )?(?:the|my) (?P<just>{_SERVICE})|"
    rf"(?:the |my )?(?P<only>{_SERVICE}) only)(?=(?: please| pls| thanks)?(?:\W*$|[,.;!\n]))",
    re.I,
)
"""Likewise beside what is to be cancelled: "cancel the ants, inspection only"."""
_LABELLED = re.compile(
    r"(?P<at>^|[,;\n] ?)(?:(?:the|my) )?(?P<what>(?!(?:please|also|and|then|so|ok|hi|no)\b)[a-z-]+(?: [a-z-]+)?) ?: ?"
    r"(?P<do>cancel|move|reschedule)\b(?! (?:my|the|it|that|this)\b)",
    re.I,
)
"""What is said of each in a list: "inspection: cancel"."""
_LABELLED_TIME = re.compile(
    rf"(?P<at>[,;\n] ?)(?:(?:the|my) )?(?P<what>[a-z-]+(?: [a-z-]+)?) ?: ?(?=(?:(?:on|this|next|to) )*(?:{_DAY})\b)",
    re.I,
)
"""And where it shall go: "ants: thursday at 10"."""
_SOMEBODY_ELSE = re.compile(
    r"\b(?:found|hired|got|went with|going with|chose|use|using) (?:someone|somebody|another|a different|some other)\b"
    r"(?= (?:else|company|guy|firm|exterminator|inspector|provider|person))"
)
_NOT_THERE = (
    r"^\W*(?:(?:sorry|hi|hey|hello|actually|ok),? )*(?:i'?m |i am |we'?re |we are )?(?:gonna |going to )?not (?:be )?"
    r"(?:coming|(?:gonna|going to) (?:make it|come|be (?:there|home))|"
    r"(?:home|there|available) (?:then|that day|any ?more))"
    r"(?: any ?more)?(?:,? (?:sorry|thanks|thx))?[.! ]*$"
)
"""All that is said: whoever is to be visited is not there, or whoever visits does not come."""
CANNOT_COME = re.compile(
    r"\b(?:can'?t|cannot|can not|won'?t|will not|not) (?:be able to )?(?:make (?:it(?! to\b| work)|my|the|our)|"
    rf"come(?! (?:to the|out|outside|down)\b)|be (?:there|home)|keep (?:my|the)|do (?:my|the) {APPT})|"
    rf"{_NOT_THERE}"
)
CANNOT_ON = re.compile(
    r"(?:\b(?:can'?t|cannot|can not|won'?t|will not) (?:be able to )?(?:make|do) (?:it )?(?:on )?|"
    rf"{_FORGET} )(?=(?:the |this |next |my )?(?:{_DAY})\b)"
)
"""No to a day: where a visit is on it, no to that one."""
_STANDS_IN = re.compile(
    r"\b(?:but|though) (?:(?:my|our|the|an?) \w+(?:[- ]in[- ]law)?|some(?:one|body)(?: else)?)"
    r"(?: will| can|'ll| is|'s)(?:(?: be)? (?:there|here|home|in|around|let|meet|open|answer|receive)\b| be(?=\W*$))|"
    r"\bsome(?:one|body) else (?:will|can) be (?:there|here|home)\b"
)
"""Whoever cannot be there has somebody who is: then the visit stays."""
OF_VISIT = re.compile(
    rf"\b(?:my|our|the|this|that) (?:\w+ ){{0,2}}{APPT}\b|^\W*{APPT}\b|\b(?:you|u)(?: guys)? (?:\w+ )?cancel|"
    r"^\W*cancel\w*\W*$|\b(?:is|was|were|did|has|have|why|who|when) (?:it|that|this|you|i|we|he|she|they|somebody)\b|"
    r"\b(?:it|that|this)(?:'?s| is| was| got| has been) cancel"
)
"""What tells of something cancelled tells of a visit of theirs."""
_EARLIER_OR_LATER = re.compile(r"\b(?:earlier|before|sooner|later|after|until|till|on time)\b")


def cancelling(low: str, own: Collection[str] = frozenset()) -> Cancelling:
    """How these words (lower case) speak of it. `own` are the words of the business: its services, who comes."""
    rules = rules_in(low)
    kinds = [
        Cancelling.TOLD
        if any(start < clause.end and clause.start < end for start, end in rules)
        else _kind(clause, own)
        for clause in _clauses(low)
    ]
    cannot = CANNOT_COME.search(low) and not _STANDS_IN.search(low)
    if re.search(_NOT_THERE, low):
        kinds.append(Cancelling.HALF)
    elif not_needed(low, own) or (cannot and not _EARLIER_OR_LATER.search(low)):
        kinds.append(Cancelling.PLAIN)
    elif cannot or _SOMEBODY_ELSE.search(low):
        kinds.append(Cancelling.HALF)
    return max(kinds, default=Cancelling.UNSAID)


def with_what_is_kept(text: str) -> str:
    """The words, in which what alone is left or needed beside what is given up is said to be kept."""
    if _LABELLED.search(text):
        text = _LABELLED_TIME.sub(r"\g<at>move the \g<what> to ", _LABELLED.sub(r"\g<at>\g<do> the \g<what>", text))
    text = _ALL_NEEDED.sub(r"\g<not>keep ", text)
    return _ALL_LEFT.sub(lambda match: f"{match['not']}keep the {match['just'] or match['only']}", text)


def not_needed(low: str, own: Collection[str]) -> bool:
    """Whether a visit, or who comes to it, is not needed: "the ant guy", unlike "the same guy" and "the early one"."""
    found = (match["which"] or match["what"] or match["own"] for match in NOT_NEEDED.finditer(low))
    return any(which is None or which in _DAYS or _is_own(which, own) for which in found)


def _is_own(which: str, own: Collection[str]) -> bool:
    words = which.split()
    return any(word in own for word in words) and all(word in own or word in ("up", "in", "off") for word in words)


def is_timed(low: str) -> bool:
    """Whether what is to be cancelled (lower case) is named by its time: "tomorrow's", "my 9 am"."""
    named = [_UNTIL.sub("", clause.after).replace("'s", "") for clause in _clauses(low)]
    return bool(NOT_NEEDED.search(low)) or any(
        _AT.search(words) or not _DAYS.isdisjoint(words.split()) for words in named
    )


def without_told(low: str, own: Collection[str] = frozenset()) -> str:
    """The words (lower case) without the parts that only tell of something cancelled."""
    for clause in reversed([*_clauses(low)]):
        if _kind(clause, own) is Cancelling.TOLD:
            low = f"{low[: clause.start]} , {low[clause.end :]}"
    return low


def _clauses(low: str) -> Iterator[_Clause]:
    start = 0
    for between in (*_BETWEEN.finditer(low), None):
        end = between.start() if between else len(low)
        part = low[start:end]
        for verb in CANCEL.finditer(part):
            yield _Clause(start, end, part[: verb.start()].strip(), verb[0], part[verb.end() :].strip())
            break
        start = between.end() if between else end


def _kind(clause: _Clause, own: Collection[str]) -> Cancelling:
    asked = _asked(clause)
    if asked > Cancelling.ELSEWHERE and _is_elsewhere(clause.after, own):
        return Cancelling.TOLD if asked is Cancelling.HALF else Cancelling.ELSEWHERE
    if asked is Cancelling.TOLD and clause.verb == "cancel" and _IMPERATIVE.fullmatch(clause.after):
        named = [word.replace("'s", "") for word in clause.before.split()]
        visits = [bool(_VISIT.fullmatch(word) or word in _DAYS) for word in named]
        alone = all(visit or word in own or word in _NAMING for visit, word in zip(visits, named, strict=True))
        return Cancelling.HALF if alone and any(visits) else asked  # "Wednesday cancel please"
    return asked


def _asked(clause: _Clause) -> Cancelling:
    """By the form of the verb, and who does it."""
    before, verb = clause.before, clause.verb
    if _WEIGHED.search(before) and not _ASKED_OF_US.search(before):
        return Cancelling.WEIGHED
    if verb.endswith("ed"):
        if _TO_BE_DONE.search(before) and not _NOT.search(before):
            return Cancelling.PLAIN
        return Cancelling.HALF if _HAS_TO_BE.search(before) and not _NOT.search(before) else Cancelling.TOLD
    if verb.endswith("ing"):
        if _PROGRESSIVE.fullmatch(before):
            return Cancelling.PLAIN
        return (
            Cancelling.HALF if _IMPERATIVE.fullmatch(before) or before.endswith("would you mind") else Cancelling.TOLD
        )
    if "ation" in verb:
        bare = _IMPERATIVE.fullmatch(f"{_REQUESTS.sub('', before)} {clause.after}".strip())
        return Cancelling.HALF if bare else Cancelling.TOLD
    if _IMPERATIVE.fullmatch(before):
        return Cancelling.PLAIN
    if _ASKED_OF_US.search(before) or (_WISH.search(before) and not _NOT.search(before)):
        return Cancelling.PLAIN
    if _REASON.fullmatch(before):
        return Cancelling.HALF
    return Cancelling.HALF if _ASKED.search(before) and not _NOT.search(_ASKED.sub("", before)) else Cancelling.TOLD


def _is_elsewhere(after: str, own: Collection[str]) -> bool:
    """Whether it is no visit of theirs that is to be cancelled: "the reminders", "my other company", "Bob's visit"."""
    if any(match["whose"] not in _DAY_WORDS and match["whose"] not in own for match in _OWNED.finditer(after)):
        return True
    determined = _DETERMINED.fullmatch(_PHRASE_ENDS.sub("", after))
    if determined is None:
        return False
    words = determined["what"].replace("'s", "").split()
    return not _PLACE.fullmatch(words[-1]) and not any(
        _VISIT.fullmatch(word) or word in _DAY_WORDS or word in own or get_close_matches(word, _VISIT_WORDS, 1, _ALIKE)
        for word in words
    )
