"""A holiday that is named is the date it is, in the year to come; where nobody can know which, it is asked."""

from datetime import date

import pytest

from app.sms.dates_in_words import read_when
from tests.sms.scenes import NOTHING, ONE, TUE, Row, hold

TODAY, LAST = date(2026, 11, 20), date(2027, 1, 19)


def days(words: str, today: date = TODAY) -> str:
    return ", ".join(day.isoformat() for day in read_when(words, today, LAST)[0].days)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("christmas eve", "2026-12-24"),
        ("xmas", "2026-12-25"),
        ("new year's eve", "2026-12-31"),
        ("new years", "2027-01-01"),
        ("thanksgiving day at 9", "2026-11-26"),
        ("black friday", "2026-11-27"),
        ("mlk day", "2027-01-18"),
        ("presidents day", "2027-02-15"),
        ("good friday", ""),
        ("easter", "2027-03-28"),
        ("mother's day", "2027-05-09"),
        ("memorial day", "2027-05-31"),
        ("father's day", "2027-06-20"),
        ("labor day", "2027-09-06"),
        ("columbus day", "2027-10-11"),
        ("nochebuena", "2026-12-24"),
        ("the day after thanksgiving", "2026-11-27"),
        ("2 days before christmas", "2026-12-23"),
        ("a couple of days after xmas", "2026-12-27"),
        ("the monday after thanksgiving", "2026-11-30"),
        ("tuesday before christmas", "2026-12-22"),
        ("the friday after thanksgiving", "2026-11-27"),
        ("dec 24, christmas eve", "2026-12-24"),
        ("thanksgiving week", "2026-11-23"),
        ("the week of christmas", "2026-12-21"),
        ("the week before christmas", "2026-12-14"),
        ("between christmas and new year's", "2026-12-26"),
        ("before christmas", "2026-11-20"),
        ("any day but christmas eve", ""),
        ("not nov 24 or nov 25", ""),
        ("not the 24th but the 25th of november", "2026-11-25"),
        ("any day before christmas", "2026-11-20"),
        *((f"{many} before christmas", "") for many in ("10 days", "a few days", "2 weeks", "2-3 days")),
        ("on nye", "2026-12-31"),
        ("ants since halloween", ""),
        ("guests over for thanksgiving", ""),
        ("getting ready for christmas", ""),
        ("bill nye", ""),
        ("jane valentine", ""),
        ("christmas lights", ""),
        ("labor day weekend", ""),
        ("the weekend after thanksgiving", ""),
        ("in the new year", ""),
        ("my mother is here", ""),
    ],
)
def test_a_holiday_is_its_date(words: str, meant: str) -> None:
    assert days(words) == meant


@pytest.mark.parametrize(
    ("today", "meant"),
    [
        (date(2026, 11, 26), "2026-11-27"),
        (date(2026, 11, 27), "2026-11-27"),
        (date(2026, 11, 28), "2027-11-26"),
    ],
)
def test_it_is_the_coming_one(today: date, meant: str) -> None:
    assert days("the day after thanksgiving", today) == meant


ROWS: tuple[Row, ...] = (
    (NOTHING, "inspection on christmas eve at 9", "", "Thu Dec 24 at 9:00 AM. What is your full name?"),
    (NOTHING, "the day after thanksgiving / 1", "", "Fri Nov 27: 1) 8:00 AM"),
    (NOTHING, "inspection before christmas", "", "Fri Nov 20: 1) 1:00 PM"),
    (NOTHING, "inspection tuesday at 9, Bill Nye / yes", f"{TUE} for Bill Nye", "Booked"),
    (NOTHING, "inspection not on christmas eve", "", "Which day suits you?"),
    (ONE, "move it to the day before thanksgiving at 10", TUE, "Wed Nov 25 at 10:00 AM? Reply YES to move it"),
    (ONE, "have a great thanksgiving", TUE, ""),
    (ONE, "see you after thanksgiving", TUE, "You have: Home inspection"),
)


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
async def test_it_is_said_back_as_a_date(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
