"""What a text wants done, where its words say so. Pure."""

from collections.abc import Collection
from enum import StrEnum

from app.sms import vocabulary as v
from app.sms.cancelling import CANCEL, CANNOT_COME, NOT_NEEDED, OF_VISIT, Cancelling, cancelling, without_told
from app.sms.dates_in_words import When, read_shift
from app.sms.not_asked import BOOKS_LATER, COMPLAINT, DANGER, NO_SHOW, NOT_CALLED, URGENT


class Intent(StrEnum):
    """What a text is about, where it says so."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    STATUS = "status"
    PERSON = "person"
    ABORT = "abort"
    QUESTION = "question"


def intent_of(low: str, when: When, own: Collection[str]) -> Intent | None:
    """What these words (lower case) are about. `own` are the words of the business: its services, who comes."""
    low = _without_kept(low)
    of_cancelling = cancelling(low, own)
    asked = without_told(low, own)
    moves = bool(v.MOVE.search(asked)) or _moves_own(asked, own) or read_shift(asked) is not None
    moves = moves and not (CANCEL.search(asked) and BOOKS_LATER.search(asked))
    if v.NOT_CANCEL.search(low):
        return Intent.MOVE if moves else Intent.STATUS
    if v.TOPICS.search(low) or _asks_if_free(low, own):
        late = when.clock and v.INSTEAD_OF_IT.search(asked) and v.LATE.search(asked)
        return Intent.MOVE if late else Intent.QUESTION
    calls = v.PERSON.search(asked) and not v.NO_CALL.search(asked)
    complains = COMPLAINT.search(asked) and not (when and v.BOOK.search(asked))
    given_up = of_cancelling >= Cancelling.HALF or CANNOT_COME.search(asked)
    urgent = URGENT.search(asked) and not (moves or given_up or v.BETTER.search(asked) or (when and v.BOOK.search(low)))
    harm = NO_SHOW.search(asked) or DANGER.search(asked) or urgent
    if harm or calls or complains or of_cancelling is Cancelling.ELSEWHERE:
        return Intent.PERSON
    if v.ABORT.match(asked) and not (moves and CANCEL.search(asked)):
        return Intent.ABORT
    if of_cancelling >= Cancelling.HALF and (instead := _given_up(asked, when, moves=moves)):
        return instead
    if moves or (when and v.OTHER_ONE.search(asked) and v.INSTEAD_OF_IT.search(asked)):
        return Intent.MOVE
    if of_cancelling >= Cancelling.HALF:
        return Intent.CANCEL
    told = of_cancelling is Cancelling.WEIGHED or (of_cancelling is Cancelling.TOLD and OF_VISIT.search(low))
    if told or v.IS_BOOKED.search(asked) or (v.STATUS.search(asked) and not v.OPENINGS.search(asked)):
        return Intent.STATUS
    if v.BOOK.search(asked):
        return Intent.BOOK
    return Intent.PERSON if NOT_CALLED.search(asked) and not when else None


def _moves_own(low: str, own: Collection[str]) -> bool:
    """Whether it moves what it names by a word of the business's own, without an article: "push ants to 2"."""
    return any(match[1] in own or match[1].rstrip("s") in own for match in v.MOVES_WORD.finditer(low))


def _asks_if_free(low: str, own: Collection[str]) -> bool:
    """Whether it is asked what a service costs, and not who has time: "is the treatment free?"."""
    match = v.FREE.search(low)
    return match is not None and any(word in own or word.rstrip("s") in own for word in match["what"].split())


def _without_kept(low: str) -> str:
    """Without what shall stay, where something else is to be cancelled: "don't cancel Wednesday, cancel Tuesday"."""
    rest = v.KEPT_ONE.sub(" , ", low)
    return rest if v.CANCELS_NOW.search(rest) and not v.NOT_CANCEL.search(rest) else low


def _given_up(low: str, when: When, *, moves: bool) -> Intent | None:
    """The visit is given up as it stands: for another time, if one is named."""
    if CANCEL.search(low):
        moves = moves or bool(v.OTHER_DAY.search(low)) or bool(when.days and v.INSTEAD_OF_IT.search(low))
        return Intent.MOVE if moves else Intent.CANCEL
    if NOT_NEEDED.search(low):
        return Intent.MOVE if moves else Intent.CANCEL
    if CANNOT_COME.search(low):
        return Intent.MOVE if moves or when.days else Intent.CANCEL
    return None
