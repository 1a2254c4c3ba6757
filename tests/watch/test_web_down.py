"""A worker notices that nobody answers callers any more; one stopped in order, or never there, is not missed."""

from app.db.schema import serving_processes
from app.db.serving import Serving
from app.watch.web_down import KIND, MISSED_FOR_S, NOBODY_AFTER_S, WebWatch
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


async def test_who_fell_silent_is_missed_until_one_shows_up(database_url: str) -> None:
    clock, alarms = FakeClock(), FakeAlarms()
    async with opened(database_url) as database:
        watch = WebWatch(database, alarms, clock)  # type: ignore[arg-type]
        web = Serving(database, clock)
        await web.look()
        assert await watch.look()
        clock.advance(NOBODY_AFTER_S - 1)
        assert await watch.look()
        clock.advance(1)
        assert not await watch.look()
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
        clock.advance(NOBODY_AFTER_S)
        assert await watch.look()
        web = Serving(database, clock)
        await web.start()
        assert await watch.look()
        await web.stop()
        clock.advance(NOBODY_AFTER_S)
        assert await watch.look()
        row = {"process": "old", "beats": 1, "seen_at": clock.now() - MISSED_FOR_S}
        await database.write(lambda t: t.connection.execute(serving_processes.insert().values(row)))
        await WebWatch(database, alarms, clock).look()  # type: ignore[arg-type]
        watch = WebWatch(database, alarms, clock)  # type: ignore[arg-type]
        await watch.look()
        clock.advance(NOBODY_AFTER_S)
        assert await watch.look()
    assert not alarms.rung
