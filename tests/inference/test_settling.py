"""Money that is set aside and not settled: a database away for a moment costs nothing, and what is gone is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from app.db.engine import Database, DatabaseRefusedError, DatabaseUnavailableError, Transaction
from app.db.schema import model_spend
from app.errors import OverloadedError
from app.inference import settling
from app.inference.asides import ABANDONED_S, spent
from app.inference.fallback import AccountSilentError, SpendCapError
from app.inference.spend import LOST_EVERY_S, Caps, Spend
from tests.booking.acme import NOW
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import held_up, opened, soon
from tests.inference.test_spend import ACME, DAY, FlatPrices

CAPS = Caps(per_day=Decimal("0.001"))


class Away:
    """A database whose writes fail with what is next in line, or are done and then fail; or are never answered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.read = database.read
        self.fails: list[Exception] = []
        self.done_all_the_same = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def write(self, work: Any, *arguments: Any, **named: Any) -> Any:
        await self.answers.wait()
        if self.fails and not self.done_all_the_same:
            raise self.fails.pop(0)
        answer = await self._database.write(work, *arguments, **named)
        if self.fails:
            raise self.fails.pop(0)
        return answer


@asynccontextmanager
async def account_of(database: Any, **given: Any) -> AsyncIterator[Spend]:
    alarms: Any = FakeAlarms()
    clock = given.pop("clock", None) or FakeClock(NOW)
    account = Spend(database, FlatPrices(), CAPS, clock, alarms, wait_s=given.pop("wait_s", 60.0))
    account._settling._again_s = given.pop("again_s", 0.01)
    try:
        yield account
    finally:
        await account.aclose()


def kept(account: Spend) -> Any:
    return lambda: not account._settling._left


AWAY = DatabaseUnavailableError("away")


@pytest.mark.parametrize("done_all_the_same", [False, True])
@pytest.mark.parametrize("error", [AWAY, OverloadedError("full")])
async def test_what_the_database_did_not_take_is_settled_once_as_soon_as_it_does(
    database_url: str, error: Exception, done_all_the_same: bool
) -> None:
    async with opened(database_url) as database, account_of(Away(database)) as account:
        away: Any = account._database
        aside, other = await account.reserve(ACME, 500), await account.reserve(ACME, 400)
        away.fails, away.done_all_the_same = [error] * 5, done_all_the_same
        await account.settle(aside, 10)
        await account.settle(other, 20)
        await soon(kept(account))
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 30)
        await account.reserve(ACME, 900)


async def test_who_waits_in_line_has_the_money_once_it_is_settled_after_all(database_url: str) -> None:
    async with opened(database_url) as database, account_of(Away(database)) as account:
        away: Any = account._database
        aside = await account.reserve(ACME, 900)
        away.fails = [AWAY]
        await account.settle(aside, 10)
        async with asyncio.timeout(30):
            await account.reserve(ACME, 900)


async def test_what_counted_as_a_dead_ones_meanwhile_is_put_right(database_url: str) -> None:
    clock = FakeClock(NOW)
    async with (
        opened(database_url) as database,
        account_of(Away(database), clock=clock) as account,
        account_of(database, clock=clock) as other,
    ):
        away: Any = account._database
        aside = await account.reserve(ACME, 900)
        away.fails = [AWAY] * 10_000
        await account.settle(aside, 10)
        clock.advance(ABANDONED_S + 1)
        await other.settle_lost()
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 900)
        away.fails = []
        await soon(kept(account))
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 10)


async def test_a_settling_that_is_cancelled_before_its_turn_is_done_all_the_same(database_url: str) -> None:
    async with opened(database_url) as database, account_of(database) as account:
        aside = await account.reserve(ACME, 900)
        async with held_up(database):
            task = asyncio.create_task(account.settle(aside, 10))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        await soon(kept(account))
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 10)


async def test_what_is_left_when_the_process_stops_is_tried_once_more_and_no_longer(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        away = Away(database)
        for last in ([], [AWAY] * 10):
            async with account_of(away, again_s=3600) as account:
                aside = await account.reserve(ACME, 100)
                away.fails = [AWAY]
                await account.settle(aside, 10)
                away.fails = last
            away.fails = []
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (100, 10), "the second counts as a dead one's"


async def test_what_is_refused_or_too_much_is_not_remembered(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "MOST_UNSETTLED", 2)
    async with opened(sqlite_url) as database, account_of(Away(database), again_s=3600) as account:
        away: Any = account._database
        some = [await account.reserve(ACME, 100) for _ in range(4)]
        away.fails = [DatabaseRefusedError("never"), AWAY, AWAY, AWAY]
        for aside in some:
            await account.settle(aside, 10)
        assert list(account._settling._left) == some[2:]


async def test_an_account_that_goes_silent_while_somebody_is_in_line_is_no_empty_one(database_url: str) -> None:
    async with opened(database_url) as database, account_of(Away(database), wait_s=1.0) as account:
        away: Any = account._database
        await account.reserve(ACME, 900)
        first = asyncio.create_task(account.reserve(ACME, 200))
        await soon(lambda: account._in_line["acme"])
        away.answers.clear()
        await asyncio.sleep(0.3)  # what was asked before is answered, and not to those who come now
        came = await asyncio.gather(*(account.reserve(ACME, 50) for _ in range(20)), return_exceptions=True)
        told = await asyncio.gather(first, return_exceptions=True)
        away.answers.set()
        assert {type(each) for each in came} == {AccountSilentError}
        assert isinstance(told[0], SpendCapError), "it was told before"


async def test_who_is_behind_others_in_line_is_told_what_the_account_said_to_them(database_url: str) -> None:
    async with opened(database_url) as database, account_of(database, wait_s=2.0) as account:
        account._silent = 3
        await account.reserve(ACME, 900)
        came = await asyncio.gather(*(account.reserve(ACME, 200) for _ in range(20)), return_exceptions=True)
        assert {type(each) for each in came} == {SpendCapError}
        assert not account._silent


def _of_a_version_without_rows(reserved: int, settled: int) -> Any:
    def work(transaction: Transaction) -> None:
        columns = model_spend.c
        change = update(model_spend).where(columns.business == "acme", columns.day == DAY)
        values = {"reserved": columns.reserved + reserved, "settled": columns.settled + settled}
        if not transaction.connection.execute(change.values(**values)).rowcount:
            row = {"business": "acme", "day": DAY, "reserved": reserved, "settled": settled}
            transaction.connection.execute(insert(model_spend).values(**row))

    return work


async def test_what_no_row_accounts_for_counts_as_spent_when_it_lasts(database_url: str) -> None:
    clock = FakeClock(NOW)
    async with opened(database_url) as database, account_of(database, clock=clock) as account:
        await database.write(_of_a_version_without_rows(700, 0))
        for _ in range(3):
            await account.settle_lost()
            assert await database.read(lambda c: spent(c, "acme", DAY)) == (700, 0), "it may be alive"
            clock.advance(LOST_EVERY_S)
        young = await account.reserve(ACME, 100)
        await account.settle_lost()
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (100, 700)
        with pytest.raises(SpendCapError, match="is spent"):
            await account.reserve(ACME, 400)
        await account.settle(young, 1)
        await account.reserve(ACME, 250)


async def test_a_version_without_rows_that_lives_and_settles_late_is_put_right(database_url: str) -> None:
    clock = FakeClock(NOW)
    async with opened(database_url) as database, account_of(database, clock=clock) as account:

        async def looked_at(times: int) -> tuple[int, int]:
            for _ in range(times):
                await account.settle_lost()
                clock.advance(LOST_EVERY_S + 1)
            return await database.read(lambda c: spent(c, "acme", DAY))

        await database.write(_of_a_version_without_rows(500, 0))
        await looked_at(1)
        await database.write(_of_a_version_without_rows(200, 0))
        assert await looked_at(2) == (200, 500), "only what was there all the while"
        await database.write(_of_a_version_without_rows(-700, 70))
        await account.settle(await account.reserve(ACME, 900), 0)
        assert await looked_at(3) == (0, 70)


async def test_versions_without_rows_that_go_on_settling_are_left_alone(database_url: str) -> None:
    clock = FakeClock(NOW)
    async with opened(database_url) as database, account_of(database, clock=clock) as account:
        for _ in range(6):
            await database.write(_of_a_version_without_rows(300, 0))
            await account.settle_lost()
            await database.write(_of_a_version_without_rows(-300, 3))
            clock.advance(LOST_EVERY_S)
            await account.settle_lost()
        assert await database.read(lambda c: spent(c, "acme", DAY)) == (0, 18)
