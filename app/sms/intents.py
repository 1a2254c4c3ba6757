"""What a text wants done, where its words say so. Pure."""

import re
from collections.abc import Collection
from enum import StrEnum

from app.sms import vocabulary as v
from app.sms.cancelling import (
    CANCEL,
    CANNOT_COME,
    OF_VISIT,
    RATHER_THAN_IT,
    Cancelling,
    cancelling,
    not_needed,
    without_told,
)
from app.sms.dates_in_words import When
from app.sms.day_names import WEEKDAYS
from app.sms.not_asked import BOOKS_LATER, COMPLAINT, DANGER, NO_SHOW, NOT_CALLED, URGENT
from app.sms.origins_in_words import UNFIT_VISIT
from app.sms.other_languages import NO_CALL_ABROAD
from app.sms.rules_in_words import asks_rules
from app.sms.sooner_in_words import wants_own_sooner
from app.sms.spans_in_words import read_shift


class Intent(StrEnum):
    """What a text is about, where it says so."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    STATUS = "status"
    PERSON = "person"
    ABORT = "abort"
    QUESTION = "question"


_FREE = re.compile(
    r"\b(?:is|are) (?:the|your|an?) "
    r"(?P<what>(?!.*\b(?:guys?|techs?|technicians?|m[ae]n|person|people|slots?|times?|spots?|days?|calendar|schedule)\b)"
    r"[a-z -]+?)(?: visit| service)? (?:for )?(?:free|free of charge)\W*$"
)
_MOVES_WORD = re.compile(
    r"(?:^|[,.;!?\n] ?|\b(?:hi|hey|hello|please|pls|and|so|just|then|also|(?:can|could|will) (?:you|u|we|i)|let'?s|"
    r"(?<!do i )(?<!do we )(?:want|need|like|have) to) )"
    r"(?:move|switch|shift|push|bump) (?P<what>[a-z-]+(?: [a-z-]+)??)(?:'s)?"
    r"(?=\W*$|[,.;!\n]| (?:to|by|until|till?|for|on|at|from|an?|one|two|three|half|up|back|out|later|earlier|instead|"
    rf"please|pls|and|today|next|this|[0-9]+|(?:{'|'.join(day[:3] for day in WEEKDAYS)}|tomorrow)\w*)\b)"
)
_PLACES_OWN = re.compile(
    rf"(?:^\W*|\b(?:can|could|may) )(?:my|our) (?:\w+ )?{v.APPT} (?:(?:go |be moved |be )?to|be(?: on)?) "
    rf"(?:(?:this|next) )?(?:{'|'.join(day[:3] for day in WEEKDAYS)}|tomorrow)"
)
"""Where a visit shall go, without a verb or put as a question: "my appointment to Thursday"."""
_BE_MOVED = re.compile(
    r"\b(?:(?:can|could|may) (?:my|our|the|it|this|that)\b(?: \w+){0,2}? be|"
    r"(?:need|want|like|get) (?:my|our|the|it|this)\b(?: \w+){0,2}?) (?:moved|changed|switched|shifted|pushed|bumped)\b"
)
_NAMED_BY_VERB = re.compile(r"\b(?P<what>[\w-]+) (?P<verb>(?:change|move|moving|swap|switch|shift)s?)\b", re.I)
"""What a service can be called: "an oil change the 24th" changes nothing."""
_WHEN_IS = re.compile(
    r"\b(?:when|what time|what day)(?:'?s| is| was| are| were) (?:the|my|our) "
    r"(?P<what>[\w-]+(?: [\w-]+){0,2}?)(?: one)?\W*$"
)
_AGAIN = re.compile(
    r"\b(?:am i|are we) on(?!.*\b(?:instead|rather|too)\b)"
    r"(?= for\b|\W*$| (?:this |next )?(?:today|tomorrow|[a-z]{3,6}day)\b)|"
    r"^\W*(?:(?:so|and|ok|hi|hey|wait),? )*did (?:i|we|you|u) (?:just |already |actually )?(?:book|schedule|reserve)"
    r"(?: (?:it|that|me|us|this|anything|one))?\W*$|"
    r"\b(?:when|what (?:time|day))(?: (?:is|was) (?:it|that|this))? again\b|"
    r"^\W*(?:(?:so|and|ok|hi|hey),? )*what (?:do|did|have|had) (?:i|we) (?:just )?"
    r"(?:have|got|book(?:ed)?|scheduled?|reserved?|made|make)(?: booked| scheduled| coming up| with (?:you|u))?\W*$|"
    r"\b(?:when|what (?:time|day)) (?:am|was|are|were) (?:i|we|you|they) (?:supposed|meant|due|expected) to\b"
)
"""What stands: "what did I book?", "thanks, what time again?", "what do I have", "am I on for tomorrow?"."""
_TWO = (
    rf"(?:(?:the |my |our )?(?:two|2|both)(?: of)? (?:them|these|those|{v.APPT}|times|days)|"
    r"(?:them|those|these)(?: two| both)?)"
)
_PAIR = (
    rf"(?:the |my )?(?!(?:day|date|time|hour|me|it|today|tomorrow|{'|'.join(WEEKDAYS)})(?:'?s)?\b)[\w']+ "
    rf"(?:and|&) (?:the |my )?[\w']+(?: {v.APPT}| times| days)?"
)
_SWAPS = re.compile(
    rf"\b(?:swap|switch|exchange|trade) (?:{_TWO}|{_PAIR})(?: around| over| with each other)?(?: please| pls)?\W*$"
)
"""Two visits, each at the time of the other: neither can go first, so a person does it."""
_OTHER_TIME = re.compile(r"\b(?:another|(?:a )?different|some other) (?:time|hour|slot)\b")


def intent_of(low: str, when: When, own: Collection[str]) -> Intent | None:
    """What these words (lower case) are about. `own` are the words of the business: its services, who comes."""
    low = _without_kept(without_verbs(low, own))
    of_cancelling = cancelling(low, own)
    asked = without_told(low, own)
    moves = (
        bool(v.MOVE.search(asked) or RATHER_THAN_IT.search(asked))
        or _is_unfit(asked, when)
        or _moves_own(asked, own)
        or bool(_PLACES_OWN.search(asked) or _BE_MOVED.search(asked))
        or read_shift(asked) is not None
        or wants_own_sooner(asked, ())
    )
    moves = moves and not (CANCEL.search(asked) and BOOKS_LATER.search(asked))
    if v.NOT_CANCEL.search(low):
        return Intent.MOVE if moves else Intent.STATUS
    rules = of_cancelling < Cancelling.HALF and asks_rules(low)
    if rules or v.TOPICS.search(low) or (not when and _asks_if_free(low, own)):
        late = when.clock and v.INSTEAD_OF_IT.search(asked) and v.LATE.search(asked)
        return Intent.MOVE if late else Intent.QUESTION
    calls = v.PERSON.search(NO_CALL_ABROAD.sub(" ", asked)) and not v.NO_CALL.search(asked)
    complains = COMPLAINT.search(asked) and not (when and v.BOOK.search(asked))
    given_up = of_cancelling >= Cancelling.HALF or CANNOT_COME.search(asked)
    urgent = URGENT.search(asked) and not (moves or given_up or v.BETTER.search(asked) or (when and v.BOOK.search(low)))
    harm = NO_SHOW.search(asked) or DANGER.search(asked) or urgent
    if harm or calls or complains or _SWAPS.search(asked) or of_cancelling is Cancelling.ELSEWHERE:
        return Intent.PERSON
    if v.ABORT.match(asked) and not (moves and CANCEL.search(asked)):
        return Intent.ABORT
    if of_cancelling >= Cancelling.HALF and (instead := _given_up(asked, when, own, moves=moves)):
        return instead
    if moves or (when and v.OTHER_ONE.search(asked) and v.INSTEAD_OF_IT.search(asked)):
        return Intent.MOVE
    if of_cancelling >= Cancelling.HALF:
        return Intent.CANCEL
    told = of_cancelling is Cancelling.WEIGHED or (of_cancelling is Cancelling.TOLD and OF_VISIT.search(low))
    told = told or bool(_AGAIN.search(low)) or _asks_when(low, own)
    if told or v.IS_BOOKED.search(asked) or (v.STATUS.search(asked) and not v.OPENINGS.search(asked)):
        return Intent.STATUS
    if v.BOOK.search(asked):
        return Intent.BOOK
    return Intent.PERSON if NOT_CALLED.search(asked) and not when else None


def without_verbs(text: str, own: Collection[str]) -> str:
    """The text without the verbs that are but a part of the name of something of the business's own."""

    def kept(match: re.Match[str]) -> str:
        return match["what"] if {match["what"].lower(), match["verb"].lower()} <= {*own} else match[0]

    return _NAMED_BY_VERB.sub(kept, text)


def _asks_when(low: str, own: Collection[str]) -> bool:
    """Whether it is asked when something of the business's own is: "when is the ant one?"."""
    match = _WHEN_IS.search(low)
    return match is not None and all(word in own for word in match["what"].split())


def _is_unfit(low: str, when: When) -> bool:
    """Whether a visit that does not suit shall be at another time: one is wished for, or that is all that is said."""
    unfit = UNFIT_VISIT.search(low)
    if unfit is None or CANCEL.search(low):
        return False
    wished = when or v.OTHER_DAY.search(low) or _OTHER_TIME.search(low)
    alone = not (CANNOT_COME.search(low) or low[unfit.end() :].strip(" .!"))
    return bool(wished or alone)


def _moves_own(low: str, own: Collection[str]) -> bool:
    """Whether it moves what it names by a word of the business's own, without an article: "push ants to 2"."""
    named = (match["what"].split() for match in _MOVES_WORD.finditer(low))
    return any(words[-1] != "home" and all(word in own for word in words) for words in named)


def _asks_if_free(low: str, own: Collection[str]) -> bool:
    """Whether it is asked what a service costs, and not who has time: "is the treatment free?"."""
    match = _FREE.search(low)
    words = [*match["what"].split(), match["what"].replace(" ", "-")] if match else ()
    return any(word in own or word.rstrip("s") in own for word in words)


def _without_kept(low: str) -> str:
    """Without what shall stay, where something else is to be cancelled: "don't cancel Wednesday, cancel Tuesday"."""
    rest = v.KEPT_ONE.sub(" , ", low)
    return rest if v.CANCELS_NOW.search(rest) and not v.NOT_CANCEL.search(rest) else low


def _given_up(low: str, when: When, own: Collection[str], *, moves: bool) -> Intent | None:
    """The visit is given up as it stands: for another time, if one is named."""
    if CANCEL.search(low):
        other = v.OTHER_DAY.search(UNFIT_VISIT.sub(" , ", low))  # that it doesn't work asks for none yet
        moves = moves or bool(other) or bool(when.days and v.INSTEAD_OF_IT.search(low))
        return Intent.MOVE if moves else Intent.CANCEL
    if not_needed(low, own):
        return Intent.MOVE if moves else Intent.CANCEL
    if CANNOT_COME.search(low):
        return Intent.MOVE if moves or when.days else Intent.CANCEL
    return None
