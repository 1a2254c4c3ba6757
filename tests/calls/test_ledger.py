"""Requests of a rush, looked up in one go: the same is found and kept as for one after the other."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Connection, select

from app.calls import ledger
from app.calls.model import CallRef, ToolCall, ToolResult
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


ASKED = ledger.Request("k1", "r1", "dead", "acme", "book", NOW - 60.0, NOW - WINDOW_S)
DONE = ToolResult(True, "done", None, {"reference": "AB12CD"})


def under_way(connection: Connection) -> ledger.Under:
    """As another process finds it that was asked the same."""
    ledger.begin(Transaction(connection), ASKED, stands)
    found = ledger.begin(Transaction(connection), replace(ASKED, owner="other", at=NOW), stands)
    assert isinstance(found, ledger.Under)
    return found


def test_of_those_who_would_take_a_request_over_one_does_and_has_its_time_for_it(connection: Connection) -> None:
    found = under_way(connection)
    assert ledger.take_over(Transaction(connection), found, "first", NOW)
    assert not ledger.take_over(Transaction(connection), found, "second", NOW)
    taken = ledger.begin(Transaction(connection), replace(ASKED, owner="third", at=NOW), stands)
    assert taken == ledger.Under("k1", "first", NOW), "else the third would take it from the first at once"


def test_what_was_done_after_all_is_not_taken_over(connection: Connection) -> None:
    found = under_way(connection)
    ledger.finish(Transaction(connection), [("k1", DONE, False)])
    assert not ledger.take_over(Transaction(connection), found, "first", NOW)
    assert ledger.answered(connection, "k1") == DONE


@pytest.mark.parametrize(("say", "begins"), [("done", False), ("untrue by now", True)])
def test_an_outcome_that_stands_no_more_answers_its_own_delivery_alone(
    connection: Connection, say: str, begins: bool
) -> None:
    done = ToolResult(True, say)
    ledger.begin(Transaction(connection), ASKED, stands)
    ledger.finish(Transaction(connection), [("k1", done, False)])
    assert ledger.begin(Transaction(connection), ASKED, stands) == ledger.Answered(done)
    again = ledger.begin(Transaction(connection), replace(ASKED, key="k2", at=NOW), stands)
    assert again == (ledger.Begun("k2") if begins else ledger.Answered(done))


CALL = ToolCall(CallRef("vapi", "call-1", "+15125550123"), "book", {"slot": "1"}, "tool-1")
ELSEWHERE = [
    CallRef("retell", "call-1", "+15125550123"),
    CallRef("vapi", "call-2", "+15125550123"),
    CallRef("vapi", None, "+15125550123"),
]


def test_a_delivery_is_its_platforms_its_calls_and_its_own() -> None:
    others = [structs.replace(CALL, ref=ref) for ref in ELSEWHERE] + [structs.replace(CALL, tool_call_id="tool-2")]
    keys = [
        ledger.delivery_key(CALL, "acme", changes=True),
        ledger.delivery_key(CALL, "acme", changes=False),
        ledger.delivery_key(CALL, "acme", 1, changes=True),
        ledger.delivery_key(CALL, "zenith", changes=True),
    ]
    keys += [ledger.delivery_key(other, "acme", changes=True) for other in others]
    looked_up = [structs.replace(CALL, name="cancel"), structs.replace(CALL, arguments={"slot": "2"})]
    keys += [ledger.delivery_key(other, "acme", changes=False) for other in looked_up]
    keys.append(ledger.delivery_key(structs.replace(CALL, name="cancel"), "acme", changes=True))
    assert len(set(keys)) == len(keys)
    again = structs.replace(CALL, arguments={"slot": "2"})
    assert ledger.delivery_key(again, "acme", changes=True) == keys[0], "the id says it all"
    by_text = structs.replace(CALL, ref=CallRef("sms", "7.1", "+15125550123"))
    unnamed = structs.replace(by_text, name="", arguments={})
    assert ledger.delivery_key(by_text, "acme", changes=True) == ledger.delivery_key(unnamed, "acme", changes=True)
    nowhere = structs.replace(CALL, ref=CallRef("vapi"))
    alike = [nowhere, structs.replace(nowhere, name="cancel"), structs.replace(nowhere, arguments={"slot": "2"})]
    alike.append(structs.replace(nowhere, ref=CallRef("vapi", caller="+15125550143")))
    assert len({ledger.delivery_key(one, "acme", changes=True) for one in alike}) == 4, (
        "the id alone is too short to trust"
    )


def test_a_request_is_about_one_thing_at_one_business_in_one_call() -> None:
    about = [("acme", "book", ["9:00"]), ("zenith", "book", ["9:00"]), ("acme", "move", ["9:00"]), ("acme", "book", [])]
    keys = [ledger.request_key(CALL, *one) for one in about]
    keys += [ledger.request_key(structs.replace(CALL, ref=ref), *about[0]) for ref in ELSEWHERE]
    assert len(set(keys)) == len(keys)
    assert ledger.request_key(structs.replace(CALL, tool_call_id="tool-2"), *about[0]) == keys[0]
    nobody = structs.replace(CALL, ref=CallRef("vapi"))
    assert ledger.request_key(nobody, *about[0]) != ledger.request_key(nobody, *about[0])
