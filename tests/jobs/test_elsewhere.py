"""A process that leaves jobs to others knows when nobody does them, and when somebody does again."""

import pytest

from app.jobs.elsewhere import LOOK_EVERY_S, NOBODY_AFTER_S, Elsewhere
from app.jobs.members import BEAT_S, Member
from app.jobs.outbox import Job, put, taken, waiting
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def alarms() -> FakeAlarms:
    return FakeAlarms()


async def test_nobody_there_is_rung_once_and_over_when_a_worker_comes(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # rings and clears as the real ones do
        clock.advance(NOBODY_AFTER_S - 1)
        assert await watch.look()
        assert alarms.kinds() == []
        clock.advance(1)
        assert not await watch.look()
        assert not await watch.look()
        assert alarms.kinds() == ["jobs_down"]

        await Member(database, clock).beat()

        assert await watch.look()
        assert not alarms.clear("jobs_down", "workers"), "it is over"


async def test_a_worker_that_died_is_not_taken_for_one_that_lives(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        worker = Member(database, clock)
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # as above
        for _ in range(int(2 * NOBODY_AFTER_S / BEAT_S)):
            await worker.beat()
            assert await watch.look()
            clock.advance(BEAT_S)
        clock.advance(NOBODY_AFTER_S)
        assert not await watch.look(), "its last row is still there"


async def test_work_that_nobody_takes_is_rung_although_a_worker_lives(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        worker = Member(database, clock)
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # as above
        job = Job("read_back", "b:1", clock.now() + 300)
        await database.write(lambda t: put(t, job, now=clock.now()))
        for passed, well in ((299, True), (NOBODY_AFTER_S, True), (1, False)):
            clock.advance(passed)
            await worker.beat()
            assert await watch.look() is well, passed
        rows = await database.read(lambda c: waiting(c, 10, due=clock.now(), before=None))
        await database.write(lambda t: taken(t, rows))
        assert await watch.look()
        assert not alarms.clear("jobs_down", "workers"), "it is over"


async def test_it_looks_by_itself_and_says_whether_it_does(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # as above
        assert not watch.alive()
        watch.start()
        assert watch.alive()
        await watch.stop(LOOK_EVERY_S)
        assert not watch.alive()
