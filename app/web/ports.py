"""The ports of the doors: what they need from the rest of the product, as shapes. Whoever fits may be handed in."""

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from app.booking.feeds import Feed
from app.calls.arrivals import Admitted, Declined, Diverted
from app.calls.events import CallEvent
from app.calls.knowledge import Passage
from app.calls.model import CallRef, Tool, ToolCall, ToolResult
from app.calls.texting import ReceivedText, TextReport
from app.clock import Clock
from app.watch.pages import Kept
from app.watch.status import Copy
from app.web.refusals import Buckets

LOOK_WITHIN_S: Final = 1.0
BODY_WITHIN_S: Final = 10.0
"""For a whole body, so that a byte now and then does not buy more time."""
ARRIVAL_WITHIN_S: Final = 5.0
"""Vapi gives up on an `assistant-request` after 7.5 s end to end; the rest is for the way there and back.

A `transfer-destination-request` is answered within the same time."""

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

    def introduced(self, ref: CallRef) -> Mapping[str, str]:
        """The same, and what its agent may know of the business, by name; every name, whatever the call is."""


class HandingOver(Protocol):
    """Knows who takes a call from its assistant."""

    async def destination(self, ref: CallRef) -> Diverted | Declined:
        """Where the call that `ref` signals is to be transferred."""

    def fallback(self, ref: CallRef) -> Diverted | Declined:
        """The same without asking anybody, for when `destination` did not come in time."""


class Recording(Protocol):
    """Keeps what a platform reports about its calls."""

    async def store(self, event: CallEvent) -> None:
        """Store it, once. Never raises."""


class Knowing(Protocol):
    """Knows what a business's documents say."""

    async def passages(self, ref: CallRef, question: str) -> list[Passage]:
        """What may be quoted to answer the question. Never raises."""


class Changed(Protocol):
    """Hears that a watched calendar changed."""

    def __call__(self, channel_id: str, token: str, resource_state: str, /) -> bool:
        """Whether channel and token are ours."""


class Feeding(Protocol):
    """Has the calendars that people subscribe to."""

    async def read(self, key: str, seen: Container[str]) -> Feed:
        """The feed with this key. Raises UnknownKeyError, and OverloadedError when it cannot be read."""


class Acknowledges(Protocol):
    """Knows the pages that people were sent, and who has them."""

    async def look(self, page_id: str, token: str) -> Kept | None:
        """The page; None when the token is not its own."""

    async def acknowledge(self, page_id: str, token: str, by: str) -> Kept | None:
        """The page afterwards; None when the token is not its own."""


class Texting(Protocol):
    """Takes what a carrier delivers, and keeps it before it returns."""

    async def received(self, text: ReceivedText) -> None:
        """A text came in; one that came before is the same text. Raises when it could not be kept."""

    async def reported(self, report: TextReport) -> None:
        """Something became of a text of ours. Raises when it could not be kept."""


class Showing(Protocol):
    """Knows what the public may know about incidents, also when nothing else can be read."""

    @property
    def feed(self) -> str:
        """The id by which feed readers know this installation; it never changes."""

    def copy(self) -> Copy:
        """What is known, from memory; the same object for as long as nothing has changed."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something a caller's answer depends on. `harms`: without it callers are harmed, so we are not ready."""

    name: str
    probe: Callable[[], Awaitable[State]]
    harms: bool = False
    deadline_s: float = LOOK_WITHIN_S


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Everything handed in. Secrets: current first, then previous; none means that the route refuses all."""

    dispatcher: Dispatching
    arrivals: Receiving
    events: Recording
    handover: HandingOver
    clock: Clock
    tools: Sequence[Tool[Any]] = ()
    vapi_secrets: Sequence[str] = ()
    vapi_hmac_secrets: Sequence[str] = ()
    tools_secrets: Sequence[str] = ()
    platform_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By the platform's name in its route."""
    twilio_tokens: Sequence[str] = ()
    public_url: str | None = None
    admin_token: str | None = None
    checks: Sequence[Check] = ()
    google_changed: Changed | None = None
    refused: Callable[[str, str], None] = lambda _route, _reason: None
    """Notes that a request on this route was refused for this reason."""
    feeds: Feeding | None = None
    knowledge: Knowing | None = None
    refusal_buckets: Buckets | None = None
    acknowledges: Acknowledges | None = None
    texting: Texting | None = None
    status: Showing | None = None
    also: Sequence[BaseRoute] = ()
    """Routes with doors of their own, and what is said of them in `/openapi.json`."""
    also_described: Mapping[str, Any] = field(default_factory=dict)
    version: str = "0"
    lifespan: Lifespan[Starlette] | None = None
    body_deadline_s: float = BODY_WITHIN_S
    arrival_deadline_s: float = ARRIVAL_WITHIN_S
