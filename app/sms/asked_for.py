"""Whether a customer's newest words ask for a change that a model wants made, as the guided conversation reads words.

Pure. What nobody clearly asked for is not made at once: a person decides about it, or the model asks back.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.booking.business import Service
from app.sms import theirs
from app.sms.allowed import CHANGES, Denied, Permitted
from app.sms.assent import UNDONE, asks_only, says_nothing_else
from app.sms.cancelling import CANCEL, CANNOT_COME, NOT_NEEDED, Cancelling
from app.sms.clocks_in_words import hours_meant
from app.sms.dates_in_words import When
from app.sms.ground import ground
from app.sms.meant import NOT_THE_POINT, minute, names_time, picked, services_in, services_kept
from app.sms.model_turn import ModelTurn
from app.sms.several import kept
from app.sms.state import Booked, Offered, State, Step, Task
from app.sms.talk import Talk
from app.sms.vocabulary import (
    CANCEL_IT,
    CLOSING,
    CONDITION,
    EARLIER_ONE,
    GREETING,
    LATER_ONE,
    NEGATION,
    NO_BUT_FINE,
    NOT_TO_CANCEL,
    REQUESTS,
    SEGMENTS,
)
from app.sms.words import Answer, Intent, Said

TO_MOVE: Final = "The customer wants that moved, and not cancelled. Look for open times, or ask which day suits them."
SAID_NO: Final = "The customer said no. Ask which time or which day suits them."
ANOTHER_TIME: Final = "The customer's words name another of the times. Ask which time they want."
ANOTHER_VISIT: Final = "The customer's words name another day, hour or service. Look for that one, and offer it."
OTHER_VISIT: Final = (
    "The customer's words name another of their appointments. Call find_appointments, and take the one they name."
)
NOT_THEIRS: Final = (
    "The customer's words name an appointment that is none of theirs. Change nothing, and call request_callback."
)
STAYS: Final = (
    "The customer's words say that this appointment stays as it is. Tell them when it is, and change nothing."
)
OF_ELSE: Final = "The customer's words do not ask for that. Answer what they say."
ASKED_ALREADY: Final = "The customer was asked that already and did not want it. Answer what they say now."
TWO_WISHES: Final = (
    "The customer asks for two things in one message, and what is done ends the turn. Look up what is missing, then "
    "call both tools together."
)
MOST_WORDS: Final = 12
"""In a longer text a day or a service may be named for another reason."""
_NO_TOOLS: Any = None
_SEE_YOU: Final = re.compile(r"\bsee (?:you|u|ya|y'?all)(?: guys)? (?P<when>[^,.;!\n]+)", re.I)
_FIRST_NO: Final = re.compile(r"^\W*no\b(?=\W*[,.!;\n])")
_NOT: Final = re.compile(r"\w+n[’']t\b")
_REQUEST: Final = re.compile(
    r"\W*(?:(?:please|pls|then|also|just|instead|to) )*(?P<does>book|schedule|cancel|move|reschedule|change)\b", re.I
)
_KINDS: Final = {"book": "book_appointment", "schedule": "book_appointment", "cancel": "cancel_appointment"}
_WHOSE: Final = r"(?:(?:my|the|full|first) name(?: is|'?s)?:?|name'?s|for|under|it['’]?s|it is|this is|i['’]?m|i am)"
_OF_US: Final = re.compile(r"(?:do|does|did|is|are|was|were|whats?|what's|when|where|who|which|why|how)\b")
_OF_THEM: Final = re.compile(r"\b(?:i|i'm|im|me|my|mine|we|us|our|possible|possibly|mind|chance|way)\b")
_FIGURE: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"\w+")


def held(turn: ModelTurn, verdict: Permitted | Denied) -> Permitted | Denied:
    """The verdict, or a refusal where the words say the opposite or name another visit or time."""
    if isinstance(verdict, Denied) or verdict.tool not in CHANGES:
        return verdict
    whole = _talk(turn, turn.window.said)
    if verdict.tool == "cancel_appointment":
        if whole.said.intent is Intent.MOVE and not CANCEL.search(whole.said.text.lower()):
            return Denied(verdict.tool, TO_MOVE)
        return verdict
    chosen, start = _picked(whole), _start(turn, verdict)
    if chosen is None and whole.said.answer is Answer.NO and not _asks_for_time(whole, start):
        return Denied(verdict.tool, SAID_NO)
    chosen = chosen or _at_hour(whole)
    if chosen and not _is_same(turn, chosen, verdict) and len(_FIGURE.findall(turn.window.said)) <= 1:
        return Denied(verdict.tool, ANOTHER_TIME)
    if chosen is None and verdict.tool == "book_appointment" and _names_another(whole, start, _service(turn, verdict)):
        return Denied(verdict.tool, ANOTHER_VISIT)
    return verdict


def not_this_visit(turn: ModelTurn, change: Permitted, own: Sequence[Booked]) -> str:
    """What a model is told where the words say that the visit stays, or that it is another one of theirs."""
    talk, reference = heard_now(turn), change.arguments.get("reference")
    if change.tool not in ("cancel_appointment", "reschedule_appointment") or not own:
        return ""
    if talk.said.cancelling is Cancelling.ELSEWHERE:
        return NOT_THEIRS
    if change.tool == "cancel_appointment" and (theirs.referred(talk, own) == [] or theirs.none_then(talk, own)):
        return OTHER_VISIT
    stay = [*kept(talk, talk.said, own), *_expected(talk, own)]
    cancels = talk.said.cancelling >= Cancelling.HALF
    if any(each.reference == reference for each in stay):
        return STAYS
    if change.tool == "reschedule_appointment" or not cancels:
        return STAYS if talk.said.kept and talk.said.intent is not Intent.MOVE else ""
    fits = _named_of(talk, [each for each in own if each not in stay])
    return OTHER_VISIT if fits and reference not in [each.reference for each in fits] else ""


def _named_of(talk: Talk, visits: Sequence[Booked]) -> Sequence[Booked]:
    """Those of `visits`, soonest first, that all that is said fits: a time, a service or a place among them."""
    said, low = talk.said, talk.said.text.lower()
    if len(visits) > 1 and (EARLIER_ONE.search(low) or LATER_ONE.search(low)):
        return visits[-1:] if LATER_ONE.search(low) else visits[:1]
    if len(visits) > 1 and said.number is not None and -1 <= said.number <= len(visits) and said.number:
        return [visits[said.number - 1 if said.number > 0 else -1]]
    named = {each.service for each in visits if _names_service(talk.business.service(each.service), low)}
    named -= {service.id for service in services_kept(talk)}
    at = [each for each in visits if not said.when or names_time(said.when, each.starts)]
    return [each for each in at if not named or each.service in named]


def _expected(talk: Talk, own: Sequence[Booked]) -> list[Booked]:
    """Those that they look forward to: "see you Wednesday"."""
    told = ground(talk.business, talk.now)
    days = {day for match in _SEE_YOU.finditer(talk.said.whole) for day in told.when(match["when"])[0].days}
    return [each for each in own if each.starts.date() in days]


def heard_now(turn: ModelTurn) -> Talk:
    """The newest words, as an answer to what was asked last."""
    return _talk(turn, turn.window.said)


def speaks_of(turn: ModelTurn, task: Task) -> bool:
    """Whether it comes of their own words that something of the kind is asked about at all."""
    if task is Task.CANCEL:
        return heard_now(turn).said.cancelling >= Cancelling.HALF
    intent = Intent.MOVE if task is Task.MOVE else Intent.BOOK
    talks = [_talk(turn, message.text) for message in turn.messages if message.who == "customer"]
    return any(talk.said.intent is intent or _picked(talk) for talk in talks)


def is_of_else(turn: ModelTurn, change: Permitted) -> bool:
    """Whether the newest words can be read and are only thanks, a greeting or a question about something else."""
    talk = heard_now(turn)
    said = talk.said
    if said.foreign:
        return False
    if change.tool == "cancel_appointment":
        about = said.cancelling >= Cancelling.HALF or said.answer is Answer.YES
    else:
        about = bool(said.intent in (Intent.BOOK, Intent.MOVE) or said.when or said.answer or _picked(talk))
    if about:
        return False
    else_wanted = said.intent in (Intent.QUESTION, Intent.STATUS, Intent.PERSON)
    return else_wanted or said.only_greets or says_nothing_else(talk) or _only_asks_of_us(said.text.lower())


def _only_asks_of_us(low: str) -> bool:
    """Whether all of it, beside courtesies, asks about the business; what is asked for themselves may be a wish."""
    parts = [part.strip(' "*.!?') for part in SEGMENTS.split(low) if part.strip(' "*.!?')]
    left = [part for part in parts if not (CLOSING.fullmatch(part) or GREETING.fullmatch(part))]
    return bool(left) and all(_OF_US.match(part) and not _OF_THEM.search(part) for part in left)


def asks_plainly(turn: ModelTurn, task: Task) -> bool:
    """Whether a good word is a yes to it, since they asked for it themselves, and under no condition."""
    wanted = _wants_cancelled(heard_now(turn)) if task is Task.CANCEL else speaks_of(turn, task)
    return wanted and not has_condition(turn)


def has_condition(turn: ModelTurn) -> bool:
    """Whether the newest words ask for it under a condition."""
    return bool(CONDITION.search(turn.window.said.lower()))


def leaves_out(turn: ModelTurn, change: Permitted) -> bool:
    """Whether the newest words ask for something besides, which would be forgotten over this one change."""
    said = heard_now(turn).said
    then = said.next
    second = then is not None and then.intent in (Intent.BOOK, Intent.MOVE, Intent.CANCEL)
    if change.tool == "reschedule_appointment":  # of "cancel it and book the third" that is both
        return second and said.intent is Intent.MOVE
    found = [_REQUEST.match(part) for part in REQUESTS.split(turn.window.said) if part and part.strip()]
    kinds = {_KINDS.get(match["does"].lower(), "reschedule_appointment") for match in found if match}
    return second or (len(found) > 1 and bool(kinds - {change.tool}))


def is_asked(turn: ModelTurn, change: Permitted, own: Sequence[Booked] = ()) -> bool:
    """Whether the newest words ask for exactly this and nothing of them is left over. `own` are their visits ahead."""
    text = turn.window.said
    parts = [part for part in REQUESTS.split(text) if part and part.strip()]
    hedged = _hedged(text.lower(), _talk(turn, text).said)
    alone = [text, *(part for part in parts if all(o is part or _REQUEST.match(o) for o in parts))]
    talks = [_talk(turn, part) for part in dict.fromkeys(alone)]
    if change.tool == "cancel_appointment":
        reference = change.arguments.get("reference", "")
        plainly = not hedged and not _names_other_time(talks[0].said, reference, own)
        return plainly and any(_names_visit(talk, reference, own) for talk in talks)
    start, moves = _start(turn, change), change.tool == "reschedule_appointment"
    of_it = _is_only(change, own) if moves else _is_named(turn, change) and not is_who_comes(turn, change)
    if hedged or moves_visit(turn) is not moves or not of_it:
        return False
    for talk in talks:
        talk.state.name = str(change.arguments.get("customer_name", ""))
        talk.state.task = Task.MOVE if moves else Task.BOOK
        talk.state.service = _service(turn, change)
    talks = [talk for talk in talks if (chosen := _picked(talk)) is None or _is_same(turn, chosen, change)]
    return any(_chooses(talk, start, moves=moves) for talk in talks)


def _talk(turn: ModelTurn, text: str) -> Talk:
    """The words as an answer to which of the times suits, where that was asked last."""
    state = State(step=Step.TIME, slots=_shown(turn))
    return Talk(turn.conversation, turn.business, state, turn.reads(text), int(turn.now), turn.id, _NO_TOOLS)


def _shown(turn: ModelTurn) -> list[Offered]:
    known = turn.known()
    offers = [known.offers[name] for name in known.shown if name in known.offers]
    return [Offered(offer["slot_id"], offer["start"], offer["technician"]) for offer in offers]


def _start(turn: ModelTurn, change: Permitted) -> str:
    return _offer(turn, change.arguments.get("slot_id")).get("start", "")


def _service(turn: ModelTurn, change: Permitted) -> str:
    return _offer(turn, change.arguments.get("slot_id")).get("service", "")


def _offer(turn: ModelTurn, slot_id: Any) -> Mapping[str, str]:
    return next((offer for offer in turn.known().offers.values() if offer["slot_id"] == slot_id), {})


def _is_same(turn: ModelTurn, chosen: Offered, change: Permitted) -> bool:
    """Whether it is the very time that was chosen, if by another offer of it."""
    one, other = _offer(turn, chosen.slot_id), _offer(turn, change.arguments.get("slot_id"))
    return all(one.get(name) == other.get(name) for name in ("start", "technician", "service"))


def is_who_comes(turn: ModelTurn, change: Permitted) -> bool:
    """Whether the name for the booking is a technician's: "the first one with Dana", unlike "it's Dana"."""
    words = str(change.arguments.get("customer_name", "")).lower().split()
    if not words or not set(words) <= ground(turn.business, int(turn.now)).technicians:
        return False
    whose = re.compile(rf"\b{_WHOSE} {re.escape(' '.join(words))}\b")
    return not any(whose.search(message.text.lower()) for message in turn.messages if message.who == "customer")


def _is_named(turn: ModelTurn, change: Permitted) -> bool:
    """Whether the time is for the service that they named last: a list of times does not say for which it is."""
    if len(turn.business.services_said()) == 1:
        return True
    talk = heard_now(turn)
    for message in reversed(turn.messages):
        named = services_in(talk, Said(text=message.text)) if message.who == "customer" else []
        if named:
            return [each.id for each in named] == [_service(turn, change)]
    return False


def _hedged(low: str, said: Said) -> bool:
    """Whether it is asked, said with a condition, or said with a "not" beyond that they cannot come."""
    if "?" in said.told or CONDITION.search(low) or NOT_TO_CANCEL.search(low) or UNDONE.search(low):
        return True
    for harmless in (_FIRST_NO, NO_BUT_FINE, CANNOT_COME, NOT_NEEDED):
        low = harmless.sub(" ", low)
    return bool(NEGATION.search(low) or _NOT.search(low))


def _wants_cancelled(talk: Talk) -> bool:
    """A visit, and not the booking that is under way."""
    low = talk.said.text.lower()
    if CANCEL_IT.fullmatch(low) and talk.state.slots:
        return False
    return talk.said.cancels and talk.said.cancelling is Cancelling.PLAIN


def _names_visit(talk: Talk, reference: str, own: Sequence[Booked]) -> bool:
    """Whether this visit, and no other of theirs, is to be cancelled, and nothing else is said."""
    if not _wants_cancelled(talk):
        return False
    visit = next((each for each in own if each.reference == reference), None)
    if visit is None:
        return False
    when, named = talk.said.when, {service.id for service in services_in(talk)}
    fits = [each for each in own if not when or names_time(when, each.starts)]
    fits = [each for each in fits if each.service in named] if len(fits) > 1 and named else fits
    return fits == [visit] and asks_only(talk, visit, Task.CANCEL)


def _names_other_time(said: Said, reference: str, own: Sequence[Booked]) -> bool:
    """Whether a time is named beside the request to cancel, or to move, that is not this visit's own."""
    starts = [each.starts for each in own if each.reference == reference]
    times = [said.next.when if said.next is not None else When(), said.when if said.intent is Intent.MOVE else When()]
    return any(when and not any(names_time(when, at) for at in starts) for when in times)


def _names_another(talk: Talk, start: str, service: str) -> bool:
    """Whether nothing but a day, an hour or a service is named, and it is not that of this time."""
    if talk.said.number is not None or len(talk.said.text.split()) > MOST_WORDS:
        return False
    at, when, named = datetime.fromisoformat(start), talk.said.when, services_in(talk)
    if named and service not in [each.id for each in named]:
        return True
    day = not when.loose and when.length == 1 and bool(when.days) and at.date() not in when.days
    one_hour = bool(when.clock.minutes) and len(_FIGURE.findall(talk.said.text)) <= 1
    return day or (one_hour and not when.clock.allows(at.hour * 60 + at.minute))


def _is_only(change: Permitted, own: Sequence[Booked]) -> bool:
    """Whether it is the only visit they have: of several the words about a time do not say which is to go there."""
    return [each.reference for each in own] == [change.arguments.get("reference")]


def moves_visit(turn: ModelTurn) -> bool:
    """Whether a visit is being moved, rather than a new one booked: what was asked for last."""
    for message in reversed(turn.messages):
        intent = _talk(turn, message.text).said.intent if message.who == "customer" else None
        if intent in (Intent.BOOK, Intent.MOVE):
            return intent is Intent.MOVE
    return False


def _picked(talk: Talk) -> Offered | None:
    return picked(talk) if talk.state.slots else None


def _names_service(service: Service | None, low: str) -> bool:
    """Whether any word that tells it from other visits is there, be it beside the name of another service."""
    words = {word.rstrip("s") for word in _WORD.findall(service.name.lower())} - NOT_THE_POINT if service else set()
    return bool(words & {word.rstrip("s") for word in _WORD.findall(low)})


def _at_hour(talk: Talk) -> Offered | None:
    """The only time that was shown at a bare hour which is no number of one: "9 please"."""
    number, slots = talk.said.number, talk.state.slots
    hours = hours_meant(number) if number is not None and number > len(slots) else ()
    at = [slot for slot in slots if minute(slot) in hours]
    return at[0] if len(at) == 1 else None


def _chooses(talk: Talk, start: str, *, moves: bool) -> bool:
    may = (None, Intent.BOOK, Intent.MOVE) if moves else (None, Intent.BOOK)
    if talk.said.intent not in may or talk.said.more is not None or not _asks_for_time(talk, start):
        return False
    slot = next((each for each in talk.state.slots if each.start == start), Offered("", start, ""))
    return asks_only(talk, slot, Task.MOVE if moves else Task.BOOK)


def _asks_for_time(talk: Talk, start: str) -> bool:
    """Whether this very time is chosen of those that were shown, or named by its day and its clock."""
    if (chosen := _picked(talk)) is not None:
        return chosen.start == start
    when = talk.said.when
    exact = bool(when.days and when.clock.minutes) and bool(start)
    return exact and names_time(when, datetime.fromisoformat(start))
