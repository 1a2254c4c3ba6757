"""Unfriendly texts about days and times, played against the guided conversation: nothing is taken that is not meant."""

from datetime import date

import pytest

from app.sms.dates_in_words import When, read_when
from tests.sms.conversing import phone
from tests.sms.date_texts import DAYS_ASKED, FIRST_TEXTS, TIMES_SHOWN, WHICH_TUESDAY

TODAY, LAST = date(2026, 11, 20), date(2027, 1, 19)


@pytest.mark.parametrize(
    ("opening", "table"),
    [
        ("inspection", DAYS_ASKED),
        ("inspection tuesday", TIMES_SHOWN),
        ("inspection next tuesday at 9", WHICH_TUESDAY),
        ("", FIRST_TEXTS),
    ],
    ids=["a day is asked for", "times are shown", "one of two days is asked for", "the first text"],
)
async def test_each_is_understood_or_asked_about(sqlite_url: str, opening: str, table: str) -> None:
    async with phone(sqlite_url) as customer:
        if opening:
            await customer.send(opening)
        kept, wrong = customer.state, []
        for line in filter(None, table.splitlines()):
            text, _, answer = line.partition(" => ")
            customer.state = kept
            heard = " / ".join(await customer.send(text)).replace(" Dana", "")
            if answer not in heard:
                wrong.append(f"{text}: {heard}")
        assert wrong == []


@pytest.mark.parametrize(
    ("words", "first", "length"),
    [
        ("monday to wednesday", "2026-11-23", 3),
        ("mon-fri", "2026-11-23", 5),
        ("between monday and wednesday", "2026-11-23", 3),
        ("the end of next week", "2026-11-26", 4),
        ("mid next week", "2026-11-24", 3),
        ("end of the month", "2026-11-25", 6),
        ("next month", "2026-12-01", 31),
        ("early december", "2026-12-01", 10),
        ("within the next 3 days", "2026-11-20", 4),
        ("24-26 nov", "2026-11-24", 3),
        ("the week of dec 9", "2026-12-07", 7),
        ("until wednesday", "2026-11-20", 6),
        ("away until wednesday", "2026-11-25", 7),
        ("tuesday or later", "2026-11-24", 7),
        ("tuesday at the latest", "2026-11-20", 5),
    ],
)
def test_stretches_of_days(words: str, first: str, length: int) -> None:
    read = read_when(words, TODAY, LAST)[0]
    assert ([day.isoformat() for day in read.days], read.length) == ([first], length)


@pytest.mark.parametrize(
    "words", ["move it from monday to wednesday", "can we switch monday to wednesday", "change tuesday to wednesday"]
)
def test_away_from_one_day_to_another_is_no_stretch(words: str) -> None:
    read = read_when(words, TODAY, LAST)[0]
    assert (len(read.days), read.length) == (2, 1)


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("no earlier than 2", (14 * 60, None)),
        ("no later than 3", (None, 15 * 60)),
        ("2 or later", (14 * 60, None)),
        ("11 or earlier", (None, 11 * 60)),
        ("nothing before 10", (10 * 60, None)),
        ("don't come after 3", (None, 15 * 60)),
        ("can't make it before 9:30", (570, None)),
        ("not home until 3", (15 * 60, None)),
        ("I work until 4", (16 * 60, None)),
        ("at work from 9 to 3", (15 * 60, None)),
        ("I get off at 3", (15 * 60, None)),
        ("I want an appointment after 3", (15 * 60, None)),
        ("my aunt can do before 3", (None, 15 * 60)),
        ("until 11", (None, 11 * 60)),
        ("late afternoon", (15 * 60, None)),
        ("before lunch", (None, 12 * 60)),
        ("anything but mornings", (12 * 60, None)),
    ],
)
def test_bounds(words: str, bounds: tuple[int | None, int | None]) -> None:
    clock = read_when(words, TODAY, LAST)[0].clock
    assert (clock.after, clock.before) == bounds


@pytest.mark.parametrize("name", ["Monay Sunay", "Tues Monk", "April Satterday", "Mayday Friedman", "Mark Augustin"])
def test_a_name_like_a_day_is_none(name: str) -> None:
    assert read_when(name.lower().split()[1], TODAY, LAST)[0] == When()
