"""The life of a tool call: known business, under the cap, known tool, right arguments, same call twice, deadline.

The one place where errors become sentences: a said error's own words reach the agent, anything else is one fixed
sentence and a log id.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from app import log, metrics
from app.booking.business import Businesses
from app.calls import ledger
from app.calls.answer import Answer, finished, keep_answers
from app.calls.arguments import corrective
from app.calls.arrivals import UNKNOWN_LINE, over_cap, ring_unknown_line
from app.calls.cap import DailyCap
from app.calls.late import LateAnswers
from app.calls.model import Context, Tool, ToolCall, ToolResult
from app.calls.owed import FILLER_NOTE_S
from app.calls.replays import REMEMBER_S, Replays
from app.clock import Clock, ended
from app.db.batching import Together
from app.db.behind import Behind
from app.db.engine import Database
from app.db.opening import WRITE_DEADLINE_S
from app.errors import Code, OverloadedError, ReadbackError, SaidError
from app.watch.alarms import Alarms

MAX_REMEMBERED = 2_000
MAX_RUNNING = 2_000
TAKE_OVER_AFTER_S = 15.0
"""A request whose process has not finished it by then is dead: longer than any deadline in here."""
POLL_S = 0.1
OPEN_WITHIN_S = 1.0
"""For noting what is done all the same where it cannot be noted."""

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
NOTHING: Mapping[str, Any] = MappingProxyType({})
NOT_YET_CHANGED = ToolResult(
    False,
    "I could not get that confirmed yet. It is being checked, so please don't count on it until you hear from us.",
    Code.STILL_CHECKING,
)

logger = log.get(__name__)
_answered = log.Routine(__name__, "tool_call")


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
        replays: Replays | None = None,
    ) -> None:
        self._tools = {alias: tool for tool in tools for alias in tool.names}
        self._businesses = businesses
        self._cap = cap
        self._late = late
        self._database = database
        self._replays = replays or Replays(database)
        self._alarms = alarms
        self._clock = clock
        self._deadline_s = deadline_s
        self._filler_after_s = filler_after_s
        self._repeat_window_s = repeat_window_s
        self._owner = secrets.token_hex(8)
        self._recent: OrderedDict[str, bytes | asyncio.Task[ToolResult]] = OrderedDict()
        """By key: who is on it, or the answer as bytes, which cost the garbage collector nothing."""
        self._running: set[asyncio.Task[ToolResult]] = set()
        self._carried: WeakKeyDictionary[asyncio.Task[ToolResult], Answer] = WeakKeyDictionary()
        """What each change under way has come to so far."""
        self._unstored: set[str] = set()
        self._behind: Behind[Answer] = Behind(database, keep_answers, self._lost)
        self._unfinished: Behind[tuple[str, Answer, bool]] = Behind(database, finished, self._lost, lasting=True)

    @property
    def running(self) -> int:
        """Tool calls under way."""
        return len(self._running)

    async def start(self) -> None:
        """Remember what was answered before a restart."""
        since = self._clock.now() - REMEMBER_S
        for key, result in await self._replays.recent(since):
            self._remember(key, result)

    async def stop(self, grace_s: float) -> None:
        """Finish writes under way and store what is waiting."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        await self._unfinished.stop()
        await self._behind.stop()

    async def dispatch(self, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """Answer each call within the deadline, all at once, none spoiling another."""
        if len(calls) == 1:
            return [await self._answer(calls[0], 0)]
        return list(
            await asyncio.gather(*(self._answer(*each) for each in zip(calls, ledger.occurrences(calls), strict=True)))
        )

    async def _answer(self, call: ToolCall, occurrence: int) -> ToolResult:
        began = self._clock.monotonic()
        tool = self._tools.get(call.name)
        answer = Answer(call, tool.name if tool else "unknown", self._clock.now(), NOT_YET)
        try:
            answer.result = await self._decide(call, tool, occurrence, answer, began + self._deadline_s)
        except SaidError as error:
            answer.result = ToolResult(False, error.say, error.code, {**(tool.refused if tool else {}), **error.facts})
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller is owed a sentence
            answer.result = self._unexpected(error)
        answer.seconds = self._clock.monotonic() - began
        outcome = answer.result.code or "ok"
        metrics.observe_tool(answer.tool, outcome, answer.seconds)
        _answered(tool=answer.tool, outcome=outcome, ms=round(answer.seconds * 1000, 1))
        if not answer.stored:
            self._behind.add(answer)
        return answer.result

    async def _decide(
        self, call: ToolCall, tool: Tool[Any] | None, occurrence: int, answer: Answer, deadline: float
    ) -> ToolResult:
        business = self._businesses.find(call.ref.lines, call.ref.assistant)
        if business is None:
            ring_unknown_line(self._alarms, call.ref)
            raise SaidError(Code.NOT_FOUND, UNKNOWN_LINE)
        answer.business = business.id
        key = ledger.delivery_key(call, business.id, occurrence, changes=bool(tool and tool.changes_state))
        before = self._recent.get(key) if key else None
        if isinstance(before, bytes):
            return ledger.loaded(before)
        admitted = self._cap.known(call.ref)
        if not (await self._cap.admit(call.ref, business) if admitted is None else admitted):
            said = over_cap(business, self._cap.room_at(business), int(self._clock.now()))
            raise SaidError(Code.DAILY_CAP, said)
        if tool is None:
            names = ", ".join(sorted({tool.name for tool in self._tools.values()}))
            raise SaidError(Code.UNKNOWN_TOOL, f"There is no such tool. The tools are: {names}.")
        if call.problem is not None:
            raise SaidError(Code.INVALID_ARGUMENTS, call.problem)
        try:
            arguments = tool.takes(call.arguments)
        except ValidationError as error:
            raise SaidError(Code.INVALID_ARGUMENTS, corrective(error, tool.arguments)) from None
        answer.arguments = arguments
        context = Context(call.ref, business, deadline)
        if tool.changes_state:
            return await self._change(context, tool, answer, key)
        answer.key = key
        if key and self._replays.in_company:
            return await self._first(answer, key, self._look_up(context, tool, arguments, key))
        return await self._look_up(context, tool, arguments, key)

    async def _first(self, answer: Answer, key: str, looking: Coroutine[Any, Any, ToolResult]) -> ToolResult:
        """In company the answer is kept before it is given: a replay may reach another process a moment later.

        The answer that was given first stands, also where looking once more fails.
        """
        try:
            result = await looking
        except SaidError:
            kept = await self._replays.find(key)
            if kept is None:
                raise
        else:
            kept = await self._replays.first(answer, result)
            if kept is result:
                return result
        self._remember(key, kept)
        return kept

    async def _look_up(self, context: Context, tool: Tool[Any], arguments: Any, key: str | None) -> ToolResult:
        """A lookup: from memory at once, else in a task of its own that outlives an impatient caller."""
        if tool.at_once is not None:
            result = tool.at_once(context, arguments)
            if result is not None:
                if key:
                    self._remember(key, result)
                return result
        if key and self._replays.look_first and key not in self._recent:
            before = await self._replays.find(key)
            if before is not None:
                self._remember(key, before)
                return before
        under = self._recent.get(key) if key else None
        if isinstance(under, bytes):
            return ledger.loaded(under)
        task = under or self._run(self._guarded(context, tool, arguments))
        if key and under is None:
            self._remember(key, task)
        result = await self._wait(context, tool, task, key, follow=arguments if under is None else None)
        if key:
            self._remember(key, result)
        return result

    async def _wait(
        self, context: Context, tool: Tool[Any], task: asyncio.Task[ToolResult], key: str | None, *, follow: Any
    ) -> ToolResult:
        """The result, or a filler with the result to follow in the call, or an honest "not yet".

        `follow`: the arguments of what is to be told later on; None where another delivery sees to that.
        """
        pushable = follow is not None and self._late.can_push(context.ref)
        left = max(0.0, context.deadline - self._clock.monotonic())
        if await ended((task,), min(left, self._filler_after_s) if pushable else left):
            return task.result()
        if not pushable:
            return NOT_YET
        if self._late.promises_first(context.ref, context.business, tool.name, follow.model_dump_json(), task):
            await self._late.owe(key or uuid4().hex, context.ref, context.business, tool.name, task, FILLER_NOTE_S)
        return FILLER

    async def _change(self, context: Context, tool: Tool[Any], asked: Answer, key: str | None) -> ToolResult:
        """A change: claimed once, carried out in a task that nobody's going away can stop."""
        identity = tool.identity(context, asked.arguments) if tool.identity else asked.arguments.model_dump(mode="json")
        request = ledger.request_key(asked.call, context.business.id, tool.name, identity)
        under = self._recent.get(key or "") or self._recent.get(request)
        if isinstance(under, asyncio.Task):
            task = under
            if key and key not in self._recent:
                self._join(task, asked, key)
        else:
            self._late.remember(context.ref)
            task = self._run(self._carry_out(context, tool, kept := asked.again(), (key, request)))
            self._carried[task] = kept
            for name in filter(None, (key, request)):
                self._remember(name, task)
            task.add_done_callback(lambda done: self._settled(done, key, request))
            asked.stored = True
        if await ended((task,), max(0.0, context.deadline - self._clock.monotonic())):
            return task.result()
        if (known := self._carried[task].result) is not NOT_YET:  # only a database that hangs has not kept it yet
            return known
        if task is not under:
            await self._late.owe(key or uuid4().hex, context.ref, context.business, tool.name, task)
        return ToolResult(False, NOT_YET_CHANGED.say, NOT_YET_CHANGED.code, tool.undecided)

    def _join(self, task: asyncio.Task[ToolResult], asked: Answer, key: str) -> None:
        """The same request under a new id while the first is under way: the outcome is kept under this id as well."""
        mine = asked.again()
        mine.key, asked.stored = key, True

        def keep(done: asyncio.Task[ToolResult]) -> None:
            if not done.cancelled():
                mine.result = done.result()
                self._remember(key, mine.result)
                self._behind.add(mine)

        self._remember(key, task)
        task.add_done_callback(keep)

    def _settled(self, task: asyncio.Task[ToolResult], key: str | None, request: str) -> None:
        if self._recent.get(request) is task and request not in self._unstored:
            del self._recent[request]
        if key and not task.cancelled():
            self._remember(key, task.result())

    async def _carry_out(
        self, context: Context, tool: Tool[Any], answer: Answer, keys: tuple[str | None, str]
    ) -> ToolResult:
        """Claim the request, run the tool, keep the result. `answer` is this task's own."""
        now = self._clock.now()
        began = self._clock.monotonic()
        key, request = keys
        wanted = ledger.Request(
            key, request, self._owner, context.business.id, tool.name, now, now - self._repeat_window_s
        )
        begun: ledger.Begun | ledger.Answered | ledger.Under | None = None
        try:
            stands = partial(tool.stands, context) if tool.stands else ledger.always
            within_s = OPEN_WITHIN_S if tool.fails_open else WRITE_DEADLINE_S
            begun = await self._database.write(Together(ledger.begin_each, (wanted, stands)), within_s)
            while isinstance(begun, ledger.Under):
                begun = await self._await_other(begun, context)
            if isinstance(begun, ledger.Answered) and begun.result is not NOT_YET_CHANGED:
                answer.key = key
        except Exception as error:  # noqa: BLE001 - nothing was done here, and everybody who waits is owed a sentence
            unkept = tool.fails_open and begun is None and isinstance(error, ReadbackError)
            done = self._guarded(context, tool, answer.arguments) if unkept else None
            begun = ledger.Answered(await done if done else self._unexpected(error, tool.refused))
        if isinstance(begun, ledger.Answered):
            answer.result = begun.result
            self._behind.add(answer)
            return begun.result
        mine = begun.key
        answer.result = await self._guarded(context, tool, answer.arguments)
        answer.seconds = self._clock.monotonic() - began
        # Where nothing was done the same request may be tried again under a new id; what is not known stays pinned.
        undone = not answer.result.ok and answer.result.code is not Code.STILL_CHECKING
        repeatable = undone or tool.looks_first
        try:
            await self._database.write(Together(finished, (mine, answer, repeatable)))
        except ReadbackError as error:
            logger.error("result_not_stored", tool=tool.name, error=str(error))
            self._unfinished.add((mine, answer, repeatable))
            if not repeatable:
                self._unstored.add(request)
                asyncio.get_running_loop().call_later(self._repeat_window_s, self._forget, request)
        return answer.result

    def _forget(self, request: str) -> None:
        """The window of a request whose outcome only this process knew for a while is over."""
        self._unstored.discard(request)
        self._recent.pop(request, None)

    async def _await_other(
        self, under: ledger.Under, context: Context
    ) -> ledger.Begun | ledger.Answered | ledger.Under:
        """Another process has this request: wait for its answer, or take over what a dead one left."""
        while True:
            with suppress(ReadbackError):  # a database that is away says nothing of what the other process did
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
            return ToolResult(False, error.say, error.code, {**tool.refused, **error.facts})
        except Exception as error:  # noqa: BLE001 - as in `_answer`; only one of ours is from before anything was done
            return self._unexpected(error, tool.refused if isinstance(error, ReadbackError) else NOTHING)

    def _unexpected(self, error: Exception, facts: Mapping[str, Any] = NOTHING) -> ToolResult:
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
            {**facts, "log_id": log_id},
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
