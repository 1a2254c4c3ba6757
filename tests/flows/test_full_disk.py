"""A disk without room: readiness says so, and settling tells a person at once though nothing was due."""

from typing import cast

import pytest

from app.booking import settle
from app.clock import Clock
from app.main.checks import checks
from app.main.sources import Sources
from app.watch.database_page import NO_WRITES
from app.watch.loops import Loops
from app.web.health import Readiness
from tests.booking.acme import house
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon, without_room


class NoSources:
    """No calendars to ask."""

    def checks(self) -> list[object]:
        return []


async def test_readiness_and_a_page_tell_it_and_its_end(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "EVERY_S", 0.02)
    async with house(sqlite_url) as made:
        clock: Clock = FakeClock()

        async def ready() -> str:
            found = checks(made.database, Loops(clock), cast(Sources, NoSources()), None, None)
            return (await Readiness(found, clock).states())["database"]

        assert await ready() == "ok"
        with without_room():
            made.settler.start()
            await soon(lambda: bool(made.alarms.rung))
            assert await ready() == "down"
        assert made.alarms.rung[0].title == NO_WRITES
        assert "disk" in made.alarms.rung[0].body
        assert await ready() == "ok"
        await soon(lambda: not made.alarms.ringing())
        await made.settler.stop()
