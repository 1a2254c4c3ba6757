"""Looking at all lines again and again says what looking once says, and reads weeks of counts once a day."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection

from app.db.engine import Database
from app.watch import volume_known
from app.watch.baseline import Profile
from app.watch.volume_counts import Series, looked
from app.watch.volume_known import Known
from app.watch.volume_lines import Learned, Watched
from app.watch.volume_look import FORGOTTEN_S, VolumeLook
from infra.bench.look import Turns
from tests.fakes.databases import opened
from tests.watch.counted import CHICAGO, at
from tests.watch.test_volume import ACME, LINE, SECOND, TEXT, begun, history, keep


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The businesses whose weeks were read."""
    found: list[str] = []

    def rows_of(connection: Connection, watched: Watched, now: float) -> Any:
        found.append(watched.business)
        return real(connection, watched, now)

    real = volume_known.rows_of
    monkeypatch.setattr(volume_known, "rows_of", rows_of)
    return found


async def test_what_is_kept_says_what_weeks_of_counts_say(database: Database, learned: list[str]) -> None:
    several = Watched("acme", "Acme Pest Control", CHICAGO, (LINE, SECOND))
    house = await begun(database, several, Watched("other", "Other", CHICAGO, ("+15125550102",)))
    await database.write(lambda t: keep(t, history(Series("acme", SECOND, TEXT)) + history(Series("acme", LINE, TEXT))))
    look = VolumeLook(database, house.businesses, house.clock)

    assert await look.look() == await house.overview()
    house.clock.advance(300)
    assert await look.look() == await house.overview()
    assert learned == ["acme", "other"]
    await house.call(LINE, times=3)
    await look.look()  # notes that the day's first call has made something to be learned
    assert await look.look() == await house.overview()
    await house.call(LINE, times=2)
    assert await look.look() == await house.overview()
    assert learned == ["acme", "other", "acme"]


async def test_what_came_while_nobody_looked_is_not_missed(database: Database, learned: list[str]) -> None:
    house = await begun(database, ACME, now=at("2026-07-07T15:01"))
    look = VolumeLook(database, house.businesses, house.clock)
    [before] = await look.look()
    house.clock.advance(6 * 3_600)
    await house.call(LINE, times=9)
    house.clock.advance(4 * 3_600)
    await house.database.write(lambda t: looked(t.connection, house.clock.now()))

    [after] = await look.look()

    assert (before.state, after.state) == ("silent", "normal")
    assert after.since == house.clock.now() - 4 * 3_600
    assert learned == ["acme"]
    house.clock.advance(FORGOTTEN_S)
    assert await look.look() == await house.overview()
    assert learned == ["acme", "acme"]


async def test_who_calls_while_lines_are_learned_waits_for_one_step_of_one_business(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[list[str]] = []
    for step in ("rows_of", "learn"):
        real = getattr(volume_known, step)

        def noted(*given: Any, step: str = step, real: Any = real) -> Any:
            turns[-1].append(step)
            return real(*given)

        monkeypatch.setattr(volume_known, step, noted)

    class InTurns:
        async def read(self, work: Callable[[Connection], Any], within_s: float) -> Any:
            turns.append([])
            return await database.read(work, within_s)

    several = (ACME, Watched("other", "Other", CHICAGO, ("+15125550102",)))
    await Known(InTurns(), several, 3_600.0, rests=0.0).learn(at("2026-07-07T11:00"))

    assert turns == [[], ["rows_of"], ["learn"], ["rows_of"], ["learn"]]


async def test_a_new_day_on_thousands_of_lines_holds_nobody_up_before_any_is_learned(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [Watched(f"b{number}", "", CHICAGO, ()) for number in range(5_000)]
    known, now = Known(database, many, 3_600.0, rests=0.0), at("2026-07-07T11:00")
    stale = Learned(Profile(CHICAGO, frozenset(), (), 0.0, 0), 0.0, (date(2026, 7, 6), date(2026, 7, 6)))
    monkeypatch.setattr(volume_known, "learn", lambda *_: {Series(LINE, LINE, TEXT): stale})
    await known.learn(now)
    for one in reversed(many):
        known.of(one, {}, now)
    monkeypatch.setattr(volume_known, "rows_of", lambda _, one, __: picked.append(one.business))
    picked: list[str] = []
    held: list[float] = []

    await Turns(known.learn(now), held)

    assert picked == [f"b{number}" for number in range(4_999, 4_899, -1)], "the one that waits longest first"
    assert max(held) < 0.05
