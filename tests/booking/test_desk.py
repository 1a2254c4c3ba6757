"""What can be offered: from memory only when memory is the truth, never from who does not tell."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.booking.desk import View, local_today
from app.db.opening import normalised, open_engine
from tests.booking.acme import (
    FOLLOW_UP,
    HOUR,
    INSPECTION,
    SERVICES,
    TREATMENT,
    TTL_S,
    TUESDAY_9,
    House,
    acme,
    at,
    house,
)
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.databases import soon

TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def made(sqlite_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    async with house(sqlite_url, calendar) as built:
        yield built


def now(made: House, last: date = TUESDAY) -> View | None:
    return made.desk.open_now(made.business, INSPECTION, made.business.technicians, TUESDAY, last)


async def opened(made: House, last: date = TUESDAY) -> View:
    return await made.desk.open(made.business, INSPECTION, made.business.technicians, TUESDAY, last)


async def test_memory_answers_only_what_has_been_read_and_is_fresh(made: House) -> None:
    assert now(made) is None
    view = await opened(made)
    assert now(made) == view
    assert now(made) is now(made), "worked out once"
    made.clock.advance(TTL_S)  # type: ignore[attr-defined]  # a FakeClock
    assert now(made) is None


async def test_a_view_that_is_too_old_makes_room(made: House) -> None:
    await opened(made)
    now(made)
    await opened(made, WEDNESDAY)
    assert len(made.desk._memos) == 2
    made.clock.advance(TTL_S)  # type: ignore[attr-defined]  # a FakeClock
    await opened(made, WEDNESDAY)
    assert [memo.view for memo in made.desk._memos.values()] == [now(made, WEDNESDAY)]


async def test_a_booking_is_laid_over_what_memory_says_at_once(made: House, calendar: FakeCalendar) -> None:
    before = await opened(made)
    now(made)
    await made.book()
    calendar.stored.clear()
    after = now(made)
    assert after is not None
    gone = {(o.start, o.technician) for o in before.openings} - {(o.start, o.technician) for o in after.openings}
    assert (TUESDAY_9, "dana") in gone
    assert all(who == "dana" for _, who in gone)


async def test_a_read_that_is_dropped_is_not_answered_from(made: House, calendar: FakeCalendar) -> None:
    await opened(made)
    calendar.people_write("dana", TUESDAY_9, TUESDAY_9 + HOUR)
    made.lookups.drop("fake:dana")
    assert now(made) is None
    view = await opened(made)
    assert (TUESDAY_9, "dana") not in {(o.start, o.technician) for o in view.openings}
    assert now(made) == view


async def test_who_does_not_tell_is_unknown_and_not_in_the_openings(made: House, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(answer={"dana": scripted.UNKNOWN.answer, "lee": ()}))
    view = await opened(made)
    assert view.unknown == {"dana"}
    assert {o.technician for o in view.openings} == {"lee"}


async def test_with_another_process_and_no_database_nothing_is_offered(postgres_url: str) -> None:
    async with house(postgres_url) as made:
        await made.claims.stop()  # it is told nothing
        assert (await opened(made)).openings
        assert now(made) is None, "memory is not the truth here"
        made.database._reader.dispose()
        made.database._reader = open_engine(normalised("postgresql://127.0.0.1:1/none"), writes=False)
        view = await opened(made)
        assert view.openings == ()
        assert view.unknown == {"dana", "lee"}


async def test_what_is_claimed_while_a_calendar_is_asked_is_not_offered(
    postgres_url: str, calendar: FakeCalendar
) -> None:
    async with house(postgres_url, calendar) as made:
        await made.claims.stop()  # it is told nothing, so what is claimed is read for every question
        await opened(made)
        calendar.always("free", Step(delay_s=0.3))
        asking = asyncio.create_task(opened(made))
        await asyncio.sleep(0)
        made.lookups.drop("fake:dana")
        await soon(lambda: calendar.under_way == 1)
        made.claims.add("fake:dana", "b1", (TUESDAY_9, TUESDAY_9 + HOUR))
        assert (TUESDAY_9, "dana") not in {(o.start, o.technician) for o in (await asking).openings}


async def test_a_prefetch_covers_the_first_question_about_any_service(made: House, calendar: FakeCalendar) -> None:
    made.desk.prefetch(made.business)
    await soon(lambda: calendar.count("free") == 1 and calendar.under_way == 0)
    today = local_today(made.business, made.clock.now())
    for service in SERVICES:
        last = date.fromordinal(today.toordinal() + 6)
        assert made.desk.open_now(made.business, service, made.business.technicians, today, last) is not None
    assert calendar.count("free") == 1


async def test_the_load_is_what_lies_ahead(made: House) -> None:
    await made.book()
    assert made.desk.load(made.business.technicians) == {"dana": 1, "lee": 0}


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(0, 15), st.sampled_from(["dana", "lee"])),
        st.tuples(st.just("people"), st.integers(0, 15), st.sampled_from(["dana", "lee"])),
        st.tuples(st.just("wait"), st.integers(0, 40), st.just("")),
        st.tuples(st.just("ask"), st.integers(0, 2), st.just("")),
    ),
    min_size=3,
    max_size=12,
)


@given(acts=ACTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_memory_says_is_what_would_be_worked_out_anew(acts: list[tuple[str, int, str]], sqlite_url: str) -> None:
    async def run() -> None:
        calendar = FakeCalendar()
        async with house(sqlite_url, calendar, business=acme()) as made:
            await opened(made, WEDNESDAY)
            for number, (act, value, who) in enumerate(acts):
                start = TUESDAY_9 + value * 1800
                if act == "book":
                    await made.book(made.slot(start, FOLLOW_UP, who), call=f"test:{number}")
                elif act == "people":
                    calendar.people_write(who, start, start + HOUR)
                    made.lookups.drop(f"fake:{who}")
                elif act == "wait":
                    made.clock.advance(value)  # type: ignore[attr-defined]  # a FakeClock
                else:
                    await opened(made, WEDNESDAY)
                remembered = now(made, WEDNESDAY)
                if remembered is not None:
                    made.desk._memos.clear()
                    assert now(made, WEDNESDAY) == remembered

    asyncio.run(run())


async def test_a_question_over_midnight_needs_the_day_after(made: House, calendar: FakeCalendar) -> None:
    await made.desk.open(made.business, TREATMENT, made.business.technicians, TUESDAY, TUESDAY)
    (asked,) = calendar.ranges
    assert asked[0] <= at("2026-11-24", "00:00") - 900
    assert asked[1] >= at("2026-11-25", "00:00") + 105 * 60
