"""By what a visit is known that shall go: its weekday in a later week, the day that does not suit, its service."""

import pytest

from tests.sms.scenes import (
    INSPECTION_AND_TREATMENT,
    NOTHING,
    OFFERED,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
)

THREE = (*TWO_INSPECTIONS, "book an ant treatment monday nov 30 at 2pm", "yes")
THU = "inspection Thu 26 09:00"
EACH_ON_THURSDAY = "inspection Thu 26 08:00, treatment Thu 26 08:30"
THU_AT_9 = f"{THU}, {THU}"
ANTS = "treatment Mon 30 14:00"
ROWS: tuple[Row, ...] = (
    *(
        (THREE, f"{text} / yes", f"{TUE}, {WED}", "Cancelled: Ant treatment with Dana, Mon Nov 30")
        for text in ("cancel monday", "cancel the monday one", "cancel my monday visit", "cancel ants monday")
    ),
    (THREE, "move monday to tuesday at 3 / 1 / yes", f"{TUE}, treatment Tue 24 15:00, {WED}", "Moved: Ant treatment"),
    (THREE, "cancel monday nov 23", f"{TUE}, {WED}, {ANTS}", "I find no visit on Mon Nov 23. Which one?"),
    (ONE, "cancel monday", TUE, "I find no visit on Mon Nov 23."),
    (TWO_INSPECTIONS, "cant make it tuesday / yes", WED, "Cancelled"),
    (INSPECTION_AND_TREATMENT, "~3d / cant make it tmrw / yes", TREATMENT, "Cancelled: Home inspection"),
    (INSPECTION_AND_TREATMENT, "dont need the ant guy anymore, they're gone! / yes", TUE, "Cancelled: Ant treatment"),
    (INSPECTION_AND_TREATMENT, "push ants to 2 / yes", f"{TUE}, treatment Wed 25 14:00", "Moved: Ant treatment"),
    (INSPECTION_AND_TREATMENT, "push ants a week / yes", f"{TUE}, treatment Wed 2 10:00", "Moved: Ant treatment"),
    (INSPECTION_AND_TREATMENT, "move inspection to 10 / yes", f"inspection Tue 24 10:00, {TREATMENT}", "Moved: Home"),
    *(
        (TWO_INSPECTIONS, f"{text} / yes", f"{WED}, {THU}", "Moved: Home inspection")
        for text in (
            "cant make it tuesday, move it to thursday at 9",
            "cant make it tuesday can we do thursday at 9",
            "can't do tuesday, move it to thursday at 9",
            "move it to thursday at 9, cant make tuesday",
        )
    ),
    (TWO_INSPECTIONS, "cant make it friday, move it to thursday at 9 / yes", f"{TUE}, {THU}", "Moved: Home inspection"),
    (TWO_INSPECTIONS, "can't do wednesday, move tuesday to thursday at 9 / yes", f"{WED}, {THU}", "Moved"),
    (ONE, "cant make it wednesday, move it to thursday at 9 / yes", THU, "Moved"),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / 1 / yes / 2 / yes", EACH_ON_THURSDAY, "Moved: Ant treatment")
        for text in (
            "move tuesday and wednesday to thursday",
            "can you move the inspection and the ants to thursday please",
            "move my tuesday and my wednesday visit to thursday",
        )
    ),
    (TWO_INSPECTIONS, "move tuesday and wednesday to thursday at 9 / yes / yes", THU_AT_9, "Moved: Home inspection"),
    (INSPECTION_AND_TREATMENT, "move my appointment and switch to thursday", f"{TUE}, {TREATMENT}", "Thu Nov 26: 1)"),
    (TWO_INSPECTIONS, "move tuesday and wednesday to thursday and friday", f"{TUE}, {WED}", "Thu Nov 26: 1)"),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes / yes", "inspection Thu 26 09:00, treatment Thu 26 14:00", "Moved: ")
        for text in (
            "inspection to thursday at 9, ants to thursday at 2",
            "ants to thursday at 2 and inspection to thursday at 9",
        )
    ),
    (INSPECTION_AND_TREATMENT, "inspection to thursday at 9 / yes", f"{TREATMENT}, {THU}", "Moved: Home inspection"),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes", f"{TUE}, {TREATMENT}, {THU}", "Booked: Home inspection")
        for text in ("an inspection to thursday at 9", "inspection thursday at 9", "need inspection to thursday at 9")
    ),
    (ONE, "ants to thursday at 2 / yes", f"{TUE}, treatment Thu 26 14:00", "Booked: Ant treatment"),
    (NOTHING, "inspection to thursday at 9", "", "Thu Nov 26 at 9:00 AM. What is your full name?"),
    (ONE, "push it 2 days / yes", "inspection Thu 26 09:00", "Moved"),
    *(
        (THREE, f"{text} / yes / yes", ANTS, "Cancelled: Home inspection with Lee")
        for text in ("cancel both inspections", "cancel all my inspections", "cancel the inspections keep the ants")
    ),
    (THREE, "cancel both the inspections and the ants / yes / yes / yes", "", "Cancelled: Ant treatment"),
    *(
        (TWO_INSPECTIONS, f"{text} / yes", WED, "Cancelled: Home inspection with Dana")
        for text in ("drop the earlier one", "drop tuesday", "lose the tuesday one")
    ),
    (ONE, "can you drop by tuesday at 10", TUE, "Move your visit from Tue Nov 24 at 9:00 AM to:"),
    (ONE, "i dont want to lose tuesday", TUE, "You have: Home inspection"),
    (OFFERED, "1 and cancel 2", "", "Sorry, I did not get that. Tue Nov 24: 1) 8:00 AM"),
    (OFFERED, "hold on let me ask my husband / ok 2 / Jane Roe / yes", "inspection Tue 24 08:30", "Booked"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].split(" / ")[0])
async def test_the_visit_that_is_meant(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
