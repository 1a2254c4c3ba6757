"""One turn of a job: call its handler, and see to what follows. What fails is tried again, in the end buried.

Nothing here sleeps for a job: "later" is an entry in the durable engine, so that a job outlives whoever waits for it.
No turn is over before it is done, or the next one is kept, or the letter is committed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import log, metrics
from app.clock import Clock
from app.db.engine import Database
from app.db.write_queue import nobody_waits
from app.errors import ReadbackError
from app.jobs.dead_letters import Letter, given_up
from app.jobs.entry import Entry
from app.jobs.outbox import Again, Handler

PAUSES_S = (1.0, 5.0, 20.0, 60.0, 120.0, 240.0)
"""Before each further try of a job that failed; together well within ten minutes, then a person hears of it."""
JITTER = 0.25
HANDLER_DEADLINE_S = 120.0
"""For one turn. A handler that needs longer gives back `Again`."""
CANCELLED_WITHIN_S = 5.0
ENDED_LOOK_S = 0.02
AT_ONCE = 24
"""Handlers of one process that run at the same moment, whatever loads they came in."""
APART_S = 0.008
"""Between the beginnings of two turns: 125 a second."""
CROWD = 2 * AT_ONCE
"""Turns under way from which on more are not kept apart."""
BURY_AGAIN_AFTER_S = 30.0
HAND_ON_AGAIN_S = 2.0

Keep = Callable[[list[Entry]], Awaitable[None]]
"""Keeps entries for good, or raises `ReadbackError`."""

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: pauses before each further try, and the deadline of one turn, in seconds."""

    pauses_s: Sequence[float] = PAUSES_S
    deadline_s: float = HANDLER_DEADLINE_S


@dataclass(frozen=True, slots=True)
class _Failed:
    cause: str


class _Interrupted:
    """The process is to end before the handler has; somebody else begins again."""


_Outcome = Again | _Failed | _Interrupted | None


class Turns:
    """The turns under way in this process. `handlers` is what it can do, by kind of job."""

    def __init__(
        self, handlers: Mapping[str, Handler], keep: Keep, database: Database, clock: Clock, patience: Patience
    ) -> None:
        self._handlers = dict(handlers)
        self._keep = keep
        self._database = database
        self._clock = clock
        self._patience = patience
        self._room = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[Again | None]] = set()
        self._carrying = 0
        self._begins_next = 0.0
        self._stopping = False
        self.ended_at = 0.0
        """When the latest turn ended, on the steady clock."""

    async def carry_all(self, load: Sequence[Entry]) -> None:
        """The turns of one load, side by side; over when all are. Raises the first error of what follows them."""
        nobody_waits()
        ends = await asyncio.gather(*(self.carry_out(entry) for entry in load), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    @property
    def under_way(self) -> int:
        """Turns under way, those that wait for room included."""
        return self._carrying

    async def carry_out(self, entry: Entry) -> None:
        """One turn; whatever follows it is kept when this returns."""
        self._carrying += 1
        try:
            await self._pace()
            async with self._room:
                metrics.observe_job_lateness(max(0.0, self._clock.now() - entry.due))
                outcome = await self._outcome(entry)
            await self._follow(entry, outcome)
        finally:
            self._carrying -= 1
            self.ended_at = self._clock.monotonic()

    async def _pace(self) -> None:
        """Begin one after the other: a load that begins as one is a caller's pause. A crowd goes as fast as it can."""
        if self._carrying > CROWD:
            return
        now = asyncio.get_running_loop().time()
        begins = max(now, self._begins_next)
        self._begins_next = begins + APART_S
        if begins > now:
            await asyncio.sleep(begins - now)

    async def failed(self, entry: Entry, cause: str) -> None:
        """Try again later, or give up with a letter in the pile and a page."""
        pauses_s = self._patience.pauses_s
        if entry.tries < len(pauses_s):
            metrics.count_job(entry.kind, "failed")
            pause_s = pauses_s[entry.tries] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
            await self._hand_on(replace(entry, turn=entry.turn + 1, tries=entry.tries + 1, deaths=0), pause_s)
            return
        letter = Letter(entry.kind, entry.key, str(entry.data.get("business", "")), cause, entry.data)
        now = self._clock.now()
        try:
            await self._database.write(lambda transaction: given_up(transaction, letter, now=now))
        except ReadbackError:
            await self._hand_on(replace(entry, turn=entry.turn + 1), BURY_AGAIN_AFTER_S)
            return
        metrics.count_job(entry.kind, "dead")
        logger.error("job_buried", kind=entry.kind, tries=entry.tries + 1, cause=cause)

    def refuse(self) -> None:
        """From now on hand on what comes, without calling its handler."""
        self._stopping = True

    async def wind_up(self, grace_s: float) -> None:
        """Wait for what is under way, interrupt what does not end, and see that it is handed on."""
        self.refuse()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=grace_s)
        for task in set(self._under_way):
            task.cancel()
        until = self._clock.monotonic() + CANCELLED_WITHIN_S
        while self._carrying and self._clock.monotonic() < until:  # noqa: ASYNC110 - turns of several threads, no one event
            await asyncio.sleep(ENDED_LOOK_S)

    async def _outcome(self, entry: Entry) -> _Outcome:
        handler = self._handlers.get(entry.kind)
        if handler is None:
            return _Failed("this version does not know this kind of work")
        if self._stopping:
            return _Interrupted()
        task = asyncio.get_running_loop().create_task(_called(handler, entry.data))
        self._under_way.add(task)
        try:
            await asyncio.wait({task}, timeout=self._patience.deadline_s)
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=CANCELLED_WITHIN_S)
                return _Failed(f"not done within {self._patience.deadline_s:g} s")
        finally:
            self._under_way.discard(task)
        if task.cancelled():
            return _Interrupted() if self._stopping else _Failed("cancelled")
        error = task.exception()
        if error is None:
            return task.result()
        logger.warning("job_failed", kind=entry.kind, tries=entry.tries + 1, exc_info=error)
        return _Failed(_cause(error))

    async def _follow(self, entry: Entry, outcome: _Outcome) -> None:
        """What comes after this turn."""
        if isinstance(outcome, _Failed):
            await self.failed(entry, outcome.cause)
        elif isinstance(outcome, Again):
            metrics.count_job(entry.kind, "again")
            await self._hand_on(replace(entry, turn=entry.turn + 1, tries=0, deaths=0), outcome.after_s)
        elif isinstance(outcome, _Interrupted):
            metrics.count_job(entry.kind, "interrupted")
            await self._hand_on(replace(entry, turn=entry.turn + 1, deaths=0), 0.0)
        else:
            metrics.count_job(entry.kind, "done")

    async def _hand_on(self, entry: Entry, after_s: float) -> None:
        """The job's next turn. Its present one is not over before this is kept."""
        following = replace(entry, due=self._clock.now() + max(0.0, after_s))
        while True:
            try:
                return await self._keep([following])
            except ReadbackError as error:
                logger.warning("job_not_handed_on", kind=entry.kind, error=str(error))
                if self._stopping:
                    raise  # it counts as begun, and is taken over from whoever began it
                await asyncio.sleep(HAND_ON_AGAIN_S)


async def _called(handler: Handler, data: Mapping[str, Any]) -> Again | None:
    return await handler(data)


def _cause(error: BaseException) -> str:
    """Our own errors say why in words fit for an operator; a stranger's words may quote a customer."""
    kind = type(error).__name__
    return f"{kind}: {log.redact(str(error))}" if isinstance(error, ReadbackError) else kind
