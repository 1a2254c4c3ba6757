"""A text conversation with a scripted model behind it, and everything behind the tools real but the calendar."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from app.booking.business import Business, Businesses
from app.calls.model import CallRef, ToolCall
from app.inference.asking import Asking
from app.inference.fallback import Fallback
from app.inference.flag import Flags
from app.inference.model import ModelAnswer, ModelError, ModelName, Question, Usage, Wanted
from app.inference.spend import MICROS, Caps, Spend
from app.sms.agent import ModelConversation
from app.sms.deciding import Deciding
from app.sms.guided import GuidedConversation
from app.sms.overtaking import Overtaking
from app.sms.reviewed import Reviewed
from app.sms.turn import Conversation, Incoming, Turn
from tests.booking.acme import CALLER, acme
from tests.fakes.alarms import FakeAlarms
from tests.inference.test_fallback import Pauses, gates
from tests.tools.talking import Agent, agent
from tools import tools

GUIDED = "What can I do for you? You can book, change or cancel."


class FlatPrices:
    def cost(self, model: ModelName, usage: Usage) -> Decimal:
        return Decimal(usage.input_tokens + usage.output_tokens) / MICROS


class Guide:
    """Stands in for the guided conversation: counts its turns in its own state. `begun` is the state it was given."""

    begun: Mapping[str, Any] = {}

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        self.begun = dict(conversation.state)
        return Turn((GUIDED,), {"step": "service", "turns": int(conversation.state.get("turns", 0)) + 1})


def call(tool: str, **arguments: Any) -> ModelAnswer:
    """The model wants a tool."""
    return calls((tool, arguments))


def calls(*wanted: tuple[str, Mapping[str, Any] | str]) -> ModelAnswer:
    made = [
        Wanted(f"call_{n}", tool, given if isinstance(given, str) else _json(given))
        for n, (tool, given) in enumerate(wanted)
    ]
    return ModelAnswer("a:x", Usage(500, 50), tuple(made))


def say(
    *sayings: str, intent: str = "other", rests_on: Sequence[str] = (), confidence: float = 0.9, language: str = "en"
) -> ModelAnswer:
    """The model hands in its answer."""
    about = {"intent": intent, "confidence": confidence, "rests_on": list(rests_on)}
    given = {**about, "say": sayings, "language": language}
    return ModelAnswer("a:x", Usage(500, 50), handed_in=_json(given))


def says(reply: str) -> ModelAnswer:
    """The model hands in words of its own."""
    given = {"intent": "other", "confidence": 0.9, "rests_on": [], "say": [reply]}
    return ModelAnswer("a:x", Usage(500, 50), handed_in=_json(given))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


@dataclass
class Scripted:
    """A model that goes through `turns`, and then says it is lost. `seen` are the questions it was asked."""

    turns: list[ModelAnswer | ModelError] = field(default_factory=list)
    seen: list[Question] = field(default_factory=list)
    name: ModelName = field(default_factory=lambda: ModelName("a", "x"))
    given_s: list[float] = field(default_factory=list)

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        self.given_s.append(within_s)
        self.seen.append(question)
        turn = self.turns.pop(0) if self.turns else ModelAnswer("a:x", Usage(), text="I am lost.")
        if isinstance(turn, ModelError):
            raise turn
        return turn


class Texting:
    """A customer who texts. State and ids are kept as the rest of the product does."""

    def __init__(self, talking: Agent, model: Scripted, customer: str = CALLER, *, guided: bool = False) -> None:
        house = talking.house
        self.house, self.model, self.talking = house, model, talking
        self.state: Mapping[str, Any] = {}
        self.customer = customer
        self.channel = "sms"
        self.count = 0
        self.asked: list[tuple[str, Mapping[str, Any], str]] = []
        alarms: Any = FakeAlarms()
        spend = Spend(house.database, FlatPrices(), Caps(), house.clock, alarms)
        fallback = Fallback([model], gates("a"), sleep=Pauses())
        self.asking = Asking(fallback, spend, house.businesses, house.database, house.clock)
        handover: Any = None
        self.guide = Guide()
        businesses = Businesses(house.businesses)
        decides = Deciding(house.database, house.clock)
        guide = GuidedConversation(businesses, Overtaking(self.ask, house.database, house.clock), decides)
        self.conversation = ModelConversation(
            businesses=businesses,
            tools=tools(house.front, handover),
            ask=self.ask,
            asking=self.asking,
            flags=Flags(house.database, house.clock),
            guided=guide if guided else self.guide,
            database=house.database,
            clock=house.clock,
        )
        self.reviewed = Reviewed(house.database, self.ask, house.clock)

    async def ask(
        self, conversation: Conversation, session: str, tool: str, arguments: Mapping[str, Any], tool_call_id: str
    ) -> Mapping[str, Any]:
        self.asked.append((tool, dict(arguments), tool_call_id))
        ref = CallRef("sms", f"{conversation.id}.{session}", conversation.customer, (conversation.line,))
        dispatcher = self.talking._dispatcher
        [result] = await dispatcher.dispatch([ToolCall(ref, tool, arguments, tool_call_id)])
        return result.as_dict()

    async def text(
        self,
        *bodies: str,
        model: Sequence[ModelAnswer | ModelError] = (),
        keep: bool = True,
        media: int = 0,
        ago_s: float = 0.0,
    ) -> list[str]:
        """Send texts, with pictures; what the model does in this turn is `model`. Gives the replies."""
        self.model.turns = list(model)
        now = self.house.clock.now() - ago_s
        incoming = [Incoming(f"SM{self.count + n}", body, now, media) for n, body in enumerate(bodies)]
        line = self.house.business.lines[0]
        conversation = Conversation("conv1", self.house.business.id, self.customer, line, self.state, self.channel)
        turn = await self.conversation.answer(conversation, incoming)
        if keep:
            self.state = turn.state
            self.count += len(bodies)
        return list(turn.replies)

    async def offered(self) -> list[str]:
        """Have times offered; their short names."""
        wanted = call("check_availability", service="inspection", date="2026-11-24")
        await self.text("Anything on Tuesday for an inspection?", model=[wanted, say("ask_which_time")])
        return list(self.state["memory"]["facts"]["offers"])

    def tools(self) -> list[str]:
        return [tool for tool, _, _ in self.asked]


@asynccontextmanager
async def texting(
    url: str, business: Business | None = None, customer: str = CALLER, *, guided: bool = False
) -> AsyncIterator[Texting]:
    """`guided`: with the guided conversation itself beside the model, and nobody in its stead."""
    async with agent(url, business=business or acme()) as talking:
        yield Texting(talking, Scripted(), customer, guided=guided)
