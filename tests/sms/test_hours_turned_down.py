"""An hour that is turned down is not offered again, and tells which visit is meant; it is none that is asked for."""

import time

import pytest

from app.sms.words import read
from tests.sms.scenes import ASKED, ASKED_NAME, NOTHING, OFFERED, ONE, TUE, TWO_INSPECTIONS, WED, Row, hold
from tests.sms.test_assent import texts
from tests.sms.test_words import GROUND

TURNED_DOWN = texts(
    """
    not at 9 | not 9, ants instead | ants instead, not at 9 | can't do 9 | 9 doesn't work | 9am is no good |
    not at nine |
    the 9 o clock one is no good | the 9am visit won't work | not for 9:00 | anything but 9 |
    can't make the 9 o'clock one
    """
)
NOT_TURNED_DOWN = texts(
    """
    why not 9? | not 2 | not 9 people | 9 is good | is 9 no good? | not before 9 | not until 9 | not 9 minutes later |
    9 is too early | the coffee at 9 is no good | not 9 Oak Street | 2 doesn't work | at 9 | 9 please
    """
)
AFRESH = "Tue Nov 24: 1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:30 AM Dana. Reply 1 to 3"
BOTH = f"{TUE}, {WED}"
MOVING = (*ONE, "move it to wednesday at 10")
LESS = "Tue Nov 24: 1) 8:30 AM Dana 2) 9:30 AM Dana 3) 10:00 AM Dana. Reply 1 to 3"
OF_TUESDAY = "Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM?"
OF_WEDNESDAY = "Cancel Home inspection with Lee, Wed Nov 25 at 10:00 AM?"
GIVEN_UP: tuple[Row, ...] = (
    (ONE, "can't make the 9am appointment, please cancel it", TUE, OF_TUESDAY),
    (ONE, "I can't make the 9am appointment, need to cancel", TUE, OF_TUESDAY),
    (ONE, "my 9 am appointment no longer works so cancel it please", TUE, OF_TUESDAY),
    (ONE, "my 9 am appointment is out, cancel", TUE, OF_TUESDAY),
    (ONE, "the 9 one isn't possible, can we cancel", TUE, OF_TUESDAY),
    (ONE, "it has to be cancelled, the 9 o'clock visit is no good", TUE, OF_TUESDAY),
    (ONE, "my 9am appointment doesn't work, cancel it", TUE, OF_TUESDAY),
    (ONE, "the 9 o'clock one is no good ++ cancel it", TUE, OF_TUESDAY),
    (ONE, "can't make the 9am appointment", TUE, OF_TUESDAY),
    (ONE, "won't make the 9 o'clock appointment, we moved away", TUE, OF_TUESDAY),
    (ONE, "can't make the 9am appointment, can we do another time", TUE, "Moving Home inspection with Dana"),
    (ONE, "can't make the 9am appointment, how about 11", TUE, "to: Home inspection with Lee, Tue Nov 24 at 11:00 AM"),
    (ONE, "my 9am visit won't work", TUE, "Moving Home inspection with Dana"),
    (TWO_INSPECTIONS, "the 10 one is out, please cancel it", BOTH, OF_WEDNESDAY),
    (TWO_INSPECTIONS, "the 9 one is out, please cancel it", BOTH, OF_TUESDAY),
    (TWO_INSPECTIONS, "can't make my 10 o'clock appointment, please cancel", BOTH, OF_WEDNESDAY),
    (TWO_INSPECTIONS, "can't make my 9 o'clock appointment, please cancel", BOTH, OF_TUESDAY),
    (TWO_INSPECTIONS, "my 9 o'clock appointment is no good, cancel", BOTH, OF_TUESDAY),
    (TWO_INSPECTIONS, "can't make the 9am, please cancel", BOTH, OF_TUESDAY),
    (TWO_INSPECTIONS, "cancel my appointment, not the 9 o'clock one", BOTH, OF_WEDNESDAY),
    (TWO_INSPECTIONS, "can't make the 10am appointment", BOTH, OF_WEDNESDAY),
)
ROWS: tuple[Row, ...] = (
    (ASKED, "9 doesn't work for me", "", AFRESH),
    (ASKED, "9 doesn't work sorry", "", AFRESH),
    (ASKED, "9 doesn't work / yes", "", AFRESH),
    (ASKED, "9 doesn't work / not at 8", "", LESS),
    (ASKED, "9 doesn't work / 2 / yes", "inspection Tue 24 08:30", "Booked:"),
    (ASKED, "not at 9", "", "OK. Which other day suits you?"),
    (MOVING, "10 doesn't work", TUE, "Wed Nov 25: 1) 8:00 AM Lee 2) 8:30 AM Lee 3) 9:00 AM Lee. Reply 1 to 3"),
    (MOVING, "10 doesn't work sorry / yes", TUE, "Sorry, I did not get that. Wed Nov 25: 1) 8:00 AM Lee"),
    (MOVING, "10 doesn't work, 11?", TUE, "to: Home inspection with Lee, Wed Nov 25 at 11:00 AM?"),
    (OFFERED, "not at 9 / not at 8", "", LESS),
    (OFFERED, "not at 9 / not at 8 / not at 9:30", "", "1) 8:30 AM Dana 2) 10:00 AM Dana 3) 10:30 AM Dana."),
    (OFFERED, "not at 9 / 9 please", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (OFFERED, "not at 9 / wednesday", "", "Wed Nov 25: 1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:00 AM Dana"),
    (OFFERED, "not at 9, ants instead", "", AFRESH),
    (OFFERED, "not at 9", "", AFRESH),
    (OFFERED, "can't do 9", "", AFRESH),
    (OFFERED, "not 8:30 but 9", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (OFFERED, "9 is too early", "", "Tue Nov 24: 1) 9:30 AM Dana"),
    (OFFERED, "not 2", "", "Which other day suits you?"),
    (ASKED, "not at 9, ants instead", "", AFRESH),
    (ASKED, "ants instead, not at 9", "", AFRESH),
    (ASKED, "9 doesn't work, ants instead", "", AFRESH),
    (ASKED, "not at nine am, can it be the ant treatment", "", AFRESH),
    (ASKED, "not 9, ants instead on wednesday", "", "Wed Nov 25: 1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:30 AM Dana"),
    (ASKED, "not at 9, ants instead at 10", "", "Ant treatment with Dana, Tue Nov 24 at 10:00 AM"),
    (ASKED, "not 9, 10", "", "Home inspection with Dana, Tue Nov 24 at 10:00 AM"),
    (ASKED_NAME, "not at 9, ants instead", "", AFRESH),
    (NOTHING, "inspection tuesday, not at 9", "", AFRESH),
    (ONE, "9am is no good", TUE, "Moving Home inspection with Dana, Tue Nov 24 at 9:00 AM."),
    (ONE, "can't do 9, how about 10", TUE, "to: Home inspection with Lee, Tue Nov 24 at 10:00 AM"),
    (TWO_INSPECTIONS, "the 9 o clock one is no good, 2pm?", BOTH, "from Tue Nov 24 at 9:00 AM to: Home inspection"),
    (TWO_INSPECTIONS, "the 9 o clock one is no good, 2pm? / yes", "inspection Tue 24 14:00, " + WED, "Moved:"),
    (TWO_INSPECTIONS, "the 9 o clock one is no good", BOTH, "Moving Home inspection with Dana, Tue Nov 24 at 9:00 AM."),
    (TWO_INSPECTIONS, "9am is no good, can we do 2pm", BOTH, "from Tue Nov 24 at 9:00 AM"),
    (TWO_INSPECTIONS, "can't do the 9 o clock one, how about 2pm", BOTH, "from Tue Nov 24 at 9:00 AM"),
    (TWO_INSPECTIONS, "the 10am visit won't work, thursday at 2?", BOTH, "from Wed Nov 25 at 10:00 AM"),
    (TWO_INSPECTIONS, "the tuesday one is no good, 2pm?", BOTH, "from Tue Nov 24 at 9:00 AM"),
)
HOSTILE = ("not 9 " * 100, "9 is " * 120, "the 9 one " * 60, "can't do the " * 46, "so 9 one is " * 50, ", 9am " * 100)


@pytest.mark.parametrize("text", TURNED_DOWN)
def test_it_is_no_time_that_is_wished_for(text: str) -> None:
    said = read([(text, 0)], GROUND)
    assert 540 in said.at.clock.minutes
    assert not said.when.clock


@pytest.mark.parametrize("text", NOT_TURNED_DOWN)
def test_others_are_not_turned_down(text: str) -> None:
    assert not read([(text, 0)], GROUND).at


@pytest.mark.parametrize("row", ROWS, ids=[f"{len(row[0])} {row[1]}" for row in ROWS])
async def test_what_is_answered_then(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", GIVEN_UP, ids=[f"{len(row[0])} {row[1]}" for row in GIVEN_UP])
async def test_the_visit_that_is_given_up_is_the_one_at_that_hour(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_an_hour_of_a_day_that_does_not_work_is_that_of_a_visit(sqlite_url: str) -> None:
    said = "Moving Home inspection with Lee, Wed Nov 25 at 10:00 AM."
    await hold(sqlite_url, (TWO_INSPECTIONS, "10 doesn't work wednesday, can we do 11", BOTH, said), ("callback",))


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:12] for text in HOSTILE])
def test_no_text_is_costly_to_read(text: str) -> None:
    began = time.thread_time()
    read([(text[:600], 0)], GROUND)
    assert time.thread_time() - began < 0.05
