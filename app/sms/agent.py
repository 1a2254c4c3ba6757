"""A text conversation with a model behind it. What a model may not do is not done, and where it fails, or may not be
used, the customer gets the guided conversation instead.

A model writes nothing that a customer reads: it chooses tools, which speak for themselves, and sayings. A change ends
the turn.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from app import log
from app.booking.business import Business, Businesses
from app.booking.zones import local_date
from app.calls.model import Tool
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.errors import OverloadedError
from app.inference.asking import NOT_ALLOWED, Asked, Asking, NobodyAnsweredError, OutOfScopeError, Words, canonical
from app.inference.flag import MODEL_PATH, Flags
from app.inference.model import Message, Wanted
from app.inference.output import Decision, Saying
from app.inference.prompt import as_data
from app.inference.window import InputError, Memory, remember, shown, windowed
from app.sms.allowed import TAKES, Denied, Permitted, offered_tool, permitted
from app.sms.as_wished import as_wished, at_their_hour
from app.sms.asked_for import held
from app.sms.changing import MAKES, Changing, booked, digest
from app.sms.deciding import Deciding
from app.sms.done_before import done_before
from app.sms.going_on import going_on, with_what_was_before
from app.sms.model_state import ModelState, loaded, remembered_too, session_of
from app.sms.model_turn import ModelTurn
from app.sms.of_use import ASKED_CALL, ONLY_SAID, agrees_to_call, is_answered, of_no_use, offers_call, wants_something
from app.sms.phrases import PICTURE
from app.sms.place import place
from app.sms.questions import as_asked, asks_nothing, of_documents, unasked
from app.sms.sayings import ENGLISH, in_words
from app.sms.spanish import language
from app.sms.talk import MAX_REASON_CHARS, Ask
from app.sms.told import KNOWLEDGE, Told, service_id
from app.sms.turn import Conversation, Incoming, Responder, Turn
from app.sms.waiting import waits

MOST_STEPS: Final = 4
"""Inferences in one turn."""
GUIDED_FOR_S: Final = 1_800
"""A question of the guided conversation is waited for so long before a model is asked again."""
OFFER_LASTS_S: Final = 900
MOST_OFFERS: Final = 20
MOST_REFERENCES: Final = 10
NOTHING_ASKED: Final = "The customer asks no question. See to what they want by the other tools."
NOT_ALONE: Final = "Nothing was done: another tool of the same answer was refused. Call them again together."

_PERSON: Final = re.compile(r"\W*(?:persona?|human|agent)\W*", re.I)
_log = log.get(__name__)


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
        self._changing, self._deciding = Changing(ask, database, clock), Deciding(database, clock)
        self._offered = [
            offered_tool(tool.name, tool.description, tool.arguments.model_json_schema())
            for tool in sorted(tools, key=lambda tool: tool.name)
            if tool.name in TAKES
        ]

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        """Answer all of `texts` in one turn."""
        business = self._businesses.by_id.get(conversation.business)
        state = loaded(conversation.state)
        if business is None or not texts or not await self._may_be_asked(business, conversation, state, texts):
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

    async def ahead(self, conversation: Conversation, texts: Sequence[Incoming]) -> None:
        """Begin to ask a model, before it is known whether the customer writes more in the same breath."""
        business, state = self._businesses.by_id.get(conversation.business), loaded(conversation.state)
        try:
            if business is None or not texts or not await self._may_be_asked(business, conversation, state, texts):
                return
            turn, _ = _begun(business, conversation, texts, state)
            if not (turn.facts.pop(ASKED_CALL, "") and agrees_to_call(turn)):
                self._asking.ahead(business, turn.key, self._given(turn), words=_words(turn), since=turn.now)
        except InputError:
            return  # of what cannot be read the turn itself will tell
        except Exception as error:  # noqa: BLE001 - whatever breaks here, the turn itself is still to come
            _log.error("model not asked ahead", exc_info=error)

    async def _may_be_asked(
        self, business: Business, conversation: Conversation, state: ModelState, texts: Sequence[Incoming]
    ) -> bool:
        waited_for = await waits(business, state.guided, texts, state.guided_at, GUIDED_FOR_S)
        if not self._asking.possible or waited_for or _PERSON.fullmatch(texts[-1].body):
            return False
        return await self._flags.on(MODEL_PATH, conversation.customer)

    async def _by_guide(self, conversation: Conversation, texts: Sequence[Incoming], state: ModelState) -> Turn:
        now = texts[-1].received_at if texts else state.guided_at
        session = session_of(state, texts)
        if texts and (done := await self._done_before(conversation, session, texts[-1].id)):
            remembered_too(state, session, texts, done)
            return Turn(done, state.dumped())
        turn = await self._guided_turn(conversation, texts, state)
        state.guided, state.guided_at = turn.state, now
        if texts:
            remembered_too(state, session, texts, turn.replies)
        return Turn(turn.replies, state.dumped())

    async def _guided_turn(self, conversation: Conversation, texts: Sequence[Incoming], state: ModelState) -> Turn:
        kept, business = state.guided, self._businesses.by_id.get(conversation.business)
        if not kept and texts and business and texts[-1].received_at - state.at <= OFFER_LASTS_S:
            begun = await going_on(self._ask, business, conversation, state.memory, texts)
            if isinstance(begun, Turn):
                return begun
            kept = begun
            texts = texts if kept else await with_what_was_before(business, state.memory, state.at, texts)
        return await self._guided.answer(replace(conversation, state=kept), texts)

    async def _done_before(self, conversation: Conversation, session: str, turn: str) -> tuple[str, ...]:
        try:
            return await self._database.read(lambda c: done_before(c, conversation, session, turn))
        except (DatabaseUnavailableError, OverloadedError) as error:
            _log.error("not looked whether a turn was begun before", reason=type(error).__name__)
            return ()

    async def _with_model(
        self, business: Business, conversation: Conversation, texts: Sequence[Incoming], state: ModelState
    ) -> Turn:
        newest = texts[-1]
        if all(text.media and not shown(text.body) for text in texts):
            return Turn((PICTURE,), state.dumped())  # nothing was written that anybody could have read
        turn, memory = _begun(business, conversation, texts, state)
        offered_call = str(turn.facts.pop(ASKED_CALL, ""))
        try:
            if offered_call and agrees_to_call(turn):
                replies = await self._changing.called(turn, offered_call)
            else:
                replies = await self._turn(turn)
        except OutOfScopeError:
            replies = (ENGLISH[Saying.NOT_HERE],)
        state.session, state.at = turn.session, max(state.at, newest.received_at)
        state.memory = remember(memory, turn.window.said, replies, turn.facts)
        # What the guided conversation had asked has been answered by now, or is forgotten; or it goes on from here.
        state.guided, state.guided_at = dict(turn.asked), newest.received_at
        return Turn(replies, state.dumped())

    async def _turn(self, turn: ModelTurn) -> tuple[str, ...]:
        """Step by step until there is something to say. Raises `NobodyAnsweredError`."""
        for step in range(MOST_STEPS):
            try:
                # What a tool has told is taken further by the smallest model; what a customer means needs a better.
                # Whether models answer at all is known in time for the guided conversation; one that has gets its time.
                asked = await self._asking.ask(
                    turn.business,
                    turn.key,
                    self._given(turn),
                    small=step > 0,
                    words=_words(turn),
                    since=None if step else turn.now,
                )
            except OutOfScopeError:
                if turn.told.words():
                    return _shown(turn, turn.told.words())
                raise
            except NobodyAnsweredError:
                break
            if isinstance(asked.understood, Decision):
                if replies := await self._said(turn, _in_theirs(asked.understood, turn), asked, step):
                    return replies
                break
            done = await self._carried_out(turn, canonical(asked.understood, step), asked.id, step)
            if done is not None:
                return done
        else:
            await self._asking.led_nowhere(asked, "too many steps")
        done = await self._done_before(turn.conversation, turn.session, turn.id)
        if not done and turn.told.words() and is_answered(turn):
            return _shown(turn, turn.told.words())  # more is not wanted, though it went no further
        raise NobodyAnsweredError("no answer, or too many steps")

    async def _said(self, turn: ModelTurn, chosen: Decision, asked: Asked, step: int) -> tuple[str, ...]:
        """What is said that changes nothing; empty where it is of no use. What it asks is an answer's question then."""
        offered = bool(turn.facts.get("shown"))
        await self._answer_questions(turn, step)
        replies = in_words(chosen, turn.told, offered)
        if why := of_no_use(turn, chosen.say, replies):
            await self._asking.led_nowhere(asked, why)
            return ()
        if Saying.ASK_CANCEL in chosen.say and turn.told.only:
            turn.language = chosen.language
            await self._changing.asked_whether_to_cancel(turn, booked(turn.told.only), asked.id)
        if offers_call(turn, chosen.say):
            turn.facts[ASKED_CALL] = turn.window.said[:MAX_REASON_CHARS]
        return _shown(turn, replies)

    async def _carried_out(
        self, turn: ModelTurn, wanted: Sequence[Wanted], inference: str, step: int
    ) -> tuple[str, ...] | None:
        """Look up what is wanted, then change what is; what is said then, or None: the model goes on."""
        verdicts = [_asking(turn, held(turn, permitted(each, turn.known(), turn.said))) for each in wanted]
        changes = [verdict for verdict in verdicts if verdict.tool in MAKES]
        allowed = [verdict for verdict in changes if isinstance(verdict, Permitted)]
        refused: Mapping[str, Any] = {"ok": False, "code": NOT_ALLOWED, "say": NOT_ALONE}
        looked_up: dict[str, Any] = {}
        for each, verdict in zip(wanted, verdicts, strict=True):
            if isinstance(verdict, Permitted) and verdict.tool == KNOWLEDGE:
                asked = as_asked(turn, str(verdict.arguments.get("question", "")))
                looked_up[each.id] = await self._ask_documents(turn, asked, step)
            elif isinstance(verdict, Permitted) and verdict.tool not in MAKES:
                looked_up[each.id] = await self._look_up(turn, verdict, step)
        if allowed and len(allowed) == len(changes):
            await self._answer_questions(turn, step)
            done = await self._changing.made(turn, allowed, inference)
            if isinstance(done, list):
                turn.facts.pop("shown", None)
                turn.facts.pop(ONLY_SAID, None)
                return (*turn.told.documents, *done)
            refused = done
        turn.messages.append(Message("agent", "", tuple(wanted)))
        for each, verdict in zip(wanted, verdicts, strict=True):
            denied = {"ok": False, "code": NOT_ALLOWED, "say": verdict.say} if isinstance(verdict, Denied) else refused
            text = orjson.dumps(looked_up.get(each.id, denied), default=str).decode()
            turn.messages.append(Message("tool", text, answers=each.id, tool=verdict.tool))
        answered = turn.told.only_documents and not changes and not wants_something(turn) and not unasked(turn)
        return turn.told.words() if answered else None

    async def _answer_questions(self, turn: ModelTurn, step: int) -> None:
        """A question about the business is for its documents, whether or not the model thought of them."""
        if about := of_documents(turn):
            await self._ask_documents(turn, about, step)

    async def _ask_documents(self, turn: ModelTurn, asked: Sequence[str], step: int) -> dict[str, Any]:
        """What they say to each question by itself, as one result."""
        wanted = [Permitted(KNOWLEDGE, {"question": question}, None, ()) for question in asked]
        found = [await self._look_up(turn, each, step) for each in wanted]
        says = dict.fromkeys(str(each["say"]) for each in found)
        return {**found[-1], "ok": all(each["ok"] for each in found), "say": " ".join(says)}

    async def _look_up(self, turn: ModelTurn, verdict: Permitted, step: int) -> dict[str, Any]:
        look = as_wished(turn, verdict)
        name = f"{step}:{look.tool}:{digest(look.arguments)}"
        result = await self._ask(turn.conversation, turn.session, look.tool, look.arguments, f"{turn.id}:{name}")
        result = await self._deciding.told_too(turn.conversation, look.tool, result)
        result, lead = at_their_hour(turn, verdict, result)
        turn.told.add(look.tool, look.arguments, result, lead)
        turn.facts.pop(ONLY_SAID, None)
        return _named(turn, result, service_id(turn.business, look.arguments))

    def _given(self, turn: ModelTurn) -> dict[str, Any]:
        """What a prompt is built from. Its time is about the text's, so that a turn run again asks the same."""
        return {
            "place": place(turn.business, turn.now, turn.facts, turn.window.summary),
            "messages": [as_data(message) for message in turn.messages],
            "tools": [
                {"name": o.name, "description": o.description, "parameters": dict(o.parameters)} for o in self._offered
            ],
        }


def _begun(
    business: Business, conversation: Conversation, texts: Sequence[Incoming], state: ModelState
) -> tuple[ModelTurn, Memory]:
    """The turn that these texts begin, and what it remembers. Raises `InputError`."""
    newest, session = texts[-1], session_of(state, texts)
    memory = state.memory if session == state.session else Memory()
    window = windowed(memory, [text.body for text in texts])
    turn = ModelTurn(
        business=business,
        conversation=conversation,
        session=session,
        id=newest.id,
        now=newest.received_at,
        window=window,
        facts=dict(window.facts),
        messages=[*(Message(each.who, each.text) for each in window.turns), Message("customer", window.said)],
        told=Told(business, local_date(business.zone, int(newest.received_at))),
    )
    return turn, memory


def _words(turn: ModelTurn) -> Words:
    """What the customer would read of a decision in this turn."""
    offered = bool(turn.facts.get("shown"))
    return lambda decision: " ".join(in_words(_in_theirs(decision, turn), turn.told, offered))


def _named(turn: ModelTurn, result: Mapping[str, Any], service: str) -> dict[str, Any]:
    """A look-up's result as a model sees it: times under short names. What it tells is remembered."""
    told = dict(result)
    offers = dict(turn.facts.get("offers", {}))
    if "slots" in told:
        told["slots"] = [_offered(offers, slot, service) for slot in told["slots"]]
    references = [*turn.facts.get("references", ())]
    for found in (told, *told.get("appointments", ())):
        if found.get("reference") and found["reference"] not in references:
            references.append(found["reference"])
    turn.facts["offers"] = dict(list(offers.items())[-MOST_OFFERS:])
    turn.facts["references"] = references[-MOST_REFERENCES:]
    return told


def _offered(offers: dict[str, Any], slot: Mapping[str, str], service: str) -> dict[str, str]:
    newest = max((int(name[1:]) for name in offers), default=0)
    name = f"s{newest + 1}"
    technician = slot.get("technician", "")
    offers[name] = {"slot_id": slot["slot_id"], "start": slot["start"], "technician": technician, "service": service}
    return {**slot, "slot_id": name}


def _shown(turn: ModelTurn, replies: tuple[str, ...]) -> tuple[str, ...]:
    """The replies; the times in them are known by their numbers from now on."""
    times = turn.told.shown()
    if times:
        names = {offer["slot_id"]: name for name, offer in turn.facts.get("offers", {}).items()}
        turn.facts["shown"] = [names[one.slot.slot_id] for one in times if one.slot.slot_id in names]
    return replies


def _asking(turn: ModelTurn, verdict: Permitted | Denied) -> Permitted | Denied:
    """The verdict; where nothing is asked, no question is put to the documents: they would not know it."""
    asks = isinstance(verdict, Permitted) and verdict.tool == KNOWLEDGE
    return Denied(KNOWLEDGE, NOTHING_ASKED) if asks and asks_nothing(turn) else verdict


def _in_theirs(decision: Decision, turn: ModelTurn) -> Decision:
    """What a model chose to have said, in a language that the customer can read."""
    return decision.model_copy(update={"language": language(decision.language, turn.said) or "en"})
