"""Finding appointments: one's own by the number that calls, anybody's by reference and name together."""

from collections.abc import AsyncIterator

import pytest

from app.booking.store import by_reference
from app.calls.model import CallRef
from tests.booking.acme import CALLER, HOUR, TUESDAY_9
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.tools.talking import Agent, agent

STRANGER = "+15125550999"


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def ask(database_url: str, calendar: FakeCalendar) -> AsyncIterator[Agent]:
    async with agent(database_url, calendar) as talking:
        yield talking


async def booked(ask: Agent, start: int = TUESDAY_9, name: str = "Ann Lee", **arguments: str) -> str:
    house = ask.house
    slot_id = house.slot_ids.mint(house.business, "inspection", "dana", start, house.clock.now())
    answer = await ask("book_appointment", slot_id=slot_id, customer_name=name, **arguments)
    reference: str = answer["reference"]
    return reference


async def test_a_caller_finds_their_own_soonest_first(ask: Agent) -> None:
    later, sooner = await booked(ask, TUESDAY_9 + 4 * HOUR), await booked(ask)
    answer = await ask("find_appointments")
    assert answer["ok"] is True
    assert set(answer) == {"ok", "say", "appointments"}
    assert [a["reference"] for a in answer["appointments"]] == [sooner, later]
    assert answer["appointments"][0] == {
        "reference": sooner,
        "start": "2026-11-24T09:00:00-06:00",
        "end": "2026-11-24T10:00:00-06:00",
        "service": "inspection",
        "technician": "dana",
        "outcome": "confirmed",
        "verification": "written",
    }
    assert "Home inspection on Tuesday, November 24 at 9:00 AM, reference" in answer["say"]


async def test_a_pending_one_is_shown_as_pending(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.script("book", scripted.UNKNOWN)
    await booked(ask)
    answer = await ask("find_appointments")
    assert [a["outcome"] for a in answer["appointments"]] == ["pending"]
    assert "not confirmed by the calendar yet" in answer["say"]


async def test_how_far_it_is_verified_is_shown(ask: Agent) -> None:
    await booked(ask)
    ask.house.clock.advance(300)
    await ask.house.jobs.run_due()
    answer = await ask("find_appointments")
    assert [a["verification"] for a in answer["appointments"]] == ["verified"]
    assert "calendar" not in answer["say"]


@pytest.mark.parametrize(("verified_before", "state"), [(False, "mismatch"), (True, "changed")])
async def test_one_that_is_not_as_it_was_booked_is_said_with_a_caution(
    ask: Agent, calendar: FakeCalendar, verified_before: bool, state: str
) -> None:
    await booked(ask)
    house = ask.house
    row = await house.row()
    if verified_before:
        house.clock.advance(300)
        await house.jobs.run_due()
    calendar.people_edit("dana", row.event_id, cancelled=True)
    for _ in range(3):
        house.clock.advance(7 * HOUR)
        await house.jobs.run_due()
        await house.sweep.sweep_once(house.clock.now())
    answer = await ask("find_appointments")
    assert [a["verification"] for a in answer["appointments"]] == [state]
    assert "someone" in answer["say"]


async def test_one_that_nobody_can_see_is_said_with_a_caution_too(ask: Agent, calendar: FakeCalendar) -> None:
    await booked(ask)
    calendar.always("get", scripted.UNKNOWN)
    for _ in range(8):
        ask.house.clock.advance(300)
        await ask.house.jobs.run_due()
    answer = await ask("find_appointments")
    assert [a["verification"] for a in answer["appointments"]] == ["cannot_verify"]
    assert "can't see it on the calendar" in answer["say"]


@pytest.mark.parametrize("intent", ["move", "cancel"])
async def test_a_change_that_is_not_certain_yet_is_said(ask: Agent, calendar: FakeCalendar, intent: str) -> None:
    reference, house = await booked(ask), ask.house
    calendar.script(intent, scripted.UNKNOWN)
    if intent == "move":
        slot = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9 + 4 * HOUR, house.clock.now())
        answer = await ask("reschedule_appointment", reference=reference, slot_id=slot)
        said = "Its move to Tuesday, November 24 at 1:00 PM is still being checked with the calendar."
    else:
        answer = await ask("cancel_appointment", reference=reference)
        said = "Its cancellation is still being checked with the calendar."
    assert answer["outcome"] == "pending"
    for asked in ({}, {"reference": reference, "customer_name": "Ann Lee"}):
        found = await ask("find_appointments", **asked)
        assert [a["change"] for a in found["appointments"]] == [intent]
        assert found["say"].endswith(said)


async def test_who_has_none_hears_so(ask: Agent) -> None:
    await booked(ask)
    answer = await ask("find_appointments", caller=STRANGER)
    assert (answer["ok"], answer["appointments"]) == (True, [])


async def test_what_is_over_or_refused_is_not_ahead(ask: Agent, calendar: FakeCalendar) -> None:
    await booked(ask)
    calendar.script("free", scripted.UNKNOWN)
    house = ask.house
    slot_id = house.slot_ids.mint(house.business, "inspection", "lee", TUESDAY_9, house.clock.now())
    assert (await ask("book_appointment", slot_id=slot_id, customer_name="Ann Lee"))["outcome"] == "refused"
    assert len((await ask("find_appointments"))["appointments"]) == 1
    house.clock.advance(5 * 24 * HOUR)
    assert (await ask("find_appointments"))["appointments"] == []


async def test_a_call_without_a_number_finds_nobodys(ask: Agent) -> None:
    house = ask.house
    slot_id = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9, house.clock.now())
    await ask("book_appointment", caller=None, slot_id=slot_id, customer_name="Ann Lee")
    answer = await ask("find_appointments", caller=None)
    assert (answer["ok"], answer["code"]) == (False, "not_found")


async def test_a_number_that_the_model_may_have_written_opens_nobodys_appointments(ask: Agent) -> None:
    reference = await booked(ask)
    house = ask.house
    claimed = CallRef("elevenlabs", "conv_1", CALLER, house.business.lines[:1], surely=False)
    later = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9 + 2 * HOUR, house.clock.now())

    for tool, arguments in (
        ("find_appointments", {}),
        ("cancel_appointment", {"reference": reference}),
        ("reschedule_appointment", {"reference": reference, "slot_id": later}),
        ("send_confirmation", {"reference": reference}),
    ):
        assert (await ask.ask(claimed, tool, **arguments))["code"] == "not_found", tool

    named = await ask.ask(claimed, "find_appointments", reference=reference, customer_name="Ann Lee")
    assert [each["reference"] for each in named["appointments"]] == [reference]
    made = await ask.ask(claimed, "book_appointment", slot_id=later, customer_name="Bo Ray")
    kept = await house.database.read(lambda c: by_reference(c, house.business.id, made["reference"]))
    assert kept is not None
    assert (kept.phone, kept.caller) == (CALLER, ""), "it is a number to call, as if it had been said"


@pytest.mark.parametrize("name", ["Ann Lee", "ann  lee", "ANN LEE", "Ánn Lee"])
async def test_a_reference_with_the_name_is_found_from_any_number(ask: Agent, name: str) -> None:
    reference = await booked(ask)
    spoken = " ".join(reference.lower())
    for caller in (STRANGER, None, CALLER):
        answer = await ask("find_appointments", caller=caller, reference=spoken, customer_name=name)
        assert [a["reference"] for a in answer["appointments"]] == [reference]


@pytest.mark.parametrize("name", [None, "", "Ann", "Lee", "Bo Ray", "%", "{{name}}"])
async def test_a_reference_without_the_whole_name_is_not(ask: Agent, name: str | None) -> None:
    reference = await booked(ask)
    wrong_name = await ask("find_appointments", reference=reference, customer_name=name)
    wrong_reference = await ask("find_appointments", reference="AAAAAA", customer_name="Ann Lee")
    assert wrong_name == wrong_reference, "nobody learns which of the two was wrong"
    assert (wrong_name["ok"], wrong_name["code"]) == (False, "not_found")
    assert "appointments" not in wrong_name


async def test_a_refused_booking_is_not_found_by_its_reference(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.script("free", scripted.UNKNOWN)
    house = ask.house
    slot_id = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9, house.clock.now())
    await ask("book_appointment", slot_id=slot_id, customer_name="Ann Lee")
    reference = (await house.row()).reference
    answer = await ask("find_appointments", reference=reference, customer_name="Ann Lee")
    assert answer["code"] == "not_found"
