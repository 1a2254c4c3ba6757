"""Reads of calendars: one flight per lookup, kept for a stated time, never free because nobody told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.booking import lookups as module
from app.booking.calendar import Unknown
from app.booking.calendars import Calendars
from app.booking.lookups import DAY_S, Day, Lookups, clipped
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon

TTL_S = 30.0
DAY_1 = 20_000 * DAY_S
DANA, LEE = "fake:dana", "fake:lee"
HOUR = 3600


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def lookups(calendar: FakeCalendar, clock: FakeClock) -> AsyncIterator[Lookups]:
    made = Lookups(Calendars({"fake": calendar}), clock, TTL_S)
    yield made
    await made.stop()


def busy(found: tuple[Day, ...] | Unknown) -> list[tuple[int, int]]:
    assert not isinstance(found, Unknown)
    return [interval for day in found for interval in day.busy]


async def one_day(lookups: Lookups, address: str = DANA) -> tuple[Day, ...] | Unknown:
    return (await lookups.days([address], DAY_1, DAY_1 + DAY_S))[address]


async def test_fifty_who_ask_the_same_at_once_cost_one_request(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.people_write("dana", DAY_1 + HOUR, DAY_1 + 2 * HOUR)
    calendar.always("free", Step(delay_s=0.02))
    found = await asyncio.gather(*(one_day(lookups) for _ in range(50)))
    assert calendar.count("free") == 1
    assert all(busy(each) == [(DAY_1 + HOUR, DAY_1 + 2 * HOUR)] for each in found)


async def test_ranges_that_overlap_fetch_only_what_nobody_fetches_yet(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.always("free", Step(delay_s=0.02))
    await asyncio.gather(
        lookups.days([DANA], DAY_1, DAY_1 + 3 * DAY_S),
        lookups.days([DANA], DAY_1 + DAY_S, DAY_1 + 5 * DAY_S),
        lookups.days([DANA], DAY_1 + 2 * DAY_S, DAY_1 + 4 * DAY_S),
    )
    assert calendar.ranges == [(DAY_1, DAY_1 + 3 * DAY_S), (DAY_1 + 3 * DAY_S, DAY_1 + 5 * DAY_S)]
    assert lookups.known([DANA], DAY_1, DAY_1 + 5 * DAY_S) is not None


async def test_seven_days_of_five_calendars_are_one_request(lookups: Lookups, calendar: FakeCalendar) -> None:
    addresses = [f"fake:t{number}" for number in range(5)]
    found = await lookups.days(addresses, DAY_1, DAY_1 + 7 * DAY_S)
    assert calendar.count("free") == 1
    assert [len(found[address]) for address in addresses] == [7] * 5


async def test_an_event_over_midnight_is_busy_on_both_days(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.people_write("dana", DAY_1 + DAY_S - HOUR, DAY_1 + DAY_S + HOUR)
    found = (await lookups.days([DANA], DAY_1, DAY_1 + 2 * DAY_S))[DANA]
    assert not isinstance(found, Unknown)
    assert [day.busy for day in found] == [
        ((DAY_1 + DAY_S - HOUR, DAY_1 + DAY_S),),
        ((DAY_1 + DAY_S, DAY_1 + DAY_S + HOUR),),
    ]


def test_clipping_keeps_only_what_lies_inside() -> None:
    given = [(0, 5), (5, 10), (12, 30), (30, 40)]
    assert clipped(given, 7, 30) == ((7, 10), (12, 30))


async def test_a_read_is_good_for_its_time_and_not_a_moment_longer(
    lookups: Lookups, calendar: FakeCalendar, clock: FakeClock
) -> None:
    assert lookups.known([DANA], DAY_1, DAY_1 + DAY_S) is None
    await one_day(lookups)
    clock.advance(TTL_S - 0.001)
    assert lookups.known([DANA], DAY_1, DAY_1 + DAY_S) is not None
    await one_day(lookups)
    assert calendar.count("free") == 1
    clock.advance(0.001)
    assert lookups.known([DANA], DAY_1, DAY_1 + DAY_S) is None
    await one_day(lookups)
    assert calendar.count("free") == 2


async def test_the_age_of_a_read_counts_from_when_it_was_asked(
    lookups: Lookups, calendar: FakeCalendar, clock: FakeClock
) -> None:
    calendar.always("free", Step(delay_s=0.05))
    asking = asyncio.create_task(one_day(lookups))
    await soon(lambda: calendar.under_way == 1)
    asked_at = clock.monotonic()
    clock.advance(20)
    found = await asking
    assert not isinstance(found, Unknown)
    assert [day.read_at for day in found] == [asked_at]


async def test_what_is_unknown_is_neither_kept_nor_free(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.script("free", scripted.UNKNOWN)
    assert isinstance(await one_day(lookups), Unknown)
    assert lookups.known([DANA], DAY_1, DAY_1 + DAY_S) is None
    assert busy(await one_day(lookups)) == []
    assert calendar.count("free") == 2


async def test_one_calendar_unknown_leaves_the_others_known(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(answer={"dana": Unknown("errors"), "lee": ()}))
    found = await lookups.days([DANA, LEE], DAY_1, DAY_1 + DAY_S)
    assert isinstance(found[DANA], Unknown)
    assert busy(found[LEE]) == []
    assert lookups.known([LEE], DAY_1, DAY_1 + DAY_S) is not None


async def test_a_calendar_left_out_of_the_answer_is_unknown(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(answer={"lee": ()}))
    found = await lookups.days([DANA, LEE], DAY_1, DAY_1 + DAY_S)
    assert isinstance(found[DANA], Unknown)


async def test_a_calendar_whose_adapter_fails_is_unknown_to_everybody_who_waits() -> None:
    class Broken(FakeCalendar):
        async def free(self, *_: object, **__: object) -> dict[str, object]:
            raise ValueError("a fault of ours")

    lookups = Lookups(Calendars({"fake": Broken()}), FakeClock(), TTL_S)
    found = await asyncio.gather(one_day(lookups), one_day(lookups))
    assert all(isinstance(each, Unknown) for each in found)
    await lookups.stop()


async def test_what_is_dropped_is_read_anew_and_nothing_else(lookups: Lookups, calendar: FakeCalendar) -> None:
    await lookups.days([DANA, LEE], DAY_1, DAY_1 + DAY_S)
    calendar.people_write("dana", DAY_1, DAY_1 + HOUR)
    lookups.drop(DANA)
    assert lookups.known([LEE], DAY_1, DAY_1 + DAY_S) is not None
    assert busy(await one_day(lookups)) == [(DAY_1, DAY_1 + HOUR)]
    assert [name for _, name in calendar.asked] == ["dana", "dana"]


async def test_who_asks_after_a_drop_does_not_get_the_read_from_before_it(
    lookups: Lookups, calendar: FakeCalendar
) -> None:
    calendar.script("free", Step(answer={"dana": ()}, delay_s=0.1))
    before = asyncio.create_task(one_day(lookups))
    await soon(lambda: calendar.under_way == 1)
    calendar.people_write("dana", DAY_1, DAY_1 + HOUR)
    lookups.drop(DANA)
    assert busy(await one_day(lookups)) == [(DAY_1, DAY_1 + HOUR)]
    assert busy(await before) == []
    assert busy(await one_day(lookups)) == [(DAY_1, DAY_1 + HOUR)], "the older read did not overwrite it"
    assert calendar.count("free") == 2


async def test_what_is_dropped_while_another_day_is_awaited_is_read_again(
    lookups: Lookups, calendar: FakeCalendar
) -> None:
    await one_day(lookups)
    calendar.script("free", Step(delay_s=0.05))
    asking = asyncio.create_task(lookups.days([DANA, LEE], DAY_1, DAY_1 + DAY_S))
    await soon(lambda: calendar.under_way == 1)
    calendar.people_write("dana", DAY_1, DAY_1 + HOUR)
    lookups.drop(DANA)
    assert busy((await asking)[DANA]) == [(DAY_1, DAY_1 + HOUR)]


async def test_a_prefetch_is_what_the_first_question_finds(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.always("free", Step(delay_s=0.02))
    lookups.prefetch([DANA, LEE], DAY_1, DAY_1 + 7 * DAY_S)
    lookups.prefetch([DANA, LEE], DAY_1, DAY_1 + 7 * DAY_S)
    await lookups.days([DANA, LEE], DAY_1, DAY_1 + 7 * DAY_S)
    assert lookups.known([DANA, LEE], DAY_1, DAY_1 + 7 * DAY_S) is not None
    assert calendar.count("free") == 1


async def test_whoever_goes_away_leaves_the_fetch_to_the_others(lookups: Lookups, calendar: FakeCalendar) -> None:
    calendar.always("free", Step(delay_s=0.05))
    first = asyncio.create_task(one_day(lookups))
    await soon(lambda: calendar.under_way == 1)
    second = asyncio.create_task(one_day(lookups))
    await asyncio.sleep(0)
    first.cancel()
    assert busy(await second) == []
    assert calendar.count("free") == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_when_everybody_goes_away_the_next_question_still_finds_the_answer(
    lookups: Lookups, calendar: FakeCalendar
) -> None:
    calendar.always("free", Step(delay_s=0.05))
    only = asyncio.create_task(one_day(lookups))
    await soon(lambda: calendar.under_way == 1)
    only.cancel()
    await soon(lambda: lookups.known([DANA], DAY_1, DAY_1 + DAY_S) is not None)
    assert calendar.count("free") == 1


async def test_there_is_a_most_that_is_kept(lookups: Lookups, calendar: FakeCalendar) -> None:
    days = module.MAX_DAYS_KEPT // 100
    addresses = [f"fake:t{number}" for number in range(101)]
    await lookups.days(addresses, DAY_1, DAY_1 + days * DAY_S)
    assert len(lookups._days) == module.MAX_DAYS_KEPT
    assert lookups.known(addresses[-1:], DAY_1, DAY_1 + days * DAY_S) is not None, "the newest are kept"


async def test_what_is_too_old_to_be_offered_from_makes_room(
    lookups: Lookups, calendar: FakeCalendar, clock: FakeClock
) -> None:
    await lookups.days([DANA], DAY_1, DAY_1 + 30 * DAY_S)
    clock.advance(TTL_S)
    await lookups.days([LEE], DAY_1, DAY_1 + 10 * DAY_S)
    assert {address for address, _ in lookups._days} == {LEE}


async def test_nothing_is_left_running_after_a_stop(calendar: FakeCalendar, clock: FakeClock) -> None:
    lookups = Lookups(Calendars({"fake": calendar}), clock, TTL_S)
    calendar.always("free", Step(delay_s=5))
    waiting = asyncio.create_task(one_day(lookups))
    await soon(lambda: calendar.under_way == 1)
    await lookups.stop()
    assert isinstance(await waiting, Unknown)
    assert calendar.under_way == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
