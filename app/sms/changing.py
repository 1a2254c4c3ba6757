"""The changes that a model wants in one turn: made one after the other, or left to a person; told in the tools' words.

What is new is had before what is old is let go, and what comes after a change that did not succeed is not made.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson

from app import log
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.errors import OverloadedError
from app.inference.asking import NOT_ALLOWED, NobodyAnsweredError
from app.inference.confidence import needs_person
from app.inference.output import occurs
from app.inference.records import acted
from app.review.reviews import Proposal
from app.sms import asked_next, phrases
from app.sms.allowed import CHANGES, Permitted
from app.sms.asked_for import (
    ASKED_ALREADY,
    OF_ELSE,
    TWO_WISHES,
    asks_plainly,
    heard_now,
    is_asked,
    is_of_else,
    leaves_out,
    not_this_visit,
    speaks_of,
)
from app.sms.deciding import opened_once
from app.sms.ground import ground
from app.sms.instead import in_place
from app.sms.model_turn import ModelTurn
from app.sms.not_asked import NO_SHOW, in_danger
from app.sms.overtaking import Overtaking
from app.sms.proposed import as_content, headline
from app.sms.put_back import RefusedError, offer_of, put_back, shown_of, talk_of
from app.sms.spanish import language
from app.sms.state import Asked, Booked, Task, dumped
from app.sms.talk import MAX_REASON_CHARS, Ask, Talk
from app.sms.theirs import is_one_more
from app.sms.told import FOR_MODEL
from app.sms.words import Intent

CALL: Final = "request_callback"
MAKES: Final = (*CHANGES, CALL, "send_confirmation")
"""Tools that do something, so that what they say ends the turn."""
ORDER: Final = ("book_appointment", "reschedule_appointment", "cancel_appointment", "send_confirmation", CALL)
WAITS: Final = phrases.WAITS
NOTHING_ELSE: Final = "Nothing else was done."
MOST_ASKED: Final = 10
"""Questions that are remembered as asked."""
BY_MODEL: Final = "Not the customer's words, a model's: "
_A_WEEK: Final = timedelta(days=8)
"""A day that is named without a date is not further away."""
_FIGURE: Final = re.compile(r"(?<!\d)\d{1,2}(?!\d)")

_log = log.get(__name__)


class Changing:
    """Makes changes for customers who text."""

    def __init__(self, ask: Ask, database: Database, clock: Clock) -> None:
        self._ask = Overtaking(ask, database, clock)
        self._database = database
        self._clock = clock

    async def made(self, turn: ModelTurn, wanted: Sequence[Permitted], inference: str) -> list[str] | Mapping[str, Any]:
        """What there is to say about them; where the first did nothing but want other arguments, its result."""
        try:
            return await self._made(turn, wanted, inference)
        except RefusedError as error:
            return {"ok": False, "code": NOT_ALLOWED, "say": str(error)}

    async def _made(
        self, turn: ModelTurn, wanted: Sequence[Permitted], inference: str
    ) -> list[str] | Mapping[str, Any]:
        own = await self._own(turn) if any(one.tool in CHANGES for one in wanted) else []
        if refused := next(filter(None, (not_this_visit(turn, one, own) for one in wanted)), ""):
            raise RefusedError(refused)
        changes, in_doubt = _as_meant(turn, wanted, own)
        booked = [one for number, one in enumerate(changes) if one.tool in CHANGES and one not in changes[:number]]
        said: list[str] = []
        why = _why_of_all(turn, booked)
        alone = len(changes) == 1 and any(leaves_out(turn, one) for one in wanted if one.tool in CHANGES)
        if alone and not why and not turn.reminded:
            turn.reminded = True
            return {"ok": False, "code": NOT_ALLOWED, "say": TWO_WISHES}
        asked: list[Asked] = []
        # One that waits keeps the others waiting: they may hang together.
        if not why and (alone or in_doubt or not all(is_asked(turn, one, own) for one in booked)):
            turn.language = language(next((one.language for one in booked if one.language), ""), turn.said)
            asked, booked = [put_back(turn, one, own, alone=len(booked) == 1) for one in booked], []
            _ask_once(turn, asked)
        if why:
            await self._propose(turn, booked, own, why=why, inference=inference)
            said, booked = [WAITS], []
        for number, change in enumerate(booked):
            result = await self._call(turn, change, number)
            if number == 0 and result.get("code") in FOR_MODEL:
                return result
            await self._note(inference, f"{change.tool}: {result.get('outcome') or result.get('code') or 'ok'}")
            said.append(str(result["say"]))
            if result.get("outcome") != "confirmed":
                said += [NOTHING_ELSE] if number + 1 < len(booked) else []
                break
        for number, change in enumerate((one for one in changes if one.tool not in CHANGES), start=len(changes)):
            result = await self._asked_for(turn, change, number)
            if not said and not asked and result.get("code") in FOR_MODEL:
                return result
            await self._note(inference, f"{change.tool}: {result.get('code') or 'ok'}")
            said += [str(result["say"])] if str(result["say"]) not in said else []
        return [*said, *await self._put_to_them(turn, asked, own, inference)] if asked else said

    async def asked_whether_to_cancel(self, turn: ModelTurn, visit: Booked, inference: str) -> None:
        """The model chose to ask that: the answer is read as one to any other question, whoever could answer then."""
        strict = not asks_plainly(turn, Task.CANCEL)
        await self._put_to_them(turn, [Asked(Task.CANCEL, visit, strict=strict)], [visit], inference)

    async def called(self, turn: ModelTurn, about: str) -> tuple[str, ...]:
        """Promise the call that they were offered and said yes to. `about`: what they had written before."""
        reason, when = f"{about}\n{turn.window.said[:MAX_REASON_CHARS]}", heard_now(turn).call_at()
        result = await self._call_at(turn, reason, when, 0)
        if not result["ok"]:
            raise NobodyAnsweredError("no call could be promised")
        return (str(result["say"]),)

    async def _put_to_them(
        self, turn: ModelTurn, changes: Sequence[Asked], own: Sequence[Booked], inference: str
    ) -> Sequence[str]:
        """Ask about them, in the guided conversation, which reads the answer."""
        talk = talk_of(turn, self._ask, asked_at=self._clock.now())
        await asked_next.begin(talk, changes, own, shown_of(turn, changes[0]))
        turn.asked = dumped(talk.state)
        await self._note(inference, f"asked back: {', then '.join(change.task for change in changes)}")
        return talk.replies

    async def _own(self, turn: ModelTurn) -> list[Booked]:
        """Their visits ahead: which of them the words mean is not for a model to say."""
        result = await self._ask(turn.conversation, turn.session, "find_appointments", {}, f"{turn.id}:own")
        if not result["ok"]:
            raise NobodyAnsweredError("their visits could not be looked up")
        found = result.get("appointments", ())
        return [booked(each) for each in found]

    async def _asked_for(self, turn: ModelTurn, change: Permitted, number: int) -> Mapping[str, Any]:
        """A call or a confirmation."""
        if change.tool != CALL:
            return await self._call(turn, change, number)
        reason = _reason(turn.window.said, str(change.arguments.get("reason", "")))
        when = _call_at(turn, str(change.arguments.get("when", "")))
        result = await self._call_at(turn, reason, when, number)
        danger = result["ok"] and in_danger(turn.window.said.lower())
        return {**result, "say": f"{phrases.IN_DANGER} {result['say']}"} if danger else result

    async def _call_at(self, turn: ModelTurn, reason: str, when: str, number: int) -> Mapping[str, Any]:
        """A time that nobody can make out, or at which nobody is there, is no reason not to call."""
        plain = {"reason": reason}
        result = await self._call(turn, Permitted(CALL, {**plain, "when": when} if when else plain, None, ()), number)
        if not result["ok"] and when:
            result = await self._call(turn, Permitted(CALL, plain, None, ()), number + 1)
        return result

    async def _call(self, turn: ModelTurn, change: Permitted, number: int) -> Mapping[str, Any]:
        # Under ids of the turn: when it is run again after a crash, what was done then is told.
        identity = change_id(turn.id, number)
        return await self._ask(turn.conversation, turn.session, change.tool, change.arguments, identity)

    async def _propose(
        self, turn: ModelTurn, changes: Sequence[Permitted], own: Sequence[Booked], *, why: str, inference: str
    ) -> None:
        """One decision about all of them: they are made in their order, or none is."""
        conversation, now = turn.conversation, self._clock.now()
        first, *others = changes
        proposal = Proposal(
            business=turn.business.id,
            conversation=turn.key,
            why=why,
            what=headline(turn, changes, own),
            content={
                "tool": first.tool,
                "arguments": dict(first.arguments),
                "then": [
                    {"tool": other.tool, "arguments": dict(other.arguments), **_when(turn, other)} for other in others
                ],
                "session": turn.session,
                "conversation": conversation.id,
                "customer": conversation.customer,
                "line": conversation.line,
                "channel": conversation.channel,
                "said": turn.window.said,
                "besides": _besides(turn),
                "inference": inference,
                **as_content(turn, changes, own),
                **_when(turn, first),
            },
            key=digest([conversation.id, turn.id]),
        )
        try:
            await self._database.write(lambda t: opened_once(t, proposal, now=now))
        except (DatabaseUnavailableError, OverloadedError) as error:
            raise NobodyAnsweredError("nobody can be asked to decide") from error
        await self._note(inference, f"review: {why}")

    async def _note(self, inference: str, action: str) -> None:
        try:
            await self._database.write(lambda t: acted(t, inference, action, now=self._clock.now()))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("action of an inference not noted", reason=type(error).__name__)


def _ask_once(turn: ModelTurn, asked: Sequence[Asked]) -> None:
    """What does not come of their own words is asked about once. Raises `RefusedError`."""
    before = turn.facts.get("asked", ())
    about = [
        f"{one.task}:{one.appointment.reference if one.appointment else ''}:{one.slot.start if one.slot else ''}"
        for one in asked
        if not speaks_of(turn, one.task)
    ]
    if about and len(about) == len(asked) and set(about) <= set(before):
        raise RefusedError(ASKED_ALREADY)
    turn.facts["asked"] = [*before, *(one for one in about if one not in before)][-MOST_ASKED:]


def _as_meant(turn: ModelTurn, wanted: Sequence[Permitted], own: Sequence[Booked]) -> tuple[list[Permitted], bool]:
    """The changes in their order, a booking that is rather a move as one; and whether any has to be asked about."""
    meant, in_doubt = list[Permitted](), False
    for change in wanted:
        instead, doubtful = in_place(turn, change, [other for other in wanted if other is not change], own)
        if doubtful and not instead.arguments.get("reference", "-") and _why(turn, change):
            instead = change  # a person finds out which visit it is about
        meant.append(instead)
        in_doubt = in_doubt or doubtful
    return sorted(meant, key=lambda one: ORDER.index(one.tool)), in_doubt


def booked(each: Mapping[str, Any]) -> Booked:
    """One of what `find_appointments` tells."""
    return Booked(each["reference"], each["start"], each["service"], each["technician"])


def _when(turn: ModelTurn, change: Permitted) -> dict[str, str]:
    """The time it is about, and the service: another offer of it has another id."""
    slot, service = offer_of(turn, str(change.arguments.get("slot_id", "")))
    return {"start": slot.start, "technician": slot.who, "service": service} if slot else {}


def _besides(turn: ModelTurn) -> bool:
    """Whether they have asked for one more visit since what they wanted last was put before a person."""
    talk = heard_now(turn)
    for message in reversed(turn.messages):
        if message.who == "agent" and WAITS in message.text:
            return False
        if message.who == "customer" and is_one_more(talk, message.text.lower()):
            return True
    return False


def _call_at(turn: ModelTurn, wanted: str) -> str:
    """When to call: what the customer's newest words say of it. What a model `wanted` counts where it stands in those
    words, or agrees with what can be read of them: a time that it makes up is promised, and may be weeks away.
    """
    talk = heard_now(turn)
    if talk.said.intent is Intent.PERSON and (when := talk.call_at()):
        return when
    urgent = in_danger(turn.window.said.lower()) or NO_SHOW.search(turn.window.said.lower())
    return wanted if wanted and not urgent and (occurs(wanted, turn.window.said) or _agrees(talk, wanted)) else ""


def _agrees(talk: Talk, wanted: str) -> bool:
    """Whether the time is on a day that they name or, where no day can be read, at an hour of theirs within a week."""
    meant, named = ground(talk.business, talk.now).when(wanted)[0], talk.said.when
    if len(meant.days) != 1 or meant.length != 1 or talk.said.intent in (Intent.BOOK, Intent.MOVE, Intent.CANCEL):
        return False
    if named.days:
        at = not meant.clock or not named.clock or any(map(named.clock.allows, meant.clock.minutes))
        return at and meant.days[0] in named.days
    if not (named or talk.said.foreign):
        return False
    figures = {int(figure) for figure in _FIGURE.findall(talk.said.whole)}
    hours = {hour for each in meant.clock.minutes for hour in (each // 60, (each // 60 - 1) % 12 + 1)}
    return bool(figures & hours) and meant.days[0] < talk.today + _A_WEEK


def _reason(said: str, added: str) -> str:
    """Why a customer wants a call, in their own words first. What a model says of it is not theirs, and says so."""
    own = said[:MAX_REASON_CHARS]
    return own if not added or occurs(added, said) else f"{own}\n{BY_MODEL}{added[:MAX_REASON_CHARS]}"


def _why_of_all(turn: ModelTurn, changes: Sequence[Permitted]) -> str:
    """Why a person decides about them; empty where nobody need. Raises `RefusedError`.

    Nobody is paged to decide about what the customer did not speak of.
    """
    why = next(filter(None, (_why(turn, one) for one in changes)), "")
    if why and all(is_of_else(turn, one) for one in changes):
        raise RefusedError(OF_ELSE)
    return why


def _why(turn: ModelTurn, change: Permitted) -> str:
    """Why a person decides about it; empty where nobody need."""
    high, now, rests_on = turn.business.reviewed, turn.window.said, change.rests_on
    name = str(change.arguments.get("customer_name", ""))
    if (
        rests_on and name and occurs(name, now)
    ):  # what they chose before, and are asked for the name of, rests on it too
        rests_on = (*rests_on, name)
    why = needs_person(change.tool, change.confidence, rests_on, turn.said, now, high)
    return why or ("new_business" if turn.business.is_new(turn.now) else "")


def change_id(turn: str, number: int) -> str:
    """What names a change among those of its turn, by which it is found done."""
    return f"{turn}:change" + (f":{number}" if number else "")


def digest(value: Any) -> str:
    """A name that follows from a value."""
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
