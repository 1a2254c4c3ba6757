"""Three wishes in one text, and two visits moved in one: each gets its own time, none is lost or becomes another."""

import pytest

from tests.sms.scenes import INSPECTION_AND_TREATMENT, ONE, TREATMENT, TUE, TWO_INSPECTIONS, Row, hold

BOTH = INSPECTION_AND_TREATMENT
ANTS_MOVED, FOLLOW_UP = "treatment Thu 26 10:00", "follow-up Tue 1 09:00"
BEFORE = f"{TUE}, {TREATMENT}"
ALL = "yes / yes / yes"
ROWS: tuple[Row, ...] = (
    (BOTH, "cancel inspection, move ants to thursday 10am / yes / yes", ANTS_MOVED, "Moved: Ant treatment"),
    *(
        (BOTH, f"{text} / {ALL}", f"{ANTS_MOVED}, {FOLLOW_UP}", "Reference")
        for text in (
            "cancel the inspection, move the ants to thursday at 10 and book a follow up dec 1 at 9",
            "cancel the inspection then move the ants to thursday at 10 then book a follow up dec 1 at 9",
        )
    ),
    *(
        (BOTH, f"{text} / {ALL}", f"{ANTS_MOVED}, {FOLLOW_UP}", said)
        for text, said in (
            ("move ants to thursday 10am, cancel the inspection and book a follow up dec 1 at 9", "Booked: Follow-up"),
            ("book a follow up dec 1 at 9, cancel the inspection, move ants to thursday at 10", "Moved: Ant treatment"),
        )
    ),
    (
        BOTH,
        "cancel tuesday, move wednesday to thursday at 10, book an inspection friday 27th at 9,"
        f" and a follow up dec 1 at 9 / yes / {ALL}",
        f"{ANTS_MOVED}, inspection Fri 27 09:00, {FOLLOW_UP}",
        "Booked: Follow-up",
    ),
    *(
        (BOTH, f"{text} / yes / yes", "inspection Thu 26 09:00, treatment Thu 26 14:00", "Moved: Ant treatment")
        for text in (
            "move inspection to thursday at 9 and ants to thursday at 2",
            "move inspection to thursday at 9, ants to thursday at 2",
            "move the inspection to thursday at 9 and also move the ants to thursday at 2",
        )
    ),
    *(
        (TWO_INSPECTIONS, f"{text} / yes / yes", "inspection Tue 24 11:00, inspection Wed 25 14:00", "Moved")
        for text in ("move the 9 to 11 and the 10 to 2", "move tuesday to 11 and wednesday to 2")
    ),
    (
        BOTH,
        "book a follow up dec 1 at 9, cancel the inspection, move ants to thursday at 10",
        BEFORE,
        "One at a time, please, so this first: Follow-up visit with Dana, Tue Dec 1",
    ),
    (ONE, "move it to wednesday, 9 to 11", TUE, "Wed Nov 25: 1) 9:00 AM"),
    (
        BOTH,
        "move the inspection to thursday at 9, i need ants to be gone by friday / yes",
        f"{TREATMENT}, inspection Thu 26 09:00",
        "",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].split(" / ")[0])
async def test_each_of_several_wishes(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
