"""A line's volume and the clock: one that was put back ends no silence, and a line says when its own is certain."""

import re
from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from app.watch.judgement import State
from app.watch.volume_counts import CALL, TEXT, Series
from tests.fakes.databases import opened
from tests.watch.counted import at
from tests.watch.test_volume import LINE, begun, history, keep


@pytest.fixture
async def empty(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as one:
        yield one


async def test_a_silence_that_a_clock_put_back_makes_ordinary_has_not_ended(empty: Database) -> None:
    house = await begun(empty)
    assert await house.state() is State.SILENT
    house.clock._now -= 4 * 3_600.0
    assert await house.state() is State.UNKNOWN, "it jumped back"
    await house.look(16.0)
    for _ in range(5):
        assert await house.state() is State.NORMAL, "as early as that nothing is unusual"
        assert await house.open() == {("silence", LINE)}

    await house.call(LINE)
    await house.look()
    assert await house.open() == set()


async def test_what_comes_on_another_channel_ends_no_silence_of_a_clock_put_back(empty: Database) -> None:
    house = await begun(empty)
    kept = history(Series("acme", LINE, TEXT))
    await empty.write(lambda t: keep(t, kept))
    house.again()
    assert await house.state() is State.SILENT
    [page] = await house.pages()
    channel, other = (CALL, TEXT) if "No call since" in page.page.body else (TEXT, CALL)
    house.clock._now -= 4 * 3_600.0
    await house.look()
    await house.look(16.0)
    await house.call(LINE, channel=other)
    for _ in range(3):
        assert await house.state() is State.NORMAL
        assert await house.open() == {("silence", LINE)}
    await house.call(LINE, channel=channel)
    await house.look()
    assert await house.open() == set()


async def test_a_line_says_at_what_o_clock_of_today_its_silence_is_certain(empty: Database) -> None:
    house = await begun(empty, now=at("2026-07-07T07:00"))
    await house.look()
    [line] = await house.overview()
    assert line.certain_in_s is not None
    certain = house.clock.now() + line.certain_in_s
    told = re.search(r"for another [0-9.]+ (min|h), until ([0-9:]{5}) CDT\.$", line.sentence)
    assert told is not None, line.sentence
    assert 0 <= at(f"2026-07-07T{told[2]}") + 60 - certain <= 120
