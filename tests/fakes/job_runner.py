"""Lets time pass in a test and does the jobs of the outbox that fall due in it, each (kind, key) to its end once."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import job_outbox
from app.jobs.outbox import Again, Handler
from tests.fakes.clock import FakeClock

Name = tuple[str, str]


class JobRunner:
    """Where nothing is to be learnt about the durable engine. An error of a handler is the test's.

    Jobs of kinds without a handler are other people's, and stay where they are.
    """

    def __init__(self, database: Database, clock: FakeClock, handlers: Mapping[str, Handler]) -> None:
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._waiting: dict[Name, tuple[float, Any]] = {}
        self._known: set[Name] = set()
        self.pauses_s: list[float] = []

    async def run_for(self, seconds: float) -> int:
        """Let so much time pass and do what falls due; how many turns that were."""
        end, turns = self._clock.now() + seconds, 0
        while True:
            await self._fetch()
            due = sorted((due, name) for name, (due, _) in self._waiting.items() if due <= end)
            if not due:
                break
            at, name = due[0]
            self._clock.advance(max(0.0, at - self._clock.now()))
            await self._turn(name)
            turns += 1
        self._clock.advance(end - self._clock.now())
        return turns

    def waiting(self) -> list[Name]:
        """What is not over yet."""
        return sorted(self._waiting)

    async def _turn(self, name: Name) -> None:
        _, data = self._waiting.pop(name)
        answer = await self._handlers[name[0]](data)
        if isinstance(answer, Again):
            self.pauses_s.append(answer.after_s)
            self._waiting[name] = (self._clock.now() + answer.after_s, data)

    async def _fetch(self) -> None:
        rows = await self._database.read(lambda c: c.execute(select(job_outbox)).fetchall())
        for row in rows:
            if row.kind in self._handlers and (row.kind, row.key) not in self._known:
                self._known.add((row.kind, row.key))
                self._waiting[row.kind, row.key] = (row.due, orjson.loads(row.data))
