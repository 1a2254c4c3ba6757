"""Words that could be about a visit and are about something else, and a wish that is not lost beside what is told."""

import pytest

from tests.sms.scenes import ASKED, INSPECTION_AND_TREATMENT, NOTHING, OFFERED, ONE, TREATMENT, TUE, Row, hold

NO_MOVE: tuple[Row, ...] = (
    (NOTHING, "we move friday and need an inspection before that", "", "1) "),
    (NOTHING, "my shift monday ends at 3, inspection after that please", "", "What is your full name?"),
    (NOTHING, "night shift today. inspection tomorrow?", "", "Which day do you mean?"),
    (NOTHING, "i have a night shift tuesday, can i book an inspection wednesday at 10", "", "Which day do you mean?"),
    (NOTHING, "we move home friday, can we get an inspection thursday", "", "Which day do you mean?"),
    (ONE, "should i move home stuff before the visit?", TUE, "What is it for?"),
    (ONE, "does it move ants out", TUE, "Which day suits you?"),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes", f"{TUE}, treatment Wed 25 14:00", "Moved: Ant treatment")
        for text in ("push ants at 2", "please move ant treatment to 2", "I want to move ants to wednesday at 2")
    ),
    (INSPECTION_AND_TREATMENT, "move ants", f"{TUE}, {TREATMENT}", "Moving Ant treatment"),
    (ONE, "i work a shift tuesday, my wife will let you in", TUE, "You have"),
    *(
        (ONE, f"{text} to thursday at 10 / yes", "inspection Thu 26 10:00", "Moved")
        for text in ("swap tuesday", "hi, shift tuesday", "can you push tuesday", "sorry but i have to change tuesday")
    ),
)


@pytest.mark.parametrize("row", NO_MOVE, ids=lambda row: row[1])
async def test_a_shift_or_a_move_on_some_day_is_no_move_of_a_visit(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", ["do i need to move ants traps before treatment", "do we need to move home first"])
async def test_what_has_to_be_moved_before_a_visit_is_for_a_person(sqlite_url: str, text: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "That is one for a person."), ("callback",))


OWN_CHANGED: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / yes", "", "Cancelled")
        for text in (
            "my wife has an appointment tuesday so i need to cancel",
            "my son has a dentist appt, need to cancel",
            "i want to cancel, my mom had an appointment that day",
            "my parents have the appointment, cancel mine",
        )
    ),
    *(
        (ONE, f"{text} / yes", "inspection Wed 25 10:00", "Moved")
        for text in (
            "my daughter has a doctor appointment then, can we move to wednesday at 10",
            "my boss has an appointment with me tuesday, please move it to wednesday at 10",
        )
    ),
)


@pytest.mark.parametrize("row", OWN_CHANGED, ids=lambda row: row[1])
async def test_the_appointment_of_a_relative_is_why_their_own_changes(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize(
    "text",
    [
        "my mother has an appointment on wednesday can you cancel it",
        "my mother has a wednesday appointment, i need to cancel it",
        "my mother has an inspection appointment, please move it to friday",
    ],
)
async def test_the_appointment_of_a_relative_is_for_a_person_where_it_shall_change(sqlite_url: str, text: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "That is one for a person."), ("callback",))


MEANWHILE: tuple[Row, ...] = (
    (ASKED, "and cancel the ants / yes", TUE, "Booked: Home inspection"),
    (ASKED, "cancel the inspection", "", "OK, nothing was booked"),
    (
        INSPECTION_AND_TREATMENT,
        "~6h / book a follow-up monday at 9 / cancel the ants / yes / yes",
        f"follow-up Mon 23 09:00, {TUE}",
        "Booked: Follow-up visit",
    ),
    (OFFERED, "la segunda semana de diciembre", "", "Tue Nov 24: 1) 8:00 AM"),
    (OFFERED, "la segunda", "", "Tue Nov 24 at 8:30 AM"),
)


@pytest.mark.parametrize("row", MEANWHILE, ids=lambda row: row[1])
async def test_what_is_on_its_way_stays_so(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)
