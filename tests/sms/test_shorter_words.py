"""What people text in a few words: whose visit, a name put right, when somebody comes, what is free, Spanish weeks."""

import pytest

from tests.sms.scenes import (
    ASKED,
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

BOTH = f"{TUE}, {TREATMENT}"
FRIDAY = "inspection Fri 27 09:00"
ROWS: tuple[Row, ...] = (
    (INSPECTION_AND_TREATMENT, "cancel lee / yes", TUE, "Cancelled: Ant treatment"),
    (INSPECTION_AND_TREATMENT, "move dana to friday 27th at 9 / yes", f"{TREATMENT}, {FRIDAY}", "Moved: Home"),
    (ASKED, "my last name is spelled R-o-w-e / yes", f"{TUE} for Jane Rowe", "Booked"),
    (ASKED, "my last name is Rowe / yes", f"{TUE} for Jane Rowe", "Booked"),
    (ASKED, "sorry first name is Janet / yes", f"{TUE} for Janet Roe", "Booked"),
    (ASKED, "no, last name: Rowe / yes", f"{TUE} for Jane Rowe", "Booked"),
    (ASKED, "first name is Jane last name is Rowe / yes", f"{TUE} for Jane Rowe", "Booked"),
    (ASKED, "my last name is Long / yes", f"{TUE} for Jane Long", "Booked"),
    *(
        (ASKED, text, "", "9:00 AM, for Jane Roe. Reply YES")
        for text in (
            "is my last name needed",
            "is my last name Rowe",
            "my last name is correct",
            "my last name is fine",
            "the last name is needed?",
            "dana's last name is Smith",
        )
    ),
    (ASKED, "my name is Mary Smith / yes", f"{TUE} for Mary Smith", "Booked"),
    (ASKED, "no not jane its john roe / yes", f"{TUE} for John Roe", "Booked"),
    (ASKED, "not jane, john / yes", f"{TUE} for John Roe", "Booked"),
    (ASKED, "not tuesday, wednesday", "", "Wed Nov 25: 1) 8:00 AM"),
    *(
        (ASKED, f"{text} / yes", "inspection Tue 24 10:00", "Booked")
        for text in ("yes and move it to 10", "yes but move it to 10")
    ),
    *(
        (ONE, f"{text} / yes", f"{TUE}, inspection Wed 25 10:00", "Booked")
        for text in ("my neighbor Bob Hill wants wed at 10", "can my neighbor have wed at 10")
    ),
    (ONE, "my mom wants wed at 10 instead / yes", "inspection Wed 25 10:00", "Moved"),
    (TWO_INSPECTIONS, "cancel my appointment / lee / yes", TUE, "Cancelled: Home inspection with Lee"),
    (ASKED, "my last name is wrong", "", "What is your full name?"),
    (ASKED, "my last name is spelled wrong", "", "What is your full name?"),
    (ONE, "~3d / what time are you coming", TUE, "You have: Home inspection with Dana, Tue Nov 24 at 9:00 AM"),
    *(
        (ONE, text, TUE, "You have: Home inspection with Dana")
        for text in (
            "when are you coming to the house",
            "when are you coming to treat it",
            "which visits do i have booked",
        )
    ),
    (NOTHING, "which visits do we need for ants?", "", "Which day suits you?"),
    (NOTHING, "which appointments do I have to choose from", "", "What is it for?"),
    (NOTHING, "when are you coming to fix my neighbors ants", "", "Which day suits you?"),
    (INSPECTION_AND_TREATMENT, "which ones do I have?", BOTH, "You have: Home inspection"),
    (NOTHING, "is tuesday free for an inspection", "", "Tue Nov 24: 1) 8:00 AM"),
    (NOTHING, "is the 9am inspection free tuesday", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (NOTHING, "tuesday, is your inspection guy free?", "", "Tue Nov 24: 1) 8:00 AM"),
    (NOTHING, "is the tuesday inspection free?", "", "Tue Nov 24: 1) 8:00 AM"),
    (NOTHING, "are your inspection slots free?", "", "Which day suits you?"),
    (NOTHING, "is your ant guy free?", "", "Which day suits you?"),
    (OFFERED, "is the inspection at nine free?", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (NOTHING, "inspeccion la semana que viene", "", "Mon Nov 23: 1) 8:00 AM"),
    (NOTHING, "inspeccion en dos semanas", "", "Fri Dec 4: 1) 8:00 AM"),
    (NOTHING, "cita para la próxima semana, inspeccion", "", "Mon Nov 23: 1) 8:00 AM"),
    (ONE, "una hora mas tarde por favor / si", "inspection Tue 24 10:00", "Moved"),
    (ONE, "una hora antes por favor / si", "inspection Tue 24 08:00", "Moved"),
    (ONE, "puede ser 2 horas antes? / si", TUE, ""),
    (ONE, "confirmo pero mejor una hora mas tarde / si", "inspection Tue 24 10:00", "Moved"),
    (ONE, "mejor dos dias despues por favor / si", "inspection Thu 26 09:00", "Moved"),
    (ONE, "cancelar mi cita y hacer otra el viernes 27 a las 9 / si / si", FRIDAY, "Booked"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].split(" / ")[0])
async def test_short_words(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize(
    "text",
    [
        "Is the treatment free?",
        "is the home inspection free of charge?",
        "is the follow up free",
        "what time are you there until",
    ],
)
async def test_what_a_service_costs_and_when_somebody_is_in_is_for_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (NOTHING, text, "", "That is one for a person."), tasks=("callback",))


@pytest.mark.parametrize(
    "text",
    [
        "avísenme una hora antes",
        "avisame 1 hora antes por favor",
        "me confirma 1 dia antes",
        "recordarme un dia antes por favor",
        "mándame un mensaje una hora antes",
        "ojala lleguen 2 horas antes de las 10",
        "voy a salir una hora después de comer",
    ],
)
async def test_so_long_before_or_after_something_else_moves_nothing(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, f"{text} / si", TUE, "person will help"), ("callback",))
