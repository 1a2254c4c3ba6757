"""Cancelling through the tool: said as cancelled only when its event is gone, and only for whom it belongs to."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.acme import CALLER, HOUR, TUESDAY_9
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.tools.talking import Agent, agent

STRANGER = "+15125550999"


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def ask(database_url: str, calendar: FakeCalendar) -> AsyncIterator[Agent]:
    async with agent(database_url, calendar) as talking:
        yield talking


async def booked(ask: Agent, start: int = TUESDAY_9) -> str:
    house = ask.house
    slot_id = house.slot_ids.mint(house.business, "inspection", "dana", start, house.clock.now())
    answer = await ask("book_appointment", slot_id=slot_id, customer_name="Ann Lee")
    assert answer["outcome"] == "confirmed"
    reference: str = answer["reference"]
    return reference


async def test_a_cancelled_appointment_frees_its_time_and_is_not_found_any_more(
    ask: Agent, calendar: FakeCalendar
) -> None:
    reference = await booked(ask)
    answer = await ask("cancel_appointment", reference=reference, reason="Out of town")
    assert answer == {
        "ok": True,
        "say": "Your appointment on Tuesday, November 24 at 9:00 AM is cancelled.",
        "outcome": "confirmed",
        "reference": reference,
    }
    assert calendar.ours("dana") == []
    assert (await ask("find_appointments"))["appointments"] == []
    by_name = await ask("find_appointments", reference=reference, customer_name="Ann Lee")
    assert by_name["code"] == "not_found"
    slots = (await ask("check_availability", service="inspection", date="2026-11-24", limit=50))["slots"]
    assert "2026-11-24T09:00:00-06:00" in {slot["start"] for slot in slots}


async def test_the_same_time_booked_again_after_cancelling_is_a_booking_and_no_memory_of_one(
    ask: Agent, calendar: FakeCalendar
) -> None:
    first = await booked(ask)
    await ask("cancel_appointment", reference=first)
    second = await booked(ask)
    assert second != first
    assert [found["reference"] for found in (await ask("find_appointments"))["appointments"]] == [second]
    assert [event.reference for event in calendar.ours("dana")] == [second]
    assert await booked(ask) == second  # and said again, that one is remembered


async def test_the_old_time_booked_again_after_moving_is_a_booking_of_its_own(
    ask: Agent, calendar: FakeCalendar
) -> None:
    first = await booked(ask)
    house = ask.house
    later = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9 + 2 * HOUR, house.clock.now())
    assert (await ask("reschedule_appointment", reference=first, slot_id=later))["outcome"] == "confirmed"
    second = await booked(ask)
    assert second != first
    found = (await ask("find_appointments"))["appointments"]
    assert [(one["reference"], one["start"]) for one in found] == [
        (second, "2026-11-24T09:00:00-06:00"),
        (first, "2026-11-24T11:00:00-06:00"),
    ]


async def test_cancelling_twice_is_said_as_already_cancelled(ask: Agent, calendar: FakeCalendar) -> None:
    reference = await booked(ask)
    await ask("cancel_appointment", reference=reference)
    for call in ("c1", "c2"):
        answer = await ask("cancel_appointment", call=call, reference=reference)
        assert (answer["ok"], answer["outcome"]) == (True, "confirmed")
        assert "was cancelled already" in answer["say"]
    assert calendar.count("cancel") == 1


async def test_why_it_is_cancelled_is_kept_and_not_audited(ask: Agent) -> None:
    reference = await booked(ask)
    await ask("cancel_appointment", reference=reference, reason="My mother is ill")
    assert [row.notes for row in await ask.house.rows() if row.amends] == ["My mother is ill"]


REFUSED = {
    "the calendar keeps silent": ("get", scripted.UNKNOWN, "calendar_unavailable", "I have not cancelled"),
    "it was edited meanwhile": ("cancel", scripted.CHANGED, "not_allowed", "was changed on our side"),
}


@pytest.mark.parametrize(("request_kind", "step", "code", "said"), REFUSED.values(), ids=REFUSED)
async def test_what_is_not_cancelled_is_said_so(
    ask: Agent, calendar: FakeCalendar, request_kind: str, step: Step, code: str, said: str
) -> None:
    reference = await booked(ask)
    calendar.script(request_kind, step)
    answer = await ask("cancel_appointment", reference=reference)
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, code, "refused")
    assert said in answer["say"]
    assert len(calendar.ours("dana")) == 1
    assert (await ask("cancel_appointment", reference=reference))["outcome"] == "confirmed"


@pytest.mark.parametrize("step", [scripted.UNKNOWN, scripted.DONE_BUT_UNKNOWN, scripted.NOT_WRITTEN])
async def test_what_is_not_known_is_pending_and_its_time_is_kept(
    ask: Agent, calendar: FakeCalendar, step: Step
) -> None:
    reference = await booked(ask)
    calendar.script("cancel", step)
    answer = await ask("cancel_appointment", reference=reference)
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "still_checking", "pending")
    assert "is cancelled" not in answer["say"]
    slots = (await ask("check_availability", service="inspection", technician="dana", date="2026-11-24", limit=50))[
        "slots"
    ]
    assert "2026-11-24T09:00:00-06:00" not in {slot["start"] for slot in slots}
    assert (await ask("cancel_appointment", reference=reference))["outcome"] == "pending"


@pytest.mark.parametrize("later", [0, 2 * HOUR])
async def test_a_visit_that_has_begun_or_is_over_is_not_cancelled(ask: Agent, later: int) -> None:
    reference = await booked(ask)
    ask.house.clock.advance(TUESDAY_9 + later - int(ask.house.clock.now()))
    answer = await ask("cancel_appointment", reference=reference)
    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "not_allowed", "refused")


@pytest.mark.parametrize(
    ("caller", "name", "cancelled"),
    [(CALLER, None, True), (STRANGER, "Ann Lee", True), (STRANGER, None, False), (None, "Ann", False)],
)
async def test_only_who_it_belongs_to_cancels_it(
    ask: Agent, caller: str | None, name: str | None, cancelled: bool
) -> None:
    reference = await booked(ask)
    answer = await ask("cancel_appointment", caller=caller, call="c2", reference=reference, customer_name=name)
    assert answer["ok"] is cancelled
    assert cancelled or (answer["code"], answer["outcome"]) == ("not_found", "refused")
