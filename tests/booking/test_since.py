"""A person was asked to call a customer, and the matter went on without them: they know of it before they call."""

import pytest

from app.booking.book import Result
from app.booking.store import Customer
from app.promises.callbacks import Callback, promised
from app.review.tasks import closed
from tests.booking.acme import ANN, CALLER, HOUR, House
from tests.booking.test_amend import LATER, cancel, move
from tests.booking.test_read_back import booked, read_twice, swept
from tests.booking.test_settle import after, pending
from tests.fakes.calendar import FakeCalendar


async def call_owed(made: House, phone: str = CALLER, business: str = "acme") -> None:
    """They were promised a call."""
    due = int(made.clock.now()) + 4 * HOUR
    wanted = Callback(business, f"test:{phone}", phone, "to change their visit", "", "today", due)
    await made.database.write(lambda t: promised(t, wanted, now=made.clock.now()))


async def untold(made: House, calendar: FakeCalendar, *, written: bool) -> str:
    """A booking in doubt, the end of which a person has to tell; its reference."""
    made.hears = False
    reference = await pending(made, calendar, written=written)
    await after(made, 61)
    made.clock.advance(60)  # type: ignore[attr-defined]  # a FakeClock
    await made.jobs.run_due()
    return reference


@pytest.mark.parametrize("what", ["booked", "moved", "cancelled"])
async def test_who_calls_a_customer_back_reads_what_they_have_done_since(made: House, what: str) -> None:
    if what == "booked":
        await call_owed(made)
    booking = await booked(made)
    if what != "booked":
        await call_owed(made)
        await (move if what == "moved" else cancel)(made, booking)
    (task,) = await made.tasks()
    assert task.what == f"Call a customer back today. Since then: appointment {booking.reference} was {what}."
    assert task.due == made.clock.now() + 4 * HOUR, "the call that was promised is made all the same"


async def test_what_other_people_do_is_no_news_of_a_customer(made: House) -> None:
    await call_owed(made, phone="+15125550155")
    await call_owed(made, phone="")
    await call_owed(made, business="zenith")
    await booked(made)
    await made.book(made.slot(LATER), Customer("Bo Ray"), "test:9")
    assert {task.what for task in await made.tasks()} == {"Call a customer back today."}


async def test_who_has_to_find_another_time_reads_that_the_customer_has_one(
    made: House, calendar: FakeCalendar
) -> None:
    refused = await untold(made, calendar, written=False)
    outcome = await made.book(made.slot(LATER), ANN, "test:2")
    assert (outcome.result, outcome.booking is not None) == (Result.CONFIRMED, True)
    (task,), (page,) = await made.tasks(), await made.pages()
    assert task.subject == page.key == refused, "that it was not booked is still to be said"
    for words in (task.what, page.body):
        assert "could not be booked" in words
        assert words.endswith(f"Since then: appointment {outcome.booking.reference} was booked."), words  # type: ignore[union-attr]


async def test_who_is_asked_only_then_reads_of_it_as_well(made: House, calendar: FakeCalendar) -> None:
    made.hears = False
    refused = await pending(made, calendar, written=False)
    made.clock.advance(1)  # type: ignore[attr-defined]  # a FakeClock
    other = (await made.book(made.slot(LATER), ANN, "test:2")).booking
    await after(made, 61)
    made.clock.advance(60)  # type: ignore[attr-defined]  # a FakeClock
    await made.jobs.run_due()
    (task,) = await made.tasks()
    assert other is not None
    assert task.subject == refused
    assert task.what.endswith(
        f"find another time, unless {other.reference}, which they have booked since, does instead."
    )


@pytest.mark.parametrize("seen_right", [True, False])
async def test_nobody_tells_a_customer_that_it_is_booked_after_it_was_deleted(
    made: House, calendar: FakeCalendar, seen_right: bool
) -> None:
    reference = await untold(made, calendar, written=True)
    booking = await made.row()
    if seen_right:
        await read_twice(made)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await (swept(made, 6 * HOUR) if seen_right else read_twice(made))
    news = next(task for task in await made.tasks() if task.key.startswith("tell_customer:"))
    seen = "is no longer on the calendar" if seen_right else "the calendar does not show it so"
    assert "is booked after all" in news.what
    assert seen in news.what
    other = (await made.book(made.slot(LATER), ANN, "test:2")).booking
    assert other is not None
    news = next(task for task in await made.tasks() if task.key == news.key)
    assert seen in news.what, "what they have booked besides takes nothing of it away"
    since = f" Since then: appointment {other.reference} was booked."
    assert news.what.endswith(since)
    calendar.people_edit("dana", booking.event_id, cancelled=False)
    await swept(made, 6 * HOUR)
    (news,) = await made.tasks()
    assert (news.subject, news.what.partition(" Last seen: ")[2]) == (
        reference,
        f"the calendar shows what was promised again.{since}",
    )
    assert await made.database.write(lambda t: closed(t, news.key, by="kim", now=made.clock.now()))
    assert await made.pages() == []
