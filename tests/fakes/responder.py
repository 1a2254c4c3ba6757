"""A responder that answers as it is told, and remembers what it was asked."""

import asyncio
from collections.abc import Callable, Sequence

from app.sms.turn import Conversation, Incoming, Turn

Answering = Callable[[Conversation, Sequence[Incoming]], Turn]


def echoed(conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
    """Says what it heard, and counts in its state how often it was asked."""
    turns = int(conversation.state.get("turns", 0)) + 1
    return Turn((f"heard {' | '.join(text.body for text in texts)}",), {"turns": turns})


class ScriptedResponder:
    """`errors` are raised first, one each time; with `gate` it waits for it to be opened."""

    def __init__(self, answering: Answering = echoed) -> None:
        self.answering = answering
        self.asked: list[tuple[Conversation, tuple[Incoming, ...]]] = []
        self.errors: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self.under_way = 0
        self.most_under_way = 0

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        self.asked.append((conversation, tuple(texts)))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.errors:
                raise self.errors.pop(0)
            return self.answering(conversation, texts)
        finally:
            self.under_way -= 1


class ForesightedResponder(ScriptedResponder):
    """One that thinks ahead, and remembers with which texts it began."""

    def __init__(self, answering: Answering = echoed) -> None:
        super().__init__(answering)
        self.begun: list[list[str]] = []

    async def ahead(self, conversation: Conversation, texts: Sequence[Incoming]) -> None:
        self.begun.append([text.body for text in texts])
