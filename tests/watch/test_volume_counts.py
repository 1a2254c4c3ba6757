"""Hourly counts: added up over calls and commits, apart by business and line, and what is known of our own looking."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from app.db.retention import KEEP_VOLUME_S, Retention
from app.watch import volume_counts
from app.watch.baseline import HOUR_S
from app.watch.judgement import QUARTER_S, Window
from app.watch.volume_counts import CALL, TEXT, Came, Rows, Series, noted
from app.watch.volume_lines import WEEKS_S
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened

HOUR = 1_795_000_000 // HOUR_S * HOUR_S
LATER = HOUR + 86_400.0
LINE, OTHER = "+15125550100", "+15125550101"
ACME = Series("acme", LINE, CALL)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


async def note(database: Database, *came: Came) -> None:
    await database.write(lambda t: noted(t.connection, came))


async def test_counts_add_up_by_hour_and_quarter(database: Database) -> None:
    await note(database, Came("acme", LINE, CALL, HOUR + 10.0), Came("acme", LINE, CALL, HOUR + 1_000.0))
    await note(database, Came("acme", LINE, CALL, HOUR + 950.5))
    await note(database, Came("acme", LINE, CALL, HOUR + 3_600.0))

    found = await database.read(lambda c: volume_counts.read_series(c, "acme", WEEKS_S, LATER))
    assert found == {
        ACME: Rows(
            {HOUR: 3, HOUR + HOUR_S: 1},
            {HOUR: 1, HOUR + QUARTER_S: 2, HOUR + HOUR_S: 1},
            HOUR + 3_600.0,
        )
    }
    assert found[ACME].window(HOUR + QUARTER_S) == Window(HOUR + QUARTER_S, 3)


async def test_the_newest_moment_stays_where_an_older_call_is_noted_late(database: Database) -> None:
    await note(database, Came("acme", LINE, CALL, HOUR + 900.0))
    await note(database, Came("acme", LINE, CALL, HOUR + 5.0))

    found = await database.read(lambda c: volume_counts.read_series(c, "acme", WEEKS_S, LATER))
    assert (found[ACME].hours, found[ACME].last_at) == ({HOUR: 2}, HOUR + 900.0)


async def test_businesses_lines_and_channels_are_counted_apart(database: Database) -> None:
    came = [("acme", LINE, CALL), ("acme", OTHER, CALL), ("acme", LINE, TEXT), ("zenith", LINE, CALL)]
    await note(database, *(Came(*each, HOUR + 1.0) for each in came))

    assert set(await database.read(lambda c: volume_counts.read_series(c, "acme", WEEKS_S, LATER))) == {
        Series(*each) for each in came[:3]
    }
    assert set(await database.read(lambda c: volume_counts.read_recent(c, HOUR, LATER))) == {
        Series(*each) for each in came
    }
    both = await database.read(lambda c: volume_counts.read_series(c, "acme", WEEKS_S, LATER))
    assert volume_counts.together(both.values()).hours == {HOUR: 3}


async def test_hours_long_before_a_series_newest_are_left_out_however_old_that_is(database: Database) -> None:
    old = [HOUR - 20 * WEEKS_S, HOUR - 21 * WEEKS_S, HOUR - 21 * WEEKS_S - HOUR_S]
    await note(database, *(Came("acme", LINE, CALL, at) for at in (HOUR, HOUR - WEEKS_S, HOUR - WEEKS_S - HOUR_S)))
    await note(database, *(Came("acme", OTHER, CALL, at) for at in old))

    found = await database.read(lambda c: volume_counts.read_series(c, "acme", WEEKS_S, LATER))
    assert set(found[ACME].hours) == {HOUR, HOUR - WEEKS_S}
    assert set(found[Series("acme", OTHER, CALL)].hours) == set(old[:2])


async def test_a_line_that_another_business_had_is_known(database: Database) -> None:
    await note(database, Came("zenith", LINE, CALL, HOUR - 7_200.0), Came("zenith", LINE, TEXT, HOUR - 3_600.0))
    await note(database, Came("acme", LINE, CALL, HOUR), Came("acme", OTHER, CALL, HOUR))

    left = await database.read(lambda c: volume_counts.left_others(c, "acme", [LINE, OTHER]))
    assert left == {LINE: HOUR - HOUR_S}


async def test_quarters_in_which_nobody_looked_are_known(database: Database) -> None:
    for minute in (0, 1, 14, 46, 61):
        await database.write(lambda t, at=HOUR + 60.0 * minute: volume_counts.looked(t.connection, at))

    watch = await database.read(lambda c: volume_counts.watched(c, HOUR, HOUR + 61 * 60.0))
    assert (watch.until, list(watch.unseen)) == (HOUR + 61 * 60.0, [HOUR + QUARTER_S, HOUR + 2 * QUARTER_S])


async def test_looks_from_the_future_are_forgotten_with_the_next(database: Database) -> None:
    await database.write(lambda t: volume_counts.looked(t.connection, HOUR + 86_400.0))
    assert (await database.read(lambda c: volume_counts.watched(c, HOUR, HOUR + 60.0))).until == HOUR + 86_400.0

    await database.write(lambda t: volume_counts.looked(t.connection, HOUR + 60.0))
    assert (await database.read(lambda c: volume_counts.watched(c, HOUR, HOUR + 60.0))).until == HOUR + 60.0


async def test_counts_that_are_old_enough_are_forgotten(database: Database) -> None:
    await note(database, Came("acme", LINE, CALL, HOUR - KEEP_VOLUME_S - 2 * HOUR_S), Came("acme", LINE, CALL, HOUR))

    assert await Retention(database, FakeClock(HOUR + 60.0)).forget() == 1
    assert (await database.read(lambda c: volume_counts.read_series(c, "acme", 2 * KEEP_VOLUME_S, LATER)))[
        ACME
    ].hours == {HOUR: 1}
