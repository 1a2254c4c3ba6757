"""A weekday alone, while a later week is spoken of: which of the two is meant is asked, never guessed."""

import pytest

from tests.sms.scenes import NOTHING, ONE, TUE, Row, hold

FAR = ("inspection dec 8 at 9", "Jane Roe", "yes")
FAR_ONE = "inspection Tue 8 09:00"
ROWS: tuple[Row, ...] = (
    (NOTHING, "inspection dec 7 / thursday", "", "Which day do you mean? 1) Thu Nov 26 2) Thu Dec 10."),
    (NOTHING, "inspection dec 7 / thursday at 10 / 2", "", "Thu Dec 10 at 10:00 AM. What is your full name?"),
    (NOTHING, "inspection dec 7 at 9 / make it tuesday", "", "1) Tue Nov 24 2) Tue Dec 8"),
    (NOTHING, "inspection in december / thursday", "", "1) Thu Nov 26 2) Thu Dec 3"),
    (NOTHING, "inspection next week / friday / 2", "", "Fri Nov 27: 1) 8:00 AM"),
    (NOTHING, "inspection dec 7 / this thursday", "", "Thu Nov 26: 1)"),
    (NOTHING, "inspection next week / tuesday", "", "Tue Nov 24: 1)"),
    (NOTHING, "inspection tuesday / monday", "", "Mon Nov 23: 1)"),
    (ONE, "~3d / not tomorrow please, next week / tuesday", TUE, "1) Tue Nov 24 2) Tue Dec 1"),
    (FAR, "can we do thursday instead / 2 / 1 / yes", "inspection Thu 10 08:00", "Moved: Home inspection"),
    (FAR, "move it to thursday at 10 / 1", FAR_ONE, "with Lee, Thu Nov 26 at 10:00 AM? Reply YES"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
async def test_which_week_is_asked_back(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)
