"""What customers text without stops, with slips and in one breath is read as what it asks, and nothing else is done."""

import pytest

from tests.sms.scenes import INSPECTION_AND_TREATMENT, ONE, TREATMENT, TUE, Row, hold

BOTH = INSPECTION_AND_TREATMENT
AT_BOTH = f"{TUE}, {TREATMENT}"

WITHOUT_STOP: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / yes", "", "Cancelled")
        for text in (
            "i'm sick cancel my appointment",
            "something came up please cancel my visit",
            "got called in to work cancel tuesday pls",
            "this is bullshit cancel it",
        )
    ),
    *(
        (ONE, text, TUE, "You have: Home inspection")
        for text in (
            "i thought you cancel my appointment",
            "we're excited so dont cancel my appointment",
            "i had to cancel my gym",
            "my wife says cancel it",
        )
    ),
)
ANOTHER_TIME: tuple[Row, ...] = (
    *(
        (BOTH, f"{text} / 1 / yes", f"{TREATMENT}, inspection Thu 26 08:00", "Moved: Home inspection")
        for text in (
            "my inspection should be thursday instead",
            "can the inspection be thursday instead?",
            "inspection on thursday instead",
            "i'd rather have the inspection on thursday",
            "can i have the inspection on thursday",
        )
    ),
    (BOTH, "can another inspection be on thursday / 1 / yes", f"{AT_BOTH}, inspection Thu 26 08:00", "Booked"),
    (BOTH, "can the follow up be on thursday / 1 / yes", f"{AT_BOTH}, follow-up Thu 26 08:00", "Booked: Follow-up"),
)


@pytest.mark.parametrize("row", [*WITHOUT_STOP, *ANOTHER_TIME], ids=lambda row: row[1].split(" / ")[0])
async def test_is_read_as_it_is_meant(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
