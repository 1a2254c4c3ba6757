"""A worker notices that nobody answers callers any more; one stopped in order, or never there, is not missed."""

from app.db.schema import serving_processes
from app.db.serving import Serving
from app.watch.web_down import KIND, LOOK_EVERY_S, MISSED_FOR_S, NOBODY_AFTER_S, WebWatch
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


async def later(watch: WebWatch, clock: FakeClock, seconds: float) -> bool:
    """What the last of its looks says, so many seconds on."""
    until = clock.monotonic() + seconds
    while clock.monotonic() + LOOK_EVERY_S < until:
        clock.advance(LOOK_EVERY_S)
        await watch.look()
    clock.advance(until - clock.monotonic())
    return await watch.look()


async def test_who_fell_silent_is_missed_until_one_shows_up(database_url: str) -> None:
    clock, alarms = FakeClock(), FakeAlarms()
    async with opened(database_url) as database:
        watch = WebWatch(database, alarms, clock)  # type: ignore[arg-type]
        web = Serving(database, clock)
        await web.look()
        assert await watch.look()
        assert await later(watch, clock, NOBODY_AFTER_S - 1)
        assert not await later(watch, clock, 1)
        assert not watch.alive()
        assert alarms.kinds() == [KIND]
        await Serving(database, clock).look()
        assert await watch.look()
        assert not alarms.ringing()


async def test_nobody_is_missed_who_was_never_there_or_stopped_in_order(database_url: str) -> None:
    clock, alarms = FakeClock(), FakeAlarms()
    async with opened(database_url) as database:
        watch = WebWatch(database, alarms, clock)  # type: ignore[arg-type]
        await watch.look()
        assert await later(watch, clock, NOBODY_AFTER_S)
        web = Serving(database, clock)
        await web.start()
        assert await watch.look()
        await web.stop()
        assert await later(watch, clock, NOBODY_AFTER_S)
        row = {"process": "old", "beats": 1, "seen_at": clock.now() - MISSED_FOR_S}
        await database.write(lambda t: t.connection.execute(serving_processes.insert().values(row)))
        await WebWatch(database, alarms, clock).look()  # type: ignore[arg-type]
        watch = WebWatch(database, alarms, clock)  # type: ignore[arg-type]
        await watch.look()
        assert await later(watch, clock, NOBODY_AFTER_S)
    assert not alarms.rung


async def test_what_could_not_be_heard_is_no_silence(database_url: str) -> None:
    clock, alarms = FakeClock(), FakeAlarms()
    async with opened(database_url) as database:
        watch = WebWatch(database, alarms, clock)  # type: ignore[arg-type]
        await Serving(database, clock).look()
        assert await later(watch, clock, 2 * LOOK_EVERY_S)
        clock.advance(10 * NOBODY_AFTER_S)  # the database was away, or this machine asleep
        assert await watch.look()
        assert await later(watch, clock, NOBODY_AFTER_S - 1)
        assert not alarms.rung
        assert not await later(watch, clock, 1)
