"""Which of two visits is meant, and which are to stay: never the wrong one, and asked where it is not plain."""

import pytest

from tests.sms.scenes import INSPECTION_AND_TREATMENT, ONE, TREATMENT, TUE, TWO_INSPECTIONS, WED, Row, hold

BOTH, ALIKE = f"{TUE}, {TREATMENT}", f"{TUE}, {WED}"
NO_OTHER, WHICH = "I find no other upcoming appointment", "Which one?"

STAYS: tuple[Row, ...] = (
    (INSPECTION_AND_TREATMENT, "cancel everything except wednesday / yes", TREATMENT, "Cancelled: Home inspection"),
    (TWO_INSPECTIONS, "cancel all but tuesday / yes", TUE, "Wed Nov 25"),
    (TWO_INSPECTIONS, "cancel all except the tuesday one / yes / yes", TUE, ""),
    (INSPECTION_AND_TREATMENT, "~1d / cancel everything but tuesday / yes / yes", TUE, ""),
    (INSPECTION_AND_TREATMENT, "keep tuesday, cancel the rest / yes / yes", TUE, ""),
    (TWO_INSPECTIONS, "cancel the other one, not tuesday / yes", TUE, ""),
    (INSPECTION_AND_TREATMENT, "keep the first one, cancel the other / yes", TUE, ""),
    (INSPECTION_AND_TREATMENT, "keep the 9 am one and cancel the rest / yes", TUE, ""),
    (INSPECTION_AND_TREATMENT, "cancel all my appointments except tuesday's / yes", TUE, ""),
    (INSPECTION_AND_TREATMENT, "don't cancel wednesday, cancel tuesday / yes", TREATMENT, ""),
    (TWO_INSPECTIONS, "don't cancel wednesday, cancel tuesday / yes", WED, ""),
    (TWO_INSPECTIONS, "keep wednesday cancel tuesday / yes", WED, ""),
    (INSPECTION_AND_TREATMENT, "cancel all but tuesday and wednesday / yes", BOTH, ""),
    (INSPECTION_AND_TREATMENT, "I don't want the inspection any more, cancel it / yes", TREATMENT, ""),
    (ONE, "cancel all but tuesday", TUE, NO_OTHER),
    (ONE, "cancel everything except tuesday / yes", TUE, ""),
    # What was read before is read as before.
    (INSPECTION_AND_TREATMENT, "cancel all but the treatment / yes", TREATMENT, ""),
    (INSPECTION_AND_TREATMENT, "cancel everything / yes / yes", "", ""),
    (TWO_INSPECTIONS, "cancel the other one / yes", WED, ""),
    (TWO_INSPECTIONS, "cancel wednesday, not tuesday / yes", TUE, ""),
    (ONE, "can't do tuesday, cancel it / yes", "", ""),
    (ONE, "don't cancel my appointment", TUE, "You have"),
    (ONE, "please don't cancel, I never wanted to cancel", TUE, "You have"),
)

MOVED: tuple[Row, ...] = (
    (TWO_INSPECTIONS, "move the first one to thursday at 9 / yes", f"{WED}, inspection Thu 26 09:00", "Moved"),
    (TWO_INSPECTIONS, "move the second to thursday at 9 / yes", f"{TUE}, inspection Thu 26 09:00", "Moved"),
    (TWO_INSPECTIONS, "cancel the earlier one / yes", WED, "Cancelled"),
    (TWO_INSPECTIONS, "cancel my 10 o'clock / yes", TUE, "Cancelled"),
    (TWO_INSPECTIONS, "cancel my 3 o'clock", ALIKE, WHICH),
    (TWO_INSPECTIONS, "move tuesday to wednesday at 11 / yes", f"{WED}, inspection Wed 25 11:00", "Moved"),
    (TWO_INSPECTIONS, "move friday to monday", ALIKE, WHICH),
    (TWO_INSPECTIONS, "move my inspection to thursday at 9", ALIKE, WHICH),
    (
        INSPECTION_AND_TREATMENT,
        "move my inspection to thursday at 9 / yes",
        f"{TREATMENT}, inspection Thu 26 09:00",
        "",
    ),
    (
        INSPECTION_AND_TREATMENT,
        "move everything but the inspection to thursday at 9 / yes",
        f"{TUE}, treatment Thu 26 09:00",
        "Moved",
    ),
    (INSPECTION_AND_TREATMENT, "cancel all but the inspection on friday / yes", TUE, "Cancelled: Ant treatment"),
    (TWO_INSPECTIONS, "move it to thursday at 9 / yes", f"{TUE}, inspection Thu 26 09:00", "Moved"),
    (TWO_INSPECTIONS, "can we do thursday at 9 instead / yes", f"{TUE}, inspection Thu 26 09:00", "Moved"),
    (TWO_INSPECTIONS, "~1d / can we do thursday at 9 instead", ALIKE, WHICH),
    (ONE, "~1d / can we do thursday at 9 instead / yes", "inspection Thu 26 09:00", "Moved"),
)

INSPECTION, ANTS = "Cancel Home inspection with Dana, Tue", "Cancel Ant treatment with Lee, Wed"
WITH_WHOM: tuple[Row, ...] = (
    (INSPECTION_AND_TREATMENT, "i spoke with lee, cancel the inspection", BOTH, INSPECTION),
    (INSPECTION_AND_TREATMENT, "please cancel the tuesday appointment, i'm happy with lee", BOTH, INSPECTION),
    (INSPECTION_AND_TREATMENT, "cancel wednesday, i talked with dana already", BOTH, ANTS),
    (INSPECTION_AND_TREATMENT, "i checked with dana and i need to cancel the ants", BOTH, ANTS),
    (INSPECTION_AND_TREATMENT, "cancel the tuesday appointment with lee", BOTH, WHICH),
    (INSPECTION_AND_TREATMENT, "cancel the one with lee", BOTH, ANTS),
    (INSPECTION_AND_TREATMENT, "cancel my appointment / with lee", BOTH, ANTS),
    (TWO_INSPECTIONS, "cancel the inspection with lee", ALIKE, "Cancel Home inspection with Lee, Wed"),
    (TWO_INSPECTIONS, "cancel the inspection, i spoke with lee", ALIKE, WHICH),
    (
        INSPECTION_AND_TREATMENT,
        "move my appointment with dana to thursday at 10",
        BOTH,
        "Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Thu Nov 26 at 10",
    ),
    (
        INSPECTION_AND_TREATMENT,
        "move the inspection to thursday at 10, an appointment with lee please",
        BOTH,
        "Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Thu Nov 26 at 10",
    ),
    (
        INSPECTION_AND_TREATMENT,
        "move tuesday's to thursday at 10, ideally the appointment with lee",
        BOTH,
        "Tue Nov 24 at 9:00 AM to: Home inspection with Lee, Thu Nov 26 at 10",
    ),
)


@pytest.mark.parametrize("row", WITH_WHOM, ids=lambda row: row[1])
async def test_who_is_named_beside_it_names_no_visit_against_day_and_service(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", MOVED, ids=lambda row: row[1])
async def test_the_one_that_is_named_is_meant(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", STAYS, ids=lambda row: row[1])
async def test_what_is_named_to_stay_stays(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)
