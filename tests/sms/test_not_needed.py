"""What is not needed goes, and what is needed alone stays; who or when it shall not be is no visit."""

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
GOES: tuple[Row, ...] = (
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes / yes", TUE, "What is it for?")
        for text in (
            "i dont need the ant treatment, just the inspection",
            "I don't need the ant treatment anymore, only the inspection please",
            "dont want the ant treatment but only need the inspection",
            "i dont need the ant treatment, just the inspection tuesday at 9",
        )
    ),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes", TUE, "Cancelled: Ant treatment")
        for text in (
            "i dont need the ant treatment",
            "don't need the wednesday visit",
            "no longer need the pest guy / 2",
        )
    ),
    (TWO_INSPECTIONS, "i dont need the wednesday appointment / yes", TUE, "Cancelled"),
    (
        NOTHING,
        "i dont need the ant treatment, just the inspection tuesday at 9",
        "",
        "Tue Nov 24 at 9:00 AM. What is your full name?",
    ),
)
STAYS: tuple[Row, ...] = (
    *(
        (ONE, text, TUE, "You have: Home inspection")
        for text in (
            "i dont need the same guy",
            "I don't want the same guy as last time",
            "dont need the other guy to come along",
            "i do not want the old guy, send someone else please",
            "i dont need the new tech",
        )
    ),
    (ONE, "i dont need the full treatment, just an inspection", TUE, "Which day suits you?"),
    (ASKED, "i dont need the same tech, whoever is fine / yes", TUE, "Booked"),
    (OFFERED, "i dont want the same guy as last time", "", "1) 8:00 AM"),
    (OFFERED, "i dont want the morning appointment", "", "1) 8:00 AM"),
)
MOVED: tuple[Row, ...] = (
    (ONE, "i dont want the morning visit, can we do afternoon", TUE, "Tue Nov 24: 1) 1:00 PM"),
    (ONE, "i don't want the early appointment, got anything later that day?", TUE, "Tue Nov 24: 1) 9:30 AM"),
    (ONE, "i dont want the tuesday appointment, can you do thursday at 9? / yes", "inspection Thu 26 09:00", "Moved"),
    (OFFERED, "i dont want the morning one, can we do afternoon", "", "Tue Nov 24: 1) 1:00 PM"),
    (INSPECTION_AND_TREATMENT, "i dont want the ant treatment wednesday, can we do thursday", BOTH, "Thu Nov 26: 1) "),
    (INSPECTION_AND_TREATMENT, "i dont need the ant treatment, can you cancel it / yes", TUE, "Cancelled: Ant"),
    (
        INSPECTION_AND_TREATMENT,
        "i dont need the ant treatment, can you come just for the inspection",
        BOTH,
        "Cancel Ant",
    ),
)


@pytest.mark.parametrize("row", [*GOES, *STAYS, *MOVED], ids=lambda row: row[1].split(" / ")[0])
async def test_what_is_not_needed(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
