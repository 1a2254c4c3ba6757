"""Processes that read calendars for each other: once for all, never older than a read may be, dropped everywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from app.adapters.redis_days import RedisDays
from app.booking.calendar import Busy, Unknown
from app.booking.calendars import Calendars
from app.booking.lookups import DAY_S, Lookups
from app.booking.shared_days import Shared, Ticket
from app.clock import Clock, SystemClock
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon
from tests.fakes.redis import OwnRedis, black_hole, connection_to

DANA, LEE = "fake:dana", "fake:lee"
DAY_1, HOUR, TTL_S = 20_000 * DAY_S, 3600, 30.0
DAY = (DANA, 20_000)
BUSY: Busy = ((DAY_1 + HOUR, DAY_1 + 2 * HOUR),)


class Process:
    """One process's reads, of a calendar that is everybody's."""

    def __init__(self, url: str, calendar: FakeCalendar, clock: Clock | None = None, patient: bool = True) -> None:
        self.connection = connection_to(url, patient=patient)
        self.days = RedisDays(self.connection, [DANA, LEE], TTL_S)
        self.lookups = Lookups(Calendars({"fake": calendar}), clock or SystemClock(), TTL_S, self.days)
        self.heard: list[str] = []

    async def start(self) -> None:
        await self.connection.start()
        self.days.start(self.hear)
        if not self.connection.away:
            await soon(lambda: self.heard == [DANA, LEE])  # it listens from now on
            self.lookups._forgotten.clear()  # or reads of the same few milliseconds would not be taken

    def hear(self, address: str) -> None:
        self.heard.append(address)
        self.lookups.forget(address)

    async def asked(self, address: str = DANA) -> list[tuple[int, int]]:
        found = (await self.lookups.days([address], DAY_1, DAY_1 + DAY_S))[address]
        assert not isinstance(found, Unknown)
        await self.settled()
        return [interval for day in found for interval in day.busy]

    async def settled(self) -> None:
        """Until everything that nobody waits for is done."""
        await soon(lambda: not self.days._under_way and (self.days._dropper is None or self.connection.away))

    async def stop(self) -> None:
        await self.lookups.stop()
        await self.days.stop()
        await self.connection.close()


@asynccontextmanager
async def processes(url: str, calendar: FakeCalendar, many: int = 2, **more: Any) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        made = [Process(url, calendar, **more) for _ in range(many)]
        for process in made:
            await process.start()
            stack.push_async_callback(process.stop)
        yield made


@pytest.fixture
def calendar() -> FakeCalendar:
    made = FakeCalendar()
    made.people_write("dana", *BUSY[0])
    return made


async def test_where_nothing_may_be_kept_nobody_is_asked_what_others_have(
    redis_url: str, calendar: FakeCalendar
) -> None:
    async with processes(redis_url, calendar, many=1) as [one]:
        lookups = Lookups(Calendars({"fake": calendar}), SystemClock(), 0.0, one.days)
        assert not isinstance((await lookups.days([DANA], DAY_1, DAY_1 + DAY_S))[DANA], Unknown)
        await one.settled()
        [keys] = await one.connection.ask(lambda redis: redis.keys("*:day:*"))
    assert keys == []


async def test_what_one_process_read_the_others_need_not_ask_for(redis_url: str, calendar: FakeCalendar) -> None:
    async with processes(redis_url, calendar, 3) as several:
        answers = [await process.asked() for process in several]
    assert answers == [list(BUSY)] * 3
    assert calendar.count("free") == 1


async def test_only_the_days_that_nobody_has_read_are_asked_for(redis_url: str, calendar: FakeCalendar) -> None:
    async with processes(redis_url, calendar) as (one, other):
        await one.asked()
        found = await other.lookups.days([DANA], DAY_1, DAY_1 + 3 * DAY_S)
        assert len(found[DANA]) == 3
    assert calendar.ranges == [(DAY_1, DAY_1 + DAY_S), (DAY_1 + DAY_S, DAY_1 + 3 * DAY_S)]


async def test_what_one_drops_all_drop(redis_url: str, calendar: FakeCalendar) -> None:
    async with processes(redis_url, calendar, 3) as several:
        for process in several:
            await process.asked()
        calendar.people_write("dana", DAY_1 + 5 * HOUR, DAY_1 + 6 * HOUR)
        several[0].lookups.drop(DANA)
        await soon(lambda: all(process.heard == [DANA, LEE, DANA] for process in several[1:]))
        answers = [await process.asked() for process in several]
    assert answers == [[*BUSY, (DAY_1 + 5 * HOUR, DAY_1 + 6 * HOUR)]] * 3
    assert several[0].heard == [DANA, LEE]


async def test_who_dropped_does_not_get_back_what_is_still_there(redis_url: str, calendar: FakeCalendar) -> None:
    async with processes(redis_url, calendar, 1) as (one,):
        await one.asked()
        calendar.people_write("dana", DAY_1 + 5 * HOUR, DAY_1 + 6 * HOUR)
        one.lookups.drop(DANA)
        assert len(await one.asked()) == 2  # before anything could have gone to Redis


async def test_a_read_from_before_a_change_is_not_believed_however_late_it_is_written(
    redis_url: str, calendar: FakeCalendar
) -> None:
    async with processes(redis_url, calendar) as (slow, other):
        before = (await slow.days.find([DAY])).ticket
        assert before is not None
        other.lookups.drop(DANA)
        await other.settled()
        slow.days.give(before, {DAY: BUSY})
        await slow.settled()
        assert (await other.days.find([DAY])).days == {}


async def test_a_fetch_that_a_change_overtook_is_not_given_to_others(redis_url: str, calendar: FakeCalendar) -> None:
    async with processes(redis_url, calendar) as (one, other):
        calendar.always("free", Step(delay_s=0.2))
        asking = asyncio.create_task(one.asked())
        await soon(lambda: calendar.under_way == 1)
        one.lookups.forget(DANA)
        await asking
        assert (await other.days.find([DAY])).days == {}


async def test_a_read_ages_on_its_way_through_redis(redis_url: str, calendar: FakeCalendar) -> None:
    clock = FakeClock()
    async with processes(redis_url, calendar, clock=clock) as (one, other):
        looked = await one.days.find([DAY])
        assert looked.ticket is not None
        asked_20_s_ago = Ticket(looked.ticket.at_us - 20_000_000, looked.ticket.marks)
        one.days.give(asked_20_s_ago, {DAY: BUSY})
        await one.settled()
        clock.advance(100)  # the machine's own clocks have no say in it
        assert await other.asked() == list(BUSY)
        assert calendar.count("free") == 0
        [day] = other.lookups.known([DANA], DAY_1, DAY_1 + DAY_S) or ()
        assert 20 <= clock.monotonic() - day.read_at < TTL_S
        clock.advance(TTL_S - 20)
        assert other.lookups.known([DANA], DAY_1, DAY_1 + DAY_S) is None


@pytest.mark.parametrize("seconds", [TTL_S + 1, -5.0], ids=["too old", "from the future"])
async def test_what_is_too_old_or_of_no_known_age_is_read_again(
    redis_url: str, calendar: FakeCalendar, seconds: float
) -> None:
    async with processes(redis_url, calendar) as (one, other):
        looked = await one.days.find([DAY])
        assert looked.ticket is not None
        one.days.give(Ticket(looked.ticket.at_us - int(seconds * 1e6), looked.ticket.marks), {DAY: ()})
        await one.settled()
        assert await other.asked() == list(BUSY)
    assert calendar.count("free") == 1


@pytest.mark.parametrize("value", [b"nonsense", b"[1]", b"[1, 2, 3]", b'[1, "", 3]', b'{"a": 1}'])
async def test_what_cannot_be_understood_is_read_again(redis_url: str, calendar: FakeCalendar, value: bytes) -> None:
    async with processes(redis_url, calendar, 1) as (one,):
        await one.connection.ask(lambda redis: redis.set(one.days._day(DAY), value))
        assert await one.asked() == list(BUSY)


async def test_what_is_unknown_is_not_given_to_others(redis_url: str, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(answer={"dana": Unknown("errors"), "lee": ()}))
    async with processes(redis_url, calendar) as (one, other):
        await one.lookups.days([DANA, LEE], DAY_1, DAY_1 + DAY_S)
        await one.settled()
        assert list((await other.days.find([DAY, (LEE, 20_000)])).days) == [(LEE, 20_000)]


async def test_without_redis_everybody_reads_for_himself(calendar: FakeCalendar) -> None:
    async with black_hole() as hole, processes(hole.url, calendar, patient=False) as (one, other):
        connections = hole.connections
        assert await one.asked() == await other.asked() == list(BUSY)
        one.lookups.drop(DANA)
        assert await one.asked() == list(BUSY)
        assert (await other.days.find([DAY])) == Shared()
        assert hole.connections <= connections + 4  # the watches' own looks
    assert calendar.count("free") == 3


async def test_who_could_not_hear_for_a_while_trusts_nothing_from_before(calendar: FakeCalendar) -> None:
    with OwnRedis() as server:
        async with processes(server.url, calendar) as (one, other):
            assert await one.asked() == await other.asked() == list(BUSY)
            server.kill()
            calendar.people_write("dana", DAY_1 + 5 * HOUR, DAY_1 + 6 * HOUR)
            one.lookups.drop(DANA)  # nobody hears it
            server.start()
            await soon(lambda: other.heard == [DANA, LEE] * 2)
            await soon(lambda: not other.connection.away)
            assert len(await other.asked()) == 2


async def test_a_change_that_could_not_be_told_is_told_when_redis_is_back(
    redis_url: str, calendar: FakeCalendar
) -> None:
    async with processes(redis_url, calendar) as (cut_off, other):
        assert await other.asked() == list(BUSY)
        cut_off.connection._away = True  # until its watch looks again
        calendar.people_write("dana", DAY_1 + 5 * HOUR, DAY_1 + 6 * HOUR)
        cut_off.lookups.drop(DANA)
        await soon(lambda: other.heard == [DANA, LEE, DANA])
        assert len(await other.asked()) == 2


async def test_no_address_of_a_person_goes_to_redis(redis_url: str, calendar: FakeCalendar) -> None:
    async with processes(redis_url, calendar, 1) as (one,):
        await one.asked()
        one.lookups.drop(DANA)
        await one.settled()
        [keys] = await one.connection.ask(lambda redis: redis.keys("*"))
    assert len(keys) >= 2
    assert not any(b"dana" in key for key in keys)
