"""Our own holds and bookings, known at once in this process and read from the database once there is another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.audit.log import seal
from app.booking.claims import FORGET_AFTER_S, NOTHING, Claims
from app.db.once import committing
from app.db.schema import bookings
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
    await restarted.start()
    assert restarted.view(DANA).ranges == (CLAIMED,)
    assert restarted.load_of(DANA) == 1
    await restarted.stop()


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
        assert not one.claims.known([DANA])
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


async def sure(made: House, *calendars: str) -> None:
    """Until it hears what is committed, and has read these calendars since."""
    while not made.claims.known(calendars):
        await made.claims.views(calendars, NOW)
        await asyncio.sleep(0.01)


async def test_on_postgresql_memory_is_the_truth_until_something_is_told(postgres_url: str) -> None:
    async with house(postgres_url) as one, house(postgres_url) as two:
        assert not one.claims.known([DANA]), "what was committed a moment ago was not told"
        await sure(one, DANA, LEE)
        await two.book()
        await soon(lambda: not one.claims.known([DANA]))
        assert one.claims.known([LEE]), "nothing happened there"
        assert (await one.claims.views([DANA], NOW))[DANA].ranges == (CLAIMED,)
        await sure(one, DANA, LEE)
        assert one.claims.view(DANA).ranges == (CLAIMED,)


async def test_ones_own_bookings_are_known_at_once_and_stay_known(postgres_url: str) -> None:
    async with house(postgres_url) as made:
        await sure(made, DANA, LEE)
        await made.book()
        assert made.claims.view(DANA).ranges == (CLAIMED,)
        await sure(made, DANA, LEE)
        assert made.claims.view(DANA).ranges == (CLAIMED,)


async def test_a_claim_removed_by_hand_in_the_database_is_told(postgres_url: str) -> None:
    async with house(postgres_url) as made:
        await made.book()
        await sure(made, DANA)
        with committing(postgres_url, seal) as transaction:
            transaction.connection.execute(delete(bookings))
        await soon(lambda: not made.claims.known([DANA]))
        assert (await made.claims.views([DANA], NOW))[DANA].ranges == ()


async def test_what_changes_nothing_about_a_claim_is_not_told(postgres_url: str) -> None:
    async with house(postgres_url) as made:
        await made.book()
        await sure(made, DANA)
        told = made.claims._told
        with committing(postgres_url, seal) as transaction:
            transaction.connection.execute(update(bookings).values(address="1 Elm Street", status=bookings.c.status))
        with committing(postgres_url, seal) as transaction:
            transaction.connection.execute(update(bookings).values(blocked_to=bookings.c.blocked_to + 1))
        await soon(lambda: made.claims._told > told)
        assert made.claims._told == told + 1


async def test_a_read_during_which_something_is_told_proves_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(postgres_url) as one, house(postgres_url) as two:
        await sure(one, LEE)
        real, gate, read = one.database.read, asyncio.Event(), asyncio.Event()

        async def slowly(work: Any, *within: float) -> Any:
            found = await real(work, *within)
            if isinstance(found, list):
                read.set()
                await gate.wait()
            return found

        monkeypatch.setattr(one.database, "read", slowly)
        asked = asyncio.create_task(one.claims.views([DANA], NOW))
        await read.wait()
        await two.book()
        await soon(lambda: not one.claims.known([LEE]) or one.claims._told > 1)
        gate.set()
        assert (await asked)[DANA].ranges == (), "it looked before"
        assert not one.claims.known([DANA])
        assert (await one.claims.views([DANA], NOW))[DANA].ranges == (CLAIMED,)


async def test_without_a_listener_every_question_is_read(postgres_url: str) -> None:
    async with house(postgres_url) as one, house(postgres_url) as two:
        await sure(one, DANA)
        await one.claims.stop()
        assert not one.claims.known([DANA])
        await two.book()
        assert (await one.claims.views([DANA], NOW))[DANA].ranges == (CLAIMED,)
