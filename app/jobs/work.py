"""All of one process's work on jobs: the engine, the relay that feeds it, the turns it gives out, the timers beside it.

Handlers run on the server's own loop, the engine in threads of its own; neither can hold up the other. While the engine
is down, jobs wait in the outbox and the rest of the server goes on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy.orm  # noqa: F401 - the engine imports it in a thread, and half imported it breaks every other thread's statements

from app import log
from app.clock import Clock
from app.db.engine import Database
from app.errors import ReadbackError
from app.jobs.entry import Entry, Started
from app.jobs.members import BEAT_S, Member
from app.jobs.outbox import Handler
from app.jobs.relay import Relay
from app.jobs.takeover import Takeover
from app.jobs.timers import Timer, Timers
from app.jobs.turns import Patience, Turns
from app.watch.alarms import Alarms

if TYPE_CHECKING:
    from app.jobs.engine import Engine

T = TypeVar("T")

ENGINE_THREADS = 2
ENGINE_RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
RISE_WITHIN_S = 15.0
JUST_ENDED_S = 2.0
KEPT_WITHIN_S = 5
"""What the engine may take to keep the outcome of a turn that has just ended; lost, it would be done again."""
FORGET_EVERY_S = 600.0
KEEP_DONE_S = 8 * 86_400
"""Longer than the longest window in which a request may be repeated, and with it the job it put."""

logger = log.get(__name__)


class JobsUnavailableError(ReadbackError):
    """The durable engine cannot be asked now."""

    retryable = True


class Jobs:
    """What `main` starts and stops. `handlers` is the visible list of what is done, by kind of job.

    `timers` are run beside the jobs, by whichever process leads.
    """

    def __init__(
        self,
        *,
        database: Database,
        handlers: Mapping[str, Handler],
        timers: Sequence[Timer],
        alarms: Alarms,
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._member = Member(database, clock)
        self._relay = Relay(database, self.keep, clock, self._member.leads)
        self._turns = Turns(handlers, self.keep, database, clock, patience or Patience())
        takeover = Takeover(database, self, self._member, clock, self._turns.failed)
        own = (Timer("takeover", BEAT_S, takeover.look), Timer("forget_jobs", FORGET_EVERY_S, self.forget))
        self._timers = Timers((*own, *timers), self._member, alarms)
        self._pool = ThreadPoolExecutor(ENGINE_THREADS, thread_name_prefix="jobs")
        self._engine: Engine | None = None
        self._rising: Future[Engine] | None = None
        self._starter: asyncio.Task[None] | None = None
        self._tried = False

    def start(self) -> None:
        """Begin; the engine comes up in the background, so that nobody who calls waits for it."""
        self._member.start()
        self._starter = asyncio.get_running_loop().create_task(self._come_up())

    async def stop(self, grace_s: float) -> None:
        """Finish what is under way within `grace_s`; what does not finish, and what waits, is left to others."""
        if self._starter is None:
            return
        self._starter.cancel()
        await asyncio.gather(self._starter, return_exceptions=True)
        self._turns.refuse()
        engine = self._engine or await self._risen()
        await self._timers.stop()
        await self._relay.stop()
        if engine is not None:
            engine.stop_taking()
            await self._turns.wind_up(grace_s)
            just_ended = self._clock.monotonic() - self._turns.ended_at < JUST_ENDED_S
            await asyncio.to_thread(engine.stop, KEPT_WITHIN_S if just_ended else 0)
        self._engine = None
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._member.stop()

    def alive(self) -> bool:
        """Whether jobs are being carried and done: the engine is up and every loop goes round."""
        return self._engine is not None and self._relay.alive() and self._timers.alive()

    @property
    def under_way(self) -> int:
        """Turns of jobs that this process has in hand."""
        return self._turns.under_way

    def works(self) -> bool | None:
        """Whether jobs are done; None while the engine comes up for the first time."""
        return self.alive() if self._tried else None

    # --- the engine, asked off the loop -------------------------------------------------------------------------------

    async def keep(self, entries: list[Entry]) -> None:
        """Have entries kept for good. Raises `JobsUnavailableError`, and then may have kept them all the same."""
        if entries:
            now = self._clock.now()
            await self._ask(lambda engine: engine.hand_over(entries, now))

    async def started(self) -> list[Started]:
        """Entries that a process, alive or not, has begun and not finished."""
        return await self._ask(lambda engine: engine.started())

    async def broken(self) -> list[Started]:
        """Entries that the engine itself gave up."""
        return await self._ask(lambda engine: engine.broken())

    async def cancel(self, loads: Sequence[str]) -> None:
        """End loads that nobody is to finish; they stay known."""
        await self._ask(lambda engine: engine.cancel(loads))

    async def discard(self, loads: Sequence[str]) -> None:
        """Forget loads, whatever their state."""
        await self._ask(lambda engine: engine.discard(loads))

    async def forget(self) -> int:
        """Forget jobs done so long ago that nobody puts them again; how many."""
        before = self._clock.now() - KEEP_DONE_S
        total = 0
        while gone := await self._ask(lambda engine: engine.forget(before)):
            total += gone
        return total

    async def _ask(self, question: Callable[["Engine"], T]) -> T:
        engine = self._engine
        if engine is None:
            raise JobsUnavailableError("the engine is not up")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, question, engine)
        except Exception as error:
            # The engine's family of errors is its own; all of them mean that it did not do what was asked.
            raise JobsUnavailableError(type(error).__name__) from error

    # --- coming up ----------------------------------------------------------------------------------------------------

    async def _come_up(self) -> None:
        await self._member.known.wait()
        tries = 0
        while self._engine is None:
            try:
                self._rising = self._pool.submit(self._brought_up, asyncio.get_running_loop())
                self._engine = await asyncio.wrap_future(self._rising)
            except Exception as error:
                self._tried = True
                logger.error("jobs_down", error=type(error).__name__, exc_info=True)
                self._ring(error)
                await asyncio.sleep(ENGINE_RETRY_S[min(tries, len(ENGINE_RETRY_S) - 1)])
                tries += 1
        self._alarms.clear("jobs_down", "engine", own=True)
        self._relay.start()
        self._timers.start()
        self._tried = True
        logger.info("jobs_started", process=self._member.name)

    def _brought_up(self, loop: asyncio.AbstractEventLoop) -> "Engine":
        from app.jobs.engine import Engine  # noqa: PLC0415 - half a second and 25 MB that a process without jobs is spared

        def carry(load: Sequence[Entry]) -> None:
            """Called in a thread of the engine, which waits until what follows is kept."""
            asyncio.run_coroutine_threadsafe(self._turns.carry_all(load), loop).result()

        engine = Engine(self._database.url, self._member.name, carry)
        engine.start()
        return engine

    async def _risen(self) -> "Engine | None":
        """An engine that was coming up when we were asked to stop, so that it can be stopped."""
        if self._rising is None or self._rising.cancelled():
            return None
        try:
            self._engine = await asyncio.to_thread(self._rising.result, RISE_WITHIN_S)
        except Exception as error:  # noqa: BLE001 - it did not come up, so there is nothing to stop
            logger.warning("jobs_not_up", error=type(error).__name__)
        return self._engine

    def _ring(self, error: Exception) -> None:
        body = f"The engine of background jobs does not start ({type(error).__name__}). Jobs wait, none is lost."
        self._alarms.ring("jobs_down", "engine", "Background jobs do not run", body)
