"""Words that could be about a visit and are about something else, and a wish that is not lost beside what is told."""

import pytest

from tests.sms.scenes import NOTHING, ONE, TUE, Row, hold

NO_MOVE: tuple[Row, ...] = (
    (NOTHING, "we move friday and need an inspection before that", "", "1) "),
    (NOTHING, "my shift monday ends at 3, inspection after that please", "", "What is your full name?"),
    (NOTHING, "night shift today. inspection tomorrow?", "", "Which day do you mean?"),
    (NOTHING, "i have a night shift tuesday, can i book an inspection wednesday at 10", "", "Which day do you mean?"),
    (ONE, "i work a shift tuesday, my wife will let you in", TUE, "You have"),
    *(
        (ONE, f"{text} to thursday at 10 / yes", "inspection Thu 26 10:00", "Moved")
        for text in ("swap tuesday", "hi, shift tuesday", "can you push tuesday", "sorry but i have to change tuesday")
    ),
)


@pytest.mark.parametrize("row", NO_MOVE, ids=lambda row: row[1])
async def test_a_shift_or_a_move_on_some_day_is_no_move_of_a_visit(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)
