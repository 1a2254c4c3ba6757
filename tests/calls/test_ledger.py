"""Requests of a rush, looked up in one go: the same is found and kept as for one after the other."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.calls import ledger
from app.calls.model import ToolResult
from app.db.engine import Transaction
from app.db.migrate import migrate
from app.db.opening import open_engine
from app.db.schema import tool_calls

NOW, WINDOW_S = 10_000.0, 600.0
ROUNDS = 12


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    migrate(database_url)
    engine = open_engine(database_url, writes=True)
    with engine.connect() as opened:
        opened.begin()
        yield opened
        opened.rollback()
    engine.dispose()


def stands(_: Connection, result: ToolResult) -> bool:
    return result.say != "untrue by now"


def request(chance: random.Random, at: float = NOW) -> ledger.Request:
    """One of few deliveries about one of few things, so that many of a rush are alike."""
    key, about = f"k{chance.randrange(8)}", f"r{chance.randrange(5)}"
    return ledger.Request(key, about, f"o{chance.randrange(3)}", "acme", "book", at, at - WINDOW_S)


def result(chance: random.Random) -> ToolResult:
    return ToolResult(True, chance.choice(["done", "untrue by now"]), None, {"reference": f"{chance.random()}"})


def rows(connection: Connection) -> list[Any]:
    return [tuple(row) for row in connection.execute(select(tool_calls).order_by(tool_calls.c.key))]


def before(connection: Connection, chance: random.Random) -> None:
    """What earlier requests left: answered ones, some of them pinned, and some under way, some long ago."""
    for _ in range(chance.randrange(8)):
        begun = ledger.begin(
            Transaction(connection), request(chance, NOW - chance.choice([1.0, 300.0, 599.0, 700.0])), stands
        )
        if isinstance(begun, ledger.Begun) and chance.random() < 0.7:
            ledger.finish(Transaction(connection), [(begun.key, result(chance), chance.random() < 0.5)])


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_rush_begins_what_would_be_begun_one_after_the_other(connection: Connection, seed: int) -> None:
    found = []
    for together in (False, True):
        chance = random.Random(seed)
        before(connection, chance)
        wanted = [(request(chance), stands) for _ in range(chance.randrange(2, 12))]
        if together:
            begun = ledger.begin_each(Transaction(connection), wanted)
        else:
            begun = [ledger.begin(Transaction(connection), *one) for one in wanted]
        found.append((begun, rows(connection)))
        connection.rollback()
        connection.begin()

    one_by_one, as_one = found
    assert as_one == one_by_one
    assert any(isinstance(one, ledger.Begun | ledger.Answered | ledger.Under) for one in as_one[0])


def test_requests_without_an_id_of_their_own_are_each_begun(connection: Connection) -> None:
    wanted = [ledger.Request(None, f"r{number}", "o", "acme", "book", NOW, NOW - WINDOW_S) for number in range(3)]

    begun = ledger.begin_each(Transaction(connection), [(one, stands) for one in wanted])

    assert [type(one) for one in begun] == [ledger.Begun] * 3
    assert len(rows(connection)) == 3


def test_results_are_kept_each_under_its_key_and_pinned_or_not(connection: Connection) -> None:
    chance = random.Random(1)
    wanted = [ledger.Request(f"k{n}", f"r{n}", "o", "acme", "book", NOW, NOW - WINDOW_S) for n in range(6)]
    ledger.begin_each(Transaction(connection), [(one, stands) for one in wanted])
    results = [result(chance) for _ in wanted]

    ledger.finish(Transaction(connection), [(f"k{n}", results[n], n % 2 == 0) for n in range(5)])

    found = {row[0]: row for row in rows(connection)}
    for number in range(5):
        assert ledger.answered(connection, f"k{number}") == results[number]
        assert found[f"k{number}"][1] == (None if number % 2 == 0 else f"r{number}")
    assert ledger.answered(connection, "k5") is None
