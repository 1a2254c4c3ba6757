"""Times as a caller hears them, and as machines read them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.booking.availability import Opening
from app.booking.business import Business, Technician
from app.booking.speech import full_day, local_iso, none_left, offer, spell, spoken_day, spoken_time

CHICAGO = ZoneInfo("America/Chicago")
NOVEMBER = int(datetime(2026, 11, 20, 10, 0, tzinfo=CHICAGO).timestamp())
TODAY = date(2026, 11, 20)
ACME = Business(
    "acme",
    "Acme Pest Control",
    CHICAGO,
    (),
    ((),) * 7,
    (),
    (
        Technician("dana", "Dana", "embedded:acme/dana", (), ((),) * 7),
        Technician("lee", "Lee", "embedded:acme/lee", (), ((),) * 7),
    ),
)


def at(text: str, zone: ZoneInfo = CHICAGO, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp())


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("2026-11-24T14:30", "Tuesday, November 24 at 2:30 PM"),
        ("2026-11-24T09:05", "Tuesday, November 24 at 9:05 AM"),
        ("2026-11-24T00:00", "Tuesday, November 24 at 12:00 AM"),
        ("2026-11-24T12:00", "Tuesday, November 24 at 12:00 PM"),
        ("2027-01-05T23:59", "Tuesday, January 5, 2027 at 11:59 PM"),
    ],
)
def test_a_time_is_said_with_weekday_day_and_the_year_if_it_is_another(local: str, said: str) -> None:
    assert spoken_time(at(local), CHICAGO, NOVEMBER) == said


def test_without_now_no_year_is_said() -> None:
    assert spoken_time(at("2027-01-05T09:00"), CHICAGO) == "Tuesday, January 5 at 9:00 AM"


def test_the_current_year_is_the_one_of_the_zone() -> None:
    new_year = at("2026-12-31T23:00")
    assert spoken_time(at("2027-01-01T09:00"), CHICAGO, new_year) == "Friday, January 1, 2027 at 9:00 AM"
    assert spoken_time(at("2027-01-01T09:00"), CHICAGO, new_year + 3600) == "Friday, January 1 at 9:00 AM"


@pytest.mark.parametrize(
    ("zone", "local", "fold", "said"),
    [
        ("America/New_York", "2026-11-01T01:30", 0, "1:30 AM (the first 1:30, before the clocks go back)"),
        ("America/New_York", "2026-11-01T01:30", 1, "1:30 AM (the second 1:30, after the clocks go back)"),
        ("America/New_York", "2026-11-01T02:00", 0, "2:00 AM"),
        ("Europe/Dublin", "2026-10-25T01:15", 0, "1:15 AM (the first 1:15, before the clocks go back)"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", 1, "1:45 AM (the second 1:45, after the clocks go back)"),
        ("America/New_York", "2027-03-14T03:00", 0, "3:00 AM"),
    ],
)
def test_a_repeated_time_says_which_one_it_is(zone: str, local: str, fold: int, said: str) -> None:
    place = ZoneInfo(zone)
    assert spoken_time(at(local, place, fold), place).endswith(f" at {said}")


def test_a_day_is_said_in_full_where_a_mistake_is_corrected() -> None:
    assert spoken_day(date(2026, 11, 24)) == spoken_day(date(2026, 11, 24), TODAY) == "Tuesday, November 24"
    assert spoken_day(date(2027, 11, 24), TODAY) == full_day(date(2027, 11, 24)) == "Wednesday, November 24, 2027"


def openings(*told: tuple[str, str]) -> list[Opening]:
    return [Opening(at(local), at(local) + 3600, technician) for local, technician in told]


@pytest.mark.parametrize(
    ("told", "named", "said"),
    [
        (
            [("2026-11-24T09:00", "dana"), ("2026-11-24T09:30", "lee"), ("2026-11-25T08:00", "dana")],
            False,
            "For Home inspection I can offer Tuesday, November 24 at 9:00 AM or 9:30 AM; "
            "Wednesday, November 25 at 8:00 AM.",
        ),
        (
            [("2026-11-24T09:00", "dana"), ("2026-11-24T09:00", "lee")],
            True,
            "For Home inspection I can offer Tuesday, November 24 at 9:00 AM with Dana or 9:00 AM with Lee.",
        ),
        (
            [("2026-11-24T09:00", "dana"), ("2026-11-24T09:30", "dana")],
            True,
            "For Home inspection with Dana I can offer Tuesday, November 24 at 9:00 AM or 9:30 AM.",
        ),
        (
            [("2026-11-24T09:00", "left-the-company")],
            True,
            "For Home inspection I can offer Tuesday, November 24 at 9:00 AM.",
        ),
    ],
)
def test_an_offer_names_the_technician_when_that_matters(told: list[tuple[str, str]], named: bool, said: str) -> None:
    assert offer("Home inspection", openings(*told), ACME, named, NOVEMBER) == said


@pytest.mark.parametrize(
    ("last", "following", "said"),
    [
        (
            date(2026, 11, 24),
            [date(2026, 11, 25), date(2026, 11, 27), date(2027, 1, 4)],
            "There is nothing free on Tuesday, November 24. The next open days are "
            "Wednesday, November 25; Friday, November 27 and Monday, January 4, 2027.",
        ),
        (
            date(2026, 11, 26),
            [date(2026, 11, 27)],
            "There is nothing free from Tuesday, November 24 to Thursday, November 26. "
            "The next open day is Friday, November 27.",
        ),
        (
            date(2026, 11, 24),
            [],
            "There is nothing free on Tuesday, November 24, and no later day is open for booking yet.",
        ),
    ],
)
def test_nothing_left_comes_with_the_next_open_days(last: date, following: list[date], said: str) -> None:
    assert none_left(date(2026, 11, 24), last, following, TODAY) == said


@pytest.mark.parametrize(
    ("zone", "local", "fold", "told"),
    [
        ("America/Chicago", "2026-11-24T14:30:00", 0, "2026-11-24T14:30:00-06:00"),
        ("America/Chicago", "2026-11-01T01:30:00", 0, "2026-11-01T01:30:00-05:00"),
        ("America/Chicago", "2026-11-01T01:30:00", 1, "2026-11-01T01:30:00-06:00"),
        ("Asia/Kathmandu", "2026-11-24T00:00:00", 0, "2026-11-24T00:00:00+05:45"),
        ("UTC", "2026-11-24T00:00:00", 0, "2026-11-24T00:00:00+00:00"),
    ],
)
def test_machines_read_rfc_3339_with_the_zone_s_offset(zone: str, local: str, fold: int, told: str) -> None:
    place = ZoneInfo(zone)
    assert local_iso(at(local, place, fold), place) == told


def test_a_reference_is_spelt() -> None:
    assert spell("K7QM2X") == "K 7 Q M 2 X"
