"""What is told beside a visit: notes for whoever comes, a change taken back, a visit booked meanwhile, other words."""

import pytest

from app.sms.phrases import HAVE_THAT, HOW, NOTED
from tests.booking.acme import CALLER, at
from tests.sms.conversing import phone
from tests.sms.scenes import ASKED, ASKED_TO_CANCEL, NOTHING, OFFERED, ONE, TUE, Row, hold, played, standing

TEXTS: tuple[Row, ...] = (
    (ONE, "move it to wednesday at 11 / yes / put it back / yes", TUE, "Moved: Home inspection"),
    (ASKED_TO_CANCEL, "yes / sorry I didn't mean that, put it back / yes", TUE, "Booked"),
    (ASKED_TO_CANCEL, "yes / put it back / no", "", "OK"),
    (ONE, "put it back", TUE, "You have"),
    (NOTHING, "START", "", HOW[:20]),
    (ASKED, "START / yes", TUE, "Booked"),
    (ASKED, "ja", TUE, "Booked"),
    (NOTHING, "inspección el martes a las 9", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (NOTHING, "inspection tuesday um 9 uhr", "", "Tue Nov 24 at 9:00 AM. What is your full name?"),
    (ONE, "annuler mon rendez-vous / yes", "", "Cancelled"),
    (NOTHING, "inspection, anything but friday / 1 / Jane Roe / yes", "inspection Mon 23 08:00", "Booked"),
    (OFFERED, "anything but tuesday", "", "Fri Nov 20: 1)"),
)
NOTES = (
    "12 Oak Street",
    "gate code is 4455",
    "the address is 12 Oak St, gate code 4411",
    "we have a dog in the yard",
    "the second floor",
    "2nd floor apt 3",
    "turn left at the second bridge",
    "call my wife at 512-555-0199",
)


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row[1])
async def test_it_is_understood(sqlite_url: str, row: Row) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", NOTES)
async def test_what_whoever_comes_has_to_know_goes_with_the_booking(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        assert (await played(customer, ASKED, text)).startswith(NOTED)
        await played(customer, (), "yes")

        assert [row.notes for row in await customer.talking.house.rows()] == [text]


@pytest.mark.parametrize(
    ("texts", "notes"),
    [
        ("inspection tuesday at 9, 4411 Maple Ave apt 3, Karen West / yes", "4411 Maple Ave apt 3"),
        ("ants by the back door / inspection tuesday at 9 / Karen West / yes", "ants by the back door"),
        (
            "inspection tuesday at 9 / dog in the yard, call me first. Karen West / yes",
            "dog in the yard, call me first",
        ),
        ("inspection tuesday at 9 / Karen West / yes, and tell him to knock", "tell him to knock"),
        (
            "inspection tuesday at 9 / Karen West / unit 7 / also the gate code is 44 / yes",
            "unit 7; the gate code is 44",
        ),
        ("inspection tuesday at 9 / Karen West karen@west.com / yes", "karen@west.com"),
        ("inspection tuesday at 9 / Karen West, call my cell 512-555-0177 / yes", "call my cell 512-555-0177"),
        ("inspection tuesday at 9 / Karen West / yes, call him at 512-555-0199 / yes", "call him at 512-555-0199"),
        ("inspection tuesday at 9 / Smith & Sons LLC / yes", ""),
        ("inspection tuesday at 9 / Karen West / no dogs but a cat / yes", "no dogs but a cat"),
        ("inspection tuesday / we have 2 dogs / 3 / Karen West / yes", "we have 2 dogs"),
        ("inspection tuesday at 9 / Bill Gates / yes", ""),
        ("inspection tuesday at 9, can my dog stay? / Karen West / yes", ""),
    ],
)
async def test_so_does_what_is_told_on_the_way_to_it(sqlite_url: str, texts: str, notes: str) -> None:
    async with phone(sqlite_url) as customer:
        assert "Booked" in await played(customer, (), texts)

        assert [row.notes for row in await customer.talking.house.rows()] == [notes]


async def test_a_visit_that_they_booked_meanwhile_by_phone_is_theirs(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        await played(customer, (), "inspection tuesday at 9 / Jane Roe")
        house = customer.talking.house
        slot = house.slot_ids.mint(house.business, "inspection", "dana", at("2026-11-24", "09:00"), house.clock.now())
        await customer.talking("book_appointment", caller=CALLER, call="1", slot_id=slot, customer_name="Jane Roe")

        assert HAVE_THAT in await played(customer, (), "yes")
        assert await standing(customer) == TUE
