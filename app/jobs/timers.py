"""What is done again and again, by one process at a time: a visible list of names, pauses and functions."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app import log
from app.db.write_queue import nobody_waits
from app.watch.alarms import Alarms

FOLLOW_S = 1.0
"""How soon after a change of leadership the timers run here."""
FAILURES_TO_ALARM = 3

logger = log.get(__name__)


class Leading(Protocol):
    """Who knows whether this process leads."""

    def leads(self) -> bool:
        """Whether this process leads now."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is due every so often. One run never overlaps the next; a run that fails waits for the next."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[Any]]


class Timers:
    """Runs each timer while this process leads. A run that has begun is finished, also when the lead is lost."""

    def __init__(self, timers: Sequence[Timer], leading: Leading, alarms: Alarms) -> None:
        self._timers = tuple(timers)
        self._leading = leading
        self._alarms = alarms
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; each timer runs at once where this process leads."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._forever(timer), name=f"timer {timer.name}") for timer in self._timers]

    async def stop(self) -> None:
        """Stop, in the middle of a run if need be."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def alive(self) -> bool:
        """Whether every loop is still going round."""
        return all(not task.done() for task in self._tasks)

    async def _forever(self, timer: Timer) -> None:
        nobody_waits()
        failures = 0
        while True:
            if not self._leading.leads():
                await asyncio.sleep(min(FOLLOW_S, timer.every_s))
                continue
            try:
                await timer.run()
                failures = 0
                self._alarms.clear("timer_failed", timer.name)
            except Exception as error:
                failures += 1
                logger.error("timer_failed", timer=timer.name, failures=failures, exc_info=True)
                if failures % FAILURES_TO_ALARM == 0:  # again too: somebody may have closed the page
                    self._ring(timer, error)
            await asyncio.sleep(timer.every_s)

    def _ring(self, timer: Timer, error: Exception) -> None:
        body = (
            f"It failed {FAILURES_TO_ALARM} times in a row or more, last with {type(error).__name__}; it is tried on."
        )
        self._alarms.ring("timer_failed", timer.name, f"The timer {timer.name} fails", body)
