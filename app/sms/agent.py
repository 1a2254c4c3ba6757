"""A text conversation with a model behind it. What a model may not do is not done, and where it fails, or may not be
used, the customer gets the guided conversation instead.

A change ends the turn: what is said about it are the tool's own words, never the model's.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from app import log
from app.booking.business import Business, Businesses
from app.booking.zones import local_date
from app.calls.model import Tool
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.errors import OverloadedError
from app.inference.asking import NOT_ALLOWED, Asking, NobodyAnsweredError, OutOfScopeError, canonical
from app.inference.confidence import needs_person
from app.inference.flag import MODEL_PATH, Flags
from app.inference.model import Message, Wanted
from app.inference.output import Decision, Intent, Saying
from app.inference.prompt import as_data
from app.inference.records import acted
from app.inference.window import InputError, Memory, Window, remember, remembered, shown, windowed
from app.review.reviews import Proposal, opened
from app.sms.allowed import CHANGES, TAKES, Denied, Facts, Permitted, offered_tool, permitted
from app.sms.phrases import PICTURE
from app.sms.place import place
from app.sms.sayings import ENGLISH, KNOWLEDGE, Told, in_words
from app.sms.talk import MAX_QUESTION_CHARS, Ask
from app.sms.turn import Conversation, Incoming, Responder, Turn
from app.sms.vocabulary import TOPICS

MOST_STEPS: Final = 4
"""Inferences in one turn."""
STALE_AFTER_S: Final = 4 * 3_600
"""A text that comes later than this begins a new conversation."""
GUIDED_FOR_S: Final = 1_800
"""A guided conversation that was begun is gone on with for so long after its last turn."""
MOST_OFFERS: Final = 20
MOST_REFERENCES: Final = 10
WAITS: Final = (
    "Thank you, a colleague confirms that with you first. You'll hear from us within half an hour. Nothing has been "
    "changed yet."
)
NOTHING_ELSE: Final = "Nothing else was done."
NOT_ALONE: Final = "Nothing was done: another tool of the same answer was refused. Call them again together."
ORDER: Final = ("book_appointment", "reschedule_appointment", "cancel_appointment", "request_callback")
"""Of several changes: what is new is had before what is old is let go."""

_PARTS: Final = re.compile(r"[?.!;\n]|, | and ", re.I)
_log = log.get(__name__)


@dataclass(slots=True)
class _State:
    """What is kept from turn to turn. `guided` is the guided conversation's own state."""

    session: str = ""
    at: float = 0.0
    memory: Memory = field(default_factory=Memory)
    guided: Mapping[str, Any] = field(default_factory=dict)
    guided_at: float = 0.0

    def dumped(self) -> dict[str, Any]:
        return {
            "session": self.session,
            "at": self.at,
            "memory": self.memory.model_dump(mode="json"),
            "guided": dict(self.guided),
            "guided_at": self.guided_at,
        }


@dataclass(slots=True)
class _Talk:
    """One turn under way."""

    business: Business
    conversation: Conversation
    session: str
    turn: str
    """The id of the newest text, from which every id of this turn follows."""
    now: float
    window: Window
    facts: dict[str, Any]
    messages: list[Message]
    told: Told

    @property
    def key(self) -> str:
        return f"sms:{self.conversation.id}:{self.turn}"[:320]

    @property
    def said(self) -> str:
        """Everything the customer wrote that the model can see."""
        return "\n".join(message.text for message in self.messages if message.who == "customer")

    def known_facts(self) -> Facts:
        return Facts(self.facts.get("offers", {}), tuple(self.facts.get("references", ())))


class ModelConversation:
    """A Responder over `guided`, which is another one."""

    def __init__(  # noqa: PLR0913 - everything a turn goes through, handed in by name
        self,
        *,
        businesses: Businesses,
        tools: Sequence[Tool[Any]],
        ask: Ask,
        asking: Asking,
        flags: Flags,
        guided: Responder,
        database: Database,
        clock: Clock,
    ) -> None:
        self._businesses = businesses
        self._ask = ask
        self._asking = asking
        self._flags = flags
        self._guided = guided
        self._database = database
        self._clock = clock
        self._offered = [
            offered_tool(tool.name, tool.description, tool.arguments.model_json_schema())
            for tool in sorted(tools, key=lambda tool: tool.name)
            if tool.name in TAKES
        ]

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        """Answer all of `texts` in one turn."""
        business = self._businesses.by_id.get(conversation.business)
        state = _loaded(conversation.state)
        if business is None or not texts or not await self._may_be_asked(conversation, state, texts[-1].received_at):
            return await self._by_guide(conversation, texts, state)
        try:
            return await self._with_model(business, conversation, texts, state)
        except InputError as error:
            data = {"conversation": conversation.id, "text": texts[-1].id}
            await self._asking.unreadable(business, f"sms:{conversation.id}:{texts[-1].id}", str(error), data)
        except NobodyAnsweredError as error:
            _log.info("answered without a model", reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever breaks on this path, there is another one to an answer
            _log.error("model path broke", exc_info=error)
        return await self._by_guide(conversation, texts, state)

    async def _may_be_asked(self, conversation: Conversation, state: _State, now: float) -> bool:
        if not self._asking.possible or now - state.guided_at < GUIDED_FOR_S:
            return False
        return await self._flags.on(MODEL_PATH, conversation.customer)

    async def _by_guide(self, conversation: Conversation, texts: Sequence[Incoming], state: _State) -> Turn:
        turn = await self._guided.answer(replace(conversation, state=state.guided), texts)
        state.guided = turn.state
        state.guided_at = texts[-1].received_at if texts else state.guided_at
        return Turn(turn.replies, state.dumped())

    async def _with_model(
        self, business: Business, conversation: Conversation, texts: Sequence[Incoming], state: _State
    ) -> Turn:
        newest = texts[-1]
        if all(text.media and not shown(text.body) for text in texts):
            return Turn((PICTURE,), state.dumped())  # nothing was written that anybody could have read
        if not state.session or newest.received_at - state.at > STALE_AFTER_S:
            state.session, state.memory = texts[0].id, Memory()
        window = windowed(state.memory, [text.body for text in texts])
        turns = [Message(turn.who, turn.text) for turn in window.turns]
        messages = [*turns, Message("customer", window.said)]
        facts = dict(window.facts)
        told = Told(business, local_date(business.zone, int(newest.received_at)))
        talk = _Talk(
            business, conversation, state.session, newest.id, newest.received_at, window, facts, messages, told
        )
        try:
            replies = await self._turn(talk)
        except OutOfScopeError:
            replies = (ENGLISH[Saying.NOT_HERE],)
        state.memory = remember(state.memory, window.said, replies, talk.facts)
        state.at = max(state.at, newest.received_at)
        return Turn(replies, state.dumped())

    async def _turn(self, talk: _Talk) -> tuple[str, ...]:
        """Step by step until there is something to say. Raises `NobodyAnsweredError`."""

        def words(decision: Decision) -> str:
            return " ".join(in_words(decision, talk.told, talk.business))

        for step in range(MOST_STEPS):
            try:
                # What a tool has told is taken further by the smallest model; what a customer means needs a better.
                asked = await self._asking.ask(talk.business, talk.key, self._given(talk), small=step > 0, words=words)
            except NobodyAnsweredError:
                if talk.told.words():
                    return talk.told.words()
                raise
            if isinstance(asked.understood, Decision):
                await self._answer_questions(talk, asked.understood.intent, step)
                return in_words(asked.understood, talk.told, talk.business)
            if (
                replies := await self._carried_out(talk, canonical(asked.understood, step), asked.id, step)
            ) is not None:
                return replies
        raise NobodyAnsweredError("too many steps")

    async def _carried_out(
        self, talk: _Talk, wanted: Sequence[Wanted], inference: str, step: int
    ) -> tuple[str, ...] | None:
        """Look up what is wanted, then change what is; what is said then, or None: the model goes on."""
        verdicts = [permitted(each, talk.known_facts(), talk.said) for each in wanted]
        changes = [verdict for verdict in verdicts if _changes(verdict.tool)]
        allowed = [verdict for verdict in changes if isinstance(verdict, Permitted)]
        spoilt = len(allowed) < len(changes)
        talk.messages.append(Message("agent", "", tuple(wanted)))
        for each, verdict in zip(wanted, verdicts, strict=True):
            if isinstance(verdict, Permitted) and not _changes(verdict.tool):
                talk.messages.append(await self._looked_up(talk, each, verdict, step))
            elif isinstance(verdict, Denied) or spoilt:
                say = verdict.say if isinstance(verdict, Denied) else NOT_ALONE
                text = orjson.dumps({"ok": False, "code": NOT_ALLOWED, "say": say}).decode()
                talk.messages.append(Message("tool", text, answers=each.id, tool=verdict.tool))
        if allowed and not spoilt:
            await self._answer_questions(talk, Intent.OTHER, step)
            return (*talk.told.words(), *await self._changed(talk, allowed, inference))
        return talk.told.words() if talk.told.only_documents else None

    async def _answer_questions(self, talk: _Talk, intent: Intent, step: int) -> None:
        """A question about the business is for its documents, whether or not the model thought of them."""
        said = talk.window.said
        about = [part.strip() for part in _PARTS.split(said) if TOPICS.search(part.lower())]
        if talk.told.asked_documents or not (about or intent is Intent.QUESTION):
            return
        question = ". ".join(about) or said
        await self._look_up(talk, Permitted(KNOWLEDGE, {"question": question[:MAX_QUESTION_CHARS]}, None, ()), step)

    async def _looked_up(self, talk: _Talk, wanted: Wanted, verdict: Permitted, step: int) -> Message:
        text = orjson.dumps(await self._look_up(talk, verdict, step), default=str).decode()
        return Message("tool", text, answers=wanted.id, tool=verdict.tool)

    async def _look_up(self, talk: _Talk, verdict: Permitted, step: int) -> dict[str, Any]:
        name = f"{step}:{verdict.tool}:{_digest(verdict.arguments)}"
        result = await self._ask(
            talk.conversation, talk.session, verdict.tool, verdict.arguments, f"{talk.turn}:{name}"
        )
        talk.told.add(verdict.tool, result)
        return _told(talk, result)

    async def _changed(self, talk: _Talk, changes: Sequence[Permitted], inference: str) -> list[str]:
        """Have each done, until one is not, or a person decide; what there is to say about them."""
        said: list[str] = []
        # One that a person decides about keeps the others waiting: they may hang together.
        why = next(filter(None, (self._needs_person(talk, change) for change in changes)), "")
        for number, change in enumerate(sorted(changes, key=_place)):
            if why and change.tool in CHANGES:
                await self._propose(talk, change, why, inference, number)
                said += [] if WAITS in said else [WAITS]
                continue
            # Under ids of the turn: when it is run again after a crash, what was done then is told.
            identity = f"{talk.turn}:change" + (f":{number}" if number else "")
            result = await self._ask(talk.conversation, talk.session, change.tool, change.arguments, identity)
            _told(talk, result)
            await self._note(inference, f"{change.tool}: {result.get('outcome') or result.get('code') or 'ok'}")
            said.append(str(result["say"]))
            if not result["ok"] or result.get("outcome", "confirmed") != "confirmed":
                said += [NOTHING_ELSE] if number + 1 < len(changes) else []
                break
        return said

    def _needs_person(self, talk: _Talk, change: Permitted) -> str:
        """Why a person decides about it; empty where nobody need."""
        if change.tool not in CHANGES:
            return ""
        high = talk.business.reviewed
        why = needs_person(change.tool, change.confidence, change.rests_on, talk.said, high)
        return why or ("new_business" if talk.business.is_new(talk.now) else "")

    async def _propose(self, talk: _Talk, change: Permitted, why: str, inference: str, number: int) -> None:
        conversation, now = talk.conversation, self._clock.now()
        proposal = Proposal(
            business=talk.business.id,
            conversation=talk.key,
            why=why,
            what=f"{change.tool.replace('_', ' ').capitalize()} for a customer who texts.",
            content={
                "tool": change.tool,
                "arguments": dict(change.arguments),
                "session": talk.session,
                "conversation": conversation.id,
                "customer": conversation.customer,
                "line": conversation.line,
                "channel": conversation.channel,
                "said": talk.window.said,
                "inference": inference,
            },
            key=_digest([conversation.id, talk.turn, *([number] if number else [])]),
        )
        try:
            await self._database.write(lambda t: opened(t, proposal, now=now))
        except (DatabaseUnavailableError, OverloadedError) as error:
            raise NobodyAnsweredError("nobody can be asked to decide") from error
        await self._note(inference, f"review: {why}")

    async def _note(self, inference: str, action: str) -> None:
        try:
            await self._database.write(lambda t: acted(t, inference, action, now=self._clock.now()))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("action of an inference not noted", reason=type(error).__name__)

    def _given(self, talk: _Talk) -> dict[str, Any]:
        """What a prompt is built from. Its time is about the text's, so that a turn run again asks the same."""
        return {
            "place": place(talk.business, talk.now, talk.facts, talk.window.summary),
            "messages": [as_data(message) for message in talk.messages],
            "tools": [
                {"name": o.name, "description": o.description, "parameters": dict(o.parameters)} for o in self._offered
            ],
        }


def _place(change: Permitted) -> int:
    return ORDER.index(change.tool) if change.tool in ORDER else len(ORDER)


def _changes(tool: str) -> bool:
    """Whether it does something, so that what it says ends the turn."""
    return tool in CHANGES or tool in ("request_callback", "send_confirmation")


def _loaded(kept: Mapping[str, Any]) -> _State:
    """The state as it was left; what cannot be read is forgotten, but for what the guided conversation keeps."""
    state = _State()
    guided = kept.get("guided")
    state.guided = guided if isinstance(guided, dict) else {}
    try:
        state.guided_at, state.at = float(kept.get("guided_at", 0.0)), float(kept.get("at", 0.0))
        state.memory = remembered(kept.get("memory", {}))
        state.session = str(kept.get("session", ""))
    except (InputError, TypeError, ValueError):
        _log.warning("conversation state not read")
    return state


def _told(talk: _Talk, result: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's result as the model sees it: offered times under short names. What it tells is remembered."""
    told = dict(result)
    offers = dict(talk.facts.get("offers", {}))
    if "slots" in told:
        told["slots"] = [_named(offers, slot) for slot in told["slots"]]
    references = [*talk.facts.get("references", ())]
    for found in (told, *told.get("appointments", ())):
        if found.get("reference") and found["reference"] not in references:
            references.append(found["reference"])
    talk.facts["offers"] = dict(list(offers.items())[-MOST_OFFERS:])
    talk.facts["references"] = references[-MOST_REFERENCES:]
    return told


def _named(offers: dict[str, Any], slot: Mapping[str, str]) -> dict[str, str]:
    newest = max((int(name[1:]) for name in offers), default=0)
    name = f"s{newest + 1}"
    technician = slot.get("technician", "")
    offers[name] = {"slot_id": slot["slot_id"], "start": slot["start"], "technician": technician}
    return {**slot, "slot_id": name}


def _digest(value: Any) -> str:
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
