"""A move in few words: the hour and the part of the day are kept, where it is now is no goal, and the goal is asked."""

import pytest

from tests.sms.scenes import ASKED, NOTHING, ONE, TUE, TWO_INSPECTIONS, WED, Row, hold

AT_10, AT_11 = "inspection Tue 24 10:00", "inspection Tue 24 11:00"
AT_1PM = "inspection Tue 24 13:00"
ALREADY = "That is the time you have. Which day suits you?"

OTHER_HOUR: tuple[Row, ...] = (
    *(
        (ASKED, f"{text} / yes", AT_10, "Booked")
        for text in ("move it to 10", "change to 10", "make it 10", "10 instead")
    ),
    *(
        (ONE, f"{text} / yes", AT_11, "Moved")
        for text in (
            "move to 11",
            "change it to 11",
            "change the time to 11",
            "make it 11",
            "11 instead",
            "11 would be better",
            "is 11 possible?",
            "how about 11",
            "can we do tuesday 11 instead",
            "can you move my appointment to 11 please",
            "move my tuesday appointment to 11",
            "change tuesday to 11",
            "push tuesday back to 11 please",
        )
    ),
    *(
        (ONE, f"{text} / 1 / yes", AT_1PM, "Moved")
        for text in ("tuesday afternoon would be better", "afternoon instead", "move it to the afternoon")
    ),
    (ONE, "switch my tuesday to the morning", TUE, "Tue Nov 24: 1) 8:00 AM"),
    (ONE, "move my tuesday 1 to 3 window to thursday", TUE, "Thu Nov 26: 1) 8:00 AM"),
    (ONE, "move tuesday to 10 december", TUE, "Thu Dec 10: 1) 8:00 AM"),
    (NOTHING, "inspection at 9 / tuesday / Jane Roe / yes", TUE, "Booked"),
    (NOTHING, "inspection at 9 / friday nov 27 / Jane Roe / yes", "inspection Fri 27 09:00", "Booked"),
    (NOTHING, "inspection tuesday at 9 / wednesday", "", "1) 8:00 AM"),
    # A number is one of a list where there is a list.
    (("inspection tuesday", "1", "Jane Roe"), "change it to 2 / yes", "inspection Tue 24 08:30", "Booked"),
    (ASKED, "can I move it? / yes", TUE, "Booked"),
    (ONE, "is one available?", TUE, ""),
)
FROM: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / yes", AT_11, "Moved")
        for text in (
            "can I move my 9 o'clock to 11",
            "move my 9 am appointment to 11",
            "move my 9am to 11am",
            "move it from 9 to 11",
            "move my appointment from 9am to 11am",
            "move my tuesday 9 o'clock to 11",
        )
    ),
    (TWO_INSPECTIONS, "can I move my 10 o'clock to 11 / yes", f"{TUE}, inspection Wed 25 11:00", "Moved"),
    (ONE, "move it to 9", TUE, ALREADY),
    (ONE, "move it to tuesday at 9", TUE, ALREADY),
    (ONE, "move it to tuesday at 9 with lee / yes", TUE, "Moved: Home inspection with Lee"),
    (ONE, "move it to wednesday from 9 to 11 / 1 / yes", "inspection Wed 25 09:00", "Moved"),
)
BY: tuple[Row, ...] = (
    *((ASKED, f"{text} / yes", TUE, "with Lee") for text in ("can I get lee instead", "what about lee?", "with Lee")),
    *((ONE, f"{text} / yes", TUE, "Moved: Home inspection with Lee") for text in ("can lee come?", "Lee instead")),
    (ONE, "can dana come at 11 / yes", AT_11, "Moved: Home inspection with Dana"),
    (ONE, "move it to 10 with lee / yes", AT_10, "with Lee"),
    (ONE, "can lee come wednesday at 10 / yes", WED, "with Lee"),
    (ASKED, "can dana come at 10 / 1", "", "with Dana"),
)
AGAIN: tuple[Row, ...] = tuple(
    (ASKED, f"{text} / {text} / yes", TUE, "Booked")
    for text in ("inspection tuesday at 9", "tuesday at 9", "inspection")
)


@pytest.mark.parametrize("row", OTHER_HOUR, ids=lambda row: row[1])
async def test_another_hour_is_taken_as_it_was_said(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", FROM, ids=lambda row: row[1])
async def test_where_a_visit_is_now_is_not_where_it_shall_go(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", BY, ids=lambda row: row[1])
async def test_who_is_named_comes(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", AGAIN, ids=lambda row: row[1])
async def test_what_is_asked_about_said_again_is_asked_again_and_nobody_is_called(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)
