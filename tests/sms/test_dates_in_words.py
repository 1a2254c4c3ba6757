"""Days and times as people text them: every day that can be meant, and never one that is not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sms.clocks_in_words import Clock
from app.sms.dates_in_words import When, read_when
from app.sms.spans_in_words import read_shift

TODAY = date(2026, 11, 20)
"""A Friday."""
LAST = date(2027, 1, 19)


def days(words: str, today: date = TODAY) -> list[str]:
    return [day.isoformat()[2:] for day in read_when(words, today, LAST)[0].days]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("tomorrow", ["26-11-21"]),
        ("tmrw pls", ["26-11-21"]),
        ("Today?", ["26-11-20"]),
        ("tonight", ["26-11-20"]),
        ("the day after tomorrow", ["26-11-22"]),
        ("monday", ["26-11-23"]),
        ("can you do Tues?", ["26-11-24"]),
        ("this tuesday", ["26-11-24"]),
        ("next tuesday", ["26-11-24", "26-12-01"]),
        ("next friday", ["26-11-27"]),
        ("friday", ["26-11-20"]),
        ("tuesday next week", ["26-11-24"]),
        ("next week wednesday", ["26-11-25"]),
        ("next week", ["26-11-23"]),
        ("this weekend", ["26-11-21"]),
        ("next weekend", ["26-11-21", "26-11-28"]),
        ("Nov 24", ["26-11-24"]),
        ("november 24th", ["26-11-24"]),
        ("the 24th of november", ["26-11-24"]),
        ("24 de noviembre", ["26-11-24"]),
        ("Tue Nov 24", ["26-11-24"]),
        ("Wednesday, Nov 24", ["26-11-24", "26-11-25"]),
        ("Jan 5", ["27-01-05"]),
        ("Jan 5, 2028", ["28-01-05"]),
        ("nov 19", ["26-11-19"]),
        ("july 4", ["27-07-04"]),
        ("12/1", ["26-12-01", "27-01-12"]),
        ("11/24", ["26-11-24"]),
        ("24/11", ["26-11-24"]),
        ("11/24/26", ["26-11-24"]),
        ("2026-11-24", ["26-11-24"]),
        ("5/6", ["27-05-06"]),
        ("the 3rd", ["26-12-03", "27-01-03"]),
        ("the 24th", ["26-11-24", "26-12-24"]),
        ("tuesday the 24th", ["26-11-24"]),
        ("friday the 4th", ["26-12-04"]),
        ("a week from today at 8am", ["26-11-27"]),
        ("a week from monday", ["26-11-30"]),
        ("in 3 days", ["26-11-23"]),
        ("in two weeks", ["26-12-04"]),
        ("tuesday or wednesday", ["26-11-24", "26-11-25"]),
        ("not tuesday, wednesday", ["26-11-25"]),
        ("can't do monday but thursday is ok", ["26-11-26"]),
        ("instead of monday, tuesday", ["26-11-24"]),
        ("monday doesn't work", []),
        ("yesterday", ["26-11-19"]),
        ("mañana por la mañana", ["26-11-21"]),
        ("el martes", ["26-11-24"]),
        ("two weeks from tuesday", ["26-12-08"]),
        ("the monday after next", ["26-11-30", "26-12-07"]),
        ("week after next", ["26-11-30"]),
        ("not this week", ["26-11-23"]),
        ("tuesday week", ["26-12-01"]),
        ("the first monday in december", ["26-12-07"]),
        ("last friday of november", ["26-11-27"]),
        ("dec third", ["26-12-03"]),
        ("third of december", ["26-12-03"]),
        ("twenty-fourth of november", ["26-11-24"]),
        ("on the fifth", ["26-12-05", "27-01-05"]),
        ("this afternoon or monday", ["26-11-20", "26-11-23"]),
        ("11-24 at 9", ["26-11-24"]),
        ("24.11.", ["26-11-24"]),
        ("not tuesday or wednesday", []),
        ("tuesday after thanksgiving", ["26-12-01"]),
        ("black friday", ["26-11-27"]),
        ("cyber monday at 9", ["26-11-30"]),
        ("after thanksgiving", ["26-11-27"]),
        ("the week after", []),
        ("the week after thanksgiving", ["26-11-30"]),
        ("found ants yesterday, tuesday or wednesday", ["26-11-24", "26-11-25"]),
        ("2026-11-24T09:00", ["26-11-24"]),
        ("the first", []),
        ("512-555-11-24", []),
        ("after tuesday", ["26-11-25"]),
        ("before thursday", ["26-11-20"]),
        ("not before nov 24", ["26-11-24"]),
        ("can you come by tuesday", ["26-11-24"]),
        ("on 25", ["26-11-25", "26-12-25"]),
        ("5th street", []),
        ("feb 30", []),
        ("13/13", []),
        ("2026-13-45", []),
        ("99th", []),
        ("hello", []),
        ("I live at 12 Monroe St", []),
        ("call 512-555-0123", []),
        ("marked", []),
        ("may I", []),
    ],
)
def test_days(words: str, meant: list[str]) -> None:
    assert days(words) == meant


@pytest.mark.parametrize("words", ["11/12", "12/11", "11/12/26"])
def test_a_date_in_numbers_is_both_where_both_can_be_booked(words: str) -> None:
    read = read_when(words, date(2026, 10, 1), LAST)[0].days
    assert sorted(read) == [date(2026, 11, 12), date(2026, 12, 11)]
    assert days(words) == ["26-12-11"], "the other one is past"


@pytest.mark.parametrize(
    ("words", "said_back"),
    [
        ("30 february", "Feb 30"),
        ("feb 30th", "Feb 30"),
        ("2/30", "Feb 30"),
        ("2027-02-30", "Feb 30"),
        ("june 31 at 9", "Jun 31"),
        ("thirty first of june", "Jun 31"),
        ("feb 29", "Feb 29 in 2027"),
        ("feb 29 2028", ""),
        ("13/13", ""),
        ("mar 50", ""),
    ],
)
def test_a_day_that_there_is_not(words: str, said_back: str) -> None:
    assert read_when(words, TODAY, LAST)[0].no_such == said_back


@pytest.mark.parametrize(
    ("words", "barred"),
    [
        ("not tuesday", (1,)),
        ("not tuesday or wednesday", (1, 2)),
        ("any day but friday", (4,)),
        ("no mondays please", (0,)),
        ("not tomorrow", (5,)),
        ("tuesday", ()),
    ],
)
def test_days_that_are_not_wanted(words: str, barred: tuple[int, ...]) -> None:
    assert read_when(words, TODAY, LAST)[0].barred == barred


@pytest.mark.parametrize(
    ("words", "shift"),
    [
        ("make it an hour later", timedelta(hours=1)),
        ("30 mins earlier", timedelta(minutes=-30)),
        ("half an hour sooner pls", timedelta(minutes=-30)),
        ("push it back by two hours", timedelta(hours=2)),
        ("postpone it for 2 weeks", timedelta(weeks=2)),
        ("push the ants 2 weeks", timedelta(weeks=2)),
        ("postpone it in 2 weeks", None),
        ("push it to two weeks from now", None),
        ("push to 2 weeks from now", None),
        ("move my visit up by 2 hours", timedelta(hours=-2)),
        ("a week later", timedelta(days=7)),
        ("later", None),
        ("in 2 hours", None),
    ],
)
def test_later_and_earlier_than_it_is(words: str, shift: timedelta | None) -> None:
    assert read_shift(words) == shift
    assert not read_when(words, TODAY, LAST)[0].clock


@pytest.mark.parametrize(
    ("words", "first", "length"),
    [
        ("after 3 December", "26-12-04", 7),
        ("before 5 december please", "26-11-20", 15),
        ("until 4 dec", "26-11-20", 15),
        ("from 1 to 5 december", "26-12-01", 5),
        ("between 1 and 5 december", "26-12-01", 1),
        ("at 3 december", "26-12-03", 1),
    ],
)
def test_the_number_of_a_day_is_no_hour_where_its_month_follows(words: str, first: str, length: int) -> None:
    when, _ = read_when(words, TODAY, LAST)
    assert (when.days[0].isoformat()[2:], when.length, when.clock) == (first, length, Clock())


@pytest.mark.parametrize(
    ("words", "clock"),
    [
        ("after 3pm december 5", Clock(after=15 * 60)),
        ("after 3 december 5", Clock(after=15 * 60)),
        ("after 3 may be better", Clock(after=15 * 60)),
        ("at 3:30 dec 5", Clock((3 * 60 + 30, 15 * 60 + 30))),
        ("5 december at 2", Clock((2 * 60, 14 * 60))),
    ],
)
def test_an_hour_beside_a_month_stays_one(words: str, clock: Clock) -> None:
    assert read_when(words, TODAY, LAST)[0].clock == clock


def test_next_weekday_in_the_middle_of_a_week_can_be_either() -> None:
    assert days("next friday", date(2026, 11, 18)) == ["26-11-20", "26-11-27"]


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("next week", 7),
        ("this weekend", 2),
        ("this week", 3),
        ("nov 24-26", 3),
        ("monday", 1),
        ("after tuesday", 7),
        ("before thursday", 6),
        ("by thursday", 7),
        ("before friday", 7),
        ("come by tuesday", 1),
    ],
)
def test_lengths(words: str, length: int) -> None:
    assert read_when(words, TODAY, LAST)[0].length == length


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("2pm", [14 * 60]),
        ("tomorrow at 2", [2 * 60, 14 * 60]),
        ("at 2 pm tomorrow", [14 * 60]),
        ("10:30", [630, 22 * 60 + 30]),
        ("the 10:30", [630, 22 * 60 + 30]),
        ("14:00", [14 * 60]),
        ("14h30", [14 * 60 + 30]),
        ("at 1430", [14 * 60 + 30]),
        ("10.30am", [630]),
        ("nine am", [540]),
        ("half past three", [3 * 60 + 30, 15 * 60 + 30]),
        ("quarter to five", [4 * 60 + 45, 16 * 60 + 45]),
        ("one thirty", [90, 13 * 60 + 30]),
        ("noon", [720]),
        ("12 pm", [720]),
        ("3 o'clock", [180, 900]),
        ("a las 3", [180, 900]),
        ("the 3rd at 10", [600, 22 * 60]),
        ("Dec 3 9:30 am", [570]),
        ("25:00", []),
        ("tuesday 9", [540, 21 * 60]),
        ("nov 24 9", [540, 21 * 60]),
        ("tuesday 9, my name is Jane", [540, 21 * 60]),
        ("tuesday nine", [540, 21 * 60]),
        ("tuesday at 10 or 11am", [600, 660]),
        ("10 or 11am", [600, 660]),
        ("tuesday 9am or wednesday 10am", [540, 600]),
        ("tuesday 9am, no, 10am", [600]),
        ("tuesday at 2:30p, my name is Jane Roe", [14 * 60 + 30]),
        ("tuesday 9:30a", [570]),
        ("@ 9:30a", [570]),
        ("at 2p", [14 * 60]),
        ("at 9 30", [570, 21 * 60 + 30]),
        ("at 9,30", [570, 21 * 60 + 30]),
        ("at nine 30", [570, 21 * 60 + 30]),
        ("a las 9 y media", [570, 21 * 60 + 30]),
        ("tuesday at 9, 12 Oak St", [540, 21 * 60]),
        ("at 9 512 555 0142", [540, 21 * 60]),
        ("at 9:75", []),
        ("at 9:30x", []),
        ("tuesday 9.75", []),
        ("2026-11-24T09:00", [540, 21 * 60]),
        ("2 or 3", []),
        ("2", []),
        ("the second", []),
    ],
)
def test_times(words: str, minutes: list[int]) -> None:
    assert list(read_when(words, TODAY, LAST)[0].clock.minutes) == minutes


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("after 3", (900, None)),
        ("after 9", (540, None)),
        ("before noon", (None, 720)),
        ("before 10am", (None, 600)),
        ("between 2 and 4", (840, 960)),
        ("2-4pm", (840, 960)),
        ("9am to 11am", (540, 660)),
        ("tuesday 10 to 11", (600, 660)),
        ("not after 3", (None, 900)),
        ("not before 10", (600, None)),
        ("after 10 but before 3", (600, 900)),
        ("after 2:30p", (870, None)),
        ("after 2:30x", (None, None)),
        ("2p-4p", (840, 960)),
        ("from 9:30a to 11", (570, 660)),
        ("1 and 2", (None, None)),
    ],
)
def test_stretches(words: str, bounds: tuple[int | None, int | None]) -> None:
    clock = read_when(words, TODAY, LAST)[0].clock
    assert (clock.after, clock.before) == bounds


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("tomorrow morning", "morning"),
        ("in the afternoon", "afternoon"),
        ("mañana por la tarde", "afternoon"),
        ("tonight", "evening"),
        ("after work", "evening"),
        ("tomorrow", ""),
        ("I am home tomorrow", ""),
        ("tomorrow am", "morning"),
    ],
)
def test_parts(words: str, part: str) -> None:
    assert read_when(words, TODAY, LAST)[0].part == part


@pytest.mark.parametrize(
    "words", ["asap", "any time is fine", "whenever", "the earliest", "I don't care", "any day", "whichever", "any"]
)
def test_any_time(words: str) -> None:
    assert read_when(words, TODAY, LAST)[0].anytime


@pytest.mark.parametrize(
    "words", ["next available after thanksgiving", "anything after 3", "I don't want any", "anything else?"]
)
def test_not_any_time(words: str) -> None:
    assert not read_when(words, TODAY, LAST)[0].anytime


def test_what_is_said_later_wins() -> None:
    first = read_when("tomorrow morning at 9", TODAY, LAST)[0]
    then = first.then(read_when("thursday", TODAY, LAST)[0])
    assert (then.days, then.part) == ((date(2026, 11, 26),), "morning")
    assert first.then(When()) == first


@given(st.text(max_size=60), st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_no_text_is_too_odd(words: str, today: date) -> None:
    read_when(words, today, today)
