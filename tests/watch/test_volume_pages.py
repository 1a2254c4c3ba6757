"""What several lines of one business have together: one page, which rings once, and ends when all of them are back."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.db.engine import Database
from app.watch.baseline import HOUR_S
from app.watch.judgement import QUARTER_S, State
from app.watch.pages import Kept, resolved_by_id
from app.watch.volume_counts import CALL, LOOK, TEXT, Came, Series, noted
from app.watch.volume_words import is_about_all, named
from tests.fakes.databases import opened
from tests.watch.counted import at, weeks
from tests.watch.test_volume import ACME, LINE, SECOND, TODAY, House, history, keep, looks, rows

THIRD = "+15125550102"
LINES = (LINE, SECOND, THIRD)
NOON = at("2026-07-07T12:00")
SLOW = {6: 1, 8: 1, 10: 1, 13: 1, 15: 1}
"""Five calls a day."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


@pytest.fixture
async def empty(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as one:
        yield one


async def begun(database: Database, *lines: str, now: float = NOON, came: tuple[str, ...] = ()) -> House:
    """After weeks of usual calls to each of these lines; today only `came` got one, just now."""
    kept = [row for line in lines for row in history(Series("acme", line, CALL))]
    await database.write(lambda t: keep(t, kept + looks(at("2026-06-01T00:00"), now)))
    house = House(database, replace(ACME, lines=lines), now=now)
    await house.call(*came)
    return house


async def later(house: House, *lines: str, key: str = LINE) -> State:
    """An hour later, in which each of these lines got a call: the state of one."""
    now = house.clock.now()
    await house.call(*lines)
    here = [Came("", "", LOOK, now + number * QUARTER_S) for number in range(4)]
    await house.database.write(lambda t: noted(t.connection, here))
    return await house.state(60, key)


async def shown(house: House) -> list[tuple[str, str, frozenset[str]]]:
    """Open pages: kind, key, and which lines each names."""
    pages = [kept for kept in await house.pages() if kept.status != "resolved"]
    return sorted((kept.page.kind, kept.page.key, named(kept.page.body)) for kept in pages)


async def rung(house: House) -> int:
    """Pages that were ever raised."""
    return len(await house.pages())


async def one(house: House) -> Kept:
    [kept] = [kept for kept in await house.pages() if kept.status != "resolved"]
    return kept


async def called_over(house: House) -> None:
    kept = await one(house)
    await house.database.write(lambda t: resolved_by_id(t, kept.id, by="dana", now=house.clock.now()))


async def test_lines_that_are_silent_together_are_one_page_with_their_names(database: Database) -> None:
    house = await begun(database, *LINES, came=(THIRD,))
    for _ in range(3):
        decisions = await house.look()

    assert decisions["acme"].verdict.state is State.NORMAL, "the third has calls"
    assert await shown(house) == [("silence", "acme", frozenset({LINE, SECOND}))]
    page = (await one(house)).page
    assert page.title == "Silence: calls to Acme Pest Control, 2 lines"
    assert page.body.startswith(f"Lines {LINE}, {SECOND}. ")
    assert house.told == 1


async def test_all_lines_together_are_named_and_ring_once(database: Database) -> None:
    house = await begun(database, *LINES)
    await house.look()
    house.again()
    await house.look()

    kept = await one(house)
    assert kept.page.title == "Silence: calls to Acme Pest Control, all lines"
    assert kept.page.body.startswith(f"All lines together: {LINE}, {SECOND}, {THIRD}. No call since ")
    assert (house.told, await rung(house)) == (1, 1)


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_line_that_was_silent_before_a_page_rang_joins_it_without_a_ring(
    empty: Database, restarts: bool
) -> None:
    slow = rows(Series("acme", SECOND, CALL), dict(_slow()))
    house = await begun(empty, LINE, THIRD, came=(THIRD,))
    await empty.write(lambda t: keep(t, slow))
    house.again(replace(ACME, lines=LINES))
    await house.look()
    assert await shown(house) == [("silence", LINE, frozenset({LINE}))], "the slow one is not certain yet"

    identity = (await one(house)).id
    while await later(house, THIRD, key=SECOND) is not State.SILENT:
        if restarts:
            house.again()
    assert await shown(house) == [("silence", "acme", frozenset({LINE, SECOND}))]
    assert (await one(house)).id == identity
    assert (house.told, await rung(house)) == (1, 1)


async def test_a_line_that_had_calls_after_a_page_rang_is_a_matter_of_its_own(empty: Database) -> None:
    house = await begun(empty, LINE, SECOND, THIRD, now=NOON, came=(SECOND, THIRD))
    await house.look()
    await house.call(SECOND)
    while await later(house, THIRD, key=SECOND) is not State.SILENT:
        pass

    assert await shown(house) == [
        ("silence", LINE, frozenset({LINE})),
        ("silence", SECOND, frozenset({SECOND})),
    ]
    assert await rung(house) == 2


async def test_a_line_that_is_certain_only_days_later_rings_all_the_same(empty: Database) -> None:
    house = await begun(empty, LINE, THIRD, came=(THIRD,))
    rare = rows(Series("acme", SECOND, CALL), dict(_slow(every=3)))
    await empty.write(lambda t: keep(t, rare))
    house.again(replace(ACME, lines=LINES))
    await house.look()
    while await later(house, THIRD, key=SECOND) is not State.SILENT:
        pass

    assert [key for _, key, _ in await shown(house)] == [LINE, SECOND]


async def test_when_the_cause_is_gone_no_line_rings_that_has_had_no_call_yet(database: Database) -> None:
    house = await begun(database, *LINES)
    await house.look()
    await house.call(SECOND)
    await house.look()
    assert await shown(house) == [("silence", "acme", frozenset({LINE, THIRD}))]
    await house.call(THIRD)
    await house.look()
    kept = await one(house)
    assert (kept.page.key, named(kept.page.body)) == ("acme", frozenset({LINE}))
    house.again()
    await house.look()
    assert (await one(house)).id == kept.id

    await house.call(LINE)
    await house.look()
    assert await shown(house) == []
    assert [kept.resolution for kept in await house.pages()] == [""], "one page, and whoever was told hears its end"


async def test_what_was_back_of_one_outage_ends_no_page_about_the_next(empty: Database) -> None:
    house = await begun(empty, *LINES, came=(THIRD,))
    await house.look()
    await house.call(LINE)
    await house.look()
    await called_over(house)
    await house.call(SECOND)
    while not await shown(house):
        await later(house, THIRD)
    assert await shown(house) == [("silence", "acme", frozenset({LINE, SECOND}))]

    second = (await one(house)).id
    for _ in range(3):
        await house.look()
    assert (await one(house)).id == second, "rung again, whoever has it would have it no more"


async def test_a_line_that_stays_away_when_the_others_are_back_rings_once_that_is_certain(empty: Database) -> None:
    house = await begun(empty, LINE, SECOND, now=at("2026-07-07T08:30"))
    while await later(house) is not State.SILENT:
        pass
    await house.call(SECOND)
    back = house.clock.now()
    await later(house, SECOND)
    while await rung(house) == 1:
        assert await shown(house) == [("silence", "acme", frozenset({LINE}))]
        await later(house, SECOND)

    assert house.clock.now() - back > 3 * HOUR_S
    assert await shown(house) == [("silence", LINE, frozenset({LINE}))]
    assert {kept.resolution for kept in await house.pages()} == {"", "superseded"}


async def test_what_a_person_called_over_of_several_is_over_for_those_that_were_named(empty: Database) -> None:
    house = await begun(empty, *LINES, came=(THIRD,))
    await house.look()
    await called_over(house)
    for _ in range(20):
        await later(house, THIRD)
        assert await shown(house) == []

    while await later(house, key="acme") is not State.SILENT:
        pass
    assert [key for _, key, _ in await shown(house)] == ["acme"], "all of them are more than was called over"
    assert is_about_all((await one(house)).page.body)


async def test_who_calls_all_lines_over_hears_of_one_that_stays_away(empty: Database) -> None:
    house = await begun(empty, *LINES)
    await house.look()
    await called_over(house)
    over = house.clock.now()
    await house.call(SECOND, THIRD)
    while not await shown(house):
        await later(house, SECOND, THIRD)

    assert house.clock.now() - over > 3 * HOUR_S
    assert await shown(house) == [("silence", LINE, frozenset({LINE}))]


async def test_a_second_outage_of_all_rings_though_one_line_was_never_back(empty: Database) -> None:
    house = await begun(empty, *LINES)
    await house.look()
    await house.call(SECOND, THIRD)
    await house.look()
    assert await shown(house) == [("silence", "acme", frozenset({LINE}))]
    while not is_about_all((await one(house)).page.body):
        await later(house)

    assert await rung(house) == 2


async def test_all_lines_are_not_silent_for_want_of_the_one_that_is_told_of(empty: Database) -> None:
    house = await begun(empty, LINE)
    few = rows(Series("acme", SECOND, CALL), dict(_slow()))
    await empty.write(lambda t: keep(t, few))
    house.again(replace(ACME, lines=(LINE, SECOND)))
    await house.call(SECOND)
    await house.look()
    assert await shown(house) == [("silence", LINE, frozenset({LINE}))]
    silent = 0
    for _ in range(8):
        await later(house, SECOND)
        for _ in range(8):
            silent += await later(house, key="acme") is State.SILENT
            assert await shown(house) == [("silence", LINE, frozenset({LINE}))]

    assert silent, "the busier one is missed every morning"
    assert await rung(house) == 1


async def test_texts_and_calls_that_stay_away_together_are_said_to(empty: Database) -> None:
    texts = history(Series("acme", SECOND, TEXT))
    house = await begun(empty, LINE, THIRD, came=(THIRD,))
    await empty.write(lambda t: keep(t, texts))
    house.again(replace(ACME, lines=LINES))
    await house.look()

    assert (await one(house)).page.title == "Silence: calls and texts to Acme Pest Control, 2 lines"


async def test_lines_and_businesses_that_leave_the_files_leave_their_page(empty: Database) -> None:
    house = await begun(empty, *LINES)
    await house.look()
    house.again(replace(ACME, lines=(LINE,)))
    await house.look()
    assert await shown(house) == [("silence", "acme", frozenset({LINE}))]

    house.again(replace(ACME, business="zenith", lines=(SECOND,)))
    await house.look()
    assert await shown(house) == []


# --- floods -----------------------------------------------------------------------------------------------------------


async def test_a_flood_on_one_line_of_several_is_one_page(database: Database) -> None:
    house = await begun(database, *LINES, came=LINES)
    await house.call(LINE, times=40)
    decisions = await house.look()

    assert decisions["acme"].verdict.state is State.FLOOD
    assert await shown(house) == [("flood", LINE, frozenset({LINE}))]
    await house.look(90)
    assert ("flood", LINE) not in await house.open()


async def test_a_flood_on_several_lines_is_one_page_and_who_joins_rings_nobody(empty: Database) -> None:
    house = await begun(empty, *LINES, came=LINES)
    await house.call(LINE, times=40)
    await house.look()
    await house.call(SECOND, times=40)
    await house.look()
    assert await shown(house) == [("flood", "acme", frozenset({LINE, SECOND}))]
    await house.call(THIRD, times=40)
    await house.look()
    assert await shown(house) == [("flood", "acme", frozenset(LINES))]
    assert await rung(house) == 1

    await house.look(90)
    assert not any(kind == "flood" for kind, _ in await house.open())


async def test_a_flood_of_all_lines_at_once_is_one_page(empty: Database) -> None:
    house = await begun(empty, *LINES, came=LINES)
    await house.call(*LINES, times=30)
    await house.look()
    assert await shown(house) == [("flood", "acme", frozenset(LINES))]
    await called_over(house)
    await house.look()
    assert await shown(house) == []


def _slow(every: int = 1) -> Iterable[tuple[int, int]]:
    """Weeks of a line of few calls: all of them, or one of so many."""
    counts = weeks(TODAY - timedelta(days=36), 36, SLOW).counts
    return sorted(counts.items())[::every]
