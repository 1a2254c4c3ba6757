"""What is put right keeps what was right: another day the hour, another service the visit until it has its own."""

import pytest

from tests.sms.conversing import phone
from tests.sms.scenes import ASKED, ASKED_NAME, ONE, TREATMENT, TUE, WED, Row, hold, played, standing

TREATED = "treatment Tue 24 09:00"
ANOTHER_DAY_OR_SERVICE: tuple[Row, ...] = (
    (ASKED, "no, wednesday / yes", "inspection Wed 25 09:00", "Booked"),
    (ASKED, "sorry, i meant wednesday / yes", "inspection Wed 25 09:00", "Booked"),
    (ASKED, "no, not tuesday, wednesday / yes", "inspection Wed 25 09:00", "Booked"),
    (ASKED_NAME, "no, wednesday / Jane Roe / yes", "inspection Wed 25 09:00", "Booked"),
    (ONE, "no, wednesday / yes", "inspection Wed 25 09:00", "Moved"),
    (ONE, "move it to wednesday at 10 / no, thursday / yes", "inspection Thu 26 10:00", "Moved"),
    (ASKED, "no, wednesday at 10 / yes", WED, "Booked"),
    (ASKED, "wednesday", "", "Wed Nov 25: 1) 8:00 AM"),
    (ASKED, "no, wednesday morning", "", "Wed Nov 25: 1) 8:00 AM"),
    (ASKED, "no not tuesday. ant treatment", "", "Which day suits you?"),
    *(
        (ONE, f"{text} / yes / yes", TREATED, "Cancelled: Home inspection")
        for text in (
            "can i get the ant treatment instead if possible?",
            "could i have an ant treatment instead, thanks",
            "id like the ant treatment instead if thats ok",
            "is it possible to get the ant treatment instead?",
            "can i please get an ant treatment instead of it",
        )
    ),
    (
        ONE,
        "can i get the ant treatment instead on wednesday at 10? / yes / yes",
        TREATMENT,
        "Cancelled: Home inspection",
    ),
)
DECLINED_HOURS = (
    "no, not at nine. ant treatment",
    "not at 9, ant treatment",
    "ant treatment, but not at nine",
)


@pytest.mark.parametrize("text", DECLINED_HOURS)
async def test_another_service_is_not_asked_about_at_the_hour_that_is_turned_down(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        assert "Reply 1 to 3" in await played(customer, ASKED, text)


@pytest.mark.parametrize("row", ANOTHER_DAY_OR_SERVICE, ids=lambda row: row[1])
async def test_what_is_put_right_keeps_the_rest(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_a_condition_for_an_exchange_makes_it_none(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        await played(customer, ONE, "can i get the ant treatment instead if its cheaper / yes")
        assert TUE in await standing(customer)
