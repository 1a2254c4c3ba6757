"""A whole process's work on jobs, with the real engine: what is put is done, and the loop stays everybody's."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.db.schema import dead_letters, job_processes
from app.jobs.engine import AT_ONCE
from app.jobs.entry import Entry
from app.jobs.outbox import Again, Job, put
from tests.fakes.databases import opened
from tests.jobs.working import until, working
from tests.processes import ROOT

Data = Mapping[str, Any]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


async def given(database: Database, *jobs: Job) -> None:
    await database.write(lambda transaction: put(transaction, *jobs, now=time.time()))


async def test_what_is_put_is_done_on_this_loop_and_what_is_not_over_is_done_again(database: Database) -> None:
    loops, turns = [], []

    async def handler(data: Data) -> Again | None:
        loops.append(asyncio.get_running_loop())
        turns.append(data["booking"])
        return Again(0.1) if len(turns) < 3 else None

    async with working(database, {"read_back": handler}):
        await given(database, Job("read_back", "b:1", time.time(), {"booking": "b:1"}))
        await until(lambda: len(turns) == 3)

    assert turns == ["b:1"] * 3
    assert set(loops) == {asyncio.get_running_loop()}


async def test_what_goes_on_failing_is_buried(database: Database) -> None:
    tried: list[float] = []

    async def handler(data: Data) -> None:
        tried.append(time.time())
        raise ValueError("never")

    async with working(database, {"read_back": handler}):
        await given(database, Job("read_back", "b:1", time.time(), {"business": "acme"}))
        found: list[Any] = []
        while not found:
            found = await database.read(lambda connection: connection.execute(select(dead_letters)).fetchall())
            await asyncio.sleep(0.05)

    assert len(tried) == 3
    assert [(row.key, row.business, row.cause) for row in found] == [("b:1", "acme", "ValueError")]


async def test_handlers_that_hang_hold_up_neither_the_loop_nor_what_is_put(database: Database) -> None:
    release = asyncio.Event()
    begun: list[bool] = []

    async def handler(data: Data) -> None:
        begun.append(True)
        await release.wait()

    async with working(database, {"slow": handler}) as jobs:
        await given(database, *(Job("slow", f"s:{n}", time.time()) for n in range(AT_ONCE + 10)))
        await until(lambda: len(begun) == AT_ONCE)
        before = time.monotonic()
        await jobs.keep([Entry("slow", "one more", time.time() + 600)])
        assert time.monotonic() - before < 10  # not the two minutes that they may hang
        release.set()
        await until(lambda: len(begun) == AT_ONCE + 10)


async def test_blocked_threads_of_the_loop_do_not_stop_what_is_put(database: Database) -> None:
    """The engine's own way of enqueueing waits for the pool that every `to_thread` shares."""
    release = threading.Event()
    done: list[bool] = []

    async def handler(data: Data) -> None:
        done.append(True)

    async with working(database, {"quick": handler}) as jobs:
        await until(jobs.alive)
        own = asyncio.get_running_loop()._default_executor  # type: ignore[attr-defined]  # only this shows whose it is
        blocked = [asyncio.create_task(asyncio.to_thread(release.wait, 60)) for _ in range(64)]
        try:
            await given(database, Job("quick", "q:1", time.time()))
            await until(lambda: done)
        finally:
            release.set()
            await asyncio.gather(*blocked)
        assert own is None or "dbos" not in str(own._thread_name_prefix)


async def test_stopped_while_it_comes_up_it_leaves_nothing_behind(database: Database) -> None:
    async with working(database, {}):
        await asyncio.sleep(0.05)

    names = await database.read(lambda connection: connection.execute(select(job_processes)).fetchall())
    assert names == []
    assert not [thread for thread in threading.enumerate() if "queue-worker" in thread.name]


async def test_without_its_database_the_engine_is_tried_again_and_rings(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.work.ENGINE_RETRY_S", (0.05,))
    async with opened(sqlite_url) as database:
        good, database.url = database.url, "sqlite:////nowhere/at/all.db"
        done: list[bool] = []

        async def handler(data: Data) -> None:
            done.append(True)

        async with working(database, {"quick": handler}) as jobs:
            alarms: Any = jobs._alarms
            assert jobs.works() is None, "it has only begun"
            await until(lambda: alarms.rung)
            assert jobs.works() is False
            await given(database, Job("quick", "q:1", time.time()))
            assert not jobs.alive()
            database.url = good
            await until(lambda: done)
            assert jobs.alive()
            assert jobs.works()
    assert alarms.kinds() == ["jobs_down"]
    assert not alarms._ringing


async def test_an_engine_that_comes_up_ends_no_page_of_a_process_in_which_it_does_not(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database, working(database, {}) as jobs:
        alarms: Any = jobs._alarms
        alarms.rang_elsewhere("jobs_down", "engine")
        await until(jobs.works)
    assert alarms.ringing() == {("jobs_down", "engine")}


def test_what_the_engine_shares_with_other_threads_is_imported_before_there_are_any() -> None:
    """Half imported by the thread that brings the engine up, it makes statements of every other thread fail."""
    program = "import sys, app.jobs.work; print('sqlalchemy.orm' in sys.modules, 'dbos' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert told.stdout.split() == ["True", "False"]
