"""From the outbox to the engine: soon, in the right hands, and never lost between the two."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from app.clock import SystemClock
from app.db.engine import Database
from app.db.schema import job_outbox
from app.errors import ReadbackError
from app.jobs.entry import Entry
from app.jobs.outbox import Job, put
from app.jobs.relay import MOST_AT_ONCE, Relay
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.jobs.working import WITHIN_S, until


class Engine(list[Entry]):
    down = False

    async def __call__(self, entries: list[Entry]) -> None:
        if self.down:
            raise ReadbackError("down")
        self.extend(entries)

    def keys(self) -> list[str]:
        return [entry.key for entry in self]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


async def given(database: Database, *keys: str, due: float = 0.0, now: float | None = None) -> None:
    jobs = [Job("read_back", key, due, {"booking": key}) for key in keys]
    at = time.time() if now is None else now
    await database.write(lambda transaction: put(transaction, *jobs, now=at))


async def left(database: Database) -> int:
    count: int = await database.read(lambda c: c.execute(select(func.count()).select_from(job_outbox)).scalar_one())
    return count


async def until_left(database: Database, number: int) -> None:
    """A row goes after the engine has it, and nobody says so."""
    async with asyncio.timeout(WITHIN_S):
        while await left(database) != number:  # noqa: ASYNC110 - as said above
            await asyncio.sleep(0.01)


async def carried(database: Database) -> None:
    await until_left(database, 0)


def never_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.relay.LOOK_EVERY_S", 3_600.0)
    monkeypatch.setattr("app.jobs.relay.LOOK_ALONE_EVERY_S", 3_600.0)


async def test_a_commit_of_this_process_is_carried_without_a_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_of_itself(monkeypatch)
    engine = Engine()
    relay = Relay(database, engine, SystemClock())
    relay.start()
    await asyncio.sleep(0.1)

    await given(database, "b:1", due=1_500_000_000.0)
    await until(lambda: engine)
    await carried(database)
    await relay.stop()

    assert list(engine) == [Entry("read_back", "b:1", 1_500_000_000.0, {"booking": "b:1"})]


async def test_what_is_due_later_stays_in_the_outbox_and_is_carried_at_its_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_of_itself(monkeypatch)
    begun: list[float] = []

    async def engine(entries: list[Entry]) -> None:
        begun.extend(time.time() for _ in entries)

    relay = Relay(database, engine, SystemClock())
    relay.start()
    due = time.time() + 1.0
    await given(database, "later", due=due)
    await given(database, "much later", due=due + 600)
    await until(lambda: begun)
    await until_left(database, 1)
    await relay.stop()

    assert [at >= due for at in begun] == [True]
    assert await left(database) == 1


async def test_what_waits_is_carried_soon_after_the_clock_is_set_forward(database: Database) -> None:
    clock, engine = FakeClock(), Engine()
    relay = Relay(database, engine, clock)
    relay.start()
    await given(database, "b:1", due=clock.now() + 3_600, now=clock.now())
    await asyncio.sleep(0.2)
    assert engine == []

    clock.advance(3_600)
    await until(lambda: engine)
    await relay.stop()


async def test_what_waits_while_the_clock_is_set_back_is_late_but_neither_lost_nor_carried_twice(
    database: Database,
) -> None:
    clock, engine = FakeClock(), Engine()
    relay = Relay(database, engine, clock)
    await given(database, "before", due=clock.now() + 300, now=clock.now())
    clock.advance(-3_600)
    await given(database, "after", now=clock.now())
    relay.start()
    await until_left(database, 1)
    assert engine.keys() == ["after"], "what comes now is done now"
    clock.advance(3_900)
    await carried(database)
    await relay.stop()
    assert engine.keys() == ["after", "before"]


async def test_who_does_not_lead_carries_only_what_the_leader_should_have_had(database: Database) -> None:
    clock, leader, other = FakeClock(), Engine(), Engine()
    leading = Relay(database, leader, clock)
    following = Relay(database, other, clock, leads=lambda: False)
    await given(database, "b:1", due=clock.now() + 10, now=clock.now())
    clock.advance(10.5)

    assert await following.carry(before=clock.now() - 1) == 0
    assert await leading.carry(before=clock.now() - 1) == 1

    await given(database, "b:2", due=clock.now() + 10, now=clock.now())
    clock.advance(11.5)
    assert await following.carry(before=clock.now() - 1) == 1
    assert (leader.keys(), other.keys()) == (["b:1"], ["b:2"])


async def test_jobs_that_fall_due_one_by_one_are_carried_several_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.relay.TOGETHER_S", 1.0)
    loads: list[int] = []

    async def engine(entries: list[Entry]) -> None:
        loads.append(len(entries))

    relay = Relay(database, engine, SystemClock())
    relay.start()
    first = time.time() + 0.5
    jobs = [Job("read_back", f"b:{n}", first + n / 20) for n in range(20)]
    await database.write(lambda transaction: put(transaction, *jobs, now=time.time()))
    await until(lambda: sum(loads) == len(jobs))
    await relay.stop()

    assert len(loads) <= 3


async def test_a_commit_that_failed_wakes_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    database.listen("jobs", lambda: told.append(True))

    def fail(transaction: object) -> None:
        put(transaction, Job("read_back", "b:1", 0.0), now=0.0)  # type: ignore[arg-type]  # what the database hands in
        raise ReadbackError("undone")

    with pytest.raises(ReadbackError):
        await database.write(fail)
    assert told == []
    await given(database, "b:2")
    assert told == [True]


async def test_fresh_rows_of_others_are_left_to_them_for_a_moment(database: Database) -> None:
    clock, engine = FakeClock(), Engine()
    relay = Relay(database, engine, clock)
    await given(database, "old", now=clock.now() - 5)
    await given(database, "fresh", now=clock.now())

    assert await relay.carry(before=clock.now() - 1) == 1
    assert engine.keys() == ["old"]
    assert await relay.carry() == 1
    assert engine.keys() == ["old", "fresh"]


async def test_rows_stay_while_the_engine_is_down(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.relay.RETRY_AFTER_S", 0.02)
    engine = Engine()
    engine.down = True
    relay = Relay(database, engine, SystemClock())
    relay.start()
    await given(database, "b:1")
    await asyncio.sleep(0.2)
    assert await left(database) == 1
    assert relay.alive()

    engine.down = False
    await carried(database)
    await relay.stop()
    assert len(engine) == 1


async def test_whatever_goes_wrong_once_does_not_end_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.relay.RETRY_AFTER_S", 0.02)
    kept = Engine()
    failures = [RuntimeError("once")]

    async def stumbling(entries: list[Entry]) -> None:
        if failures:
            raise failures.pop()
        await kept(entries)

    relay = Relay(database, stumbling, SystemClock())
    relay.start()
    await given(database, "b:1")
    await carried(database)
    await relay.stop()
    assert len(kept) == 1


async def test_more_than_one_load_is_carried_the_most_urgent_first(database: Database) -> None:
    engine = Engine()
    relay = Relay(database, engine, SystemClock())
    await given(database, *(f"b:{n}" for n in range(MOST_AT_ONCE)), due=100.0)
    await given(database, "urgent", due=1.0)

    relay.start()
    await carried(database)
    await relay.stop()

    assert engine.keys()[0] == "urgent"
    assert len(engine) == MOST_AT_ONCE + 1


async def test_asked_to_stop_it_finishes_the_load_under_way(database: Database) -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def engine(entries: list[Entry]) -> None:
        begun.set()
        await goes_on.wait()

    relay = Relay(database, engine, SystemClock())
    await given(database, "b:1")
    relay.start()
    await begun.wait()
    stopping = asyncio.create_task(relay.stop())
    await asyncio.sleep(0.05)
    goes_on.set()
    await stopping

    assert await left(database) == 0
