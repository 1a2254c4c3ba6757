"""A visit that stands, spoken of by its service: no other one is begun, and what no tool can do a person reads."""

import pytest

from tests.sms.scenes import INSPECTION_AND_TREATMENT, NOTHING, ONE, TREATMENT, TUE, Row, hold

TOLD = (
    "the inspection is for my daughter",
    "inspection is for a house I am buying",
    "not gonna make the inspection",
    "no inspection needed",
    "about the inspection",
    "my husband sold the house so the inspection is off",
)
ASKED = (
    "is it ok if I watch the inspection",
    "do I have to be home for the inspection",
    "can I drop the inspection report off?",
    "what about the inspection",
)
A_DAY_LATER = ("~1d / the inspection is for my daughter", "~1d / do I have to be home for the inspection")
WISHED: tuple[Row, ...] = (
    *(
        (ONE, text, TUE, "Which day suits you?")
        for text in (
            "I need an inspection",
            "an inspection please",
            "another inspection",
            "inspection for my mom",
            "how about an inspection",
            "can I get an ant treatment",
            "I also have ants",
        )
    ),
    (ONE, "inspection wednesday at 10", TUE, "Move your visit"),
    (ONE, "is the inspection with dana", TUE, "You have: Home inspection"),
    (INSPECTION_AND_TREATMENT, "is the inspection today?", f"{TUE}, {TREATMENT}", "You have: Home inspection"),
    (NOTHING, "the inspection is for my daughter", "", "Which day suits you?"),
)


@pytest.mark.parametrize("text", [*TOLD, *ASKED, *A_DAY_LATER])
async def test_what_is_said_of_a_visit_that_stands_is_for_a_person(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, text, TUE, "person"), ("callback",))


@pytest.mark.parametrize("row", WISHED, ids=lambda row: row[1])
async def test_what_asks_for_one_is_a_wish(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)
