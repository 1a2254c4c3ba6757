"""Booking through the tool: said as booked only when it is, refused with other times, pending without a promise."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.calls.model import CallRef
from tests.booking.acme import CALLER, HOUR, NOW, SLOT_TTL_S, TUESDAY_9, acme, at
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.tools.talking import Agent, agent

TUESDAY = "2026-11-24"
BO = {"call": "c2", "caller": "+15125550177"}


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def ask(database_url: str, calendar: FakeCalendar) -> AsyncIterator[Agent]:
    async with agent(database_url, calendar) as talking:
        yield talking


def minted(ask: Agent, start: int = TUESDAY_9, who: str = "dana", service: str = "inspection") -> str:
    house = ask.house
    return house.slot_ids.mint(house.business, service, who, start, house.clock.now())


async def book(ask: Agent, slot_id: str, **arguments: Any) -> dict:
    return await ask("book_appointment", **({"slot_id": slot_id, "customer_name": "Ann Lee"} | arguments))


async def test_a_confirmed_booking_is_said_with_its_reference(ask: Agent) -> None:
    slot = await ask.first_slot(date=TUESDAY)
    answer = await book(ask, slot["slot_id"])
    assert answer["ok"] is True
    assert set(answer) == {"ok", "say", "outcome", "reference", "start", "end", "technician"}
    assert answer["outcome"] == "confirmed"
    assert (answer["start"], answer["end"], answer["technician"]) == (slot["start"], slot["end"], "dana")
    assert answer["say"] == (
        f"You're booked: Home inspection with Dana on Tuesday, November 24 at 8:00 AM. "
        f"Your reference is {' '.join(answer['reference'])}."
    )
    assert (await ask.house.row()).reference == answer["reference"]


async def test_what_the_caller_says_about_themselves_is_kept(ask: Agent, calendar: FakeCalendar) -> None:
    answer = await book(
        ask,
        minted(ask),
        customer_name=" Ann\x00\n Lee ",
        phone=5125550177,
        email="ann at example dot com",
        address="1 Elm Street",
        notes="Dog\nGate 12",
    )
    assert answer["ok"] is True
    row = await ask.house.row()
    assert (row.customer_name, row.phone, row.caller) == ("Ann Lee", "+15125550177", CALLER)
    assert (row.email, row.address, row.notes) == ("ann@example.com", "1 Elm Street", "Dog\nGate 12")
    assert calendar.ours("dana")[0].summary == "Home inspection: Ann Lee"


@pytest.mark.parametrize("heard", ["555-0177", "five one two, then I forget"])
async def test_a_number_that_reaches_nobody_is_kept_as_it_was_heard(ask: Agent, heard: str) -> None:
    await book(ask, minted(ask), phone=heard, notes="Dog")
    row = await ask.house.row()
    assert (row.phone, row.notes) == (CALLER, f"Dog\nPhone as heard: {heard}")


async def test_without_a_phone_it_is_the_number_they_call_from(ask: Agent) -> None:
    await book(ask, minted(ask), phone="this one", email="no idea")
    row = await ask.house.row()
    assert (row.phone, row.email, row.notes) == (CALLER, "", "E-mail as heard: no idea")


async def test_a_taken_slot_is_refused_with_other_times_that_can_be_booked(ask: Agent) -> None:
    await book(ask, minted(ask))
    answer = await ask("book_appointment", **BO, slot_id=minted(ask), customer_name="Bo Ray")
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "slot_taken", "refused")
    assert set(answer) == {"ok", "code", "say", "outcome", "start", "end", "technician", "slots"}
    assert len(answer["slots"]) == 3
    assert "nothing was booked" in answer["say"]
    offered = "For Home inspection with Lee I can offer Tuesday, November 24 at 8:30 AM, 9:00 AM or 9:30 AM."
    assert offered in answer["say"], "the very time is free with somebody else, so it is said with whom"
    again = await ask("book_appointment", **BO, slot_id=answer["slots"][0]["slot_id"], customer_name="Bo Ray")
    assert again["outcome"] == "confirmed"


@pytest.mark.parametrize("gone", ["taken", "expired"])
async def test_the_other_times_are_those_nearest_to_the_one_wanted(ask: Agent, gone: str) -> None:
    wanted = minted(ask, at(TUESDAY, "15:00"))
    if gone == "taken":
        await book(ask, wanted)
    else:
        ask.house.clock.advance(SLOT_TTL_S + 1)
    answer = await ask("book_appointment", call="c2", slot_id=wanted, customer_name="Bo Ray")
    assert answer["code"] == f"slot_{gone}"
    assert [slot["start"][8:16] for slot in answer["slots"]] == ["24T14:30", "24T15:00", "24T15:30"]
    assert {slot["technician"] for slot in answer["slots"]} == {"lee" if gone == "taken" else "dana"}


@pytest.mark.parametrize("unsure", [False, True])
async def test_who_calls_again_for_the_time_they_have_hears_that_it_is_theirs(
    ask: Agent, calendar: FakeCalendar, unsure: bool
) -> None:
    if unsure:
        calendar.script("book", scripted.DONE_BUT_UNKNOWN)
    booked = await book(ask, minted(ask))
    answer = await ask("book_appointment", call="c2", slot_id=minted(ask), customer_name="ann  LEE")
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "slot_taken", "refused")
    assert answer["say"].startswith("You have that time already: Home inspection with Dana on Tuesday, November 24")
    assert " ".join(booked["reference"]) in answer["say"]
    assert ("not confirmed by the calendar yet" in answer["say"]) is unsure
    assert (answer["reference"], answer["slots"]) == (booked["reference"], []), "another one would be a second visit"
    assert len(await ask.house.rows()) == 1


@pytest.mark.parametrize("service", ["inspection", "follow-up"])
async def test_what_is_only_in_the_way_of_another_visit_is_not_called_theirs(ask: Agent, service: str) -> None:
    await book(ask, minted(ask))
    wanted = minted(ask, TUESDAY_9 + HOUR, service=service)
    answer = await ask("book_appointment", call="c2", slot_id=wanted, customer_name="Ann Lee")
    assert answer["code"] == "slot_taken"
    assert answer["say"].startswith("I'm sorry, Dana is no longer free at that time")
    assert len(answer["slots"]) == 3


@pytest.mark.parametrize(
    ("call", "caller"), [("c1", CALLER), ("c1", None), ("c2", CALLER)], ids=["same call", "no number", "called again"]
)
@pytest.mark.parametrize(
    ("later", "service", "name"),
    [(HOUR // 2, "inspection", "Ann Lee"), (0, "follow-up", "Ann Lee"), (0, "inspection", "Anne Leigh")],
    ids=["later", "another service", "another spelling"],
)
async def test_who_wants_their_own_time_once_more_hears_that_they_have_it_and_not_that_it_is_taken(
    ask: Agent, call: str, caller: str | None, later: int, service: str, name: str
) -> None:
    first = await ask("book_appointment", caller=caller, slot_id=minted(ask), customer_name="Ann Lee")
    wanted = minted(ask, TUESDAY_9 + later, service=service)
    answer = await ask("book_appointment", call=call, caller=caller, slot_id=wanted, customer_name=name)
    assert (answer["code"], answer["outcome"]) == ("slot_taken", "refused")
    assert answer["say"].startswith(
        "You already have Home inspection with Dana on Tuesday, November 24 at 9:00 AM, "
        f"reference {' '.join(first['reference'])}. So nothing more was booked. For "
    )
    assert len(answer["slots"]) == 3, "it may be a visit besides"


@pytest.mark.parametrize(
    ("caller", "other", "surely"),
    [(CALLER, BO["caller"], False), (CALLER, BO["caller"], True), (CALLER, None, True), (None, BO["caller"], True)],
)
async def test_whose_time_it_is_hears_nobody_whose_call_only_bears_the_same_id(
    ask: Agent, caller: str | None, other: str | None, surely: bool
) -> None:
    first, second = [
        CallRef("elevenlabs", "conv_123", number, ask.house.business.lines[:1], surely=surely)
        for number in (caller, other)
    ]
    booked = await ask.ask(first, "book_appointment", slot_id=minted(ask), customer_name="Ann Lee")
    assert booked["outcome"] == "confirmed"
    answer = await ask.ask(second, "book_appointment", slot_id=minted(ask), customer_name="Bo Ray")
    assert answer["code"] == "slot_taken"
    assert answer["say"].startswith("I'm sorry, Dana is no longer free at that time")


async def test_who_wants_the_time_that_a_move_of_theirs_is_to_take_hears_of_that(
    ask: Agent, calendar: FakeCalendar
) -> None:
    booked = await book(ask, minted(ask))
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    later = TUESDAY_9 + 4 * HOUR
    moved = await ask("reschedule_appointment", reference=booked["reference"], slot_id=minted(ask, later))
    assert moved["outcome"] == "pending"
    answer = await ask("book_appointment", slot_id=minted(ask, later), customer_name="Ann Lee")
    assert answer["say"].startswith(
        "You already have Home inspection with Dana on Tuesday, November 24 at 1:00 PM, not confirmed by the calendar "
        f"yet, reference {' '.join(booked['reference'])}."
    )


async def test_a_visit_that_is_being_cancelled_is_not_said_to_be_had(ask: Agent, calendar: FakeCalendar) -> None:
    booked = await book(ask, minted(ask))
    calendar.script("cancel", scripted.DONE_BUT_UNKNOWN)
    assert (await ask("cancel_appointment", reference=booked["reference"]))["outcome"] == "pending"
    answer = await ask("book_appointment", slot_id=minted(ask, TUESDAY_9 + HOUR // 2), customer_name="Ann Lee")
    assert answer["say"].startswith("I'm sorry, Dana is no longer free at that time")
    asked = {"service": "inspection", "technician": "dana", "date": f"{TUESDAY}T09:00"}
    answer = await ask("check_availability", **asked)
    assert answer["say"].startswith("I can't offer 9:00 AM on Tuesday")


async def test_who_wants_back_what_is_being_cancelled_is_not_told_that_it_is_booked(
    ask: Agent, calendar: FakeCalendar
) -> None:
    booked = await book(ask, minted(ask))
    calendar.script("cancel", scripted.DONE_BUT_UNKNOWN)
    assert (await ask("cancel_appointment", reference=booked["reference"]))["outcome"] == "pending"
    answer = await book(ask, minted(ask))
    assert (answer["ok"], answer["outcome"]) == (False, "refused")
    assert answer["say"].startswith("I'm sorry, Dana is no longer free at that time")


async def test_of_thirty_callers_one_is_booked_and_the_others_get_other_times(ask: Agent) -> None:
    slot_id = minted(ask)
    answers = await asyncio.gather(
        *(ask("book_appointment", call=f"c{n}", slot_id=slot_id, customer_name=f"Caller {n}") for n in range(30))
    )
    assert sum(answer["ok"] for answer in answers) == 1
    for answer in answers:
        assert answer["ok"] or (answer["code"] == "slot_taken" and answer["slots"])


async def test_other_times_that_come_too_late_are_left_out(database_url: str, calendar: FakeCalendar) -> None:
    async with agent(database_url, calendar, deadline_s=1.0) as ask:
        await book(ask, minted(ask))
        ask.house.lookups.drop("fake:dana")
        calendar.always("free", Step(delay_s=30))
        began = asyncio.get_running_loop().time()
        answer = await ask("book_appointment", call="c2", slot_id=minted(ask), customer_name="Bo Ray")
        assert asyncio.get_running_loop().time() - began < 0.95
        assert (answer["code"], answer["slots"]) == ("slot_taken", [])


async def test_a_silent_calendar_refuses_and_the_same_request_may_be_made_again(
    ask: Agent, calendar: FakeCalendar
) -> None:
    calendar.script("free", scripted.UNKNOWN)
    answer = await book(ask, minted(ask))
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "calendar_unavailable", "refused")
    assert answer["slots"] == []
    assert "nothing was booked" in answer["say"]
    assert (await book(ask, minted(ask)))["outcome"] == "confirmed"


async def test_a_pending_one_gives_the_reference_but_promises_nothing(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.script("book", scripted.DONE_BUT_UNKNOWN)
    answer = await book(ask, minted(ask))
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "still_checking", "pending")
    assert set(answer) == {"ok", "code", "say", "outcome", "reference", "start", "end", "technician"}
    assert (await ask.house.row()).reference == answer["reference"]
    assert answer["reference"] not in answer["say"].replace(" ", "")
    assert not re.search(r"\bbooked\b", answer["say"])


async def test_the_same_request_again_gets_the_same_booking(ask: Agent, calendar: FakeCalendar) -> None:
    first = await book(ask, minted(ask))
    ask.house.clock.advance(1)
    again = await book(ask, minted(ask), customer_name="ann  LEE")
    assert again == first
    assert calendar.count("book") == 1


async def test_another_person_of_the_same_call_does_not_get_somebody_elses_booking(ask: Agent) -> None:
    slot_id = (await ask.first_slot())["slot_id"]
    assert (await book(ask, slot_id))["outcome"] == "confirmed"
    answer = await book(ask, slot_id, customer_name="Bob Other")
    assert (answer["code"], answer["outcome"]) == ("slot_taken", "refused")
    assert answer["slots"]


# --- what may not be booked -------------------------------------------------------------------------------------------


async def test_an_offer_that_is_too_old_is_refused(ask: Agent) -> None:
    slot_id = minted(ask)
    ask.house.clock.advance(SLOT_TTL_S)
    answer = await book(ask, slot_id)
    assert (answer["code"], answer["outcome"]) == ("slot_expired", "refused")
    assert len(answer["slots"]) == 3, "what is open now is offered instead"
    assert answer["service"] == "inspection", "so that the same visit can be looked for"
    assert await ask.house.rows() == []


@pytest.mark.parametrize("slot_id", ["0" * 40, "tuesday at nine", "a" * 65, "é"])
async def test_what_was_never_offered_is_refused(ask: Agent, slot_id: str) -> None:
    answer = await book(ask, slot_id)
    assert answer["code"] in ("not_offered", "invalid_arguments")
    assert await ask.house.rows() == []


async def test_an_offer_made_with_due_notice_stands_while_the_caller_thinks(ask: Agent) -> None:
    slot = await ask.first_slot(date="today")
    assert slot["start"] == "2026-11-20T13:00:00-06:00"
    ask.house.clock.advance(at("2026-11-20", "10:59") - NOW)
    slot = await ask.first_slot(date="today")
    ask.house.clock.advance(300)
    assert (await book(ask, slot["slot_id"]))["outcome"] == "confirmed", "less than two hours ahead by now"


async def test_an_offer_whose_time_has_come_is_over(database_url: str) -> None:
    async with agent(database_url, business=acme(minimum_notice_minutes=0), clock=FakeClock(TUESDAY_9 - 60)) as ask:
        slot_id = minted(ask)
        ask.house.clock.advance(60)
        assert (await book(ask, slot_id))["code"] == "slot_expired"


async def test_hours_changed_since_the_offer_are_respected(database_url: str) -> None:
    async with agent(database_url) as before:
        slot_id = minted(before)
    business = acme(hours=((),) * 7)
    closed = replace(business, technicians=tuple(replace(t, hours=((),) * 7) for t in business.technicians))
    async with agent(database_url, business=closed) as ask:
        assert (await book(ask, slot_id))["code"] == "not_offered"


async def test_an_offer_of_another_business_is_not_ours(ask: Agent) -> None:
    zenith = replace(acme(), id="zenith")
    slot_id = ask.house.slot_ids.mint(zenith, "inspection", "dana", TUESDAY_9, NOW)
    answer = await book(ask, slot_id)
    assert (answer["code"], answer["outcome"]) == ("not_offered", "refused")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"customer_name": None}, "customer_name is missing"),
        ({"customer_name": "  "}, "customer_name is missing"),
        ({"customer_name": "{{customer_name}}"}, "customer_name is missing"),
        ({"customer_name": "null"}, "customer_name is missing"),
        ({"customer_name": " N/A "}, "customer_name is missing"),
        ({"customer_name": "\u200b"}, "customer_name is missing"),
        ({"customer_name": "Not provided"}, "customer_name is missing"),
        ({"customer_name": "-"}, "customer_name is missing"),
        ({"slot_id": None}, "slot_id is missing"),
        ({"customer_name": ["Ann"]}, "customer_name"),
        ({"notes": "x" * 5000}, "notes"),
    ],
)
async def test_what_is_missing_is_asked_for(ask: Agent, arguments: dict[str, Any], said: str) -> None:
    answer = await ask("book_appointment", **({"slot_id": minted(ask), "customer_name": "Ann Lee"} | arguments))
    assert answer["code"] == "invalid_arguments"
    assert said in answer["say"]
    assert await ask.house.rows() == []


async def test_a_visit_after_an_hour_that_is_repeated_is_at_the_one_that_was_offered(database_url: str) -> None:
    night = ((0, 240),)
    business = acme(hours=(night,) * 7)
    business = replace(business, technicians=tuple(replace(t, hours=(night,) * 7) for t in business.technicians))
    async with agent(database_url, business=business, clock=FakeClock(at("2026-10-30", "10:00"))) as ask:
        second = at("2026-11-01", "01:00", fold=1)
        assert second - at("2026-11-01", "01:00") == HOUR
        answer = await book(ask, minted(ask, second))
        assert answer["start"] == "2026-11-01T01:00:00-06:00"
        assert "the second 1:00, after the clocks go back" in answer["say"]
