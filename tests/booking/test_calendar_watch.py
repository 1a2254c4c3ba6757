"""A calendar that keeps silent is looked at again without a caller, and its page comes and goes without one."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import pytest

from app.booking.calendar import Busy, Unknown
from app.booking.calendar_watch import (
    ADOPT_EVERY_S,
    AHEAD_S,
    DAY_S,
    LEFT_FOR_S,
    PAUSES_S,
    RING_AFTER_MISSES,
    RING_AGAIN_AFTER_MISSES,
    TICK_S,
    CalendarWatch,
    Whose,
)
from app.booking.calendars import Calendars
from app.watch.alarms import Alarms
from tests.fakes import calendar as scripted
from tests.fakes.alarms import FakeAlarms
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock

TODAY = 20_000 * DAY_S
DANA = "one:dana@acme.example"
LEE = "one:lee@acme.example"
WHOSE = {
    DANA: Whose("Dana at Acme Pest Control", ("json://acme/page",)),
    LEE: Whose("Lee at Acme Pest Control", ("json://acme/page",)),
}


@dataclass
class Line:
    """One process with calendars of one kind; `after` is the next one over the same pages."""

    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    one: FakeCalendar = field(default_factory=FakeCalendar)
    clock: FakeClock = field(default_factory=lambda: FakeClock(TODAY))

    def __post_init__(self) -> None:
        self.watch = CalendarWatch(cast(Alarms, self.alarms), WHOSE, self.clock)
        self.calendars = Calendars({"one": self.one}, self.watch)

    def after(self) -> "Line":
        return Line(self.alarms, self.one, self.clock)

    async def call(self, *addresses: str, day: int = 0) -> None:
        """A caller asks about one day."""
        start = TODAY + day * DAY_S
        await self.calendars.free(addresses or (DANA,), start, start + DAY_S, within_s=1.0)

    async def nobody_calls_for(self, seconds: float) -> list[float]:
        """When it looked by itself meanwhile."""
        looks = []
        for passed in range(1, int(seconds / TICK_S) + 1):
            self.clock.advance(TICK_S)
            if await self.watch.look(self.calendars.ask):
                looks.append(passed * TICK_S)
        return looks

    def paged(self) -> list[str]:
        return [rung.title for rung in self.alarms.rung]


@pytest.fixture
def line() -> Line:
    return Line()


async def test_one_caller_who_heard_nothing_is_enough_for_a_page_within_a_minute(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    await line.call()
    assert await line.nobody_calls_for(40.0) == [15.0, 30.0]
    (rung,) = line.alarms.rung
    assert (rung.kind, rung.key, rung.pages) == ("calendar_silent", DANA, ("json://acme/page",))
    assert rung.title == "Calendar cannot be read: Dana at Acme Pest Control"


async def test_it_clears_without_a_caller_and_is_left_alone_then(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    await line.call()
    await line.nobody_calls_for(600.0)
    assert (len(line.paged()), line.calendars.well("one")) == (1, False)
    line.one.always("free", None)
    assert len(await line.nobody_calls_for(60.0)) == 1
    assert (line.alarms.ringing(), line.calendars.well("one")) == (set(), True)
    assert await line.nobody_calls_for(300.0) == []


async def test_looks_back_off_to_one_a_minute_and_are_one_question(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    await line.call(DANA, LEE)
    line.one.asked.clear()
    looks = await line.nobody_calls_for(200.0)
    assert [b - a for a, b in pairwise(looks)] == [15.0, 30.0, 60.0, 60.0]
    assert len(line.one.asked) == len(looks)


async def test_three_callers_ring_without_waiting_for_a_look(line: Line) -> None:
    line.one.script("free", *[scripted.UNKNOWN] * 5)
    for _ in range(5):
        await line.call()
    assert len(line.paged()) == 1
    await line.call()
    assert line.alarms.ringing() == set()


async def test_what_is_closed_while_it_lasts_is_raised_anew_but_not_at_once(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    for _ in range(RING_AFTER_MISSES):
        await line.call()
    line.alarms._ringing.clear()  # somebody closed the page
    for _ in range(RING_AGAIN_AFTER_MISSES - RING_AFTER_MISSES - 1):
        await line.call()
    assert len(line.paged()) == 1
    await line.call()
    assert len(line.paged()) == 2


async def test_one_failed_lookup_rings_nobody(line: Line) -> None:
    line.one.script("free", scripted.UNKNOWN)
    await line.call()
    await line.nobody_calls_for(60.0)
    assert line.paged() == []


async def test_the_days_that_were_not_told_are_what_is_looked_at(line: Line) -> None:
    line.one.script("free", scripted.UNKNOWN)
    await line.call(day=9)
    await line.call(day=2)
    line.one.script("free", *[scripted.UNKNOWN] * 2)
    await line.nobody_calls_for(45.0)
    ninth = (TODAY + 9 * DAY_S, TODAY + 10 * DAY_S)
    assert line.one.ranges == [ninth, (TODAY + 2 * DAY_S, TODAY + 3 * DAY_S), ninth, ninth]
    assert len(line.paged()) == 1, "that another day can be read is no comfort"


async def test_days_that_are_over_are_not_asked_about(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    await line.call()
    line.clock.advance(3 * DAY_S)
    await line.watch.look(line.calendars.ask)
    assert line.one.ranges[-1] == (TODAY + 3 * DAY_S, TODAY + 4 * DAY_S)


async def test_a_page_of_a_process_that_is_gone_ends_without_a_caller(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    for _ in range(RING_AFTER_MISSES):
        await line.call()
    later = line.after()
    await later.nobody_calls_for(30.0)
    assert len(later.alarms.ringing()) == 1, "it lasts"
    line.one.always("free", None)
    await later.nobody_calls_for(60.0)
    assert later.alarms.ringing() == set()
    assert line.one.ranges[-1] == (TODAY, TODAY + AHEAD_S)


async def test_the_first_good_lookup_of_a_process_ends_what_an_earlier_one_rang(line: Line) -> None:
    line.one.script("free", *[scripted.UNKNOWN] * RING_AFTER_MISSES)
    for _ in range(RING_AFTER_MISSES):
        await line.call()
    await line.after().call()
    assert line.alarms.ringing() == set()


async def test_who_reads_well_ends_the_page_of_another_process_and_not_again_and_again(line: Line) -> None:
    await line.call()
    await line.nobody_calls_for(5.0)
    line.alarms.ring("calendar_silent", DANA, "by another process", "")
    line.one.script("free", scripted.UNKNOWN)
    await line.call()
    assert line.paged() == ["by another process"], "one miss of this process is none of its own pages"
    await line.nobody_calls_for(1_000.0)
    line.clock.advance(ADOPT_EVERY_S - 1_100.0)
    await line.nobody_calls_for(50.0)
    assert len(line.alarms.ringing()) == 1, "it tells of another process, for which it lasts"
    await line.nobody_calls_for(100.0)
    assert line.alarms.ringing() == set(), "who was shut down and never came back has left nobody else to end it"

    line.alarms.ring("calendar_silent", DANA, "by another process, which lives", "")
    for _ in range(round(LEFT_FOR_S / ADOPT_EVERY_S) - 2):
        line.clock.advance(ADOPT_EVERY_S)
        await line.nobody_calls_for(10.0)
    assert len(line.alarms.ringing()) == 1, "it is not ended every hour"
    for _ in range(2):
        line.clock.advance(ADOPT_EVERY_S)
        await line.nobody_calls_for(10.0)
    assert line.alarms.ringing() == set()


async def test_a_page_that_died_with_its_process_ends_within_the_hour_each_time(line: Line) -> None:
    await line.nobody_calls_for(5.0)
    for _ in range(2):
        line.alarms.ring("calendar_silent", DANA, "by a process that dies", "")
        line.clock.advance(ADOPT_EVERY_S)
        await line.nobody_calls_for(10.0)
        assert line.alarms.ringing() == set()
        line.clock.advance(ADOPT_EVERY_S)
        await line.nobody_calls_for(10.0)


async def test_a_page_about_a_calendar_that_nobody_has_any_more_ends(line: Line) -> None:
    line.alarms.ring("calendar_silent", "one:former@acme.example", "", "")
    await line.nobody_calls_for(2.0)
    assert (line.alarms.ringing(), line.one.asked) == (set(), [])


async def test_a_calendar_that_is_not_watched_neither_rings_nor_is_looked_at(line: Line) -> None:
    line.one.always("free", scripted.UNKNOWN)
    for _ in range(RING_AFTER_MISSES):
        await line.call("one:ours")
    assert (await line.nobody_calls_for(60.0), line.paged()) == ([], [])


async def test_one_calendar_that_is_not_shared_is_not_a_kind_that_is_down(line: Line) -> None:
    line.one.always("free", Step(answer={"dana@acme.example": Unknown("HTTP 404"), "lee@acme.example": ()}))
    await line.call(DANA, LEE)
    await line.nobody_calls_for(120.0)
    assert (line.paged(), line.calendars.well("one")) == (["Calendar cannot be read: Dana at Acme Pest Control"], True)


async def test_it_goes_on_after_a_failure_of_our_own(line: Line) -> None:
    again = asyncio.Event()
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            again.set()

    async def broken(*_: object) -> dict[str, Busy | Unknown]:
        raise RuntimeError("ours")

    line.one.script("free", scripted.UNKNOWN)
    await line.call()
    line.clock.advance(PAUSES_S[0])
    line.watch.start(broken, beat)
    async with asyncio.timeout(10.0):
        await again.wait()
    await line.watch.stop()
