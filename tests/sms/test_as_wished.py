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
        ("Hi, can someone come out Tuesday at 3pm for an inspection", look(), "Tue Nov 24: 1) 3:00 PM Dana."),
        ("I saw ants. I'd like to book an inspection for Dec 3", look(), "Thu Dec 3: 1) 8:00 AM"),
        ("mornings are bad but an inspection Tuesday afternoon works", look(), "Tue Nov 24: 1) 1:00 PM"),
        ("does tuesday at 3 work for an inspection?", look(), "Tue Nov 24: 1) 3:00 PM Dana."),
        ("kids come home at 4pm, inspection Tuesday please", look("2026-11-26"), "Tue Nov 24: 1) 8:00 AM"),
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
        ("My wedding is on Friday Dec 4, I need an inspection before that", "2026-12-02"),
        ("we're leaving on friday the 27th, need an inspection before", "2026-11-25"),
        ("we are away on friday, saturday, inspection please", "2026-11-25"),
        ("my wedding, dec 4, inspection before", "2026-12-02"),
        ("inspection, we leave for vacation on the 28th", "2026-11-25"),
        ("I move in on dec 1 and want an inspection first", "2026-11-25"),
        ("closing is dec 3, inspection needed", "2026-11-25"),
        ("I get paid on friday 27th so an inspection the week after", "2026-11-30"),
        ("saw ants on monday, need an inspection", "2026-11-25"),
        ("my neighbor had an inspection on monday, i want one too", "2026-11-25"),
        ("I got a letter dated nov 3, need an inspection", "2026-11-25"),
        ("my house was built in may, i want an inspection", "2026-11-25"),
        ("termites since june 1, inspection please", "2026-11-25"),
        ("an ant treatment tuesday and an inspection", "2026-11-25"),
        ("inspection wednesday, i work tuesdays", "2026-11-25"),
    ],
)
async def test_a_day_that_they_leave_open_is_the_models_to_choose(sms: Texting, said: str, date: str) -> None:
    await sms.text(said, model=[look(date), say("ask_which_time")])
    ((_, asked, _),) = [each for each in sms.asked if each[0] == "check_availability"]
    assert asked["date"] == date


@pytest.mark.parametrize(
    "said",
    [
        "mornings are bad, inspection on tuesday",
        "i'm not home in the morning. inspection tuesday?",
        "inspection tuesday, i work mornings",
        "inspection tuesday, kids come home at 9am so later",
        "inspection tuesday, wife leaves at 8",
    ],
)
async def test_an_hour_that_is_none_of_the_visit_leaves_the_look_as_it_is(sms: Texting, said: str) -> None:
    (offer,) = await sms.text(said, model=[look(part_of_day="afternoon"), say("ask_which_time")])
    assert offer.startswith("Tue Nov 24: 1) 1:00 PM Dana 2) 1:30 PM Dana 3) 2:00 PM")


async def test_when_their_day_has_nothing_the_model_may_look_further(sms: Texting) -> None:
    looks = [look("2026-11-28"), look("2026-11-30"), say("ask_which_time")]
    told = await sms.text("Inspection on Saturday Nov 28", model=looks)
    assert told[-1].startswith("Mon Nov 30: 1) 8:00 AM")


@pytest.mark.parametrize(("said", "who"), [("lee, inspection tuesday", "Dana"), ("an inspection with lee", "lee")])
async def test_a_technician_is_asked_for_or_is_the_models_to_choose(sms: Texting, said: str, who: str) -> None:
    await sms.text(said, model=[look(technician="Dana"), say("ask_which_time")])
    ((_, asked, _),) = [each for each in sms.asked if each[0] == "check_availability"]
    assert asked["technician"] == who


@pytest.mark.parametrize("said", ["i talked with lee today, inspection tuesday", "not with lee, inspection tuesday"])
async def test_a_technician_who_is_only_spoken_of_is_not_asked_for(sms: Texting, said: str) -> None:
    await sms.text(said, model=[look(technician="Dana"), say("ask_which_time")])
    ((_, asked, _),) = [each for each in sms.asked if each[0] == "check_availability"]
    assert asked["technician"] == "Dana"


NOT_OPEN = "That time is not open. The nearest:"


@pytest.mark.parametrize("turned", [False, True])
async def test_their_time_is_not_called_taken_where_it_is_offered(sms: Texting, turned: bool) -> None:
    looks = [look(), look(technician="Lee", part_of_day="morning")]
    looks = looks[::-1] if turned else looks
    (offer,) = await sms.text("Inspection on Tuesday at 3pm please", model=[*looks, say("ask_which_time")])
    assert "3:00 PM Dana" in offer
    assert NOT_OPEN not in offer


async def test_that_it_is_taken_is_said_of_each_service(sms: Texting) -> None:
    looks = [look(), call("check_availability", service="treatment", date="2026-11-24")]
    (offer,) = await sms.text("Inspection and ant treatment Tuesday at 9pm", model=[*looks, say("ask_which_time")])
    assert offer.startswith(f"Home inspection: {NOT_OPEN} 1) Tue Nov 24 at 3:00 PM")
    assert f"Ant treatment: {NOT_OPEN} 4) Tue Nov 24 at 2:30 PM" in offer


async def test_a_look_that_finds_nothing_new_says_nothing_of_the_others(sms: Texting) -> None:
    looks = [look(), look(part_of_day="afternoon", technician="Dana"), say("ask_which_time")]
    (offer,) = await sms.text("Inspection Tuesday at 3pm please", model=looks)
    assert offer.startswith("Tue Nov 24: 1) 3:00 PM Dana")
