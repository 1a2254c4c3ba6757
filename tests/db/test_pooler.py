"""Behind a pooler each transaction gets another connection: nothing may rest on the one before."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, bindparam, select

from app.audit.log import record
from app.db.engine import Transaction
from app.db.migrate import migrate, one_at_a_time
from app.db.prepared import Prepared
from app.db.schema import secrets
from app.jobs.engine import Engine
from app.jobs.entry import Entry
from tests.fakes.databases import executed, opened
from tests.fakes.pooler import pooled

OFTEN = 12
"""A driver prepares what it was asked a few times."""
_found = Prepared(select(secrets.c.name).where(secrets.c.name == bindparam("this")))


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    with pooled(postgres_url) as url:
        yield url


def limits(connection: Connection) -> tuple[str, ...]:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return tuple(connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names)


async def test_what_is_asked_often_is_answered_each_time(pooled_url: str) -> None:
    def kept(number: int, transaction: Transaction) -> None:
        transaction.connection.execute(secrets.insert().values(name=str(number), value="x"))
        record(transaction, "kept", subject=str(number), at=1.0)

    async with opened(pooled_url) as database:
        for number in range(OFTEN):
            await database.write(lambda t, number=number: kept(number, t))
        found = [await database.read(lambda c, n=number: _found(c, this=str(n)).scalar()) for number in range(OFTEN)]

    assert found == [str(number) for number in range(OFTEN)]


async def test_a_write_has_its_limits_and_leaves_none_with_the_connection(pooled_url: str, postgres_url: str) -> None:
    async with opened(pooled_url) as database, opened(postgres_url) as direct:
        assert await database.write(lambda t: limits(t.connection)) == ("5s", "5s", "10s")
        assert {await database.read(limits) for _ in range(4)} == {("0", "0", "0")}
        assert await direct.read(limits) == ("5s", "5s", "10s")


def test_who_brings_up_tables_alone_leaves_no_lock_with_the_pooler(pooled_url: str, postgres_url: str) -> None:
    migrate(pooled_url)
    with one_at_a_time(pooled_url):
        holders = executed(
            postgres_url, "SELECT state FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
        )

    assert ("idle in transaction",) in [tuple(holder) for holder in holders]


def test_jobs_are_carried(pooled_url: str) -> None:
    carried: list[str] = []
    engine = Engine(pooled_url, "p1", lambda load: carried.extend(entry.key for entry in load))
    engine.start()
    try:
        for number in range(OFTEN):
            engine.hand_over([Entry("read_back", f"b:{number}", time.time(), {})], time.time())
        until = time.monotonic() + 60
        while len(carried) < OFTEN and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        engine.stop()

    assert sorted(carried) == sorted(f"b:{number}" for number in range(OFTEN))
