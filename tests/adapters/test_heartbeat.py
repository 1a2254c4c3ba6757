"""The dead-man's switch: heard outside while all is well, silent as soon as one loop is not."""

from collections.abc import AsyncIterator

import pytest

from app.adapters.heartbeat import Heartbeat
from app.audit.log import seal
from app.db.engine import Database
from app.watch.loops import Loops
from tests.fakes.clock import FakeClock
from tests.fakes.databases import without_room
from tests.fakes.recording_server import Fault, RecordingServer


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url, seal)
    await opened.start()
    yield opened
    await opened.stop()


async def test_it_beats_while_all_loops_do_and_stops_with_the_first_that_is_stuck(database: Database) -> None:
    clock = FakeClock()
    loops = Loops(clock)
    settler = loops.register("settler", 30.0)
    async with RecordingServer() as server:
        heartbeat = Heartbeat(f"http://127.0.0.1:{server.port}/check?a=1", 60.0, loops, database)
        assert await heartbeat.beat()
        clock.advance(31)
        assert not await heartbeat.beat()
        assert loops.late() == ["settler"]
        settler()
        assert await heartbeat.beat()
        await heartbeat.stop()
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/check?a=1")] * 2


async def test_a_database_that_takes_no_writes_silences_it(database: Database) -> None:
    clock = FakeClock()
    async with RecordingServer() as server:
        heartbeat = Heartbeat(f"http://127.0.0.1:{server.port}/", 60.0, loops := Loops(clock), database)
        await database.stop()
        clock.advance(181)
        assert not await heartbeat.beat()
        assert loops.late() == ["database_writer"]
        await heartbeat.stop()
    assert server.requests == []


async def test_a_full_disk_silences_it(database: Database) -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(None, 60.0, loops := Loops(clock), database)
    clock.advance(181)
    with without_room():
        assert not await heartbeat.beat()
        assert loops.late() == ["database_writer"]
    assert await heartbeat.beat()
    await heartbeat.stop()


@pytest.mark.parametrize(
    "fault", [Fault(status=500), Fault(status=302, location="http://127.0.0.1:9/"), Fault(reset=True)]
)
async def test_a_beat_that_nobody_took_is_known(fault: Fault, database: Database) -> None:
    async with RecordingServer(fault) as server:
        heartbeat = Heartbeat(f"http://127.0.0.1:{server.port}/", 60.0, Loops(FakeClock()), database)
        assert not await heartbeat.beat()
        assert await heartbeat.beat()
        await heartbeat.stop()


async def test_started_it_beats_by_itself(database: Database) -> None:
    async with RecordingServer() as server:
        heartbeat = Heartbeat(f"http://127.0.0.1:{server.port}/", 0.05, Loops(FakeClock()), database)
        heartbeat.start()
        await server.wait_for(2)
        await heartbeat.stop()
