"""Every call is counted once on its line, in the commit that notes it; our own calls, and texts' tools, are not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from math import inf

import pytest

from app.booking.store import SYNTHETIC_CALLER
from app.calls.lines import counted_on, line_of
from app.calls.model import CallRef
from app.db.engine import Database
from app.watch.volume_counts import CALL, Series, read_recent
from tests.calls.test_cap import ACME, Desk, capped
from tests.fakes.databases import opened

LINE, SECOND = "+15125550100", "+15125550101"
TWO_LINES = replace(ACME, lines=(LINE, SECOND))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


def call(number: int, *lines: str, caller: str | None = "+15125550199", platform: str = "vapi") -> CallRef:
    return CallRef(platform, f"call-{number}", caller, lines)


async def counted(database: Database) -> dict[Series, int]:
    return {
        series: sum(rows.hours.values())
        for series, rows in (await database.read(lambda c: read_recent(c, 0, inf))).items()
    }


@pytest.mark.parametrize("limit", [0, 50], ids=["without a cap", "with a cap"])
async def test_a_call_is_counted_once_whoever_asks_again(database: Database, limit: int) -> None:
    business = replace(capped(limit), lines=(LINE, SECOND))
    for desk in (Desk(database), Desk(database)):
        for _ in range(3):
            await desk.cap.admit(call(1, LINE), business)
            await desk.cap.admit(call(2, SECOND), business)
        await desk.cap.drain()

    assert await counted(database) == {Series("acme", LINE, CALL): 1, Series("acme", SECOND, CALL): 1}


async def test_a_call_over_the_cap_came_all_the_same(database: Database) -> None:
    desk = Desk(database)

    assert [await desk.cap.admit(call(number, LINE), capped(1)) for number in range(3)] == [True, False, False]
    assert await counted(database) == {Series("acme", LINE, CALL): 3}


async def test_our_own_calls_and_the_tools_of_texts_are_no_volume(database: Database) -> None:
    desk = Desk(database)
    await desk.cap.admit(call(1, LINE, caller=SYNTHETIC_CALLER), TWO_LINES)
    await desk.cap.admit(call(2, LINE, platform="sms"), TWO_LINES)
    await desk.cap.admit(CallRef("tools", None, None, (LINE,)), TWO_LINES)
    await desk.cap.drain()

    assert await counted(database) == {}


@pytest.mark.parametrize(
    ("named", "line"),
    [((SECOND,), SECOND), (("+19995550000", LINE), LINE), (("+19995550000",), ""), ((), "")],
    ids=["its own", "the first that is its own", "somebody else's", "none named"],
)
def test_a_call_is_counted_on_a_line_of_the_business_and_on_no_other(named: tuple[str, ...], line: str) -> None:
    assert counted_on(call(1, *named), TWO_LINES) == line


def test_the_only_line_is_meant_where_none_is_named() -> None:
    assert line_of(ACME, ()) == LINE
    assert line_of(ACME, ("+19995550000",)) == ""
