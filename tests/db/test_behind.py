"""Rows that follow their answer: in groups, in order, through an outage, and never held up by one that is refused."""

import asyncio

import pytest

from app.audit.log import seal
from app.db import behind
from app.db.behind import Behind
from app.db.engine import Database, DatabaseUnavailableError, Transaction
from app.db.schema import secrets
from tests.fakes.databases import executed, held_up, locked_by_another_process, opened, soon


class Kept:
    """Inserts names as rows, in the order they come; remembers the groups and what was lost."""

    def __init__(self, database: Database) -> None:
        self.groups: list[int] = []
        self.lost = 0
        self.behind: Behind[str] = Behind(database, self.insert, self.lose)

    def insert(self, transaction: Transaction, names: list[str]) -> None:
        self.groups.append(len(names))
        rows = [{"name": name, "value": str(number)} for number, name in enumerate(names)]
        transaction.connection.execute(secrets.insert(), rows)
        transaction.connection.exec_driver_sql("INSERT INTO written SELECT name FROM secrets WHERE value >= '0'")
        transaction.connection.exec_driver_sql("DELETE FROM secrets")

    def lose(self, count: int) -> None:
        self.lost += count


def names(url: str) -> list[str]:
    return [name for (name,) in executed(url, "SELECT name FROM written ORDER BY name")]


@pytest.fixture
def url(database_url: str) -> str:
    executed(database_url, "CREATE TABLE written (name VARCHAR(64) PRIMARY KEY CHECK (name <> 'refused'))")
    return database_url


def numbered(count: int) -> list[str]:
    return [f"{number:05}" for number in range(count)]


async def test_rows_are_written_in_groups_without_being_waited_for(url: str) -> None:
    async with opened(url) as database:
        kept = Kept(database)
        for name in numbered(2_400):
            kept.behind.add(name)
        assert names(url) == []
        await soon(lambda: names(url) == numbered(2_400))

    assert kept.groups[:2] == [500, 500]  # a pile is written in large groups,
    assert kept.groups[-2:] == [200, 25]  # and in small ones where callers need not wait for it
    assert kept.lost == 0


async def test_stopping_writes_what_waits_and_leaves_no_task(url: str) -> None:
    before = asyncio.all_tasks()
    async with opened(url) as database:
        kept = Kept(database)
        for name in numbered(30):
            kept.behind.add(name)
        await kept.behind.stop()
        assert names(url) == numbered(30)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


async def test_stopping_while_a_group_is_on_its_way_writes_every_row_once(url: str) -> None:
    async with opened(url) as database:
        kept = Kept(database)
        async with held_up(database) as release:
            kept.behind.add("00000")
            await asyncio.sleep(behind.FLUSH_AFTER_S * 3)
            kept.behind.add("00001")
            assert kept.behind.unwritten() == numbered(2)
            stopping = asyncio.create_task(kept.behind.stop())
            await asyncio.sleep(0.05)
            release.set()
            await stopping
        assert kept.behind.unwritten() == []

    assert names(url) == numbered(2)


async def test_an_outage_is_waited_out_and_the_order_kept(url: str) -> None:
    class Down(Kept):
        down = True

        def insert(self, transaction: Transaction, rows: list[str]) -> None:
            if self.down:
                raise DatabaseUnavailableError("gone")
            super().insert(transaction, rows)
            order.extend(rows)

    order: list[str] = []
    async with opened(url) as database:
        kept = Down(database)
        for name in numbered(600):
            kept.behind.add(name)
        await kept.behind.drain()
        assert names(url) == []
        kept.down = False
        kept.behind.add("99999")
        await kept.behind.drain()

    assert order == [*numbered(600), "99999"]
    assert kept.lost == 0


async def test_a_locked_database_is_asked_again_by_itself(url: str) -> None:
    async with opened(url) as database:
        kept = Kept(database)
        with locked_by_another_process(url):
            for name in numbered(10):
                kept.behind.add(name)
            await asyncio.sleep(0.2)
        await soon(lambda: names(url) == numbered(10))

    assert kept.lost == 0


async def test_what_the_database_never_took_is_counted_at_the_end(url: str) -> None:
    database = Database(url, seal)
    await database.start()
    kept = Kept(database)
    await database.stop()
    for name in numbered(7):
        kept.behind.add(name)
    await kept.behind.stop()

    assert kept.lost == 7


async def test_past_the_bound_the_oldest_rows_go_and_are_counted(url: str) -> None:
    async with opened(url) as database:
        kept = Kept(database)
        async with held_up(database):
            for name in numbered(behind.MAX_ROWS + 3):
                kept.behind.add(name)
        assert kept.lost == 3
        await kept.behind.stop()

    assert names(url)[0] == "00003"
    assert len(names(url)) == behind.MAX_ROWS


@pytest.mark.parametrize("poison", ["refused", "x" * 65 + "\0"], ids=["refused by a rule", "not storable"])
async def test_a_row_that_is_refused_is_dropped_without_its_neighbours(url: str, poison: str) -> None:
    async with opened(url) as database:
        kept = Kept(database)
        for name in [*numbered(20), poison]:
            kept.behind.add(name)
        kept.behind.add("00020")
        await kept.behind.stop()
        for name in ("00021", "00022"):
            kept.behind.add(name)
        await kept.behind.stop()

    if url.startswith("postgresql") or poison == "refused":
        assert names(url) == numbered(23)
        assert kept.lost == 1
    assert kept.groups[-1] == 2, "and the next ones go in groups again"


async def test_rows_that_break_the_insert_itself_are_counted_not_silently_gone(url: str) -> None:
    class Broken(Kept):
        def insert(self, transaction: Transaction, rows: list[str]) -> None:
            if "00003" in rows:
                raise TypeError("cannot be written down")
            super().insert(transaction, rows)

    async with opened(url) as database:
        kept = Broken(database)
        for name in numbered(6):
            kept.behind.add(name)
        await kept.behind.stop()

    assert names(url) == [name for name in numbered(6) if name != "00003"]
    assert kept.lost == 1
