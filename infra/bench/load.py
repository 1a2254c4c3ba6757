"""The load itself: many callers on many connections, who wait for their answers (closed) or do not (open). Knows
nothing of the product but what an answer has to hold to count as right.
"""

import asyncio
import random
import re
import time
from typing import Any

from infra.bench import proc
from infra.bench.bodies import Template, template
from infra.bench.figures import Figures, Job, percentile
from infra.bench.wire import Connection, connected

GIVE_UP_S = 10.0
"""Who has waited this long hangs up; counted as failed, and as this long."""
TIMER_S = 0.002
"""The loop's timers come this late by themselves; an arrival later than that was held up, and the wait counts."""
STARTS = re.compile(rb'start\\":\\"([^\\]+)')


class Measured:
    """Counts the answers of one stretch of time."""

    def __init__(self, job: Job) -> None:
        self._pid, self._keep, self._marker = job.pid, job.keep, job.marker.encode()
        self._total = len(job.questions)
        self.counting = False
        self.figures = Figures()
        self._times: list[float] = []
        self._since = self._own = 0.0
        self._cpu: float | None = None

    def start(self) -> None:
        self.counting = True
        self._cpu = proc.cpu_s(self._pid) if self._pid else None
        self._own = time.process_time()
        self._since = time.perf_counter()

    def answered(self, number: int, seconds: float, status: int, answer: bytes) -> None:
        if not self.counting:
            return
        self._times.append(seconds)
        figures = self.figures
        figures.answers += 1
        if status == 0:
            figures.failed += 1
        elif status != 200 or self._marker not in answer:
            figures.wrong += 1
        if self._keep:
            starts = [start.decode() for start in STARTS.findall(answer)]
            figures.kept.append((number % self._total, seconds * 1000, status, starts))

    def stop(self) -> Figures:
        self.counting = False
        figures, times = self.figures, sorted(self._times)
        figures.seconds = time.perf_counter() - self._since
        figures.generator_share = (time.process_time() - self._own) / max(figures.seconds, 1e-9)
        figures.per_s = figures.answers / max(figures.seconds, 1e-9)
        figures.p50, figures.p99 = (percentile(times, share) * 1000 for share in (0.5, 0.99))
        figures.worst = times[-1] * 1000 if times else 0.0
        cpu = proc.cpu_s(self._pid) if self._cpu is not None else None
        if cpu is not None and self._cpu is not None and figures.answers:
            figures.cpu_us = (cpu - self._cpu) / figures.answers * 1e6
        return figures


class Load:
    """The connections of one job, closed or open loop."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._templates: list[Template] = [template(job.path, question) for question in job.questions]
        self._measured = Measured(job)
        self._next = job.first
        self._stopping = False
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connections: list[Connection] = []
        self._idle: list[Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._under_way = 0

    async def run(self) -> Figures:
        await (self._closed() if self._job.mode == "closed" else self._open())
        figures = self._measured.stop()
        await self._drain()
        figures.asked = self._next - self._job.first
        for connection in self._connections:
            connection.close()
        return figures

    async def _closed(self) -> None:
        job, loop = self._job, asyncio.get_running_loop()
        self._connections = [await connected(job.port, self._answered_closed) for _ in range(job.callers)]
        if not job.warm_up_s:
            self._measured.start()
        for caller, connection in enumerate(self._connections):
            connection.number = caller
            self._ask(connection)
        if job.warm_up_s:
            loop.call_later(job.warm_up_s, self._measured.start)
        patience_s = job.warm_up_s + job.seconds if job.seconds else max(60.0, job.count / 20)
        await asyncio.wait({self._done}, timeout=patience_s)
        self._stopping = True
        if job.count:
            self._measured.figures.failed += self._under_way

    async def _drain(self) -> None:
        """Wait for what is still under way, so that it is neither cut off nor part of the next measurement."""
        self._stopping = True
        if self._under_way:
            await asyncio.wait({self._drained}, timeout=GIVE_UP_S)

    def _ask(self, connection: Connection) -> None:
        """The next question of this caller: five in one phone call, then the next call."""
        job, number = self._job, self._next
        if self._stopping or (job.count and number - job.first >= job.count):
            if not self._under_way and not self._done.done():
                self._done.set_result(None)
            return
        self._next = number + 1
        self._under_way += 1
        connection.at = number
        call = job.first + connection.number + job.callers * (connection.asked // job.per_call)
        connection.asked += 1
        wire = self._templates[number % len(self._templates)].wire(call, number)
        connection.sent_at = time.perf_counter()
        connection.send(wire)

    def _answered_closed(self, connection: Connection, status: int, answer: bytes) -> None:
        self._under_way -= 1
        self._measured.answered(connection.at, time.perf_counter() - connection.sent_at, status, answer)
        self._tell_drained()
        if self._stopping:
            return
        if status == 0 or not connection.opened:
            self._later(self._replace(connection))
        else:
            self._ask(connection)

    async def _replace(self, lost: Connection) -> None:
        fresh = await connected(self._job.port, self._answered_closed)
        fresh.number, fresh.asked = lost.number, lost.asked
        self._connections.append(fresh)
        self._ask(fresh)

    async def _open(self) -> None:
        """Arrivals by the clock; each is timed from when it should have been sent, not from when it was."""
        job = self._job
        self._idle = [await connected(job.port, self._answered_open) for _ in range(job.callers)]
        self._connections = list(self._idle)
        chance = random.Random(job.first + 1)
        total = job.count or int(job.rate * job.seconds)
        warm = int(job.rate * job.warm_up_s)
        due = time.perf_counter()
        for arrival in range(warm + total):
            if arrival == warm:
                self._measured.start()
            due += chance.expovariate(job.rate)
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            now = time.perf_counter()
            self._arrive(now if now - due < TIMER_S else due)
        await self._drain()
        now = time.perf_counter()
        for connection in self._connections:
            if connection.waiting:
                self._measured.answered(connection.at, max(GIVE_UP_S, now - connection.sent_at), 0, b"")

    def _arrive(self, due: float) -> None:
        number = self._next
        self._next = number + 1
        self._under_way += 1
        if self._idle:
            self._put(self._idle.pop(), number, due)
        else:
            self._later(self._put_on_new(number, due))

    async def _put_on_new(self, number: int, due: float) -> None:
        connection = await connected(self._job.port, self._answered_open)
        self._connections.append(connection)
        self._put(connection, number, due)

    def _put(self, connection: Connection, number: int, due: float) -> None:
        connection.at, connection.sent_at = number, due
        wire = self._templates[number % len(self._templates)]
        connection.send(wire.wire(self._job.first + (number - self._job.first) // self._job.per_call, number))

    def _answered_open(self, connection: Connection, status: int, answer: bytes) -> None:
        self._under_way -= 1
        self._measured.answered(connection.at, time.perf_counter() - connection.sent_at, status, answer)
        if status and connection.opened:
            self._idle.append(connection)
        self._tell_drained()

    def _tell_drained(self) -> None:
        if self._stopping and not self._under_way and not self._drained.done():
            self._drained.set_result(None)

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
