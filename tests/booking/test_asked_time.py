"""What is taken as a time of day that comes along with a day, and what is left to be judged as a day."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from app.booking.asked_time import Asked, Hour, asked, moment_of, span_meant
from app.booking.availability import PartOfDay
from app.booking.dates import Days
from app.booking.zones import DAY_S
from app.errors import SaidError
from tests.booking.acme import acme

ANY, MORNING, AFTERNOON, EVENING = PartOfDay.ANY, PartOfDay.MORNING, PartOfDay.AFTERNOON, PartOfDay.EVENING
H = 3600
TUESDAY = date(2026, 11, 24)
DAYS = Days(TUESDAY, TUESDAY)


@pytest.mark.parametrize(
    ("given", "day", "part"),
    [
        ("tonight", "today", EVENING),
        ("Tomorrow morning", "tomorrow", MORNING),
        ("this afternoon", "today", AFTERNOON),
        ("monday, in the evening", "monday", EVENING),
        ("in the afternoon", "", AFTERNOON),
        ("evening", "", EVENING),
        ("2026-12-01T15:00-17:00", "2026-12-01T15:00-17:00", ANY),
        ("2026-12-01 10:00-11:00", "2026-12-01 10:00-11:00", ANY),
        ("next week", "next week", ANY),
        (None, None, ANY),
        ("2026-11-24", "2026-11-24", ANY),
        ("2026-11-24T00:00:00", "2026-11-24T00:00:00", ANY),
        ("2026-11-24T00:00:00.000Z", "2026-11-24T00:00:00.000Z", ANY),
        ("2026-11-24T99:00", "2026-11-24T99:00", ANY),
        ("2026-11-24 9", "2026-11-24 9", ANY),
        ("20261124", "20261124", ANY),
        ("11/24/2026", "11/24/2026", ANY),
        ("december 1", "december 1", ANY),
        ("tomorrow at 25", "tomorrow at 25", ANY),
        ("tomorrow at 13 pm", "tomorrow at 13 pm", ANY),
        ("after 2026-11-24", "after 2026-11-24", ANY),
        ("2 to 4 tomorrow", "2 to 4 tomorrow", ANY),
        ("december 1 to 4", "december 1 to 4", ANY),
        ("before december 1", "before december 1", ANY),
        ("after 3 december", "after 3 december", ANY),
        ("around 3 of dec.", "around 3 of dec.", ANY),
        ("between 1 and 5 december 2026", "between 1 and 5 december 2026", ANY),
        ("after 3 december morning", "after 3 december", MORNING),
        ("december before 5", "december before 5", ANY),
        ("in december from 1 to 5", "in december from 1 to 5", ANY),
        ("before lunch", "before lunch", ANY),
        ("before 25", "before 25", ANY),
    ],
)
def test_without_an_hour_it_is_a_day_and_perhaps_a_part_of_it(
    given: str | None, day: str | None, part: PartOfDay
) -> None:
    assert asked(given) == Asked(day, part)


@pytest.mark.parametrize(
    ("given", "day", "part", "clocks", "later"),
    [
        ("tomorrow at 3pm", "tomorrow", ANY, (15 * H,), False),
        ("Tomorrow  3 P.M.", "tomorrow", ANY, (15 * H,), False),
        ("tuesday at 15:30", "tuesday", ANY, (15 * H + 1800,), False),
        ("tuesday, 9:30am", "tuesday", ANY, (9 * H + 1800,), False),
        ("on friday at noon", "on friday", ANY, (12 * H,), False),
        ("2026-12-01 at 12am", "2026-12-01", ANY, (0,), False),
        ("tomorrow at 12", "tomorrow", ANY, (0, 12 * H), False),
        ("tomorrow at 09:00", "tomorrow", ANY, (9 * H,), False),
        ("tomorrow @3pm", "tomorrow", ANY, (15 * H,), False),
        ("tomorrow at 3", "tomorrow", ANY, (3 * H, 15 * H), False),
        ("tomorrow 3 o'clock", "tomorrow", ANY, (3 * H, 15 * H), False),
        ("tomorrow afternoon at 3", "tomorrow", AFTERNOON, (3 * H, 15 * H), False),
        ("tonight at 7", "today", EVENING, (7 * H, 19 * H), False),
        ("in the afternoon at 3", "", AFTERNOON, (3 * H, 15 * H), False),
        ("after 3pm", "", ANY, (15 * H,), True),
        ("tomorrow after 3pm", "tomorrow", ANY, (15 * H,), True),
        ("next week after 3 pm", "next week", ANY, (15 * H,), True),
        ("tuesday 3pm or later", "tuesday", ANY, (15 * H,), True),
        ("from 14:00 on tuesday", "tuesday", ANY, (14 * H,), True),
        ("3pm on tuesday", "tuesday", ANY, (15 * H,), False),
        ("december at 3", "december", ANY, (3 * H, 15 * H), False),
        ("1 december after 3", "1 december", ANY, (3 * H, 15 * H), True),
        ("the 3rd of december, 3 or later", "the 3rd of december", ANY, (3 * H, 15 * H), True),
        ("after 3pm december", "december", ANY, (15 * H,), True),
        ("after 3 december 1", "december 1", ANY, (3 * H, 15 * H), True),
    ],
)
def test_an_hour_may_come_with_the_day(
    given: str, day: str, part: PartOfDay, clocks: tuple[int, ...], later: bool
) -> None:
    assert asked(given) == Asked(day, part, Hour(clocks, later=later))


@pytest.mark.parametrize(
    ("given", "day", "clocks", "ends"),
    [
        ("before 3pm", "", (0,), (15,)),
        ("tomorrow before 3", "tomorrow", (0, 0), (3, 15)),
        ("before noon on tuesday", "tuesday", (0,), (12,)),
        ("tuesday until 5pm", "tuesday", (0,), (17,)),
        ("before 12am", "", (0,), (24,)),
        ("between 2 and 4", "", (2, 14), (4, 16)),
        ("tuesday between 2 and 4pm", "tuesday", (14,), (16,)),
        ("2 to 4 pm tomorrow", "tomorrow", (14,), (16,)),
        ("2pm-4pm", "", (14,), (16,)),
        ("tomorrow, 14:00-16:00", "tomorrow", (14,), (16,)),
        ("from 9 to 5", "", (9,), (17,)),
        ("between 11 and 1 on friday", "friday", (11,), (13,)),
        ("11 to 1pm", "", (11,), (13,)),
        ("10am until noon", "", (10,), (12,)),
        ("between 8pm and 12am", "", (20,), (24,)),
        ("after 2pm but before 4pm", "", (14,), (16,)),
        ("dec 1st 2-4pm", "dec 1st", (14,), (16,)),
        ("2026-12-01 2-4pm", "2026-12-01", (14,), (16,)),
        ("1 december between 2pm and 4pm", "1 december", (14,), (16,)),
        ("1 december between 2 and 4", "1 december", (2, 14), (4, 16)),
        ("the 1st of december until 5", "the 1st of december", (0, 0), (5, 17)),
    ],
)
def test_a_time_may_have_an_end(given: str, day: str, clocks: tuple[int, ...], ends: tuple[int, ...]) -> None:
    hour = Hour(tuple(c * H for c in clocks), later=True, ends=tuple(e * H for e in ends))
    assert asked(given) == Asked(day, hour=hour)


@pytest.mark.parametrize("given", ["december 1 to 4pm", "dec. 1-4pm", "friday december 1 to 4 pm"])
def test_the_day_of_a_month_is_no_time(given: str) -> None:
    assert "1" in (asked(given).day or "")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("tuesday between 2 and 4", (14, 16)),
        ("tuesday between 9 and 11", (9, 11)),
        ("tuesday between 12 and 2", (12, 14)),
        ("tuesday evening between 6 and 8", (18, 20)),
        ("tuesday before 12", (0, 12)),
        ("tuesday before 3", (0, 15)),
        ("tuesday before 9am", (0, 9)),
    ],
)
def test_of_two_spans_it_is_the_one_in_which_somebody_works(given: str, meant: tuple[int, int]) -> None:
    said = asked(given)
    assert said.hour is not None
    start, end = span_meant(said.hour, acme(), acme().technicians, DAYS, said.part)
    assert (start, end) == (meant[0] * H, meant[1] * H)


@pytest.mark.parametrize("given", ["2026-11-24T15:00", "2026-11-24 15:00", "20261124T1500", "2026-11-24t15:00:00"])
def test_a_date_with_a_time_begins_at_it(given: str) -> None:
    assert asked(given) == Asked(given, hour=Hour((15 * H,), every_day=False))


def test_a_time_with_a_zone_is_on_the_business_s_clock() -> None:
    hour = asked("2026-11-24T21:30:00Z").hour
    assert hour is not None
    assert span_meant(hour, acme(), (), DAYS, ANY) == (15 * H + 1800, DAY_S)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("tuesday at 3", 15 * H),
        ("tuesday at 9", 9 * H),
        ("tuesday at 12:30", 12 * H + 1800),
        ("tuesday evening at 8", 20 * H),
        ("tuesday morning at 5", 5 * H),
    ],
)
def test_of_two_halves_of_the_day_it_is_the_one_in_which_somebody_works(given: str, meant: int) -> None:
    said = asked(given)
    assert said.hour is not None
    assert span_meant(said.hour, acme(), acme().technicians, DAYS, said.part) == (meant, DAY_S)


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ("tuesday at 8", (420, 1260)),
        ("tuesday at 5", (600, 660)),
        ("tuesday before 8", (420, 1260)),
        ("tuesday between 8 and 9", (420, 1260)),
        ("tuesday between 2 and 4", (600, 660)),
    ],
)
def test_an_hour_that_can_be_two_or_none_is_asked_for(given: str, hours: tuple[int, int]) -> None:
    said = asked(given)
    assert said.hour is not None
    people = [replace(who, hours=((hours,),) * 7) for who in acme().technicians]
    with pytest.raises(SaidError, match="morning or afternoon"):
        span_meant(said.hour, acme(), people, DAYS, said.part)


def test_nobody_is_asked_which_half_of_a_day_on_which_nobody_works() -> None:
    sunday = Days(date(2026, 11, 22), date(2026, 11, 22))
    hour = asked("sunday at 3").hour
    assert hour is not None
    assert span_meant(hour, acme(), acme().technicians, sunday, ANY)[0] in hour.clocks


def test_an_hour_that_the_clocks_skip_is_when_they_have_skipped_it() -> None:
    zone, spring = acme().zone, date(2026, 3, 8)
    assert moment_of(zone, spring, 2 * H + 1800) == int(datetime(2026, 3, 8, 3, 0, tzinfo=zone).timestamp())
    assert moment_of(zone, spring, 1 * H) == int(datetime(2026, 3, 8, 1, 0, tzinfo=zone).timestamp())
