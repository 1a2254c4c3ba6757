"""Work on jobs in this process or in others: what a test puts, and what it sees done."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.audit.log import seal
from app.clock import SystemClock
from app.db.engine import Database
from app.db.once import committing, looking
from app.db.schema import job_outbox
from app.jobs.outbox import Handler, Job, put
from app.jobs.turns import Patience
from app.jobs.work import Jobs
from tests.fakes.alarms import FakeAlarms
from tests.nursery import begun
from tests.processes import environment

WITHIN_S = 60.0
QUICK = Patience(pauses_s=(0.05, 0.05), deadline_s=20.0)


@asynccontextmanager
async def working(
    database: Database, handlers: Mapping[str, Handler], patience: Patience = QUICK
) -> AsyncIterator[Jobs]:
    """Jobs in this process, on the test's own loop."""
    jobs = Jobs(
        database=database,
        handlers=handlers,
        timers=(),
        alarms=FakeAlarms(),  # type: ignore[arg-type]  # rings and clears as the real ones do
        clock=SystemClock(),
        patience=patience,
    )
    jobs.start()
    try:
        yield jobs
    finally:
        await jobs.stop(5.0)


async def until(holds: Any, within_s: float = WITHIN_S) -> None:
    """Wait until something holds; fails when it does not come to."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "did not come to hold"
        await asyncio.sleep(0.02)


def given(url: str, *jobs: Job) -> None:
    """Put jobs as another process would, which tells nobody."""
    with committing(url, seal) as transaction:
        put(transaction, *jobs, now=time.time())


def in_outbox(url: str) -> list[str]:
    """Keys of the jobs that no engine has yet."""
    with looking(url) as connection:
        return list(connection.execute(select(job_outbox.c.key)).scalars())


class Worker:
    """A process that works on jobs of its own kinds and notes in a file what it does."""

    def __init__(self, url: str, notes: Path, *options: str) -> None:
        self.log = notes.with_suffix(f".{time.monotonic_ns()}.log")
        self.process = begun("tests.jobs.worker", [url, str(notes), *options], environment(), self.log)

    def kill(self) -> None:
        """As the machine's own end would: no warning, nothing tidied up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WITHIN_S)


@contextmanager
def workers(url: str, notes: Path, number: int, *options: str) -> Iterator[list[Worker]]:
    """Several of them, gone at the end."""
    notes.touch()
    found = [Worker(url, notes, *options) for _ in range(number)]
    try:
        yield found
    finally:
        for worker in found:
            if worker.process.poll() is None:
                worker.kill()


def noted(notes: Path, what: str) -> list[str]:
    """Keys under which the workers noted this, in order."""
    lines = (line.split() for line in notes.read_text().splitlines())
    return [key for word, key, _ in lines if word == what]


def note(notes: Path, what: str, key: str) -> None:
    """One line in one write, whoever else writes."""
    with notes.open("ab", buffering=0) as file:
        file.write(f"{what} {key} {os.getpid()}\n".encode())
