"""A reception for the tests of dispatch: a real database, scripted tools, and everything else that rings or speaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson

from app.booking.business import Business, Businesses
from app.calls.arguments import ToolArguments
from app.calls.cap import DailyCap
from app.calls.dispatch import Dispatcher
from app.calls.late import LateAnswers
from app.calls.model import CallRef, Context, Tool, ToolCall, ToolResult
from app.calls.owed import Owed
from app.calls.replays import Replays
from app.db.engine import Database
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened
from tests.fakes.push import FakePush

ACME = Business("acme", "Acme", ZoneInfo("America/Chicago"), ("+15125550100",), ((),) * 7, (), (), page=("json://p",))
CONTROL = "https://x.vapi.ai/call/control"


class Asked(ToolArguments):
    private: ClassVar[frozenset[str]] = frozenset({"name"})
    what: str = ""
    name: str | None = None
    size: int = 0


def answered(arguments: Asked, run: int) -> ToolResult:
    return ToolResult(True, f"{arguments.what} {run}", None, {"run": run})


@dataclass
class Script:
    """What the tools do: `answering` (may raise) after `gate` is open. `runs` counts how often they were asked to."""

    runs: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    answering: Callable[[Asked, int], ToolResult] = answered
    slow: set[str] = field(default_factory=set)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, _context: Context, arguments: Asked) -> ToolResult:
        self.runs.append(arguments.what)
        number = len(self.runs)
        if arguments.what in self.slow:
            await self.gate.wait()
        result = self.answering(arguments, number)
        self.finished.append(arguments.what)
        return result

    def at_once(self, _context: Context, arguments: Asked) -> ToolResult | None:
        if arguments.what != "warm":
            return None
        self.runs.append(arguments.what)
        return self.answering(arguments, len(self.runs))

    def tools(self) -> list[Tool[Any]]:
        return [
            Tool("look_up", "Looks.", Asked, self.run, at_once=self.at_once),
            Tool("make_change", "Changes.", Asked, self.run, changes_state=True),
        ]


class Reception:
    """One process's dispatcher on a database."""

    def __init__(self, database: Database, script: Script | None = None, **options: Any) -> None:
        self.database = database
        self.script = script or Script()
        self.alarms, self.clock, self.push = FakeAlarms(), options.pop("clock", None) or FakeClock(), FakePush()
        self.businesses = Businesses({business.id: business for business in options.pop("businesses", (ACME,))})
        self.cap = DailyCap(database, self.alarms, self.clock, options.pop("cap", 0))  # type: ignore[arg-type]  # rings alike
        owed = Owed(database, self.clock)
        self.late = LateAnswers(self.push, self.businesses, self.alarms, owed, self.clock)  # type: ignore[arg-type]  # as above
        store, serving = options.pop("remembered", None), options.pop("serving", None)
        given: dict[str, Any] = {"deadline_s": 5.0, "filler_after_s": 0.1, "repeat_window_s": 600.0} | options
        self.dispatcher = Dispatcher(
            tools=self.script.tools(),
            businesses=self.businesses,
            cap=self.cap,
            late=self.late,
            database=database,
            alarms=self.alarms,  # type: ignore[arg-type]  # as above
            clock=self.clock,
            replays=Replays(database, store, serving),
            **given,
        )

    async def ask(self, *calls: ToolCall) -> list[ToolResult]:
        return await self.dispatcher.dispatch(calls)

    async def close(self) -> None:
        self.script.gate.set()
        await self.dispatcher.stop(5.0)
        await self.late.stop(1.0)
        await self.cap.drain()


@asynccontextmanager
async def reception(url: str, script: Script | None = None, **options: Any) -> AsyncIterator[Reception]:
    """A process that is started, and stopped in good order."""
    async with opened(url) as database:
        made = Reception(database, script, **options)
        await made.dispatcher.start()
        try:
            yield made
        finally:
            await made.close()


def call(tool: str, what: str = "", id: str | None = "t1", call_id: str | None = "c1", **more: Any) -> ToolCall:
    """One tool call; `control`, `line` and `problem` go where they belong, the rest are arguments."""
    line, control = more.pop("line", "+15125550100"), more.pop("control", None)
    ref = CallRef("vapi", call_id, more.pop("caller", "+15125550142"), (line,) if line else (), control_url=control)
    return ToolCall(ref, tool, {"what": what, **more}, id, more.pop("problem", None))


def look_up(what: str = "", id: str | None = "t1", **more: Any) -> ToolCall:
    return call("look_up", what, id, **more)


def change(what: str = "", id: str | None = "t1", **more: Any) -> ToolCall:
    return call("make_change", what, id, **more)


def audited(url: str, kind: str = "tool_call") -> list[dict[str, Any]]:
    """The data of every audit row of a kind, oldest first."""
    rows = executed(url, f"SELECT data FROM audit WHERE kind = '{kind}' ORDER BY seq")  # noqa: S608 - a word of our own
    return [orjson.loads(data) for (data,) in rows]
