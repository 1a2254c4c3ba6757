"""What is wished for or told beside something else is kept, in its turn or by a person, and replaces nothing."""

import pytest

from tests.sms.scenes import (
    ASKED,
    ASKED_NAME,
    INSPECTION_AND_TREATMENT,
    NOTHING,
    OFFERED,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    Row,
    hold,
)

FIRST = "One at a time, please, so this first:"
THURSDAY = "treatment Thu 26 09:00"
MOVING = (*ONE, "move it to thursday")
WHICH = (*TWO_INSPECTIONS, "cancel my appointment")
BOTH = f"{TUE}, {TREATMENT}"
ON_TOP: tuple[Row, ...] = (
    (OFFERED, "and ants on thursday at 9", "", f"{FIRST} Tue Nov 24: 1) 8:00 AM Dana"),
    (OFFERED, "and ants on thursday at 9 / 3 / Jane Roe / yes / yes", f"{TUE}, {THURSDAY}", "Booked: Ant treatment"),
    (OFFERED, "ants on thursday at 9 / Jane Roe / yes", THURSDAY, "Booked: Ant treatment"),
    (ASKED_NAME, "also ants on thursday at 9 / Jane Roe / yes / yes", f"{TUE}, {THURSDAY}", "Booked: Ant treatment"),
    (ASKED, "and ants on thursday at 9", "", f"{FIRST} Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane"),
    (("inspection",), "and ants too / tuesday at 9 / Jane Roe / yes", TUE, "Ant treatment: Which day suits you?"),
    (
        (*ONE, "move it to thursday at 10"),
        "and book ants friday the 27th at 9 / yes",
        "inspection Thu 26 10:00",
        "Ant treatment with Dana, Fri Nov 27 at 9:00 AM, for Jane Roe. Reply YES",
    ),
    (WHICH, "1, 2", f"{TUE}, inspection Wed 25 10:00", f"{FIRST} Cancel Home inspection with Dana, Tue"),
    (WHICH, "all / yes / yes", "", "Cancelled: Home inspection with Lee"),
    (WHICH, "1 and 2 / yes / yes", "", "Cancelled: Home inspection with Lee"),
    (ONE, "move tuesday's 9am to 2pm / yes", "inspection Tue 24 14:00", "Moved"),
    (INSPECTION_AND_TREATMENT, "change wednesday's to 2pm", BOTH, "Wed Nov 25 at 2:00 PM? Reply YES to move"),
    (
        INSPECTION_AND_TREATMENT,
        "need to move wednesday appt up to 8",
        BOTH,
        "from Wed Nov 25 at 10:00 AM to: Ant treatment",
    ),
    (
        INSPECTION_AND_TREATMENT,
        "move tuesday at 9 to friday the 27th at 2",
        BOTH,
        "inspection with Dana, Fri Nov 27 at 2",
    ),
    (ASKED, "is that am or pm", "", "Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES"),
    (OFFERED, "cualquiera", "", "Tue Nov 24 at 8:00 AM."),
    (ONE, "~3d / confirmado, gracias", TUE, "You're welcome!"),
    (ONE, "cual es mi cita", TUE, "You have"),
    (ONE, "move it to thursday at 10 because my dog is sick", TUE, "Thu Nov 26 at 10:00 AM? Reply YES"),
)
FOR_A_PERSON: tuple[Row, ...] = (
    (INSPECTION_AND_TREATMENT, "cancel wednesday if tuesday is still on", BOTH, "Someone will call you back"),
    (ONE, "see you tuesday. my dog is friendly", TUE, "Thanks, that goes to a person."),
    (ONE, "can you move it to thursday at 10, gate code is 4412", TUE, "Thanks, that goes to a person."),
    (ONE, "move my appt to wed at 10. gate code 1234#", TUE, "Thanks, that goes to a person."),
    (MOVING, "2, the gate code is 4412", TUE, "Thanks, that goes to a person."),
    (NOTHING, "please call my husband at 512-555-0777", "", "Someone will call you back"),
    (ONE, "llegaré tarde", TUE, "That is one for a person."),
)


@pytest.mark.parametrize("row", ON_TOP, ids=lambda row: row[1])
async def test_a_further_wish_waits_for_the_first(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", FOR_A_PERSON, ids=lambda row: row[1])
async def test_what_no_tool_takes_down_reaches_a_person(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row, ("callback",))
