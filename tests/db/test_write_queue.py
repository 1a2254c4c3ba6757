"""The order of writes: callers first, what nobody waits for in between and together, and nothing for ever."""

import asyncio
import time

import pytest
from sqlalchemy import func, select

from app.db.engine import Database, Transaction
from app.db.schema import secrets
from app.db.write_queue import (
    AT_LAST_S,
    GATHER_S,
    LONGEST_S,
    MAX_BATCH,
    MOST_PATIENT,
    QUIET_S,
    Waiting,
    nobody_waits,
    somebody_waits,
)
from tests.fakes.databases import held_up, opened


async def patiently(waiting: Waiting[str], *works: str) -> None:
    """Put these from a task for which nobody waits."""

    async def put() -> None:
        nobody_waits()
        for work in works:
            waiting.put(work)

    await asyncio.create_task(put())


async def test_callers_go_first_and_together() -> None:
    waiting: Waiting[str] = Waiting()
    await patiently(waiting, "job")
    waiting.put("one")
    waiting.put("two")

    assert waiting.take(1.0).works == ["one", "two"]
    assert waiting.take(1.0).works == ["job"]
    assert waiting.take(0.01).works == []


async def test_what_nobody_waits_for_gathers_and_goes_a_few_at_a_time() -> None:
    waiting: Waiting[str] = Waiting()
    jobs = [f"job {number}" for number in range(MOST_PATIENT + 2)]
    began = time.monotonic()
    await patiently(waiting, *jobs)

    assert waiting.take(1.0).works == jobs[:MOST_PATIENT]
    assert time.monotonic() - began >= GATHER_S
    assert waiting.take(1.0).works == jobs[MOST_PATIENT:]


async def test_who_has_just_come_may_want_more_before_the_patient_go() -> None:
    waiting: Waiting[str] = Waiting()
    waiting.put("caller")
    assert waiting.take(1.0).works == ["caller"]
    began = time.monotonic()
    await patiently(waiting, "job")

    assert waiting.take(1.0).works == ["job"]
    assert QUIET_S - 0.01 <= time.monotonic() - began < LONGEST_S


async def test_where_callers_keep_coming_the_patient_go_with_them_one_by_one() -> None:
    waiting: Waiting[str] = Waiting()
    await patiently(waiting, "job 1", "job 2")
    waiting.put("early")
    assert waiting.take(1.0).works == ["early"]

    time.sleep(AT_LAST_S + 0.01)  # noqa: ASYNC251 - as the writer's thread would be busy
    for number in range(2):
        waiting.put(f"caller {number}")
        assert waiting.take(1.0).works == [f"caller {number}", f"job {number + 1}"]


async def test_what_has_waited_long_goes_as_soon_as_no_caller_waits() -> None:
    waiting: Waiting[str] = Waiting()
    await patiently(waiting, "job 1", "job 2")
    waiting.put("early")
    assert waiting.take(1.0).works == ["early"]
    time.sleep(LONGEST_S + 0.01)  # noqa: ASYNC251 - as the writer's thread would be busy
    waiting.put("caller")

    assert waiting.take(1.0).works == ["caller"]
    began = time.monotonic()
    assert waiting.take(1.0).works == ["job 1", "job 2"]
    assert time.monotonic() - began < QUIET_S


async def test_a_caller_who_comes_while_the_patient_gather_is_not_kept_waiting() -> None:
    waiting: Waiting[str] = Waiting()
    await patiently(waiting, "job")
    asyncio.get_running_loop().call_later(GATHER_S / 4, waiting.put, "caller")

    assert (await asyncio.to_thread(waiting.take, 1.0)).works == ["caller"]


async def test_a_group_that_is_cut_short_goes_on_after_the_caller(database_url: str) -> None:
    order: list[str] = []

    async def job(name: str) -> None:
        def work(transaction: Transaction) -> None:
            transaction.connection.execute(secrets.insert().values(name=name, value="x"))
            order.append(name)
            if name == "job 1":  # a caller comes while it is done
                asyncio.run_coroutine_threadsafe(caller(), loop)
                while not database._waiting.hurries():
                    time.sleep(0.001)

        nobody_waits()
        await database.write(work)

    async def caller() -> None:
        await database.write(lambda _: order.append("caller"))

    loop = asyncio.get_running_loop()
    async with opened(database_url) as database:
        async with held_up(database):
            writing = [asyncio.create_task(job(f"job {number}")) for number in (1, 2, 3)]
            await asyncio.sleep(0)
        await asyncio.gather(*writing)
        kept = await database.read(lambda c: c.execute(select(func.count()).select_from(secrets)).scalar_one())

    assert order == ["job 1", "caller", "job 2", "job 3"]
    assert kept == len(writing)


async def test_the_end_gives_out_everything_at_once() -> None:
    waiting: Waiting[str] = Waiting()
    await patiently(waiting, "job")
    for number in range(MAX_BATCH + 1):
        waiting.put(str(number))
    waiting.end()
    began = time.monotonic()

    assert [len(waiting.take(9.0).works) for _ in range(4)] == [MAX_BATCH, 1, 1, 0]
    assert waiting.ended
    assert time.monotonic() - began < 1.0


async def test_who_waits_for_a_task_can_be_said_again_inside() -> None:
    waiting: Waiting[str] = Waiting()

    async def job() -> None:
        nobody_waits()
        waiting.put("job")
        with somebody_waits():
            await asyncio.create_task(asyncio.sleep(0, waiting.put("counted")))
        waiting.put("job again")

    await asyncio.create_task(job())
    assert waiting.take(1.0).works == ["counted"]
    assert waiting.take(1.0).works == ["job", "job again"]


@pytest.mark.parametrize("patient", [0, 1])
async def test_a_caller_s_commit_holds_none_of_what_came_before_from_jobs(sqlite_url: str, patient: int) -> None:
    order: list[str] = []

    def kept(name: str, database: Database) -> "asyncio.Task[None]":
        def work(transaction: Transaction) -> None:
            transaction.connection.execute(secrets.insert().values(name=name, value="x"))
            order.append(name)

        async def write() -> None:
            if name.startswith("job"):
                nobody_waits()
            await database.write(work)

        return asyncio.create_task(write())

    names = ["job 1", "job 2", "caller"] if patient else ["other 1", "other 2", "caller"]
    async with opened(sqlite_url) as database:
        async with held_up(database):
            writing = [kept(name, database) for name in names]
            await asyncio.sleep(0)
        await asyncio.gather(*writing)

    assert order == (["caller", "job 1", "job 2"] if patient else names)
