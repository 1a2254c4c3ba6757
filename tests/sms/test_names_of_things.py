"""What a business is made of is known by what people call it: services, who comes, and streets."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.booking.business import Service, Technician
from tests.booking.acme import HOURS
from tests.sms.conversing import phone
from tests.sms.scenes import (
    ASKED_NAME,
    INSPECTION_AND_TREATMENT,
    NOTHING,
    ONE,
    TREATMENT,
    TUE,
    Row,
    hold,
    played,
    standing,
)


def _business(services: Mapping[str, tuple[str, int]], people: Mapping[str, str]) -> dict[str, Any]:
    """Services by id, their names and minutes; those who come by id, their names."""
    offered = tuple(Service(key, name, minutes) for key, (name, minutes) in services.items())
    comes = (Technician(key, name, f"embedded:{key}", tuple(services), HOURS) for key, name in people.items())
    return {"services": offered, "technicians": tuple(comes)}


GARAGE = _business(
    {"oil": ("Oil change", 30), "brakes": ("Brake inspection", 60), "drive": ("Test drive", 30)},
    {"marco": "Marco", "will": "Will Price"},
)
CLINIC = _business(
    {"cleaning": ("Teeth cleaning", 60), "checkup": ("Check-up", 30), "shot": ("Flu shot", 30)},
    {"grace": "Dr. Grace May", "sam": "Sam"},
)
OIL = ("oil change tuesday at 9", "Jane Roe", "yes")
OIL_AND_DRIVE = (*OIL, "book a test drive wednesday at 10", "yes")
CLEANING_NAME = ("teeth cleaning tuesday at 9",)
CLEANING_TIMES = ("teeth cleaning tuesday",)
CLEANING = (*CLEANING_NAME, "Jane Roe", "yes")
CLEANING_AND_CHECK_UP = (*CLEANING, "book a check-up wednesday at 10", "yes")
AT_OIL, AT_DRIVE = "oil Tue 24 09:00", "drive Wed 25 10:00"
AT_CLEANING, AT_CHECK_UP = "cleaning Tue 24 09:00", "checkup Wed 25 10:00"

IN_GARAGE: tuple[Row, ...] = (
    (NOTHING, "oil change this tuesday 9am, Jane Roe / yes", AT_OIL, "Booked"),
    (NOTHING, "oil change the 24th at 9, Jane Roe / 1 / yes", AT_OIL, "Booked"),
    (NOTHING, "oil change 11/24 @ 0900 / Jane Roe / yes", AT_OIL, "Booked"),
    (OIL, "change my oil change to thursday at 10 / yes", "oil Thu 26 10:00", "Moved"),
    (OIL_AND_DRIVE, "drop the test drive / yes", AT_OIL, "Cancelled: Test drive"),
    (OIL_AND_DRIVE, "i dont want the test drive anymore / yes", AT_OIL, "Cancelled: Test drive"),
    (OIL_AND_DRIVE, "don't need the test drive, just the oil change / yes", AT_OIL, "Cancelled: Test drive"),
    (OIL, "cancel the brakes", AT_OIL, "You have: Oil change"),
    (OIL, "can Will do it instead / yes", AT_OIL, "Moved: Oil change with Will Price"),
    (OIL[:2], "with Will please / yes", AT_OIL, "with Will Price"),
)
IN_CLINIC: tuple[Row, ...] = (
    *(
        (CLEANING_AND_CHECK_UP, f"{text} / yes", AT_CLEANING, "Cancelled: Check-up")
        for text in ("cancel my check up", "cancel the checkup", "skip the check up", "i don't need the check up")
    ),
    (CLEANING_AND_CHECK_UP, "i dont need the cleaning any more / yes", AT_CHECK_UP, "Cancelled: Teeth cleaning"),
    (NOTHING, "teeth cleaning tuesday at 9 with Dr. May, Jane Roe / yes", AT_CLEANING, "with Dr. Grace May"),
    (CLEANING_TIMES, "dr may please / 3 / Jane Roe / yes", AT_CLEANING, "for Jane Roe"),
    (CLEANING_TIMES, "flu shot in may", "", "Saturday, May 1, 2027 is too far ahead"),
    (CLEANING, "can dr may see me at 10 / yes", "cleaning Tue 24 10:00", "with Dr. Grace May"),
    (CLEANING, "get me in at 10 with dr. may / yes", "cleaning Tue 24 10:00", "with Dr. Grace May"),
    (NOTHING, "Dr. Sam tuesday at 9 cleaning, Jane Roe / yes", AT_CLEANING, "with Sam"),
    (CLEANING_NAME, "with Sam please / Jane Roe / yes", AT_CLEANING, "with Sam"),
    (CLEANING_NAME, "can I have Sam / Jane Roe / yes", AT_CLEANING, "with Sam"),
    (CLEANING_NAME, "Sam Roe / yes", f"{AT_CLEANING} for Sam Roe", "with Dr. Grace May"),
    (CLEANING_NAME, "Grace May / yes", f"{AT_CLEANING} for Grace May", "with Dr. Grace May"),
    (CLEANING_NAME, "this is jane roe speaking / yes", AT_CLEANING, "for Jane Roe."),
)
AT_HOME: tuple[Row, ...] = (
    (ONE, "cancel the ants", TUE, "You have: Home inspection"),
    (ONE, "don't need the ants, just the inspection", TUE, "You have: Home inspection"),
    (INSPECTION_AND_TREATMENT, "don't need the ants, just the inspection / yes", TUE, "Cancelled: Ant treatment"),
    (INSPECTION_AND_TREATMENT, "when is the ant one?", f"{TUE}, {TREATMENT}", "You have: "),
    (ONE, "great thanks, what time again?", TUE, "You have: "),
    (ONE, "please remove the ants", TUE, "Which day suits you?"),
    *(
        (ASKED_NAME, f"Jane Roe{address} / yes", TUE, "Booked")
        for address in (", 5 Monday Lane", " 1200 Tuesday Street", ", 9 Friday Harbor Rd", ", 12 oak street")
    ),
    (NOTHING, "inspection at 9 Elm St tuesday at 9, Jane Roe / yes", TUE, "Booked"),
    (ONE, "cancel it / yes / ok thanks, have a nice tuesday", "", "You're welcome!"),
    (NOTHING, "inspection tuesday at 9 i will drive home for it / Jane Roe / yes", TUE, "Booked"),
)


async def _hold(url: str, business: dict[str, Any], row: Row) -> None:
    before, texts, visits, said = row
    async with phone(url, business) as customer:
        heard = await played(customer, before, texts)
        assert (await standing(customer), await customer.tasks()) == (visits, []), heard
        assert said in heard


@pytest.mark.parametrize("row", IN_GARAGE, ids=lambda row: row[1])
async def test_a_garage_is_understood(row: Row, sqlite_url: str) -> None:
    await _hold(sqlite_url, GARAGE, row)


@pytest.mark.parametrize("row", IN_CLINIC, ids=lambda row: row[1])
async def test_a_clinic_is_understood(row: Row, sqlite_url: str) -> None:
    await _hold(sqlite_url, CLINIC, row)


@pytest.mark.parametrize("row", AT_HOME, ids=lambda row: row[1])
async def test_what_is_not_theirs_and_where_they_live_is_understood(row: Row, sqlite_url: str) -> None:
    await hold(sqlite_url, row)


@pytest.mark.parametrize("text", ["chest pain what do i do", "my husband is unresponsive"])
async def test_who_is_in_danger_hears_whom_to_call(text: str, sqlite_url: str) -> None:
    await hold(sqlite_url, (NOTHING, text, "", "911"), ("callback",))
