"""Our own holds and bookings, known at once in this process and read from the database once there is another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.booking.claims import ALONE_AFTER_S, FORGET_AFTER_S, NOTHING, Claims
from tests.booking.acme import HOUR, NOW, TUESDAY_9, House, house
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon

DANA, LEE = "fake:dana", "fake:lee"
CLAIMED = (TUESDAY_9, TUESDAY_9 + HOUR + 900)


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def made(sqlite_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    async with house(sqlite_url, calendar) as built:
        yield built


async def test_a_hold_is_seen_while_the_calendar_is_still_being_asked(made: House, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(delay_s=0.2))
    booking = asyncio.create_task(made.book())
    await soon(lambda: calendar.under_way == 1)
    assert made.claims.view(DANA).ranges == (CLAIMED,)
    assert made.claims.view(LEE) is NOTHING
    await booking
    assert made.claims.view(DANA).ranges == (CLAIMED,)


async def test_a_pending_one_is_kept_and_a_refused_one_given_up(made: House, calendar: FakeCalendar) -> None:
    calendar.script("book", scripted.UNKNOWN)
    await made.book()
    calendar.script("free", scripted.UNKNOWN)
    await made.book(made.slot(who="lee"))
    assert made.claims.view(DANA).ranges == (CLAIMED,)
    assert made.claims.view(LEE).ranges == ()


async def test_the_version_changes_with_the_claims_and_only_then(made: House) -> None:
    seen = [made.claims.view(DANA).version]
    made.claims.add(DANA, "one", CLAIMED)
    seen.append(made.claims.view(DANA).version)
    assert made.claims.view(DANA) is made.claims.view(DANA)
    made.claims.remove(DANA, "nobody")
    assert made.claims.view(DANA).version == seen[-1]
    made.claims.remove(DANA, "one")
    seen.append(made.claims.view(DANA).version)
    assert seen == sorted(set(seen))


async def test_a_restart_remembers_what_is_ahead(made: House) -> None:
    await made.book()
    restarted = Claims(made.database, made.clock)
    await restarted.load()
    assert restarted.view(DANA).ranges == (CLAIMED,)
    assert restarted.load_of(DANA) == 1


async def test_what_is_over_is_forgotten(made: House) -> None:
    clock = made.clock
    assert isinstance(clock, FakeClock)
    made.claims.add(DANA, "old", (NOW, NOW + HOUR))
    clock.advance(HOUR)
    assert made.claims.load_of(DANA) == 0, "it is no longer ahead of anybody"
    clock.advance(FORGET_AFTER_S)
    made.claims.add(DANA, "new", CLAIMED)
    assert made.claims.view(DANA).ranges == (CLAIMED,)


async def test_another_servers_bookings_are_seen(database_url: str, calendar: FakeCalendar) -> None:
    async with house(database_url, calendar) as one, house(database_url, calendar) as two:
        await two.book()
        await one.book(one.slot(who="lee"))  # on SQLite a write is when company is noticed
        await one.book(one.slot(TUESDAY_9 + 2 * HOUR, who="lee"))
        assert not one.claims.complete
        found = await one.claims.views([DANA], NOW)
        assert found[DANA].ranges == (CLAIMED,)


async def test_whatever_day_is_asked_about_everybodys_whole_load_counts(postgres_url: str) -> None:
    async with house(postgres_url) as made:
        await made.book()
        await made.claims.views([DANA, LEE], TUESDAY_9 + 20 * 24 * HOUR)
        assert made.claims.load_of(DANA) == 1
        before = made.claims.view(DANA)
        found = await made.claims.views([DANA, LEE], NOW)
        assert found[DANA] is before, "nothing changed, so nothing has to be worked out again"


async def test_claims_given_up_elsewhere_are_given_up_here(postgres_url: str, calendar: FakeCalendar) -> None:
    async with house(postgres_url, calendar) as one, house(postgres_url, calendar) as two:
        calendar.script("book", scripted.UNKNOWN)
        await one.book()
        two.clock.advance(100)  # type: ignore[attr-defined]  # a FakeClock
        await two.settler.settle_due()
        assert (await one.claims.views([DANA], NOW))[DANA].ranges == ()


async def alone(made: House) -> None:
    """Until nobody else has written for long enough, and everything was read."""
    while not made.claims.complete:
        await made.claims.views([DANA], NOW)
        made.clock.advance(ALONE_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
        await asyncio.sleep(0.01)


async def test_who_is_alone_on_postgresql_knows_everything_and_keeps_it_up(postgres_url: str) -> None:
    async with house(postgres_url) as made:
        await made.book()
        assert not made.claims.complete, "somebody may have written a moment ago"
        await alone(made)
        assert made.claims.view(DANA).ranges == (CLAIMED,)
        await made.book(made.slot(who="lee"))
        assert made.claims.complete
        assert made.claims.view(LEE).ranges == (CLAIMED,)
        assert await made.claims.views([LEE], NOW) == {LEE: made.claims.view(LEE)}


async def test_a_stranger_ends_it_until_all_is_read_again(postgres_url: str) -> None:
    async with house(postgres_url) as one, house(postgres_url) as two:
        await alone(one)
        await two.book()
        await soon(lambda: not one.claims.complete)
        assert (await one.claims.views([DANA], NOW))[DANA].ranges == (CLAIMED,)
        await two.book(two.slot(who="lee"))
        await soon(lambda: not one.claims.complete)
        await alone(one)
        assert one.claims.view(LEE).ranges == (CLAIMED,)


async def test_what_is_claimed_while_all_is_read_is_not_forgotten(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(postgres_url) as made:
        real, gate, reading = made.database.read, asyncio.Event(), asyncio.Event()

        async def slowly(work: Any, *within: float) -> Any:
            found = await real(work, *within)
            reading.set()
            await gate.wait()
            return found

        monkeypatch.setattr(made.database, "read", slowly)
        made.claims._read_all_when_alone()
        made.clock.advance(ALONE_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
        made.claims._read_all_when_alone()
        await reading.wait()
        made.claims.add(DANA, "one", CLAIMED)
        gate.set()
        await soon(lambda: made.claims._whole is not None and made.claims._whole.done())
        assert made.claims.view(DANA).ranges == (CLAIMED,)
        assert not made.claims.complete, "it is read once more"
        monkeypatch.setattr(made.database, "read", real)


async def test_a_read_that_began_before_does_not_undo_what_is_known_since(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(postgres_url) as made:
        real, gate = made.database.read, asyncio.Event()

        async def slowly(work: Any, *within: float) -> Any:
            found = await real(work, *within)
            await gate.wait()
            return found

        monkeypatch.setattr(made.database, "read", slowly)
        asked = asyncio.create_task(made.claims.views([DANA], NOW))
        await asyncio.sleep(0.1)
        monkeypatch.setattr(made.database, "read", real)
        made.clock.advance(ALONE_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
        made.claims._read_all_when_alone()
        await soon(lambda: made.claims.complete)
        made.claims.add(DANA, "one", CLAIMED)
        gate.set()
        assert (await asked)[DANA].ranges == (CLAIMED,)
        assert made.claims.view(DANA).ranges == (CLAIMED,)
