"""What the doors need from the rest of the product, as shapes: whoever fits may be handed in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from starlette.applications import Starlette
from starlette.types import Lifespan

from app.calls.arrivals import Admitted, Declined, Diverted
from app.calls.events import CallEvent
from app.calls.model import CallRef, Tool, ToolCall, ToolResult
from app.clock import Clock

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


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Everything handed in. Secrets: current first, then previous; none means that the route refuses all."""

    dispatcher: Dispatching
    arrivals: Receiving
    events: Recording
    clock: Clock
    tools: Sequence[Tool[Any]] = ()
    vapi_secrets: Sequence[str] = ()
    vapi_hmac_secrets: Sequence[str] = ()
    tools_secrets: Sequence[str] = ()
    admin_token: str | None = None
    checks: Sequence[Check] = ()
    google_changed: Changed | None = None
    version: str = "0"
    lifespan: Lifespan[Starlette] | None = None
    body_deadline_s: float = 10.0
    """For a whole body, so that a byte now and then does not buy more time."""
    arrival_deadline_s: float = 5.0
    """Vapi gives up on an `assistant-request` after 7.5 s end to end; the rest is for the way there and back."""
