"""Finds work whose process died in the middle and gives it to others; not for ever, if it is the work that kills.

Run by the leading process alone. What waits needs none of this: only what had begun is bound to its process.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from app import log, metrics
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.dead_letters import Letter, given_up
from app.jobs.entry import Entry, Started
from app.jobs.members import Member, forget

MOST_DEATHS = 3
"""Processes that may die with a job; then it is taken for the reason."""
APART_S = 2.0
"""Between the starts of jobs that have seen two processes die: whichever kills the third must not do it in company."""

logger = log.get(__name__)


class Engine(Protocol):
    """What taking over asks of the durable engine."""

    async def started(self) -> list[Started]:
        """Entries that a process, alive or not, has begun and not finished."""

    async def broken(self) -> list[Started]:
        """Entries that the engine itself gave up."""

    async def keep(self, entries: list[Entry]) -> None:
        """Have entries kept for good; one that is known already stays as it is."""

    async def cancel(self, loads: Sequence[str]) -> None:
        """End loads that nobody is to finish; they stay known."""

    async def discard(self, loads: Sequence[str]) -> None:
        """Forget loads, whatever their state."""


class Takeover:
    """`failed(entry, cause)` decides what becomes of an entry that the engine gave up."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        member: Member,
        clock: Clock,
        failed: Callable[[Entry, str], Awaitable[None]],
    ) -> None:
        self._database = database
        self._engine = engine
        self._member = member
        self._clock = clock
        self._failed = failed

    async def look(self) -> int:
        """Take over what the dead had begun; how many entries that was."""
        # In this order: who is on the list now was on it before it could begin anything.
        started = await self._engine.started()
        living = await self._member.living()
        orphans = [one for one in started if one.process not in living]
        if orphans:
            await self._take_over(orphans)
        broken = await self._engine.broken()
        for one in broken:
            logger.error("job_broken", kind=one.entry.kind, turn=one.entry.turn)
            await self._failed(one.entry, "its outcome could not be kept")
        if broken:
            await self._engine.discard(_loads(broken))
        return len(orphans)

    async def _take_over(self, orphans: list[Started]) -> None:
        """Each gets its next turn, whose id is the same for everybody who takes over, so that it is taken over once."""
        now = self._clock.now()
        deadly = [one.entry for one in orphans if one.entry.deaths + 1 >= MOST_DEATHS]
        if deadly:
            await self._database.write(lambda transaction: _buried(transaction, deadly, now))
        others = [_following(one.entry, number, now) for number, one in enumerate(orphans) if one.entry not in deadly]
        await self._engine.keep(others)
        await self._engine.cancel(_loads(orphans))
        dead = {one.process for one in orphans}
        await self._database.write(lambda transaction: forget(transaction, dead))
        for one in orphans:
            metrics.count_job(one.entry.kind, "dead" if one.entry in deadly else "taken_over")
        logger.warning("jobs_taken_over", processes=len(dead), jobs=len(others), given_up=len(deadly))


def _loads(begun: Sequence[Started]) -> list[str]:
    return list(dict.fromkeys(one.load for one in begun))


def _following(entry: Entry, number: int, now: float) -> Entry:
    deaths = entry.deaths + 1
    due = now + number * APART_S if deaths == MOST_DEATHS - 1 else now
    return replace(entry, turn=entry.turn + 1, deaths=deaths, due=due)


def _buried(transaction: Transaction, deadly: list[Entry], now: float) -> None:
    for entry in deadly:
        cause = f"the process that did it died, {MOST_DEATHS} times"
        letter = Letter(entry.kind, entry.key, str(entry.data.get("business", "")), cause, entry.data)
        given_up(transaction, letter, now=now)
