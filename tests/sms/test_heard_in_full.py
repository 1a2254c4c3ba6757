"""Nothing that was said is asked again, taken for another wish, or left to a person without need."""

import pytest

from tests.sms.scenes import ASKED_NAME, INSPECTION_AND_TREATMENT, NOTHING, ONE, TREATMENT, TUE, Row, hold

THREE = (*INSPECTION_AND_TREATMENT, "book a follow-up friday at 1pm", "yes")
CANCELLED = (*ONE, "cancel my appointment", "yes")
AT_NINE_THIRTY = "inspection Tue 24 09:30"

ROWS: tuple[Row, ...] = (
    (THREE, "cancel the first and the last / yes / yes", TUE, "Cancelled: Ant treatment"),
    (THREE, "cancel the first and second / yes / yes", TREATMENT, "Cancelled: Home inspection"),
    (THREE, "cancel the follow up / yes", f"{TUE}, {TREATMENT}", "Cancelled: Follow-up"),
    (INSPECTION_AND_TREATMENT, "cancel the first or the last", f"{TUE}, {TREATMENT}", "Which one?"),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes / yes", "treatment Thu 26 10:00", "Moved: Ant treatment")
        for text in ("inspection: cancel, ants: thursday at 10", "inspection: cancel\nants: thursday at 10")
    ),
    (INSPECTION_AND_TREATMENT, "ants: cancel / yes", TUE, "Cancelled: Ant treatment"),
    (CANCELLED, "book again tuesday at 9 / yes", TUE, "Booked: Home inspection"),
    (CANCELLED, "can i get thursday at 9 / yes", "inspection Thu 26 09:00", "Booked: Home inspection"),
    (CANCELLED, "an ant treatment wednesday at 10 / yes", TREATMENT, "Booked: Ant treatment"),
    (CANCELLED, "book an appointment", "", "What is it for?"),
    (NOTHING, "inspection tuesday, 9 is too early / 1 / Jane Roe / yes", AT_NINE_THIRTY, "Booked"),
    *((ONE, f"{text} is too early / 1 / yes", AT_NINE_THIRTY, "Moved") for text in ("9", "Tuesday at 9")),
    (ONE, "10 is too late", TUE, "You have: Home inspection"),
    (ONE, "i want lee's phone number", TUE, "You have: Home inspection"),
    (ONE, "1 hour drive, can you come at 11 / yes", "inspection Tue 24 11:00", "Moved"),
    (ONE, "what do I have", TUE, "You have: Home inspection"),
    (ONE, "can he come earlier / 1 / yes", "inspection Tue 24 08:00", "Moved"),
    (ONE, "same again next month / 1 / yes", f"{TUE}, inspection Tue 1 08:00", "Booked"),
    (
        NOTHING,
        "inspection tuesday 9am for my mom Ann Roe and for me 9:30 / yes / Jane Roe / yes",
        f"{TUE} for Ann Roe, {AT_NINE_THIRTY}",
        "Booked",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
async def test_what_was_said_is_done(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_a_call_that_is_asked_for_in_french_is_no_name(sqlite_url: str) -> None:
    await hold(sqlite_url, (ASKED_NAME, "pouvez-vous m'appeler chez moi", "", "What is your full name?"), ("callback",))
