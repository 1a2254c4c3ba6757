"""What customers add to an answer, and how they change their mind: nobody is asked twice for the same."""

from datetime import datetime

import pytest

from app.booking.business import Technician
from tests.booking.acme import CHICAGO, FOLLOW_UP
from tests.sms.conversing import phone
from tests.sms.scenes import (
    ASKED,
    ASKED_NAME,
    INSPECTION_AND_TREATMENT,
    NOTHING,
    ONE,
    TREATMENT,
    TUE,
    TWO_INSPECTIONS,
    WED,
    Row,
    hold,
    played,
    standing,
)

NINE_THIRTY = "inspection Tue 24 09:30"
FOR_MORE_THAN_ONE: tuple[Row, ...] = (
    (
        NOTHING,
        "inspection tuesday at 9 for my mom Ann Roe and for me Jane Roe 9:30 / yes / yes",
        f"{TUE} for Ann Roe, {NINE_THIRTY}",
        "Booked",
    ),
    (NOTHING, "inspection tuesday at 9 and for my husband before 10 please / 3 / Jane Roe / yes", TUE, "Booked"),
    (NOTHING, "inspection for both my cars tuesday at 9", "", "This is one visit; for another one text again"),
    (NOTHING, "inspection tuesday at 9 for me and my son", "", "This is one visit; for another one text again"),
    (NOTHING, "inspection for 2 cars tuesday at 9", "", "This is one visit; for another one text again"),
    (NOTHING, "inspection for 2 pm tuesday", "", "Tue Nov 24 at 2:00 PM. What is your full name?"),
)
AT_THAT_TIME = "treatment Tue 24 09:00"
ANOTHER_SERVICE: tuple[Row, ...] = (
    (ASKED, "make it an ant treatment instead / yes", AT_THAT_TIME, "Booked: Ant treatment"),
    *(
        (ONE, f"{text} / yes / yes", AT_THAT_TIME, "Cancelled: Home inspection")
        for text in (
            "make it an ant treatment instead",
            "change my inspection to an ant treatment",
            "switch me to an ant treatment",
            "change my tuesday appointment to an ant treatment",
            "change my 9 am to an ant treatment",
            "can I get the ant treatment instead of the inspection?",
            "i want the ant treatment, not the inspection",
        )
    ),
    (ONE, "switch it to ants wednesday at 10 / yes / no", f"{TUE}, {TREATMENT}", "I left your appointment as it is"),
    (
        ONE,
        "make it an ant treatment instead / no, a follow-up visit / yes / yes",
        "follow-up Tue 24 09:00",
        "Cancelled: Home inspection",
    ),
    (ONE, "make it an ant treatment instead / no, a home inspection / never mind / ok", TUE, ""),
    (ONE, "make it an ant treatment instead / never mind", TUE, "nothing was booked"),
    (ONE, "change my inspection to an ant treatment / no / forget it", TUE, "nothing was booked"),
    (ONE, "is it for the ants and not the spiders?", TUE, "Which day suits you?"),
    (ONE, "i asked for the ant treatment not an inspection / yes / yes", AT_THAT_TIME, "Cancelled: Home inspection"),
    (
        TWO_INSPECTIONS,
        "change the tuesday inspection to an ant treatment / yes / yes",
        f"{AT_THAT_TIME}, {WED}",
        "Cancelled: Home inspection with Dana, Tue Nov 24",
    ),
    (INSPECTION_AND_TREATMENT, "the ants at 2 instead", f"{TUE}, {TREATMENT}", "Move your visit from Wed Nov 25"),
)
UNDERSTOOD: tuple[Row, ...] = (
    (ASKED_NAME, "Jane ++ Roe / yes", TUE, "for Jane Roe"),
    (ASKED_NAME, "jane ++ roe ++ thanks / yes", TUE, "for Jane Roe"),
    (ASKED_NAME, "Jane ++ thanks / yes", f"{TUE} for Jane", "for Jane."),
    (ASKED_NAME, "Jane ++ Jane / yes", TUE + " for Jane", "for Jane."),
    (ONE, "did i book?", TUE, "You have: Home inspection"),
    (ONE, "switch me to Lee / yes", TUE, "Moved: Home inspection with Lee"),
    (ONE, "drop the inspection / yes", "", "Cancelled"),
    (("inspection",), "do you have a good tuesday time?", "", "Tue Nov 24: 1)"),
    (("inspection tuesday",), "1 is too early", "", "Tue Nov 24: 1) 9:30 AM"),
    (("inspection tuesday at 3",), "option 1 is too late", "", "8:00 AM"),
    (ASKED, "yes i'll text the gate code later", TUE, "Booked"),
    (ASKED, "yes, a bit later", "", "9:30 AM"),
    (("inspection",), "good friday", "", "Which day suits you?"),
    (NOTHING, "wrong number / ok", "", ""),
    (NOTHING, "who is this? you have the wrong number", "", "Reply STOP and this number gets no more texts"),
)
YES_WITH_A_DETAIL = (
    "yes, gate code 1234",
    "yes gate code is 1234 thanks",
    "yes we have a dog",
    "yes, 12 Oak Street",
    "sure, my number is 512-555-0188",
    "yes ++ the gate code is 1234",
)
NO_YES_YET = (
    "yes, gate code 1234, but can you come at 10",
    "yes but the address is wrong",
    "yes if the dog can stay inside",
    "yes and the other house's gate code is 1234",
    "ok, my mom will decide",
    "ok, waiting on the apartment manager",
    "ok, have to run it by the apartment manager",
    "ok need permission from my apartment complex",
    "yes provided the gate gets fixed",
    "yes as soon as i get the keys",
    "yes so long as the dog is crated",
    "yes subject to getting the keys",
    "yes. dog has to be out by ten",
    "k, my landlord will have to approve",
    "yes, let me ring my husband before you book",
    "ok, text me first",
    "ok. I will ring back",
    "ok, let her pick the time",
    "yes, park it for now",
    "yes, tell them to come sooner",
    "yes, have the tech come earlier",
    "ok, text me once you have something earlier",
    "yes, have the inspector be Lee",
    "yes, the gate code is with Lee",
    "yes, have the guy do the ant treatment",
    "yes i'll text the gate code but can it be later",
    "yes, i'll give you the address but i need it two hours later",
    "yes we can get the dog out but not until later",
    "ok i will give you the address and confirm later",
    "yes, it's for my mom's apartment under Ann Roe",
    "yes, my apartment is the customer name Ann Roe",
)
NOT_IN_ITS_PLACE = (
    "I want an ant treatment wednesday at 10, I'm not home tuesday",
    "book an ant treatment wednesday at 10 rather than 9",
    "keep my inspection and book an ant treatment wednesday at 10, not 9",
    "I need an ant treatment too, rather than just the inspection",
    "I need an ant treatment for the kitchen not the garage",
    "can you add an ant treatment wednesday at 10? not urgent",
    "I want an ant treatment, not tuesday",
    "I want an ant treatment and not sure when",
    "I do not have a gate code",
    "don't change my inspection to an ant treatment",
    "did you change my inspection to an ant treatment?",
    "will it cost more if I change my inspection to an ant treatment?",
    "Do I need an ant treatment instead of an inspection?",
    "my neighbor wanted the ant treatment rather than the inspection",
    "I may make it a treatment later, just keep the inspection",
    "change the address to 12 Ant Lane",
    "change the name to Ann Treatment",
    "can i change the time to before the ant treatment",
    "make it quick when you do the ants",
    "could you switch me over to Dana for the ant treatment",
)
ANOTHER_SERVICE_AT_NO_HOUR = (
    "ant treatment but later in the day",
    "ant treatment, another time",
    "not that one, ant treatment",
    "sorry i need an ant treatment at a different time",
    "no, that time is bad, and I need the ant treatment",
    "my neighbor had the ant treatment",
    "I have ants too",
    "is 2 ok for the ant treatment",
)


@pytest.mark.parametrize("text", YES_WITH_A_DETAIL)
async def test_what_is_told_beside_a_yes_goes_with_the_booking(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, ASKED, text)
        assert (await standing(customer), await customer.tasks()) == (TUE, []), heard
        [row] = await customer.talking.house.rows()
        assert "Booked" in heard
        assert any(word in row.notes for word in ("1234", "dog", "Oak", "0188")), row.notes


@pytest.mark.parametrize("text", NO_YES_YET)
async def test_a_yes_that_may_wish_for_something_else_books_nothing(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, ASKED, text)
        assert await standing(customer) == "", heard


@pytest.mark.parametrize("text", NOT_IN_ITS_PLACE)
async def test_a_visit_stays_where_nothing_is_to_take_its_place(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, ONE, f"{text} / yes / yes")
        assert TUE in await standing(customer), heard


@pytest.mark.parametrize("text", ANOTHER_SERVICE_AT_NO_HOUR)
async def test_another_service_keeps_no_hour_that_may_not_suit(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, ASKED, f"{text} / yes")
        assert await standing(customer) == "", heard


@pytest.mark.parametrize("row", FOR_MORE_THAN_ONE, ids=lambda row: row[1])
async def test_what_is_for_more_than_one_is_no_single_booking_under_one_name(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", ANOTHER_SERVICE, ids=lambda row: row[1])
async def test_another_service_is_booked_before_it_is_asked_whether_to_cancel_the_first(
    row: Row, sqlite_url: str
) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("row", UNDERSTOOD, ids=lambda row: row[1])
async def test_what_is_texted_in_short_is_understood(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


async def test_a_wrong_number_that_a_visit_is_under_is_for_a_person(sqlite_url: str) -> None:
    await hold(sqlite_url, (ONE, "wrong number", TUE, "Someone will call you"), ("callback",))


async def test_a_number_that_is_not_the_wrong_one_is_no_wrong_number(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        assert "STOP" not in await played(customer, NOTHING, "it's not the wrong number")


BACK, ALWAYS = datetime(2026, 10, 30, 15, tzinfo=CHICAGO).timestamp(), (((0, 1440),),) * 7
OPEN_AT_NIGHT = {
    "hours": ALWAYS,
    "services": (FOLLOW_UP,),
    "technicians": (Technician("kit", "Kit", "embedded:kit", ("follow-up",), ALWAYS),),
}
AT_NIGHT = (
    ("sunday at 1:30 am / 2 / Jane Roe / yes", "follow-up Sun 1 01:30", "1:30 AM (after the clocks go back)"),
    ("sunday at 1:30 am", "", "1) 1:30 AM (before the clocks go back) 2) 1:30 AM (after the clocks go back)"),
    ("sunday at 1:30 am / after the clocks go back / Jane Roe / yes", "follow-up Sun 1 01:30", "(after the clocks go"),
    (
        "sunday at 1:30 am / 1:30 AM (before the clocks go back) / Jane Roe / yes",
        "follow-up Sun 1 01:30",
        "(before the",
    ),
    ("sunday at 1:30 am / the one before pls / Jane Roe / yes", "follow-up Sun 1 01:30", "(before the clocks"),
    ("sunday at 1:30 am / not the one before", "", "Which other day"),
    ("sunday at 3 am / Jane Roe / yes", "follow-up Sun 1 03:00", "at 3:00 AM, for"),
    ("tonight at midnight / Jane Roe / yes", "follow-up Sat 31 00:00", "Sat Oct 31 at 12:00 AM"),
    ("saturday night at 12 / Jane Roe / yes", "follow-up Sun 1 00:00", "Sun Nov 1 at 12:00 AM"),
    ("tonight at 8 / Jane Roe / yes / am i on for today?", "follow-up Fri 30 20:00", "You have: "),
)


@pytest.mark.parametrize(("texts", "visits", "said"), AT_NIGHT, ids=lambda each: each)
async def test_an_hour_of_the_night_is_the_one_that_is_meant(
    texts: str, visits: str, said: str, sqlite_url: str
) -> None:
    async with phone(sqlite_url, OPEN_AT_NIGHT) as customer:
        customer.clock.advance(BACK - customer.clock.now())
        heard = await played(customer, (), texts)
        assert await standing(customer) == visits, heard
        assert said in heard
