"""What stands beside a request, before it or behind it, changes neither what is asked for nor of which visit."""

import pytest

from tests.sms.scenes import ASKED_NAME, INSPECTION_AND_TREATMENT, NOTHING, ONE, TREATMENT, TUE, Row, hold

BOTH = INSPECTION_AND_TREATMENT
AT_BOTH = f"{TUE}, {TREATMENT}"

ROWS: tuple[Row, ...] = (
    *(
        (BOTH, f"{text}", AT_BOTH, "Moving Home inspection")
        for text in ("reschedule / oh the inspection one", "move the ants / no wait the inspection")
    ),
    (BOTH, "move the inspection / ants instead", AT_BOTH, "Moving Ant treatment"),
    *(
        (ONE, f"{text} / yes", "", "Cancelled")
        for text in (
            "can we skip the inspection",
            "you can forget the inspection",
            "so sorry but please skip the inspection",
            "well forget the inspection",
            "i'll skip tuesday",
            "ya no la necesito este martes",
            "he is sick cancel my appointment",
            "we sold the house cancel my appointment",
            "i am not going to be home tuesday cancel my appointment",
        )
    ),
    (BOTH, "cancel the ants, inspection only please / yes", TUE, "Cancelled: Ant treatment"),
    *(
        (ASKED_NAME, f"Jane Roe, {text} / yes", "inspection Tue 24 09:00", "with Lee")
        for text in ("I want Lee instead of Dana", "I'd rather have Lee if that's ok")
    ),
    *((ONE, f"{text} tuesday doesn't work", TUE, "day") for text in ("ugh", "hey guys", "my boss says")),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].split(" / ")[0])
async def test_is_done_and_nothing_else(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", ["por favor no llamar antes de las 8, llámeme a las 9"])
async def test_a_call_that_is_asked_for_beside_one_that_is_not_is_promised(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (NOTHING, text, "", "Someone will call you back"), ("callback",))
