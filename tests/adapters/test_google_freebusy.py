"""Lookups of one moment share a query in a crowd, and those that failed ride along with queries that go out anyway."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.adapters import google_freebusy
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.adapters.google_freebusy import CROWD, LONGEST_QUERY_S, MOST_TOGETHER, Ask
from app.booking.calendar import Unknown
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.google_faults import Fault

DAY = 86_400
DANA, LEE = "dana@acme.example", "lee@acme.example"


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA, LEE]) as server:
        server.add_event(DANA, 3600, 7200)
        server.add_event(LEE, 10 * DAY, 10 * DAY + 60)
        yield server


@pytest.fixture
async def calendar(google: FakeGoogle) -> AsyncIterator[GoogleCalendar]:
    started = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(10**6, 10**6)))
    await started.start()
    for _ in range(30):
        await started.free([LEE], 0, DAY, within_s=1)
    google.counts.clear()
    yield started
    await started.close()


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_freebusy, "CROWD", 1)


@pytest.mark.parametrize("fault", [faults.UNAVAILABLE, faults.RESET], ids=["503", "reset"])
async def test_a_failed_lookup_rides_with_the_next_one_and_each_gets_its_own_answer(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault
) -> None:
    google.fail_next("freebusy", fault)
    first = asyncio.create_task(calendar.free([DANA], 0, DAY, within_s=1))
    await asyncio.sleep(0)
    for _ in range(30):
        assert await calendar.free([LEE], 9 * DAY, 11 * DAY, within_s=1) == {LEE: ((10 * DAY, 10 * DAY + 60),)}
        await asyncio.sleep(0.005)
    assert await first == {DANA: ((3600, 7200),)}
    assert google.counts["freebusy"] == 1 + 30


async def test_a_rider_whose_carrier_fails_still_gets_an_answer(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.fail_next("freebusy", faults.UNAVAILABLE, times=2)
    first = asyncio.create_task(calendar.free([DANA], 0, DAY, within_s=1))
    await asyncio.sleep(0.04)
    second = await calendar.free([LEE], 0, DAY, within_s=1)
    assert (await first, second) == ({DANA: ((3600, 7200),)}, {LEE: ()})


async def test_a_rider_nobody_comes_by_for_goes_alone(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.fail_next("freebusy", faults.UNAVAILABLE)
    async with asyncio.timeout(0.3):
        assert await calendar.free([DANA], 0, DAY, within_s=1) == {DANA: ((3600, 7200),)}
    assert google.counts["freebusy"] == 2


async def test_a_rider_who_gives_up_leaves_the_carrier_alone(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.fail_next("freebusy", faults.UNAVAILABLE)
    google.fail_next("freebusy", faults.slow(0.1), times=2)
    first = asyncio.create_task(calendar.free([DANA], 0, DAY, within_s=0.1))
    await asyncio.sleep(0.04)
    second = await calendar.free([LEE], 0, DAY, within_s=1)
    assert await first == {DANA: Unknown("no answer in time")}
    assert second == {LEE: ()}


async def test_a_crowd_shares_queries_and_a_few_do_not_wait_for_each_other(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    for lookups, queries in ((CROWD - 1, CROWD - 1), (CROWD + 5, CROWD + 2)):
        google.counts.clear()
        asked = [calendar.free([DANA], day * DAY, (day + 1) * DAY, within_s=5) for day in range(lookups)]
        assert await asyncio.gather(*asked) == [{DANA: ((3600, 7200),)}] + [{DANA: ()}] * (lookups - 1)
        assert google.counts["freebusy"] == queries


@pytest.mark.usefixtures("crowded")
async def test_lookups_of_one_moment_are_one_query_and_each_gets_its_own_answer(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    asked = [calendar.free([DANA], 0, DAY, within_s=1), calendar.free([LEE], 0, DAY, within_s=1)]
    assert await asyncio.gather(*asked) == [{DANA: ((3600, 7200),)}, {LEE: ()}]
    assert google.counts["freebusy"] == 1


@pytest.mark.usefixtures("crowded")
async def test_lookups_that_would_ask_for_more_together_stay_apart(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    asked = [calendar.free([DANA], 0, DAY, within_s=1), calendar.free([LEE], 9 * DAY, 11 * DAY, within_s=1)]
    assert await asyncio.gather(*asked) == [{DANA: ((3600, 7200),)}, {LEE: ((10 * DAY, 10 * DAY + 60),)}]
    assert google.counts["freebusy"] == 2


@pytest.mark.usefixtures("crowded")
async def test_no_more_than_a_few_share_a_query(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    days = range(MOST_TOGETHER + 1)
    await asyncio.gather(*(calendar.free([DANA], day * DAY, (day + 1) * DAY, within_s=1) for day in days))
    assert google.counts["freebusy"] == 2


@pytest.mark.usefixtures("crowded")
async def test_a_query_refused_as_it_was_asked_costs_no_neighbour_an_answer(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    google.fail_next("freebusy", faults.BAD_REQUEST)
    asked = [calendar.free([DANA], 0, DAY, within_s=1), calendar.free([LEE], 0, DAY, within_s=1)]
    assert await asyncio.gather(*asked) == [{DANA: ((3600, 7200),)}, {LEE: ()}]
    assert google.counts["freebusy"] == 3


@pytest.mark.usefixtures("crowded")
async def test_who_gives_up_takes_nobody_along_and_the_last_one_ends_the_query(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    google.fail_next("freebusy", faults.slow(0.15), times=9)
    hasty, patient = (calendar.free([who], 0, DAY, within_s=within) for who, within in ((DANA, 0.05), (LEE, 5.0)))
    assert await asyncio.gather(hasty, patient) == [{DANA: Unknown("no answer in time")}, {LEE: ()}]
    under_way = len(asyncio.all_tasks())
    asked = [asyncio.create_task(calendar.free([who], 0, DAY, within_s=5.0)) for who in (DANA, LEE)]
    await asyncio.sleep(0.02)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.sleep(0.02)
    assert len(asyncio.all_tasks()) == under_way


@pytest.mark.usefixtures("crowded")
async def test_who_gives_up_in_the_turn_in_which_the_answer_comes_keeps_it_from_nobody(
    calendar: GoogleCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = google_freebusy._Party.told

    def just_after_the_first_gave_up(party: Any, answer: Any) -> None:
        hasty.cancel()
        told(party, answer)

    monkeypatch.setattr(google_freebusy._Party, "told", just_after_the_first_gave_up)
    hasty, patient = (asyncio.create_task(calendar.free([who], 0, DAY, within_s=2.0)) for who in (DANA, LEE))
    assert await patient == {LEE: ()}
    assert (await asyncio.gather(hasty, return_exceptions=True))[0].__class__ is asyncio.CancelledError


def test_what_is_too_much_for_one_query_does_not_ride() -> None:
    near, far = Ask(("a",), 0, DAY), Ask(("b",), LONGEST_QUERY_S, LONGEST_QUERY_S + 1)
    many = Ask(tuple(str(number) for number in range(50)), 0, DAY)
    assert near.joined(far) is None
    assert near.joined(many) is None
    assert near.joined(Ask(("a", "b"), DAY, 2 * DAY)) == Ask(("a", "b"), 0, 2 * DAY)
