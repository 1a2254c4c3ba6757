"""Synthetic calls on a timer: what pages, what does not, and that neither a restart nor another process forgets."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from app.db.schema import synthetic_calls
from app.watch.alarms import Alarms
from app.watch.book import Book
from app.watch.pages import Kept, listed
from app.watch.synthetic import SyntheticCalls
from app.watch.walk import Done, Report, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened, soon
from tests.watch.test_alarms import ScriptedNotifier

HOLDS = Report((Done(Step.AUTHENTICATION, True, "let in", 0.1), Done(Step.CALENDAR, True, "3 times open", 0.2)), 0.3)
BLIND = Report((HOLDS.steps[0], Done(Step.CALENDAR, False, "calendar_unavailable: I can't see it", 6.1)), 6.2)
SHUT_OUT = Report((Done(Step.AUTHENTICATION, False, "HTTP 401", 0.1),), 0.1)


class Caller:
    """One process that makes the calls: its alarms, and the report it gets next."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.notifier = ScriptedNotifier()
        book = Book(database, {("own://acme",): "acme"}, clock, lambda: None)
        self.alarms = Alarms(self.notifier, ("page://ops",), clock, book=book)
        self.next = HOLDS
        self.calls = SyntheticCalls(
            self._make, database, self.alarms, clock, whose="Acme Pest Control", pages=("own://acme",)
        )

    async def _make(self) -> Report:
        return self.next

    async def call(self, report: Report) -> None:
        self.next = report
        self.clock.advance(60)
        assert await self.calls.call() is report

    async def pages(self) -> list[Kept]:
        return await self.database.read(lambda c: listed(c, all_of_them=True))

    async def page(self, status: str) -> Kept:
        """The only page, once it has this status."""
        until = time.monotonic() + 20
        while True:
            found = await self.pages()
            if [kept.status for kept in found] == [status]:
                return found[0]
            assert time.monotonic() < until, found
            await asyncio.sleep(0.01)


@pytest.fixture
async def caller(database_url: str) -> AsyncIterator[Caller]:
    async with opened(database_url) as database:
        made = Caller(database, FakeClock())
        made.alarms.start()
        yield made
        await made.alarms.stop()


async def test_two_failures_in_a_row_page_once_and_the_next_that_holds_ends_it(caller: Caller) -> None:
    await caller.call(BLIND)
    assert await caller.pages() == []
    await caller.call(SHUT_OUT)
    kept = await caller.page("open")
    await caller.call(SHUT_OUT)

    assert (kept.page.kind, kept.page.key, kept.page.business) == ("synthetic_call_failed", "call", "acme")
    assert kept.page.title == "Synthetic call failed: Acme Pest Control"
    assert 'failed at "authentication": HTTP 401. The one before it failed at "calendar".' in kept.page.body
    assert len(await caller.pages()) == 1
    await caller.call(HOLDS)
    await caller.page("resolved")


async def test_failures_that_are_not_in_a_row_page_nobody(caller: Caller) -> None:
    for report in (BLIND, HOLDS, BLIND, HOLDS):
        await caller.call(report)
    await caller.alarms.stop()

    assert await caller.pages() == []


async def test_a_restart_neither_forgets_a_failure_nor_a_page(caller: Caller) -> None:
    await caller.call(BLIND)
    restarted = Caller(caller.database, caller.clock)
    restarted.alarms.start()
    await restarted.call(BLIND)
    await restarted.page("open")

    again = Caller(caller.database, caller.clock)
    await again.call(HOLDS)
    await again.page("resolved")
    await restarted.alarms.stop()


async def test_each_call_is_kept_with_its_step_and_time(caller: Caller) -> None:
    await caller.call(HOLDS)
    await caller.call(BLIND)
    rows = await caller.database.read(lambda c: c.execute(synthetic_calls.select().order_by("at")).fetchall())

    assert [(row.failed, row.seconds) for row in rows] == [("", 0.3), ("calendar", 6.2)]
    assert rows[1].seen.startswith("calendar_unavailable")


async def test_a_database_that_is_away_keeps_nobody_from_hearing(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        made = Caller(database, FakeClock())
        made.alarms.start()
        await database.stop()
        await made.call(BLIND)
        assert made.notifier.tries == {}
        await made.call(BLIND)
        await soon(lambda: len(made.notifier.tries["page://ops"]) == 1)
        await made.alarms.stop()
