"""One turn of a text conversation: what came in and what goes back, the port through which a text finds its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Incoming:
    """One text of a customer. `id` is the carrier's own; `received_at` epoch seconds; `media` how many pictures."""

    id: str
    body: str
    received_at: float
    media: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """Between one customer and one business. `customer` is who the carrier says it is, `line` the number they texted.

    `state` is what the last turn left, JSON; empty in a new one. `channel` (`sms` or `whatsapp`) is where they write
    and are answered.
    """

    id: str
    business: str
    customer: str
    line: str
    state: Mapping[str, Any] = field(default_factory=dict)
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class Turn:
    """What is said, in order (nothing: no answer is owed), and the state from now on."""

    replies: tuple[str, ...]
    state: Mapping[str, Any]


class Responder(Protocol):
    """Answers the texts of one conversation that nobody has answered yet, oldest first, all of them in one turn."""

    async def answer(self, conversation: Conversation, texts: Sequence[Incoming]) -> Turn:
        """May be asked again with the same texts after a crash: its tool calls carry ids derived from theirs."""


@runtime_checkable
class ThinksAhead(Protocol):
    """A responder that takes long, and can begin before it is known whether all of a turn's texts are there."""

    async def ahead(self, conversation: Conversation, texts: Sequence[Incoming]) -> None:
        """Begin with these texts: nothing is done or said, nor lost where `answer` gets others. Never raises."""
