"""A model's look at times is held to the day, the hour and the technician that the customer names."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.booking.acme import acme
from tests.sms.modelled import Texting, call, say, texting


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme()) as opened:
        yield opened


def look(date: str = "2026-11-24", **more: Any) -> Any:
    return call("check_availability", service="inspection", date=date, **more)


@pytest.mark.parametrize(
    ("said", "wanted", "told"),
    [
        ("Inspection on Tuesday at 3pm please", look(), "Tue Nov 24: 1) 3:00 PM Dana. Reply 1, or another day."),
        ("Inspection on Tuesday at 3pm please", look(part_of_day="morning"), "Tue Nov 24: 1) 3:00 PM Dana."),
        (
            "Inspection on Tuesday after 2",
            look(limit=6),
            "Tue Nov 24: 1) 2:00 PM Dana 2) 2:30 PM Dana 3) 3:00 PM Dana.",
        ),
        ("Inspection Tuesday at 9pm?", look(), "That time is not open. The nearest: Tue Nov 24: 1) "),
        ("Inspection on Tuesday please", look("2026-11-26"), "Tue Nov 24: 1) 8:00 AM Dana 2) 8:30 AM Dana"),
        ("Inspection on Tuesday please", call("check_availability", service="inspection"), "Tue Nov 24: 1) 8:00 AM"),
        ("Inspection on Dec 3", look("2026-11-24", date_to="2026-11-30"), "Thu Dec 3: 1) 8:00 AM"),
        ("Inspection Tuesday afternoon", look(part_of_day="morning"), "Tue Nov 24: 1) 1:00 PM"),
        ("Inspection Tuesday with Lee", look(technician="Dana"), "Tue Nov 24: 1) 8:00 AM Lee 2) 8:30 AM Lee"),
    ],
)
async def test_what_is_offered_is_what_was_asked_for(sms: Texting, said: str, wanted: Any, told: str) -> None:
    (offer,) = await sms.text(said, model=[wanted, say("ask_which_time")])
    assert offer.startswith(told)


async def test_the_time_that_was_asked_for_can_be_booked(sms: Texting) -> None:
    await sms.text("Inspection on Tuesday at 3pm please", model=[look(), say("ask_which_time")])
    about: dict[str, Any] = {"confidence": 0.9, "rests_on": ["the first"], "language": "en"}
    booked = call("book_appointment", slot_id="s1", customer_name="Ann Lee", **about)
    (told,) = await sms.text("the first. Ann Lee", model=[booked])
    assert "Tuesday, November 24 at 3:00 PM" in told


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("Inspection next week", "2026-11-25"),
        ("Inspection on Tuesday or Wednesday", "2026-11-25"),
        ("You came on Tuesday and the ants are back, an inspection please", "2026-11-25"),
        ("Inspection any time", "2026-11-25"),
    ],
)
async def test_a_day_that_they_leave_open_is_the_models_to_choose(sms: Texting, said: str, date: str) -> None:
    await sms.text(said, model=[look(date), say("ask_which_time")])
    ((_, asked, _),) = [each for each in sms.asked if each[0] == "check_availability"]
    assert asked["date"] == date


async def test_when_their_day_has_nothing_the_model_may_look_further(sms: Texting) -> None:
    looks = [look("2026-11-28"), look("2026-11-30"), say("ask_which_time")]
    told = await sms.text("Inspection on Saturday Nov 28", model=looks)
    assert told[-1].startswith("Mon Nov 30: 1) 8:00 AM")
