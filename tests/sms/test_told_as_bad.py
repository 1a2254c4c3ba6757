"""What a visit is about, told beside an answer, changes neither the answer nor the service."""

import time

import pytest

from app.sms import way_in
from tests.sms.conversing import phone
from tests.sms.scenes import ASKED, ASKED_NAME, NOTHING, OFFERED, ONE, TUE, WED, Row, hold, played, standing
from tests.sms.test_assent import texts

A_YES = texts(
    """
    yes the ants are really bad | yes, the ants are everywhere | yes ants are getting worse every day |
    yes ants are driving me nuts | yes there are ants all over | yes we have ants everywhere |
    Yes please. The ants are a nightmare, gate code 4455
    """
)
LISTED = "Tue Nov 24: 1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:00 AM Dana."
STILL = "Home inspection with Dana, Tue Nov 24 at 9:00 AM, for Jane Roe. Reply YES"
ROWS: tuple[Row, ...] = (
    (ASKED, "yes, the ants are in the kitchen", "", STILL),
    (ASKED, "yes the wasps are bad do those too", "", STILL),
    (ASKED, "yes the ants are bad, i want the ant treatment", TUE, "Ant treatment: Which day"),
    (ASKED, "yes ants instead", "", LISTED),
    (ASKED, "yes ants", "", LISTED),
    (ASKED, "yes, ant treatment", "", LISTED),
    (ASKED, "the ants are really bad", "", LISTED),
    (ASKED, "yes and the ants are bad too", TUE, "Ant treatment: Which day suits you?"),
    (OFFERED, "2, the ants are really bad", "", "Tue Nov 24 at 8:30 AM. What is your full name?"),
    (ASKED_NAME, "Jane Roe, the ants are really bad", "", STILL),
    (NOTHING, "the ants are really bad, tuesday at 9", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
)


@pytest.mark.parametrize("text", A_YES)
async def test_a_yes_stays_one_and_what_is_told_is_noted(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, ASKED, text)
        assert (await standing(customer), await customer.tasks()) == (TUE, []), heard
        [row] = await customer.talking.house.rows()
        assert "ants" in row.notes.lower()


async def test_told_beside_a_yes_to_a_move_it_goes_to_a_person(sqlite_url: str) -> None:
    row = ((*ONE, "move it to wednesday at 10"), "yes the ants are really bad", WED, "Moved: Home inspection")
    await hold(sqlite_url, row, ("callback",))


@pytest.mark.parametrize("row", ROWS, ids=[f"{len(row[0])} {row[1]}" for row in ROWS])
async def test_what_is_a_wish_is_one(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_what_is_asked_of_it_is_no_yes(sqlite_url: str) -> None:
    row = (ASKED, "yes, the ants are really bad, can you do that instead", "", "Reply YES to book it")
    await hold(sqlite_url, row, ("callback",))


@pytest.mark.parametrize("again", ["the ants are really ", "ants is a ", "we have ants ", "are very so ", "is bad "])
def test_no_text_is_costly_to_look_at(again: str) -> None:
    text = f"yes, {again * 60}"[: way_in.MAX_READ_CHARS]
    began = time.thread_time()
    way_in.without(text)
    assert time.thread_time() - began < 0.05
