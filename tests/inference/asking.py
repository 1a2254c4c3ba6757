"""What tests of inference share: a question, models that are scripted in the process, and money without end."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from app.inference.fallback import SpendCapError
from app.inference.model import Message, ModelAnswer, ModelError, ModelName, Question, Usage

SHAPE = {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}
QUESTION = Question("You answer texts.", (Message("customer", "Anything on Tuesday?"),), (), SHAPE, 300)
GOOD = ModelAnswer("m", Usage(1_000, 100), handed_in='{"reply":"Tuesday at nine?"}')


class ScriptedModel:
    """Answers or fails in turn, then for ever as it did last; `takes_s` before each."""

    def __init__(self, name: str, *turns: ModelAnswer | ModelError, takes_s: float = 0.0) -> None:
        provider, _, model = name.partition(":")
        self.name = ModelName(provider, model)
        self.turns: Sequence[ModelAnswer | ModelError] = turns or (GOOD,)
        self.takes_s = takes_s
        self.asked: list[float] = []

    async def ask(self, question: Question, within_s: float) -> ModelAnswer:
        turn = self.turns[min(len(self.asked), len(self.turns) - 1)]
        self.asked.append(within_s)
        await asyncio.sleep(self.takes_s)
        if isinstance(turn, ModelError):
            raise turn
        return turn


class FullPurse:
    """Notes what is reserved and settled; `most` attempts can be paid."""

    def __init__(self, most: int = 1_000) -> None:
        self.most = most
        self.reserved: list[str] = []
        self.settled: list[Usage | None] = []

    async def reserve(self, model: ModelName, question: Question, within_s: float) -> Decimal:
        if len(self.reserved) >= self.most:
            raise SpendCapError("cap")
        self.reserved.append(model.text)
        return Decimal("0.01")

    async def settle(self, model: ModelName, reserved: Decimal, usage: Usage | None) -> Decimal:
        self.settled.append(usage)
        return Decimal("0.01") if usage is None else Decimal(usage.output_tokens) / 1_000_000


def handed_in(answer: ModelAnswer) -> str:
    """Takes every answer."""
    return answer.handed_in or answer.text
