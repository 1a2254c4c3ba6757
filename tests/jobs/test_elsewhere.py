"""A process that leaves jobs to others knows when nobody does them, and when somebody does again."""

import pytest

from app.db.engine import DatabaseUnavailableError
from app.jobs.elsewhere import LOOK_EVERY_S, NOBODY_AFTER_S, Elsewhere
from app.jobs.members import BEAT_S, Member
from app.jobs.outbox import Job, put, taken, waiting
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


class Away:
    """A database that does not answer."""

    async def read(self, _work: object) -> None:
        raise DatabaseUnavailableError("away")


async def later(watch: Elsewhere, clock: FakeClock, seconds: float, *workers: Member) -> bool:
    """What the last of its looks says, so many seconds on, while these workers live."""
    until = clock.monotonic() + seconds
    while clock.monotonic() < until:
        clock.advance(min(LOOK_EVERY_S, until - clock.monotonic()))
        for worker in workers:
            await worker.beat()
        well = await watch.look()
    return well


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
        assert await later(watch, clock, NOBODY_AFTER_S - 1)
        assert alarms.kinds() == []
        assert watch.works() is None, "nobody was heard, and it is too soon to miss anybody"
        assert not await later(watch, clock, 1)
        assert watch.works() is False
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
        assert not await later(watch, clock, NOBODY_AFTER_S), "its last row is still there"


async def test_work_that_nobody_takes_is_rung_although_a_worker_lives(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        worker = Member(database, clock)
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # as above
        job = Job("read_back", "b:1", clock.now() + 300)
        await database.write(lambda t: put(t, job, now=clock.now()))
        for passed, well in ((299, True), (NOBODY_AFTER_S, True), (1, False)):
            assert await later(watch, clock, passed, worker) is well, passed
        rows = await database.read(lambda c: waiting(c, 10, due=clock.now(), before=None))
        await database.write(lambda t: taken(t, rows))
        assert await watch.look()
        assert not alarms.clear("jobs_down", "workers"), "it is over"


async def test_what_could_not_be_heard_or_done_is_nobodys_fault(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        worker = Member(database, clock)
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # as above
        jobs = [Job("read_back", f"b:{number}", clock.now() + number) for number in range(1, 4)]
        await database.write(lambda t: put(t, *jobs, now=clock.now()))
        assert await later(watch, clock, 2 * LOOK_EVERY_S, worker)
        watch._database = Away()  # type: ignore[assignment]
        for _ in range(int(10 * NOBODY_AFTER_S / LOOK_EVERY_S)):
            clock.advance(LOOK_EVERY_S)
            with pytest.raises(DatabaseUnavailableError):
                await watch.look()
        watch._database = database
        assert await watch.look(), "the first look that works"
        for _ in jobs:
            assert await later(watch, clock, NOBODY_AFTER_S - 1, worker), (
                "late by the time that was lost, and being done"
            )
            first = await database.read(lambda c: waiting(c, 1, due=clock.now(), before=None))
            await database.write(lambda t, rows=first: taken(t, rows))  # type: ignore[misc]
        assert await later(watch, clock, 2 * NOBODY_AFTER_S, worker)
        assert alarms.kinds() == []
        assert not await later(watch, clock, NOBODY_AFTER_S), "and then the worker dies"


async def test_who_was_missed_before_a_time_of_no_looks_is_missed_after_it(
    database_url: str, clock: FakeClock, alarms: FakeAlarms
) -> None:
    async with opened(database_url) as database:
        watch = Elsewhere(database, alarms, clock)  # type: ignore[arg-type]  # as above
        assert not await later(watch, clock, NOBODY_AFTER_S)
        clock.advance(10 * NOBODY_AFTER_S)
        assert not await watch.look()
        assert alarms.ringing()


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
