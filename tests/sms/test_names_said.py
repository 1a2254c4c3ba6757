"""The name that a visit is booked for: taken as it is said, without what stands around it."""

import pytest

from tests.sms.conversing import phone
from tests.sms.scenes import ASKED, ASKED_NAME, ONE, TUE, WED, Row, hold, played, standing

SAID = {
    "It's Jane Roe": "Jane Roe",
    "I'm Jane Roe": "Jane Roe",
    "I'm Will": "Will",
    "Will": "Will",
    "May": "May",
    "It's Will May, thanks": "Will May",
    "Jane Roe. Please ring the bell": "Jane Roe",
    "Jane R. Roe, please ring the bell": "Jane R. Roe",
    "Yes Jane Roe": "Jane Roe",
    "Sure, it's Jane": "Jane",
    "Ok it's Jane Roe thanks": "Jane Roe",
    "No Van Nguyen": "No Van Nguyen",
    "it's for my sister Ann Roe": "Ann Roe",
    "O'Neil": "O'Neil",
    "Sunday Okafor": "Sunday Okafor",
    "jane roe": "Jane Roe",
}
NO_NAME = ("yes", "Yes please", "No thanks", "ok", "sure", "correct", "No Thank You", "will do")


def called(name: str) -> str:
    return TUE if name == "Jane Roe" else f"{TUE} for {name}"


@pytest.mark.parametrize(("text", "name"), SAID.items(), ids=SAID)
async def test_a_name_is_taken_as_it_is_said(sqlite_url: str, text: str, name: str) -> None:
    await hold(sqlite_url, (ASKED_NAME, f"{text} / yes", called(name), "Booked"))


@pytest.mark.parametrize("text", NO_NAME)
async def test_what_is_no_name_is_none(sqlite_url: str, text: str) -> None:
    await hold(sqlite_url, (ASKED_NAME, f"{text} / Jane Roe / yes", TUE if text[0] not in "N" else "", ""))


async def test_a_name_that_no_text_can_hold_is_not_said_in_question_marks(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        asked = await played(customer, ASKED_NAME, "\u738b\u4f1f")
        booked = await played(customer, (), "yes")

        assert "Tue Nov 24 at 9:00 AM. Reply YES" in asked
        assert "Tue Nov 24 at 9:00 AM. Reference" in booked
        assert await standing(customer) == f"{TUE} for \u738b\u4f1f"


SECOND: tuple[Row, ...] = (
    (ASKED, "perfect, can you also do wed at 10 for my sister Ann Roe? / yes", f"{TUE}, {WED} for Ann Roe", "Ann Roe"),
    (ASKED, "yes and wed at 10 for my mother Mary Roe / yes", f"{TUE}, {WED} for Mary Roe", "Mary Roe"),
    (ONE, "book another inspection wednesday at 10 for Ann Roe / yes", f"{TUE}, {WED} for Ann Roe", "Ann Roe"),
    (ASKED, "yes and wed at 10 too / yes", f"{TUE}, {WED}", "Jane Roe"),
)


@pytest.mark.parametrize("row", SECOND, ids=lambda row: row[1])
async def test_a_second_visit_is_for_whom_it_is_said_to_be(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", [(ASKED, "actually Bob Roe / yes", called("Bob Roe"), "for Bob Roe")], ids=["instead"])
async def test_another_name_takes_the_place_of_the_first(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)
