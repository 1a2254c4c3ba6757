"""A stretch of hours that stands before the day it is on."""

import time

import pytest

from app.sms.clocks_in_words import Clock
from app.sms.dates_in_words import read_when
from tests.sms.scenes import NOTHING, OFFERED, ONE, TUE, TWO_INSPECTIONS, WED, Row, hold
from tests.sms.test_assent import texts
from tests.sms.test_dates_in_words import LAST, TODAY

SPANS = (
    ("inspection 10-11 tuesday", 10, 11),
    ("10 - 11 on tuesday", 10, 11),
    ("10 to 11 tuesday", 10, 11),
    ("2-3 tuesday pls", 14, 15),
    ("11-1 tuesday", 11, 13),
    ("9-5 tomorrow", 9, 17),
    ("10.30-12 tuesday", 10.5, 12),
    ("ten to eleven tuesday", 10, 11),
    ("can you do 10-11 on tuesday?", 10, 11),
    ("inspection 10-11 next tuesday", 10, 11),
    ("inspection, 10-11, tuesday", 10, 11),
    ("i want the 10-11 tuesday", 10, 11),
    ("10a-11a tuesday", 10, 11),
    ("10-11 the 24th", 10, 11),
    ("i'm free 10-11 tuesday", 10, 11),
    ("inspection maybe 10-11 on tuesday", 10, 11),
    ("inspection with dana 10-11 tuesday", 10, 11),
    ("10-11 tuesday inspection", 10, 11),
    ("yes 1-3 tuesday", 13, 15),
)
NO_SPANS = texts(
    """
    rooms 10-11 tuesday | unit 10-11 tuesday | ages 10-11 tuesday | call 555-1230 tuesday | 11-10 tuesday |
    1-2 people tuesday | #2-3 tuesday | gate code 44-55 tuesday | 2-3 weeks tuesday | 1-2, tuesday |
    options 2-3 tuesday | change 9 to 10 tuesday | move the 2 to 4 tuesday
    | push it 10 to 11 on tuesday | 10-11 tuesday or 2-3 wednesday | not 10-11 tuesday for an inspection |
    can't do 10-11 tuesday, inspection please | inspection except 10-11 tuesday | any time but 10-11 tuesday |
    inspection, not 9-10 tuesday | inspection, never 10-11 tuesday | inspection tuesday, i can't 9-11 tuesday |
    my kid naps 1-2 tuesday | inspection for $10-12 tuesday | budget 10-12 tuesday | houses 10-12 tuesday |
    doors 10 to 12 tuesday | i need 2 to 3 tuesday inspections | 2 to 3 tuesday inspections |
    inspection of 2-3 tuesday, the other rooms later | i'm not free 10-11 tuesday |
    move my inspection 10 to 11 tuesday | inspection, dont come 10-11 tuesday
    """
)
ROWS: tuple[Row, ...] = (
    (NOTHING, "inspection 10-11 tuesday", "", "Tue Nov 24: 1) 10:00 AM Dana 2) 10:30 AM Dana. Reply 1 to 2"),
    (ONE, "can you do 2-3 on wednesday instead", TUE, "Wed Nov 25: 1) 2:00 PM Lee 2) 2:30 PM Lee. Reply 1 to 2"),
    (OFFERED, "1-3 wednesday", "", "Wed Nov 25: 1) 1:00 PM Dana"),
    (NOTHING, "can't do 10-11 tuesday, inspection please / 1 / Jane Roe / yes", "inspection Tue 24 08:00", "Booked:"),
    (NOTHING, "inspection except 10-11 tuesday", "", "Tue Nov 24: 1) 8:00 AM Dana"),
    (NOTHING, "inspection of 2-3 Tuesday, the other rooms later", "", "Tue Nov 24: 1) 8:00 AM Dana"),
    (TWO_INSPECTIONS, "move the 10 to 2 tuesday", f"{TUE}, {WED}", "from Wed Nov 25 at 10:00 AM"),
)
OWN = frozenset(("home", "inspection", "inspections", "dana"))
HOSTILE = ("10-11 " * 100, "1-" * 300, "ten to " * 85, "apt " * 150, "10 " * 200, "10-11 tuesday " * 42)


@pytest.mark.parametrize(("words", "first", "last"), SPANS, ids=[words for words, *_ in SPANS])
def test_it_is_between_them(words: str, first: float, last: float) -> None:
    when, _ = read_when(words, TODAY, LAST, OWN)
    assert when.days
    assert when.clock == Clock(after=int(first * 60), before=int(last * 60))


@pytest.mark.parametrize("words", NO_SPANS)
def test_other_numbers_are_no_hours(words: str) -> None:
    when, _ = read_when(words, TODAY, LAST, OWN)
    assert when.days
    assert not when.clock


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
async def test_what_is_open_then_is_offered(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("words", HOSTILE, ids=[words[:14] for words in HOSTILE])
def test_no_text_is_costly_to_read(words: str) -> None:
    began = time.thread_time()
    read_when(words[:600], TODAY, LAST)
    assert time.thread_time() - began < 0.05
