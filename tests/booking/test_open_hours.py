"""Open time in UTC: carried over closed hours and days, through clock changes, and never outside of it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.booking.business import Destination, WeeklyHours
from app.booking.callback_time import soonest
from app.booking.destinations import destinations
from app.booking.open_hours import NeverOpenError, after_open_time, longest_stretch, open_at, open_spans
from tests.booking.acme import CHICAGO, HOUR, acme, at

ALWAYS: WeeklyHours = (((0, 1440),),) * 7
NIGHTS: WeeklyHours = (((0, 360), (1320, 1440)),) * 7
"""From 22:00 to 6:00."""
CLOSED: WeeklyHours = ((),) * 7
MINUTE = 60


@pytest.mark.parametrize(
    ("now", "minutes", "expected"),
    [
        (("2026-11-20", "10:00"), 60, ("2026-11-20", "11:00")),
        (("2026-11-20", "11:00"), 60, ("2026-11-20", "12:00")),
        (("2026-11-20", "11:30"), 60, ("2026-11-20", "13:30")),
        (("2026-11-20", "12:10"), 60, ("2026-11-20", "14:00")),
        (("2026-11-20", "16:40"), 60, ("2026-11-23", "08:40")),
        (("2026-11-20", "17:00"), 60, ("2026-11-23", "09:00")),
        (("2026-11-21", "10:00"), 60, ("2026-11-23", "09:00")),
        (("2026-11-22", "23:59"), 60, ("2026-11-23", "09:00")),
        (("2026-11-20", "02:00"), 60, ("2026-11-20", "09:00")),
        (("2026-11-25", "16:30"), 60, ("2026-11-27", "08:30")),  # Thursday is a holiday
        (("2026-11-20", "10:00"), 600, ("2026-11-23", "12:00")),
    ],
)
def test_open_time_is_carried_over_closed_hours_and_days(
    now: tuple[str, str], minutes: int, expected: tuple[str, str]
) -> None:
    business = acme(closed=frozenset({date(2026, 11, 26)}))

    assert after_open_time(business, at(*now), minutes * MINUTE) == at(*expected)


@pytest.mark.parametrize(
    ("now", "hours", "expected"),
    [
        # The night of March 8 has no 2:00 to 3:00; that of November 1 has 1:00 to 2:00 twice.
        (("2026-03-08", "01:30"), 1, ("2026-03-08", "03:30")),
        (("2026-03-07", "22:00"), 8, ("2026-03-08", "23:00")),
        (("2026-11-01", "00:30"), 1, ("2026-11-01", "01:30")),
        (("2026-10-31", "22:00"), 8, ("2026-11-01", "05:00")),
    ],
)
def test_a_clock_change_takes_or_gives_real_time(now: tuple[str, str], hours: int, expected: tuple[str, str]) -> None:
    business = acme(hours=NIGHTS)

    found = after_open_time(business, at(*now), hours * HOUR)

    assert datetime.fromtimestamp(found, CHICAGO) == datetime.fromtimestamp(at(*expected), CHICAGO)


def test_who_is_never_open_has_no_open_time() -> None:
    for never in (acme(hours=CLOSED), acme(closed=frozenset(_days(800)))):
        with pytest.raises(NeverOpenError):
            after_open_time(never, at("2026-11-20", "10:00"), HOUR)


def test_a_business_closed_all_week_is_open_again_after_it() -> None:
    week = acme(closed=frozenset(date(2026, 11, day) for day in range(20, 28)))

    assert after_open_time(week, at("2026-11-20", "10:00"), HOUR) == at("2026-11-30", "09:00")


ZONES = st.sampled_from(["America/Chicago", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"])
SPANS = st.lists(st.integers(0, 1440), min_size=0, max_size=4, unique=True).map(sorted)
WEEKS = st.lists(SPANS, min_size=7, max_size=7).map(
    lambda week: tuple(tuple(zip(day[::2], day[1::2], strict=False)) for day in week)
)
MOMENTS = st.integers(1_262_304_000, 1_893_456_000)


@given(WEEKS, ZONES, MOMENTS, st.integers(1, 12 * HOUR), st.sets(st.integers(0, 20), max_size=6))
def test_it_is_never_past_and_always_inside_opening_hours(
    week: WeeklyHours, zone: str, now: int, seconds: int, closed: set[int]
) -> None:
    there = ZoneInfo(zone)
    first = datetime.fromtimestamp(now, there).date()
    business = acme(zone=there, hours=week, closed=frozenset(date.fromordinal(first.toordinal() + n) for n in closed))
    assume(
        sum(closes - opens for day in week for opens, closes in day) >= 60
    )  # who is nearly never there is not waited for

    found = after_open_time(business, now, seconds)

    assert found >= now + seconds
    for moment in (found, soonest(business, now).due):
        local = datetime.fromtimestamp(moment - 1, there)  # it may be closing time, which belongs to the hour before
        minute = local.hour * 60 + local.minute
        assert moment > now
        assert local.date() not in business.closed
        assert any(opens <= minute < closes for opens, closes in week[local.weekday()])


def _days(count: int) -> list[date]:
    return [date.fromordinal(date(2026, 11, 1).toordinal() + n) for n in range(count)]


MORNINGS: WeeklyHours = (((480, 720),),) * 7
FRONT, BACK, PERSON = "+15125550171", "+15125550172", "+15125550199"


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-11-20", "08:00", [FRONT, BACK, PERSON]),
        ("2026-11-20", "11:59", [FRONT, BACK, PERSON]),
        ("2026-11-20", "12:00", [BACK, PERSON]),
        ("2026-11-26", "09:00", [BACK, PERSON]),  # closed, and those with hours keep them
    ],
)
def test_a_transfer_goes_to_who_is_there_now(day: str, clock: str, expected: list[str]) -> None:
    takers = (Destination(FRONT, MORNINGS), Destination(BACK))
    business = acme(transfers=takers, person=PERSON, closed=frozenset({date(2026, 11, 26)}))

    assert destinations(business, at(day, clock)) == expected


def test_nobody_is_there_without_anybody_and_nobody_twice() -> None:
    assert destinations(acme(), at("2026-11-20", "09:00")) == []
    assert destinations(acme(transfers=(Destination(PERSON),), person=PERSON), at("2026-11-20", "09:00")) == [PERSON]


def test_at_closing_time_nobody_is_there() -> None:
    hours = acme().hours
    for clock, there in (("07:59", False), ("08:00", True), ("12:00", False), ("16:59", True), ("17:00", False)):
        assert open_at(hours, (), CHICAGO, at("2026-11-20", clock)) is there
    assert open_spans(hours, {date(2026, 11, 20)}, CHICAGO, date(2026, 11, 20)) == ()


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        (((),) * 7, 0),
        ((((480, 720), (780, 1020)), (), (), (), (), (), ()), 240),
        ((((1200, 1440),), ((0, 120), (480, 600)), (), (), (), (), ()), 360),
        ((((0, 60),), (), (), (), (), (), ((1380, 1440),)), 120),
    ],
    ids=["never open", "a break between", "over midnight", "from Sunday into Monday"],
)
def test_the_longest_stretch_of_a_week(hours: WeeklyHours, minutes: int) -> None:
    assert longest_stretch(hours) == minutes
