"""What is said of a daily cap ends when something higher tells, or when there is room again."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.booking.business import Businesses
from app.calls.cap import DailyCap
from app.calls.cap_pages import ROOM, TOTAL, CapPages, scopes_of, used_up
from app.calls.model import CallRef
from app.db.engine import Database
from app.watch.alarms import Alarms
from app.watch.book import Book
from app.watch.pages import SUPERSEDED, listed
from tests.calls.test_cap import ACME, capped
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.watch.test_alarms import ScriptedNotifier


async def called(database: Database, clock: FakeClock, calls: Sequence[int], limit: int, total: int = 0) -> list[bool]:
    alarms = Alarms(ScriptedNotifier(), (), clock, book=Book(database, {ACME.page: "acme"}, clock, lambda: None))
    alarms.start()
    cap = DailyCap(database, alarms, clock, total, 10.0)
    admitted = [await cap.admit(CallRef("vapi", f"call-{number}"), capped(limit)) for number in calls]
    await cap.drain()
    await alarms.stop()
    return admitted


async def pages(database: Database) -> list[tuple[str, str, str]]:
    found = await database.read(lambda connection: listed(connection, all_of_them=True))
    return sorted(
        (kept.page.key.partition(" ")[0] + " " + kept.page.title, kept.status, kept.resolution) for kept in found
    )


def near(percent: int, status: str, resolution: str = "", whose: str = "acme Daily call cap {} % used: Acme"):
    return whose.format(percent), status, resolution


async def test_a_process_that_dies_as_it_counts_leaves_the_pages(database_url: str) -> None:
    async with opened(database_url) as database:
        cap = DailyCap(database, FakeAlarms(), FakeClock(), 9, 10.0)  # type: ignore[arg-type]  # what rings here is lost
        for number in range(9):
            await cap.admit(CallRef("vapi", f"call-{number}"), replace(capped(10), page=()))
        whole = "* Callers are sent away: the calls of the day are used up (all businesses together)"
        assert [(title, status) for title, status, _ in await pages(database)] == [
            (whole, "open"),
            ("* Daily call cap 80 % used: all businesses together", "open"),
            ("* Daily call cap 95 % used: all businesses together", "open"),
            ("acme Daily call cap 80 % used: Acme", "open"),
        ]
        by = {kept.page.business for kept in await database.read(listed)}
        assert by == {"", "acme"}


async def test_only_the_highest_stays_and_a_raised_cap_ends_it_at_the_next_look(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:

        def looking(limit: int) -> CapPages:
            return CapPages(database, Businesses({"acme": capped(limit)}), 0, clock)

        await called(database, clock, range(8), 10)
        assert await looking(10).look() == 0
        assert await called(database, clock, range(8, 11), 10) == [True, True, False]
        assert await looking(10).look() == 2
        full = "acme Callers are sent away: the calls of the day are used up (Acme)"
        over = [near(80, "resolved", SUPERSEDED), near(95, "resolved", SUPERSEDED)]
        assert await pages(database) == [(full, "open", ""), *over]
        assert await looking(10).look() == 0
        assert await looking(500).look() == 1
        assert await pages(database) == [(full, "resolved", ROOM), *over]
        assert await called(database, clock, [11], 500) == [True]


@pytest.mark.parametrize(("limit", "total", "used"), [(3, 0, ["acme"]), (0, 3, [TOTAL]), (4, 4, []), (0, 0, [])])
async def test_which_caps_are_used_up(database_url: str, limit: int, total: int, used: list[str]) -> None:
    clock = FakeClock()
    async with opened(database_url) as database:
        await called(database, clock, range(3), limit, total)
        scopes = scopes_of([capped(limit)], total, clock.now())
        assert await database.read(lambda connection: used_up(connection, scopes)) == used
