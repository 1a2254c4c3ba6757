"""Several kinds of calendar behind one."""

import asyncio

from app.booking.calendar import Unknown
from app.booking.calendars import Calendars
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step


async def test_each_kind_is_asked_once_for_all_its_calendars_and_all_at_once() -> None:
    one, two = FakeCalendar(), FakeCalendar()
    one.people_write("dana", 10, 20)
    both = Calendars({"one": one, "two": two})
    for kind in (one, two):
        kind.always("free", Step(delay_s=0.1))
    began = asyncio.get_running_loop().time()
    answer = await both.free(["one:dana", "two:lee", "one:kim"], 0, 100, within_s=1)
    assert asyncio.get_running_loop().time() - began < 0.19
    assert answer == {"one:dana": ((10, 20),), "one:kim": (), "two:lee": ()}
    assert (one.count("free"), two.count("free")) == (1, 1)


async def test_a_kind_that_nobody_reads_is_unknown_and_the_others_are_not() -> None:
    calendars = Calendars({"one": FakeCalendar()})
    answer = await calendars.free(["one:dana", "caldav:https://host/dana/"], 0, 100, within_s=1)
    assert answer["one:dana"] == ()
    assert isinstance(answer["caldav:https://host/dana/"], Unknown)
    assert isinstance(calendars.at("caldav:x"), Unknown)


async def test_a_name_may_have_colons_of_its_own() -> None:
    one = FakeCalendar()
    assert Calendars({"one": one}).at("one:https://host/dana/") == (one, "https://host/dana/")


async def test_a_kind_is_unwell_while_it_tells_nothing_at_all() -> None:
    one = FakeCalendar()
    calendars = Calendars({"one": one})
    assert calendars.well("one")
    one.script("free", scripted.UNKNOWN, Step(answer={"dana": ()}), Step())
    seen = []
    for _ in range(3):
        await calendars.free(["one:dana", "one:lee"], 0, 100, within_s=1)
        seen.append(calendars.well("one"))
    assert seen == [False, True, True]
