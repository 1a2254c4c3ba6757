"""What people confirmed gets too old: somebody hears before a start is refused for it."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from app.watch.limit_book import confirmed
from app.watch.limit_expiry import AHEAD_S, ExpiryWatch
from app.watch.limits import CONFIRMED_FOR_S, DAY_S, Kind, Limit, Source
from app.watch.pages import Kept, listed, resolved_by_id
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened


def panel(name: str) -> Limit:
    return Limit(name, "calls at once", "calls", None, Source.PANEL, "its panel", "Vapi", "Buy more.", kind=Kind.BUSY)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


class House:
    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, FakeClock()
        self.limits = {name: panel(name) for name in ("lines", "texts")}
        self.watch = ExpiryWatch(database, list(self.limits.values()), self.clock)

    async def confirm(self, *names: str) -> None:
        now = self.clock.now()
        for name in names:
            await self.database.write(lambda t, name=name: confirmed(t, self.limits[name], "10", by="Ann", now=now))

    async def after(self, seconds: float) -> list[Kept]:
        """The pages that are not over, so much later."""
        self.clock.advance(seconds)
        await self.watch.look()
        return await self.database.read(listed)


async def test_who_confirmed_hears_eleven_weeks_later_and_the_page_ends_when_it_is_done(database: Database) -> None:
    house = House(database)
    assert await house.after(0.0) == [], "what was never confirmed is told at the start"
    await house.confirm("lines")
    await house.after(DAY_S)
    await house.confirm("texts")
    assert await house.after(CONFIRMED_FOR_S - AHEAD_S - DAY_S - 60.0) == []

    [kept] = await house.after(120.0)
    assert (kept.page.kind, kept.page.title) == ("confirmations_end", "Limits to be confirmed again: 1")
    assert "lines (10, says Ann)" in kept.page.body
    assert [again.id for again in await house.after(20 * DAY_S)] == [kept.id], "also when it is too old"

    await house.confirm("lines")
    assert [again.id for again in await house.after(60.0)] == [kept.id], "the other one is due by now"
    await house.confirm("texts")
    assert await house.after(60.0) == []


async def test_who_calls_it_over_without_confirming_hears_again_after_days(database: Database) -> None:
    house = House(database)
    await house.confirm("lines")
    [kept] = await house.after(CONFIRMED_FOR_S - DAY_S)
    await database.write(lambda t: resolved_by_id(t, kept.id, by="Ann", now=house.clock.now()))

    assert await house.after(2 * DAY_S) == []
    assert len(await house.after(2 * DAY_S)) == 1
