"""Visits only spoken of beside a request, as good, expected or asked about, are not what it is about; which one is."""

import pytest

from tests.sms.scenes import (
    ASKED_NAME,
    INSPECTION_AND_TREATMENT,
    OFFERED,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
)

KEPT = "OK, I left your appointment as it is."
TWO_AT_ONCE = "Cancel Home inspection with Lee, Wed Nov 25 at 10:00 AM?"
CANCEL_ANTS = "Cancel Ant treatment with Lee, Wed Nov 25 at 10:00 AM?"
CANCELS_THE_TREATMENT = (
    "tuesday is fine but cancel wednesday",
    "please cancel wednesday, tuesday still works",
    "cancel wednesday. see you tuesday",
    "see you tuesday, please cancel wednesday",
    "cancel wednesday but can you confirm tuesday?",
    "do I have to be home tuesday? also cancel wednesday",
    "cancel my ant treatment, and is the inspection still on?",
    "cancel ants. inspection is still on right?",
    "cancel the ants, i still need the inspection",
    "cancel the ants and tell me when the inspection is",
    "just the inspection please, cancel the rest",
)
BOTH = f"{TUE}, {TREATMENT}"
OTHERS: tuple[Row, ...] = (
    (
        INSPECTION_AND_TREATMENT,
        "cancel tuesday and wednesday",
        BOTH,
        "One at a time, please, so this first: Cancel Home",
    ),
    (INSPECTION_AND_TREATMENT, "i can do tuesday but not wednesday / 1", BOTH, "Move your visit from Wed Nov 25"),
    (INSPECTION_AND_TREATMENT, "wednesday is better for the inspection, move it / 1", BOTH, "visit from Tue Nov 24"),
    (
        INSPECTION_AND_TREATMENT,
        "cancel the ants and move the inspection to wednesday at 10 / yes / yes",
        "inspection Wed 25 10:00",
        "Moved: Home inspection",
    ),
    (TWO_INSPECTIONS, "cancel the second one, the first is fine / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "first one is good, cancel the second / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "cancel the 10 oclock, 9 is ok / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "tuesday is fine, cancel / no", f"{TUE}, {WED}", "OK, I left your appointment"),
    (
        ONE,
        "tuesday is fine but cancel wednesday",
        TUE,
        "I find no visit then. You have: Home inspection with Dana, Tue",
    ),
    (ONE, "is my inspection still on? cancel it / yes", "", "Cancelled"),
)
WHICH_ONE: tuple[Row, ...] = (
    (TWO_INSPECTIONS, "cancel my appointment / the one with Lee / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "cancel my appt with Lee / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "move the one with dana to thursday / 1", f"{TUE}, {WED}", "Move your visit from Tue Nov 24"),
    (TWO_INSPECTIONS, "cancel my appointment / move 1 to thursday at 10", f"{TUE}, {WED}", "from Tue Nov 24"),
    (TWO_INSPECTIONS, "cancel my appointment / 1 and rebook it thursday at 10", f"{TUE}, {WED}", "from Tue Nov 24"),
    (
        INSPECTION_AND_TREATMENT,
        "cancel my appointment / 1 but move 2 to friday the 27th at 10",
        BOTH,
        "One at a time, please: text the rest again after this. Cancel Home inspection",
    ),
    (INSPECTION_AND_TREATMENT, "cancel the inspection / wait no the ants / yes", TUE, "Cancelled: Ant treatment"),
    (INSPECTION_AND_TREATMENT, "cancel the inspection / i meant the ants / yes", TUE, "Cancelled: Ant treatment"),
    (
        INSPECTION_AND_TREATMENT,
        "cancel the inspection / yes but keep the ants",
        TREATMENT,
        "Cancelled: Home inspection",
    ),
    (INSPECTION_AND_TREATMENT, "cancel the inspection / no keep the ants", BOTH, "OK, I left your appointment"),
    (INSPECTION_AND_TREATMENT, "cancel the inspection / not the inspection, the ants / yes", TUE, "Cancelled: Ant"),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / no, i still have ants", BOTH, KEPT),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / no keep it, ants are bad", BOTH, KEPT),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / no wait, ants came back", BOTH, KEPT),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / no i need the ants", BOTH, KEPT),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / yes not ants / yes", TREATMENT, "Cancelled: Home inspection"),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / yes, ants stay", BOTH, "Cancel Home inspection"),
    (INSPECTION_AND_TREATMENT, "cancel tuesday / yes, sorry, but i want the ants", BOTH, "Cancel Home inspection"),
    (ASKED_NAME, "do i have to", "", "That is one for a person."),
    (OFFERED, "la primera", "", "Tue Nov 24 at 8:00 AM."),
    (OFFERED, "the one with dana", "", "Tue Nov 24: 1) 8:00 AM Dana"),
)

BOTH_NUMBERS = (
    "1 and 2",
    "1 and 2 please",
    "1 and then 2",
    "1 then 2",
    "1 and the other one",
    "the first and the second",
    "the first one and the second one",
    "cancel 1 and 2",
)
LISTED: tuple[Row, ...] = (
    *((TWO_INSPECTIONS, f"cancel my appointment / {text} / yes", WED, TWO_AT_ONCE) for text in BOTH_NUMBERS),
    (TWO_INSPECTIONS, "cancel my appointment / 1 and 3", f"{TUE}, {WED}", "There is no 3. Cancel Home inspection"),
    (TWO_INSPECTIONS, "cancel my appointment / 1 and keep 2 / yes", WED, "Cancelled: Home inspection with Dana"),
    (TWO_INSPECTIONS, "cancel my appointment / 1 but not 2 / yes", WED, "Cancelled: Home inspection with Dana"),
    (TWO_INSPECTIONS, "cancel my appointment / the first but the second stays / yes", WED, "Cancelled: Home"),
    (TWO_INSPECTIONS, "cancel my appointment / 1 and thanks / yes", WED, "Cancelled: Home inspection with Dana"),
    (TWO_INSPECTIONS, "cancel my appointment / 1 and cancel 2", f"{TUE}, {WED}", "Which one? 1)"),
)


@pytest.mark.parametrize("row", LISTED, ids=lambda row: row[1])
async def test_no_number_of_several_is_dropped_unsaid(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", CANCELS_THE_TREATMENT)
async def test_only_what_is_given_up_is_asked_about(sqlite_url: str, text: str) -> None:
    await hold(sqlite_url, (INSPECTION_AND_TREATMENT, text, BOTH, CANCEL_ANTS))


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row[1])
async def test_what_stays_beside_it_and_what_does_not(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", WHICH_ONE, ids=lambda row: row[1])
async def test_the_one_that_is_meant_is_asked_about(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row, ("callback",) if "person" in row[3] else ())


@pytest.mark.parametrize(
    "text",
    ["my mother has an appointment on tuesday can you cancel it", "cancel it, my wife has the appointment on tuesday"],
)
async def test_the_visit_of_somebody_else_is_for_a_person(sqlite_url: str, text: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "That is one for a person."), ("callback",))
