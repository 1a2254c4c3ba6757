"""What the doors need from the rest of the product, as shapes: whoever fits may be handed in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from app.calls.arrivals import Admitted, Declined, Diverted
from app.calls.events import CallEvent
from app.calls.model import CallRef, ToolCall, ToolResult

State = Literal["ok", "degraded", "down"]


class Dispatching(Protocol):
    """Runs tools."""

    async def dispatch(self, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """One result for each call, in the same order. Never raises; keeps its own deadline."""


class Receiving(Protocol):
    """Decides who takes a call."""

    async def answer(self, ref: CallRef) -> Admitted | Diverted | Declined:
        """Who takes the call that `ref` signals."""

    def fallback(self, ref: CallRef) -> Admitted | Diverted | Declined:
        """The same without asking anybody, for when `answer` did not come in time."""

    def begun(self, ref: CallRef) -> None:
        """A call has just been answered: what it will ask about may be fetched."""


class Recording(Protocol):
    """Keeps what a platform reports about its calls."""

    async def store(self, event: CallEvent) -> None:
        """Store it, once. Never raises."""


class Changed(Protocol):
    """Hears that a watched calendar changed."""

    def __call__(self, channel_id: str, token: str, resource_state: str) -> bool:
        """Whether channel and token are ours."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something a caller's answer depends on. `harms`: without it callers are harmed, so we are not ready."""

    name: str
    probe: Callable[[], Awaitable[State]]
    harms: bool = False
    deadline_s: float = 1.0
