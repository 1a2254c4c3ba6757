"""A visit that is named to say when another one shall be, and two moved by so much: each keeps what is its own."""

import pytest

from tests.sms.scenes import (
    ASKED,
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

BOTH = f"{TUE}, {TREATMENT}"
NEXT_TO: tuple[Row, ...] = (
    *(
        (INSPECTION_AND_TREATMENT, text, BOTH, "Tue Nov 24: 1) 10:00 AM Lee")
        for text in (
            "move the ants so they're right after the inspection",
            "can you do the ant treatment right after my inspection?",
            "the treatment has to be after the inspection",
        )
    ),
    (INSPECTION_AND_TREATMENT, "move the ants to the same day as the inspection", BOTH, "Tue Nov 24: 1) 8:00 AM Lee"),
    (
        INSPECTION_AND_TREATMENT,
        "move the ants to the day after the inspection at 2 / yes",
        f"{TUE}, treatment Wed 25 14:00",
        "Moved: Ant treatment",
    ),
    (
        INSPECTION_AND_TREATMENT,
        "move the ants to the day before the inspection at 2 / yes",
        f"treatment Mon 23 14:00, {TUE}",
        "Moved: Ant treatment",
    ),
    (INSPECTION_AND_TREATMENT, "move the inspection to just before the ants", BOTH, "Wed Nov 25: 1) 8:00 AM Dana"),
    (INSPECTION_AND_TREATMENT, "push the inspection to thursday after the ants", BOTH, "Thu Nov 26: 1) 8:00 AM Dana"),
    (INSPECTION_AND_TREATMENT, "move it right after the inspection", BOTH, "Which one?"),
    (ONE, "book an ant treatment right after my inspection", TUE, "Tue Nov 24: 1) 10:00 AM Lee"),
    # Where it is the only one that is spoken of, it is what they speak of; and nothing is given up by it.
    (INSPECTION_AND_TREATMENT, "cancel the ants after the inspection / no", BOTH, ""),
    (TWO_INSPECTIONS, "book an ant treatment right after my inspection", f"{TUE}, {WED}", ""),
)
BY_SO_MUCH: tuple[Row, ...] = (
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes / yes", f"{first}, {second}", "Moved: Ant treatment")
        for text, first, second in (
            (
                "move the inspection 30 min later and the treatment an hour earlier",
                "inspection Tue 24 09:30",
                "treatment Wed 25 09:00",
            ),
            (
                "can you do inspection an hour later and ants an hour earlier?",
                "inspection Tue 24 10:00",
                "treatment Wed 25 09:00",
            ),
            (
                "move the inspection an hour later and the ants to friday 27 at 9",
                "inspection Tue 24 10:00",
                "treatment Fri 27 09:00",
            ),
        )
    ),
    *(
        (INSPECTION_AND_TREATMENT, f"{text} / yes / yes", "inspection Tue 1 09:00, treatment Wed 2 10:00", "Moved")
        for text in ("move everything a week", "push both a week", "move both a week later")
    ),
    *(
        (ONE, f"{text} / yes", "inspection Tue 1 09:00", "Moved")
        for text in ("move it by a week", "push a week", "can you move it a week please")
    ),
    (ONE, "can we move it a week earlier", TUE, ""),
    (ONE, "move it to a week from monday", TUE, "Nov 30"),
)
THE_DAY_AFTER: tuple[Row, ...] = (
    *(
        (ONE, f"{text} / yes", "inspection Wed 25 14:00", "Moved")
        for text in ("the day after at 2", "the following day at 2", "move it to the next day at 2")
    ),
    (ONE, "the day after in the afternoon / 1 / yes", "inspection Wed 25 13:00", "Moved"),
    (ONE, "move my appointment to thursday at 10 / the day after at 2 / yes", "inspection Fri 27 14:00", "Moved"),
    (ONE, "move my appointment to thursday / the day after at 2 / yes", "inspection Fri 27 14:00", "Moved"),
    (INSPECTION_AND_TREATMENT, "move the ants to the day after at 2 / yes", f"{TUE}, treatment Thu 26 14:00", "Moved"),
    (OFFERED, "the day after at 2 / Jane Roe / yes", "inspection Wed 25 14:00", "Booked"),
    (ASKED, "the day after at 2 / yes", "inspection Wed 25 14:00", "Booked"),
)


@pytest.mark.parametrize("row", [*NEXT_TO, *BY_SO_MUCH, *THE_DAY_AFTER], ids=lambda row: f"{len(row[0])}: {row[1]}")
async def test_each_visit_goes_where_its_own_words_say(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
