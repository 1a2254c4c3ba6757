"""A confirmation after a call, reminders a day and two hours before: once, and only while the appointment stands."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from app.booking.book import Result
from app.booking.store import Booking, Customer
from app.db.schema import bookings, text_outbox
from app.promises import consent
from app.sms.appointments import TEXT, AppointmentTexts
from tests.booking.acme import HOUR, NOW, TUESDAY_9, House, at, house
from tests.fakes.clock import FakeClock
from tests.sms.texting import CUSTOMER, LINE, Texting

ANN = Customer("Ann Lee", CUSTOMER, CUSTOMER)
WHAT = "Home inspection with Dana on Tuesday, November 24 at 9:00 AM"
DAY_BEFORE, HOURS_BEFORE = TUESDAY_9 - 24 * HOUR, TUESDAY_9 - 2 * HOUR


@dataclass
class Made:
    """A business that takes bookings and texts about them."""

    booking: House
    texting: Texting
    appointments: AppointmentTexts

    async def until(self, moment: float) -> None:
        """Let time pass until then."""
        await self.texting.jobs.run_for(moment - self.texting.clock.now())

    def said(self) -> list[str]:
        return [body for _, body in self.texting.carrier.taken]

    async def owed(self) -> list[Any]:
        return await self.texting.rows(text_outbox)

    async def changed(self, **values: Any) -> Booking:
        """The booking becomes something else."""
        await self.booking.database.write(lambda t: t.connection.execute(update(bookings).values(**values)))
        return await self.booking.row()


@pytest.fixture
async def made(database_url: str) -> AsyncIterator[Made]:
    clock = FakeClock(NOW)
    async with house(database_url, clock=clock) as booking:
        texting = Texting(booking.database, clock, booking.business)
        appointments = AppointmentTexts(booking.database, booking.businesses, clock)
        texting.handlers[TEXT] = appointments.text
        texting.jobs = type(texting.jobs)(booking.database, clock, texting.handlers)
        booking.then = appointments.jobs_for
        yield Made(booking, texting, appointments)


async def test_a_call_is_confirmed_and_the_visit_recalled_twice(made: Made) -> None:
    await made.booking.book(customer=ANN)
    await made.until(NOW + 60)
    row = await made.booking.row()
    assert made.said() == [f"Acme Pest Control: {WHAT}. Reference {row.reference}."]
    await made.until(DAY_BEFORE - 1)
    assert len(made.said()) == 1
    await made.until(DAY_BEFORE + 60)
    reminder = f"Acme Pest Control: reminder of your {WHAT}. Reference {row.reference}. Reply STOP to get no texts."
    assert made.said()[1:] == [reminder]
    await made.until(TUESDAY_9 - HOUR - 60)
    assert len(made.said()) == 2, "two hours before is seven in the morning"
    await made.until(TUESDAY_9 + HOUR)

    assert made.said()[1:] == [reminder, reminder]
    assert {text.sender for text in made.texting.carrier.outgoing} == {LINE}


async def test_a_cancelled_visit_is_recalled_to_nobody(made: Made) -> None:
    await made.booking.book(customer=ANN)
    await made.until(NOW + 60)
    await made.changed(status="cancelled", revision=2)
    await made.until(TUESDAY_9)

    assert len(made.said()) == 1


async def test_one_cancelled_between_noting_and_sending_neither(made: Made) -> None:
    await made.booking.book(customer=ANN)
    await made.until(HOURS_BEFORE + 60)
    assert [row.state for row in await made.owed() if row.kind == "reminder_hours"] == ["pending"], "it is too early"
    await made.changed(status="cancelled", revision=2)
    await made.until(TUESDAY_9)

    assert [row.state for row in await made.owed() if row.kind == "reminder_hours"] == ["expired"]
    assert await made.texting.tasks() == []


async def test_a_moved_visit_is_recalled_at_its_new_time_only(made: Made) -> None:
    await made.booking.book(customer=ANN)
    await made.until(NOW + 60)
    moved = await made.changed(starts=at("2026-11-25", "15:00"), ends=at("2026-11-25", "16:00"), revision=2)
    for job in made.appointments.jobs_for(moved, made.texting.clock.now()):
        made.texting.jobs._waiting[job.kind, job.key] = (job.due, job.data)
    await made.until(at("2026-11-25", "15:00"))

    assert len(made.said()) == 4
    assert all("November 25 at 3:00 PM" in said for said in made.said()[1:])


async def test_what_is_booked_at_short_notice_is_not_recalled_in_the_past(made: Made) -> None:
    soon = at("2026-11-20", "13:30")
    await made.booking.book(made.booking.slot(soon), customer=ANN)
    jobs = made.appointments.jobs_for(await made.booking.row(), NOW)

    assert {job.data["kind"] for job in jobs} == {"confirmation", "reminder_hours"}


async def test_what_was_booked_by_text_is_not_confirmed_by_another(made: Made) -> None:
    await made.booking.book(customer=ANN, call="sms:c1")
    await made.until(NOW + 60)

    assert made.said() == []


@pytest.mark.parametrize("number", ["", "72345"])
async def test_without_a_number_there_is_nothing_to_text(made: Made, number: str) -> None:
    await made.booking.book(customer=Customer("Ann Lee", number, number))

    assert made.appointments.jobs_for(await made.booking.row(), NOW) == []


@pytest.mark.parametrize(
    ("status", "result", "words"),
    [
        ("confirmed", Result.CONFIRMED, f"Acme Pest Control: you are booked after all: {WHAT}."),
        ("refused", Result.REFUSED, f"Acme Pest Control: sorry, {WHAT} could not be booked."),
    ],
)
async def test_how_an_uncertain_booking_ended_goes_by_text_and_to_a_person_where_that_fails(
    made: Made, status: str, result: Result, words: str
) -> None:
    await made.booking.book(customer=ANN, call="sms:c1")
    booking = await made.changed(status=status)
    now = made.texting.clock.now()
    assert await made.booking.database.write(lambda t: made.appointments.news(t, booking, result, now))
    await made.until(now + 60)
    assert made.said()[0].startswith(words)
    await made.texting.report("undelivered", code=30006)

    assert [task.kind for task in await made.texting.tasks()] == ["tell_customer"]
    assert not await made.booking.database.write(lambda t: made.appointments.news(t, booking, result, now))


async def test_a_confirmation_that_went_out_is_the_news(made: Made) -> None:
    await made.booking.book(customer=ANN)
    await made.until(NOW + 60)
    booking = await made.booking.row()
    assert await made.booking.database.write(lambda t: made.appointments.news(t, booking, Result.CONFIRMED, NOW))
    await made.texting.report("failed", code=30005)

    assert len(made.said()) == 1
    assert [task.kind for task in await made.texting.tasks()] == ["tell_customer"]


async def test_news_for_who_wants_no_texts_is_for_a_person(made: Made) -> None:
    await made.booking.book(customer=ANN)
    booking = await made.booking.row()
    said = consent.Said("acme", CUSTOMER, consent.KEYWORD, "STOP")
    await made.booking.database.write(lambda t: consent.opted_out(t, said, now=NOW))

    assert not await made.booking.database.write(lambda t: made.appointments.news(t, booking, Result.CONFIRMED, NOW))
