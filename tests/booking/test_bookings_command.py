"""`readback bookings show`: whoever was paged about a reference learns whom to call, and about what."""

import json

from app.booking.speech import spell
from tests.booking.acme import ANN, HOUR, TUESDAY_9, house
from tests.commanding import command
from tests.fakes.calendar import FakeCalendar


async def test_a_reference_leads_to_the_customer_and_to_what_is_to_be_done(database_url: str) -> None:
    calendar = FakeCalendar()
    async with house(database_url, calendar) as made:
        booking = (await made.book()).booking
        assert booking is not None
        calendar.stored["dana"].clear()
        for pause in (300, 3):
            made.clock.advance(pause)  # type: ignore[attr-defined]  # a FakeClock
            await made.jobs.run_due()

    code, told, _ = command(database_url, "bookings", "show", f" {spell(booking.reference.lower())}", "--json")
    shown = json.loads(told)
    assert code == 0
    assert (shown["customer"], shown["phone"], shown["read_back"]) == (ANN.name, ANN.phone, "mismatch")
    assert (shown["starts"], shown["technician"], shown["service"]) == ("2026-11-24T15:00:00Z", "dana", booking.service)
    assert [task["kind"] for task in shown["tasks"]] == ["mismatch"]
    assert booking.ends - booking.starts == HOUR
    assert booking.starts == TUESDAY_9

    assert command(database_url, "tasks", "show", spell(booking.reference))[0] == 0
    code, plain, _ = command(database_url, "bookings", "show", booking.reference)
    assert code == 0
    assert f"customer: {ANN.name}\nphone: {ANN.phone}\n" in plain
    assert "\ntask: LATE  due " in plain, "the clock of this test stands in the past"


async def test_a_reference_nobody_has_is_said_so(database_url: str) -> None:
    async with house(database_url, FakeCalendar()):
        pass
    assert command(database_url, "bookings", "show", "ZZZZZZ") == (1, "", "There is no booking ZZZZZZ.\n")
