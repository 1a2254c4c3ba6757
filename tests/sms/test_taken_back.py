"""What an annoyed customer takes back, turns down or puts right is not what he gets booked, moved or cancelled."""

import pytest

from app.sms.names_in_words import fitting
from tests.sms.scenes import (
    ASKED,
    ASKED_NAME,
    NOTHING,
    OFFERED,
    ONE,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
)

OTHERS_THAN_NINE = "1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:30 AM Dana"
THE_FIRST_THREE = "1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:00 AM Dana"
NINE = "Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES to book it"
TURNED_DOWN: tuple[Row, ...] = (
    *((ASKED, text, "", OTHERS_THAN_NINE) for text in ("9 doesn't work", "at 9 i cant", "i cant do 9")),
    *((ASKED, text, "", THE_FIRST_THREE) for text in ("10 doesn't work", "10 wont work for me", "at 10 i cant")),
    *(
        (OFFERED, text, "", "1) 9:30 AM Dana 2) 10:00 AM Dana")
        for text in ("i cant do any of those", "I don't want any of these", "can't make either of those")
    ),
    (OFFERED, "any of those works", "", "Tue Nov 24 at 8:00 AM. What is your full name?"),
    (NOTHING, "I'm busy, 10-11 tuesday / 1", "", "Tue Nov 24: 1) 11:00 AM Dana"),
    (NOTHING, "I'm free, 10-11 tuesday / 1", "", "Tue Nov 24: 1) 10:00 AM Dana"),
    (ASKED, "I can't keep it", "", "Which other day suits you?"),
    (ASKED, "no, I don't want to keep it", "", "Which other day suits you?"),
    (ASKED, "i dont want dana", "", "Home inspection with Lee, Tue Nov 24 at 9:00 AM"),
)
KEPT: tuple[Row, ...] = (
    *(
        (ASKED, text, "", NINE)
        for text in (
            "make it 10 actually no keep 9",
            "actually no keep 9",
            "hmm what about 10? no ill keep 9",
            "how about wednesday? no keep tuesday at 9",
            "stick with 9 please",
            "no, keep it",
        )
    ),
    (OFFERED, "1 / Jane Roe / 9 / actually no keep 8 / yes", "inspection Tue 24 08:00", "Booked"),
    (ASKED, "how about wednesday at 10? / no keep it / yes", "inspection Wed 25 10:00", "Booked"),
)
OF_A_VISIT: tuple[Row, ...] = (
    (
        TWO_INSPECTIONS,
        "move the 2nd one to friday nov 27 same time / yes",
        f"{TUE}, inspection Fri 27 10:00",
        "Moved",
    ),
    (TWO_INSPECTIONS, "cancel / 2 / no wait the first one / yes", WED, "Cancelled"),
    (TWO_INSPECTIONS, "cancel everything but not the 24th / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "cancel the 24th appointment / yes", WED, "Cancelled"),
    (ONE, "I think I already have an appointment can u check", TUE, "You have: Home inspection"),
    (OFFERED, "2pm if not then 3pm", "", "1) 2:00 PM Dana 2) 3:00 PM Dana"),
    (ONE, "move it to wednesday at 10 / actually cancel it / yes", "", "Cancelled"),
    (ONE, "move it to wednesday at 10 / never mind / ok", TUE, ""),
    (ONE, "cancel my appointment / yes / wait no / yes", TUE, "Booked"),
    (ONE, "cancel my appointment / yes / oh no wait", "", "Reply YES to book it"),
    (ONE, "move it to wednesday at 10 / yes / oh no wait / yes", TUE, "Moved"),
    (ONE, "i need to move it to 10", TUE, "Tue Nov 24 at 10:00 AM? Reply YES to move it"),
)
HATED: tuple[Row, ...] = (
    (ASKED, "yes i hate ants", TUE, "Booked: Home inspection"),
    (ASKED, "yes, I'm so tired of these ants", TUE, "Booked: Home inspection"),
    (ASKED, "I hate ants / yes", TUE, "Booked: Home inspection"),
    (ASKED, "no, I want the ant treatment, I hate ants / 1 / yes", "treatment Tue 24 08:00", "Booked: Ant treatment"),
)
NAMES: tuple[Row, ...] = (
    *(
        (ASKED_NAME, text, "", "for Jane Roe. Reply YES")
        for text in ("Name: Roe, Jane", "my name is Roe, Jane", "name: ROE, Jane / it's Jane Roe")
    ),
    *(
        (ASKED_NAME, text, "", "for Maria De la Cruz. Reply YES")
        for text in ("name: De la Cruz, Maria", "De la Cruz, Maria", "Last name: De la Cruz, Maria")
    ),
    (ASKED_NAME, "Maria de la Cruz", "", "for Maria de la Cruz. Reply YES"),
    (ASKED_NAME, "van der Berg, Anna", "", "for Anna van der Berg. Reply YES"),
    *(
        (ASKED_NAME, f"Jnae Roe / {text} / yes", TUE, "Booked")
        for text in ("sorry Jane Roe", "Jane Roe*", "*Jane Roe", "i meant Jane Roe", "oops its Jane", "jane*")
    ),
    *(
        (ASKED, f"{text} / yes", f"{TUE} for Jane Rowe", "Booked")
        for text in ("my name is spelled Rowe", "it's spelled Rowe", "Rowe*")
    ),
    (ASKED, "Sounds Wonderful / yes", TUE, "Booked"),
    (ASKED, "No Problem", "", "for Jane Roe. Reply YES"),
    (ASKED, "Sorry, Totally Forgot / yes", TUE, "Booked"),
    (ASKED, "sorry, Ann Lowe / yes", f"{TUE} for Ann Lowe", "Booked"),
    ((*ASKED_NAME, "Jane Tracy"), "crazy / yes", f"{TUE} for Jane Tracy", "Booked"),
    (ASKED, "sorry, Tuesday Afternoon", "", "1) 1:00 PM"),
    (ASKED_NAME, "I don't want to give my name", "", "What is your full name?"),
    (ASKED_NAME, "I don't want spray near the dog. Jane Roe", "", "What is your full name?"),
    (ASKED_NAME, "I want Lee to come / Jane Roe / yes", TUE, "Booked: Home inspection with Lee"),
    (ASKED_NAME, "i dont want this appointment", "", "OK, nothing was booked."),
    *(
        (ASKED_NAME, text, "", "OK, nothing was booked.")
        for text in (
            "i dont want to",
            "I don't want to make an appointment",
            "i dont want to schedule",
            "I don't want your service",
            "I do not want anything, thanks",
            "i dont want you to come out anymore",
        )
    ),
)


@pytest.mark.parametrize("row", [*TURNED_DOWN, *KEPT, *OF_A_VISIT, *HATED, *NAMES], ids=lambda row: row[1])
async def test_the_last_word_counts(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("words", ["de la", "la casa", "hola de la Cruz"])
def test_a_particle_makes_no_name(words: str) -> None:
    assert not fitting(words, frozenset())
