"""Stand-ins for what the doors are handed: they record what came in and answer as they were told."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.calls.arrivals import Admitted, Declined, Diverted
from app.calls.events import CallEvent
from app.calls.model import CallRef, ToolCall, ToolResult
from app.web.server import Doors
from tests.fakes.clock import FakeClock

Arrival = Admitted | Diverted | Declined


def said(call: ToolCall) -> ToolResult:
    """What the fake dispatcher answers unless told otherwise: the problem of the call, or its name."""
    if call.problem is not None:
        return ToolResult(ok=False, say=call.problem)
    return ToolResult(ok=True, say=f"{call.name} done", facts={"arguments": dict(call.arguments)})


class FakeDispatcher:
    """Answers each call by `answering`; raises `error` instead when there is one; takes `seconds`."""

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []
        self.started = asyncio.Event()
        self.finished = asyncio.Event()
        self.answering: Callable[[ToolCall], ToolResult] = said
        self.error: Exception | None = None
        self.seconds = 0.0

    async def dispatch(self, calls: Sequence[ToolCall]) -> list[ToolResult]:
        self.calls.extend(calls)
        self.started.set()
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.finished.set()
        return [self.answering(call) for call in calls]


class FakeArrivals:
    """Admits everybody; `error` and `hangs` make `answer` fail, `helpless` makes the fallback fail too."""

    def __init__(self) -> None:
        self.asked: list[CallRef] = []
        self.begun_calls: list[CallRef] = []
        self.introduced_calls: list[CallRef] = []
        self.answering: Arrival = Admitted("asst_1", {"business": "Acme"})
        self.falling_back: Arrival = Admitted("asst_fallback")
        self.error: Exception | None = None
        self.hangs = False
        self.helpless = False

    async def answer(self, ref: CallRef) -> Arrival:
        self.asked.append(ref)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.answering

    def fallback(self, ref: CallRef) -> Arrival:
        if self.helpless:
            raise RuntimeError("no fallback either")
        return self.falling_back

    def begun(self, ref: CallRef) -> None:
        self.begun_calls.append(ref)
        if self.error is not None:
            raise self.error

    def introduced(self, ref: CallRef) -> Mapping[str, str]:
        self.introduced_calls.append(ref)
        if self.error is not None:
            raise self.error
        return {"business_name": "Acme"}


class FakeHandover:
    """Knows one person; `error` and `hangs` make `destination` fail."""

    def __init__(self) -> None:
        self.asked: list[CallRef] = []
        self.answering: Diverted | Declined = Diverted("+15125550199", "One moment.")
        self.falling_back: Diverted | Declined = Diverted("+15125550198", "One moment.")
        self.error: Exception | None = None
        self.hangs = False

    async def destination(self, ref: CallRef) -> Diverted | Declined:
        self.asked.append(ref)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.answering

    def fallback(self, ref: CallRef) -> Diverted | Declined:
        return self.falling_back


class FakeEvents:
    """Keeps events in a list; `error` is raised after keeping."""

    def __init__(self) -> None:
        self.stored: list[CallEvent] = []
        self.error: Exception | None = None

    async def store(self, event: CallEvent) -> None:
        self.stored.append(event)
        if self.error is not None:
            raise self.error


@dataclass
class House:
    """Everything the doors are handed, with one secret of each kind; `doors()` takes what a test wants otherwise."""

    dispatcher: FakeDispatcher = field(default_factory=FakeDispatcher)
    arrivals: FakeArrivals = field(default_factory=FakeArrivals)
    events: FakeEvents = field(default_factory=FakeEvents)
    handover: FakeHandover = field(default_factory=FakeHandover)
    clock: FakeClock = field(default_factory=FakeClock)

    def doors(self, **otherwise: Any) -> Doors:
        given: dict[str, Any] = {
            "dispatcher": self.dispatcher,
            "arrivals": self.arrivals,
            "events": self.events,
            "handover": self.handover,
            "clock": self.clock,
            "vapi_secrets": ("vapi-secret", "vapi-secret-before"),
            "vapi_hmac_secrets": ("signing-key", "signing-key-before"),
            "tools_secrets": ("tools-secret",),
            "admin_token": "admin-token-of-16-or-more",
        }
        return Doors(**given | otherwise)
