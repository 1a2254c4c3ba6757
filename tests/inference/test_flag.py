"""The flag of the model path: sticks to a customer, followed by all processes, off when nobody can say."""

import asyncio
import json
import time

import pytest

from app.audit.log import seal
from app.clock import SystemClock
from app.db.engine import Database
from app.db.once import committing, looking
from app.inference.flag import MODEL_PATH, FlagError, Flags, bucket, change, stands
from tests.commanding import command
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened

CUSTOMERS = [f"+1512555{number:04d}" for number in range(2_000)]


def set_to(url: str, percent: int, now: float = 1.0) -> None:
    with committing(url, seal) as transaction:
        change(transaction, MODEL_PATH, percent, by="dana", why="call +15125550142", now=now)


async def served(database: Database, clock: FakeClock) -> set[str]:
    flags = Flags(database, clock)
    return {customer for customer in CUSTOMERS if await flags.on(MODEL_PATH, customer)}


async def test_a_share_of_customers_is_served_and_stays_served_as_it_grows(database_url: str) -> None:
    async with opened(database_url) as database:
        assert len(await served(database, FakeClock())) == len(CUSTOMERS), "on while nobody has set it"
        before: set[str] = set()
        for percent in (0, 5, 20, 60, 100):
            set_to(database_url, percent)
            now = await served(database, FakeClock())
            assert before <= now
            assert len(now) == pytest.approx(len(CUSTOMERS) * percent / 100, abs=60)
            assert now == await served(database, FakeClock())
            before = now


def test_where_a_customer_stands_is_the_same_for_good_and_another_for_every_flag() -> None:
    assert bucket(MODEL_PATH, CUSTOMERS[0]) == 2_667
    assert bucket(MODEL_PATH, CUSTOMERS[0]) != bucket("another", CUSTOMERS[0])


async def test_every_process_follows_within_two_seconds(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        views = [Flags(database, SystemClock()) for database in (one, other)]
        assert [await view.on(MODEL_PATH, CUSTOMERS[0]) for view in views] == [True, True]
        set_to(database_url, 0)
        changed = time.monotonic()
        while any([await view.on(MODEL_PATH, CUSTOMERS[0]) for view in views]):
            assert time.monotonic() - changed < 20
            await asyncio.sleep(0.02)
        clock = FakeClock()
        view = Flags(one, clock)
        await view.on(MODEL_PATH, CUSTOMERS[0])
        set_to(database_url, 100)
        clock.advance(0.9)
        assert not await view.on(MODEL_PATH, CUSTOMERS[0])
        clock.advance(0.2)
        assert await view.on(MODEL_PATH, CUSTOMERS[0]), "a second later it has looked again"


async def test_it_is_off_when_nobody_can_say(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        clock = FakeClock()
        knew_before = Flags(database, clock)
        assert await knew_before.on(MODEL_PATH, CUSTOMERS[0])
        executed(sqlite_url, "DROP TABLE flags")
        clock.advance(2.0)
        assert not await Flags(database, clock).on(MODEL_PATH, CUSTOMERS[0])
        assert not await knew_before.on(MODEL_PATH, CUSTOMERS[0]), "it may have been turned off meanwhile"


def test_a_change_is_audited_and_a_wrong_one_refused(sqlite_url: str) -> None:
    set_to(sqlite_url, 20)
    with looking(sqlite_url) as connection:
        assert (stands(connection, MODEL_PATH).percent, stands(connection, MODEL_PATH).changed_by) == (20, "dana")
    told = executed(sqlite_url, "SELECT kind, data FROM audit")
    assert [kind for kind, _ in told] == ["flag_changed"]
    assert '"was":100,"percent":20' in told[0][1]
    assert "5550142" not in str(told) + str(executed(sqlite_url, "SELECT why FROM flags"))
    for percent in (-1, 101):
        with pytest.raises(FlagError):
            set_to(sqlite_url, percent)


def test_by_command(database_url: str) -> None:
    code, out, _ = command(database_url, "flag", "list", "--json")
    flags = [(flag["name"], flag["percent"], flag["changed_at"]) for flag in json.loads(out)]
    assert (code, flags) == (0, [(MODEL_PATH, 100, None)])
    code, out, _ = command(database_url, "flag", "set", MODEL_PATH, "20%", "--by", "Dana", "--json")
    assert (code, json.loads(out)["percent"], json.loads(out)["changed_by"]) == (0, 20, "Dana")
    assert command(database_url, "flag", "set", MODEL_PATH, "off")[0] == 0
    assert command(database_url, "flag", "list")[1].startswith("model_path: 0 percent, set by ")
    for name, percent in (("nothing", "5"), (MODEL_PATH, "5.5"), (MODEL_PATH, "101"), (MODEL_PATH, "")):
        code, out, said = command(database_url, "flag", "set", name, percent)
        assert (code, out, said.count("\n")) == (2, "", 1)
