"""What code can do, no person is called for: another time, where a visit is, who comes; and what is put right."""

import pytest

from app.sms.phrases import NO_HURRY, NO_OTHER, REST_AGAIN
from tests.sms.scenes import (
    ASKED,
    ASKED_TO_CANCEL,
    INSPECTION_AND_TREATMENT,
    NOTHING,
    OFFERED,
    ONE,
    TREATMENT,
    TUE,
    WED,
    Row,
    hold,
)

EARLIER, LATER = "1) 8:00 AM Lee 2) 8:30 AM Lee", "1) 9:30 AM Lee 2) 10:00 AM Lee"
AT_10 = "inspection Tue 24 10:00"

ASKS: tuple[Row, ...] = (
    *((ONE, text, TUE, EARLIER) for text in ("can you come earlier?", "anything earlier?")),
    *(
        (ONE, text, TUE, LATER)
        for text in ("could we do a bit later", "anything later that day?", "later?", "later please")
    ),
    (ONE, "can you come earlier? / 1 / yes", "inspection Tue 24 08:00", "Moved"),
    (ONE, "what time is my visit and can you come earlier", TUE, EARLIER),
    (ONE, "when is my appointment and can we move it to 10 / yes", AT_10, "Moved"),
    (ONE, "can't do 9, 10? / yes", AT_10, "Moved"),
    (ONE, "running late tuesday, can you come at 10 instead of 9? / yes", AT_10, "Moved"),
    *(
        (ONE, text, TUE, "You have: Home inspection with Dana, Tue Nov 24 at 9:00 AM, reference")
        for text in (
            "what time was it again",
            "did it go thru?",
            "what's the reference?",
            "tuesday still good?",
            "who is coming tuesday?",
            "are you still coming?",
        )
    ),
    (ASKED, "wrong name, it's Janet Roe / yes", f"{TUE} for Janet Roe", "Booked"),
    (ASKED, "let me check", "", NO_HURRY),
    (ASKED, "let me check with my wife / yes", TUE, "Booked"),
    (ASKED, "let me check / ok", "", "Reply YES"),
    (ASKED_TO_CANCEL, "give me a minute / ok", TUE, "Reply YES"),
    *((ASKED, text, "", "Home inspection with Dana") for text in ("is it with Lee?", "sure, but is it with Lee?")),
    (ONE, "is it still with Dana?", TUE, "You have: Home inspection with Dana"),
    (NOTHING, "is 8 possible?", "", "What is it for?"),
    (NOTHING, "????", "", "Hi, this is Acme"),
    (NOTHING, "u there?", "", "Hi, this is Acme"),
    *((ONE, text, TUE, "You have: Home inspection") for text in ("u there?", "inspection tuesday at 9")),
    (ONE, "see you later", TUE, ""),
    (ONE, "I'll let you know later", TUE, "You have"),
)
UNKNOWN = "This is Acme Pest Control. Cancel Home inspection with Dana, Tue Nov 24 at 9:00 AM?"
OF_OTHERS: tuple[Row, ...] = (
    *(
        (ONE, text, TUE, UNKNOWN)
        for text in (
            "cancel my appointment with the dentist",
            "cancel my appt with dr kim",
            "cancel my visit with my vet",
        )
    ),
    (ONE, "cancel my appt with dr kim / ok", TUE, "Reply YES"),
    (ONE, "cancel my appointment with the dentist / yes", "", "Cancelled"),
    *(
        (ONE, text, TUE, "Cancel Home inspection")
        for text in ("cancel my appointment with the inspection guy", "cancel my visit with the pest company")
    ),
)
TOLD: tuple[Row, ...] = (
    (ONE, "did someone cancel my appointment? / yes", TUE, "You have: Home inspection"),
    (ONE, "did someone cancel my appointment? / yes / yes", TUE, ""),
    (ONE, "move it / never mind / yes", TUE, "What is it for?"),
)
PUT_RIGHT: tuple[Row, ...] = (
    (OFFERED, "1 ++ sorry 2 / Jane Roe / yes", "inspection Tue 24 08:30", "Booked"),
    (OFFERED, "1 no 2 / Jane Roe / yes", "inspection Tue 24 08:30", "Booked"),
    (OFFERED, "1. no wait 2 / Jane Roe / yes", "inspection Tue 24 08:30", "Booked"),
    (INSPECTION_AND_TREATMENT, "cancel wednesday, no wait tuesday / yes", TREATMENT, "Cancelled"),
    (INSPECTION_AND_TREATMENT, "cancel tuesday, sorry I mean wednesday / yes", TUE, "Cancelled"),
    (INSPECTION_AND_TREATMENT, "cancel it / no, the other / yes", TREATMENT, "Cancelled"),
    (ASKED_TO_CANCEL, "no, the other", TUE, NO_OTHER),
    (ASKED, "yes no wait", "", "Reply YES"),
    (ASKED, "its Janet not Jane / yes", f"{TUE} for Janet Roe", "Booked"),
    (ONE, "anything sooner? / no thats fine leave it", TUE, "OK, I left your appointment as it is."),
    (ONE, "move it to thursday / no keep it", TUE, "OK, I left your appointment as it is."),
    (ASKED, "yes, no wait, monday", "", "Mon Nov 23: 1)"),
)
SEVERAL: tuple[Row, ...] = (
    *(
        (
            INSPECTION_AND_TREATMENT,
            f"{text} / 1 / yes / 1 / yes",
            "inspection Thu 26 13:00, treatment Thu 26 13:00",
            "Moved",
        )
        for text in ("move both to thursday afternoon", "can you move both from tues and wed to thursday afternoon")
    ),
    (
        NOTHING,
        "an inspection tuesday at 9, a follow up visit wednesday at 10 and another inspection for my mom monday at 2 "
        "/ Jane Roe / yes / yes / yes",
        "inspection Mon 23 14:00, inspection Tue 24 09:00, follow-up Wed 25 10:00",
        "Booked",
    ),
    (NOTHING, "two inspections please, tuesday at 9 and wednesday at 10 / Jane Roe / yes / yes", f"{TUE}, {WED}", ""),
    (NOTHING, "inspections for my 3 houses tuesday at 9", "", REST_AGAIN),
    (NOTHING, "inspection tuesday at 9, I have 2 dogs", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (NOTHING, "inspection tuesday at 9 and wednesday at 10", "", "Which day do you mean?"),
    (
        INSPECTION_AND_TREATMENT,
        "move tuesday to wednesday at 8 and wednesday to thursday at 9 / yes / 2 / yes",
        "inspection Wed 25 08:00, treatment Thu 26 09:00",
        "Moved",
    ),
    (
        INSPECTION_AND_TREATMENT,
        "move tuesday to wednesday at 8 and wednesday to thursday at 9 / yes / yes",
        f"inspection Wed 25 08:00, {TREATMENT}",
        "Which one?",
    ),
)


@pytest.mark.parametrize("row", ASKS, ids=lambda row: row[1])
async def test_nobody_is_called_for_what_code_can_do(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", PUT_RIGHT, ids=lambda row: row[1])
async def test_what_is_taken_back_does_not_count(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", SEVERAL, ids=lambda row: row[1])
async def test_of_several_none_is_dropped_unsaid(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", OF_OTHERS, ids=lambda row: row[1])
async def test_a_visit_with_somebody_else_is_asked_about_by_our_name(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", TOLD, ids=lambda row: row[1])
async def test_a_yes_to_what_is_booked_books_nothing_more(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ("the weather is nice / yes", "so a person will help"),
        ("the weather is nice / yes / yes", ""),
        ("we decided to go another direction / yes", "so a person will help"),
        ("bugs are gone so we're good / yes please", "so a person will help"),
        ("annulla / si", "so a person will help"),
    ],
)
async def test_a_yes_to_what_was_not_understood_is_for_a_person(texts: str, said: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, texts, TUE, said), ("callback",))
