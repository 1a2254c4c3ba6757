"""A disk without room: readiness says so, and a person is told though nobody writes."""

from pathlib import Path
from typing import cast

import pytest

from app.clock import Clock
from app.main.readiness import checks
from app.main.sources import Sources
from app.watch import database_page
from app.watch.alarms import Alarms
from app.watch.database_page import NO_WRITES, DatabasePage, Turn
from app.watch.loops import Loops
from app.watch.outage_hand import Hand
from app.web.health import Readiness
from tests.booking.acme import house
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon, without_room

NOBODYS = Hand("nobody's")


class NoSources:
    """No calendars to ask."""

    def checks(self) -> list[object]:
        return []


async def test_readiness_and_a_page_tell_it_and_its_end(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_page, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(database_page, "PAGE_AFTER_S", 0.0)
    async with house(sqlite_url) as made:
        clock: Clock = FakeClock()
        page = DatabasePage(made.database, cast(Alarms, made.alarms), clock, Turn(sqlite_url, tmp_path), NOBODYS)

        async def ready() -> str:
            found = checks(made.database, Loops(clock), cast(Sources, NoSources()), None, None)
            return (await Readiness(found, clock).states())["database"]

        assert await ready() == "ok"
        with without_room():
            page.start()
            await soon(lambda: bool(made.alarms.rung))
            assert await ready() == "down"
        assert made.alarms.rung[0].title == NO_WRITES
        assert "disk" in made.alarms.rung[0].body
        assert await ready() == "ok"
        await soon(lambda: not made.alarms.ringing())
        await page.stop()
