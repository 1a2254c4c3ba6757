"""A process that stood still, or whose clock jumped, ends a write that others have settled: one truth is left."""

import asyncio
from typing import Any

from app.booking.book import Outcome, Result, event_of
from app.booking.calendar import Unknown
from app.errors import Code
from tests.booking.acme import HOUR, TUESDAY_9, House
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.databases import soon

LATER = TUESDAY_9 + 4 * HOUR
SLOW_S = 0.4
LOST = Unknown("no answer")


async def overtaken(made: House, calendar: FakeCalendar, doing: Any, request: str) -> Outcome:
    """`doing` is at this request when the clock jumps ahead by an hour, and everything that is due is settled."""
    task = asyncio.create_task(doing)
    asked = calendar.count(request)
    await soon(lambda: calendar.count(request) > asked)
    made.clock._now += HOUR  # type: ignore[attr-defined]  # a FakeClock; the steady clock goes on as before
    await made.settler.settle_due()
    outcome: Outcome = await task
    return outcome


async def work(made: House, seconds: float = 0.0) -> None:
    """Time goes by, and what is due is done."""
    made.clock.advance(seconds)  # type: ignore[attr-defined]  # a FakeClock
    for _ in range(3):
        await made.jobs.run_due()
        while await made.sweep.sweep_once(made.clock.now()):
            pass
        made.clock.advance(5)  # type: ignore[attr-defined]  # as above


async def test_an_event_written_after_its_booking_was_refused_is_taken_away(
    made: House, calendar: FakeCalendar
) -> None:
    calendar.script("book", Step(delay_s=SLOW_S))
    outcome = await overtaken(made, calendar, made.book(), "book")

    assert (outcome.result, outcome.code) == (Result.REFUSED, Code.CALENDAR_UNAVAILABLE)
    assert (await made.row()).status == "refused"
    assert not made.claims.view("fake:dana").ranges
    assert len(calendar.ours("dana")) == 1
    await work(made)
    assert calendar.ours("dana") == []
    assert await made.pages() == []
    assert (await made.book(call="test:2")).result is Result.CONFIRMED, "the time is free again"


async def test_an_event_that_may_still_come_is_waited_for_and_taken_away(made: House, calendar: FakeCalendar) -> None:
    calendar.script("book", Step(delay_s=SLOW_S, does=False, answer=LOST))
    outcome = await overtaken(made, calendar, made.book(), "book")
    row = await made.row()
    assert (outcome.result, row.status) == (Result.REFUSED, "refused")

    await calendar.book("dana", event_of(row, "Home inspection"), within_s=1.0)  # here it comes
    await work(made)
    assert len(calendar.ours("dana")) == 1, "not looked for before it can have come"
    await work(made, 60)
    assert calendar.ours("dana") == []


async def test_a_late_event_that_a_person_edited_is_left_there_and_paged(made: House, calendar: FakeCalendar) -> None:
    calendar.script("book", Step(delay_s=SLOW_S))
    await overtaken(made, calendar, made.book(), "book")
    [event] = calendar.ours("dana")
    calendar.people_edit("dana", event.id, summary="Keep this")
    await work(made)
    assert len(calendar.ours("dana")) == 1
    [page] = await made.pages()
    assert page.title.startswith("Refused booking is on a calendar")


async def test_a_booking_that_was_confirmed_meanwhile_is_confirmed_and_told_once(
    made: House, calendar: FakeCalendar
) -> None:
    made.hears = False
    calendar.script("events", Step(delay_s=SLOW_S))
    outcome = await overtaken(made, calendar, made.book(), "events")

    assert outcome.result is Result.CONFIRMED
    await work(made, 60)
    row = await made.row()
    assert (row.status, row.told) == ("confirmed", "confirmed")
    assert (await made.tasks(), await made.pages()) == ([], []), "the caller heard it"
    assert len(calendar.ours("dana")) == 1


async def test_a_move_to_another_calendar_that_was_given_up_leaves_no_event_there(
    made: House, calendar: FakeCalendar
) -> None:
    booking = (await made.book()).booking
    assert booking is not None
    calendar.script("book", Step(delay_s=SLOW_S))
    outcome = await overtaken(made, calendar, moved(made, booking, "lee"), "book")

    assert outcome.result is Result.REFUSED
    await work(made)
    assert calendar.ours("lee") == []
    [event] = calendar.ours("dana")
    assert (event.start, event.id) == (booking.starts, booking.event_id)
    assert not made.claims.view("fake:lee").ranges


async def test_a_move_in_place_that_was_given_up_is_followed_and_the_customer_told(
    made: House, calendar: FakeCalendar
) -> None:
    booking = (await made.book()).booking
    assert booking is not None
    await work(made, 300)
    calendar.script("move", Step(delay_s=SLOW_S))
    outcome = await overtaken(made, calendar, moved(made, booking, "dana"), "move")

    assert (outcome.result, outcome.code) == (Result.PENDING, Code.STILL_CHECKING)
    await work(made)
    await work(made)
    [row] = [row for row in await made.rows() if not row.amends]
    assert (row.starts, row.verification) == (LATER, "changed"), "our claim follows the event"
    [task] = await made.tasks()
    assert (task.kind, task.subject) == ("tell_customer", booking.reference)


async def moved(made: House, booking: Any, who: str) -> Outcome:
    deadline = made.clock.monotonic() + 6.0
    return await made.changes.move(made.business, booking, made.slot(LATER, who=who), "test:1", deadline)
