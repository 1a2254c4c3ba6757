"""The life of a tool call: known business, under the cap, known tool, right arguments, same call twice, deadline.

The one place where errors become sentences: a said error's own words reach the agent, anything else is one fixed
sentence and a log id.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from app import log, metrics
from app.audit.log import Record
from app.booking.business import Businesses
from app.calls import ledger
from app.calls.arguments import corrective
from app.calls.arrivals import OVER_CAP, UNKNOWN_LINE, ring_unknown_line
from app.calls.cap import DailyCap
from app.calls.late import LateAnswers
from app.calls.model import Context, Tool, ToolCall, ToolResult
from app.clock import Clock
from app.db.behind import Behind
from app.db.engine import Database, Transaction
from app.errors import Code, OverloadedError, ReadbackError, SaidError
from app.log import masked_phone
from app.watch.alarms import Alarms

MAX_REMEMBERED = 20_000
REMEMBER_S = 3_600.0
MAX_RUNNING = 2_000
TAKE_OVER_AFTER_S = 15.0
"""A request whose process has not finished it by then is dead: longer than any deadline in here."""
POLL_S = 0.1

FILLER = ToolResult(
    True,
    "I'm still looking at the calendar, one moment please. I'll tell you as soon as I have it.",
    Code.STILL_CHECKING,
)
NOT_YET = ToolResult(
    False,
    "The calendar is answering slowly, so I don't know yet. Please ask me again in a moment.",
    Code.STILL_CHECKING,
)
NOT_YET_CHANGED = ToolResult(
    False,
    "I could not get that confirmed yet. It is being checked, so please don't count on it until you hear from us.",
    Code.STILL_CHECKING,
)

logger = log.get(__name__)


class Dispatcher:
    """Runs tool calls. Never raises; the results come in the order of the calls."""

    def __init__(  # noqa: PLR0913 - every part of a call's life, handed in by name
        self,
        *,
        tools: Sequence[Tool[Any]],
        businesses: Businesses,
        cap: DailyCap,
        late: LateAnswers,
        database: Database,
        alarms: Alarms,
        clock: Clock,
        deadline_s: float,
        filler_after_s: float,
        repeat_window_s: float,
    ) -> None:
        self._tools = {alias: tool for tool in tools for alias in (tool.name, camel(tool.name))}
        self._businesses = businesses
        self._cap = cap
        self._late = late
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._deadline_s = deadline_s
        self._filler_after_s = filler_after_s
        self._repeat_window_s = repeat_window_s
        self._owner = secrets.token_hex(8)
        self._recent: OrderedDict[str, bytes | asyncio.Task[ToolResult]] = OrderedDict()
        """By key: who is on it, or the answer as bytes, which cost the garbage collector nothing."""
        self._running: set[asyncio.Task[ToolResult]] = set()
        self._behind: Behind[_Answer] = Behind(database, _keep_answers, self._lost)

    async def start(self) -> None:
        """Remember what was answered before a restart."""
        since = self._clock.now() - REMEMBER_S
        for key, result in await self._database.read(lambda c: ledger.recent(c, since)):
            self._remember(key, result)

    async def stop(self, grace_s: float) -> None:
        """Finish writes under way and store what is waiting."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        await self._behind.drain()

    async def dispatch(self, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """Answer each call within the deadline, all at once, none spoiling another."""
        if len(calls) == 1:
            return [await self._answer(calls[0], 0)]
        return list(await asyncio.gather(*(self._answer(call, _occurrence(calls, i)) for i, call in enumerate(calls))))

    async def _answer(self, call: ToolCall, occurrence: int) -> ToolResult:
        began = self._clock.monotonic()
        tool = self._tools.get(call.name)
        answer = _Answer(call, tool.name if tool else "unknown", self._clock.now())
        try:
            answer.result = await self._decide(call, tool, occurrence, answer, began + self._deadline_s)
        except SaidError as error:
            answer.result = ToolResult(False, error.say, error.code, error.facts)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller is owed a sentence
            answer.result = self._unexpected(error)
        answer.seconds = self._clock.monotonic() - began
        metrics.observe_tool(answer.tool, answer.result.code or "ok", answer.seconds)
        logger.info(
            "tool_call", tool=answer.tool, outcome=answer.result.code or "ok", ms=round(answer.seconds * 1000, 1)
        )
        if not answer.stored:
            self._behind.add(answer)
        return answer.result

    async def _decide(
        self, call: ToolCall, tool: Tool[Any] | None, occurrence: int, answer: "_Answer", deadline: float
    ) -> ToolResult:
        business = self._businesses.find(call.ref.lines, call.ref.assistant)
        if business is None:
            ring_unknown_line(self._alarms, call.ref)
            raise SaidError(Code.NOT_FOUND, UNKNOWN_LINE)
        answer.business = business.id
        key = ledger.delivery_key(call, occurrence)
        before = self._recent.get(key) if key else None
        if isinstance(before, bytes):
            return ledger.loaded(before)
        admitted = self._cap.known(call.ref)
        if not (await self._cap.admit(call.ref, business) if admitted is None else admitted):
            raise SaidError(Code.DAILY_CAP, OVER_CAP)
        if tool is None:
            raise SaidError(Code.UNKNOWN_TOOL, f"There is no such tool. The tools are: {self._tool_names()}.")
        if call.problem is not None:
            raise SaidError(Code.INVALID_ARGUMENTS, call.problem)
        try:
            arguments = tool.arguments.model_validate(call.arguments)
        except ValidationError as error:
            raise SaidError(Code.INVALID_ARGUMENTS, corrective(error, tool.arguments)) from None
        answer.arguments = arguments
        context = Context(call.ref, business, deadline)
        if tool.changes_state:
            return await self._change(context, tool, answer, key)
        answer.key = key
        return await self._look_up(context, tool, arguments, key)

    async def _look_up(self, context: Context, tool: Tool[Any], arguments: Any, key: str | None) -> ToolResult:
        """A lookup: from memory at once, else in a task of its own that outlives an impatient caller."""
        if tool.at_once is not None:
            result = tool.at_once(context, arguments)
            if result is not None:
                if key:
                    self._remember(key, result)
                return result
        if key and self._database.shared and key not in self._recent:
            before = await self._database.read(lambda c: ledger.answered(c, key))
            if before is not None:
                self._remember(key, before)
                return before
        under = self._recent.get(key) if key else None
        if isinstance(under, bytes):
            return ledger.loaded(under)
        task = under or self._run(self._guarded(context, tool, arguments))
        if key and under is None:
            self._remember(key, task)
        result = await self._wait(context, task, follow=under is None)
        if key:
            self._remember(key, result)
        return result

    async def _wait(self, context: Context, task: asyncio.Task[ToolResult], *, follow: bool) -> ToolResult:
        """The result, or a filler with the result to follow in the call, or an honest "not yet"."""
        pushable = follow and self._late.can_push(context.ref)
        left = max(0.0, context.deadline - self._clock.monotonic())
        await asyncio.wait({task}, timeout=min(left, self._filler_after_s) if pushable else left)
        if task.done():
            return task.result()
        if pushable:
            self._late.follow(context.ref, context.business, task)
            return FILLER
        return NOT_YET

    async def _change(self, context: Context, tool: Tool[Any], asked: "_Answer", key: str | None) -> ToolResult:
        """A change: claimed once, carried out in a task that nobody's going away can stop."""
        arguments = asked.arguments
        identity = tool.identity(context, arguments) if tool.identity else arguments.model_dump(mode="json")
        request = ledger.request_key(asked.call, context.business.id, tool.name, identity)
        under = self._recent.get(key or "") or self._recent.get(request)
        if isinstance(under, asyncio.Task):
            task = under
        else:
            self._late.remember(context.ref)
            task = self._run(self._carry_out(context, tool, asked.again(), (key, request)))
            for name in filter(None, (key, request)):
                self._remember(name, task)
            task.add_done_callback(lambda done: self._settled(done, key, request))
            asked.stored = True
        await asyncio.wait({task}, timeout=max(0.0, context.deadline - self._clock.monotonic()))
        return task.result() if task.done() else NOT_YET_CHANGED

    def _settled(self, task: asyncio.Task[ToolResult], key: str | None, request: str) -> None:
        if self._recent.get(request) is task:
            del self._recent[request]
        if key and not task.cancelled():
            self._remember(key, task.result())

    async def _carry_out(
        self, context: Context, tool: Tool[Any], answer: "_Answer", keys: tuple[str | None, str]
    ) -> ToolResult:
        """Claim the request, run the tool, keep the result. `answer` is this task's own."""
        now = self._clock.now()
        began = self._clock.monotonic()
        key, request = keys
        wanted = ledger.Request(
            key, request, self._owner, context.business.id, tool.name, now, now - self._repeat_window_s
        )
        try:
            begun = await self._database.write(lambda t: ledger.begin(t, wanted))
            while isinstance(begun, ledger.Under):
                begun = await self._await_other(begun, context)
        except ReadbackError as error:
            begun = ledger.Answered(self._unexpected(error))
        if isinstance(begun, ledger.Answered):
            answer.result = begun.result
            self._behind.add(answer)
            return begun.result
        mine = begun.key
        answer.result = await self._guarded(context, tool, answer.arguments)
        answer.seconds = self._clock.monotonic() - began
        try:
            # Where nothing was done, the same request may be tried again under a new id.
            await self._database.write(lambda t: _finished(t, mine, answer, repeatable=not answer.result.ok))
        except ReadbackError as error:
            logger.error("result_not_stored", tool=tool.name, error=str(error))
        return answer.result

    async def _await_other(
        self, under: ledger.Under, context: Context
    ) -> ledger.Begun | ledger.Answered | ledger.Under:
        """Another process has this request: wait for its answer, or take over what a dead one left."""
        while True:
            result = await self._database.read(lambda c: ledger.answered(c, under.key))
            if result is not None:
                return ledger.Answered(result)
            if self._clock.now() - under.started_at > TAKE_OVER_AFTER_S:
                return await self._take_over(under)
            if self._clock.monotonic() > context.deadline + TAKE_OVER_AFTER_S:
                return ledger.Answered(NOT_YET_CHANGED)
            await asyncio.sleep(POLL_S)

    async def _take_over(self, under: ledger.Under) -> ledger.Begun | ledger.Under:
        now = self._clock.now()
        taken = await self._database.write(lambda t: ledger.take_over(t, under, self._owner, now))
        return ledger.Begun(under.key) if taken else ledger.Under(under.key, under.owner, now)

    async def _guarded(self, context: Context, tool: Tool[Any], arguments: Any) -> ToolResult:
        try:
            return await tool.run(context, arguments)
        except SaidError as error:
            return ToolResult(False, error.say, error.code, error.facts)
        except Exception as error:  # noqa: BLE001 - as in `_answer`
            return self._unexpected(error)

    def _unexpected(self, error: Exception) -> ToolResult:
        """One sentence and a log id. The id is what an operator searches for."""
        log_id = secrets.token_hex(4)
        if isinstance(error, OverloadedError):
            logger.warning("overloaded", log_id=log_id, error=str(error))
        else:
            logger.error("tool_failed", log_id=log_id, exc_info=error)
        return ToolResult(
            False,
            "I'm sorry, something went wrong on our side, so I could not do that. Please try again in a moment.",
            Code.INTERNAL,
            {"log_id": log_id},
        )

    def _run(self, work: Any) -> asyncio.Task[ToolResult]:
        if len(self._running) >= MAX_RUNNING:
            work.close()
            raise OverloadedError("too many tool calls are running")
        task: asyncio.Task[ToolResult] = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _remember(self, key: str, result: ToolResult | asyncio.Task[ToolResult]) -> None:
        self._recent[key] = result.as_json() if isinstance(result, ToolResult) else result
        if len(self._recent) > MAX_REMEMBERED:
            self._recent.popitem(last=False)

    def _lost(self, count: int) -> None:
        self._alarms.ring(
            "audit_rows_lost",
            "audit",
            "Audit rows of lookups are being dropped",
            f"The database has been away so long that {count} or more rows about lookups could not be kept.",
        )

    def _tool_names(self) -> str:
        return ", ".join(sorted({tool.name for tool in self._tools.values()}))


class _Answer:
    """One answered call on its way to the audit log; filled in as more is known."""

    __slots__ = ("arguments", "at", "business", "call", "key", "result", "seconds", "stored", "tool")

    def __init__(self, call: ToolCall, tool: str, at: float) -> None:
        self.call = call
        self.tool = tool
        self.at = at
        self.business = ""
        self.key: str | None = None
        self.arguments: Any = None
        self.result = NOT_YET
        self.seconds = 0.0
        self.stored = False

    def again(self) -> "_Answer":
        """The same call, with a result of its own to fill in."""
        other = _Answer(self.call, self.tool, self.at)
        other.business, other.arguments = self.business, self.arguments
        return other

    def record(self) -> Record:
        """The audit row: what was asked, without what is private, and what came of it."""
        asked = self.arguments.shown() if self.arguments is not None else {}
        data = {
            "tool": self.tool,
            "platform": self.call.ref.platform,
            "tool_call": self.call.tool_call_id,
            "caller": masked_phone(self.call.ref.caller) if self.call.ref.caller else None,
            "arguments": asked,
            "outcome": self.result.code or "ok",
            "reference": self.result.facts.get("reference"),
            "ms": round(self.seconds * 1000, 1),
        }
        return Record("tool_call", self.business, (self.call.ref.call_id or "")[:256], data, self.at)

    def row(self, owner: str) -> dict[str, Any]:
        """The row that answers a replay."""
        return {
            "key": self.key,
            "request": None,
            "owner": owner,
            "business": self.business,
            "name": self.tool,
            "result": ledger.dumped(self.result),
            "started_at": self.at,
        }


def _keep_answers(transaction: Transaction, answers: list[_Answer]) -> None:
    rows = [answer.row("") for answer in answers if answer.key]
    if rows:
        ledger.keep(transaction, rows)
    transaction.records.extend(answer.record() for answer in answers)


def _finished(transaction: Transaction, key: str, answer: _Answer, repeatable: bool) -> None:
    ledger.finish(transaction, key, answer.result, repeatable=repeatable)
    transaction.records.append(answer.record())


def camel(name: str) -> str:
    """`check_availability` as `checkAvailability`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _occurrence(calls: Sequence[ToolCall], index: int) -> int:
    """How many different calls before this one share its id: 0 for the first, and for its exact repeats."""
    call = calls[index]
    different = [c for c in calls[:index] if c.tool_call_id == call.tool_call_id]
    kinds: list[tuple[str, Any]] = []
    for other in [*different, call]:
        kind = (other.name, other.arguments)
        if kind not in kinds:
            kinds.append(kind)
    return kinds.index((call.name, call.arguments))
