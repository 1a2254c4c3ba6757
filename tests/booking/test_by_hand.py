"""A customer's change that meets what the office did to the event: one person hears of it, and where the visit is."""

from dataclasses import replace
from typing import Any

import pytest

from app.booking.book import Result
from app.booking.calendar import Event
from app.booking.store import Booking
from app.errors import Code
from app.promises.follow_up import TaskFollowUp
from app.watch.pages import acknowledged
from tests.booking.acme import HOUR, TUESDAY_9, House
from tests.booking.test_amend import after, appointment, cancel, change, move
from tests.booking.test_read_back import booked, read_twice, swept
from tests.booking.test_sweep import told, verified
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step

CONFIRMED, PENDING, REFUSED = Result.CONFIRMED, Result.PENDING, Result.REFUSED
LATER = TUESDAY_9 + 4 * HOUR


def edited(calendar: FakeCalendar, booking: Booking, **fields: Any) -> Event:
    """What somebody in the office makes of the event."""
    return calendar.people_edit("dana", booking.event_id, **fields)


def given_to_lee(calendar: FakeCalendar, booking: Booking) -> None:
    event = replace(calendar.stored["dana"][booking.event_id], start=LATER, end=LATER + HOUR)
    edited(calendar, booking, cancelled=True)
    calendar.stored["lee"][event.id] = event


def moved_by_half_an_hour(calendar: FakeCalendar, booking: Booking) -> None:
    edited(calendar, booking, start=booking.starts + 1800, end=booking.ends + 1800)


def deleted(calendar: FakeCalendar, booking: Booking) -> None:
    edited(calendar, booking, cancelled=True)


def shown_as_free(calendar: FakeCalendar, booking: Booking) -> None:
    edited(calendar, booking, opaque=False)


def made_weekly(calendar: FakeCalendar, booking: Booking) -> None:
    edited(calendar, booking, repeats=True)


WHERE = {
    "given to a colleague": (given_to_lee, "the visit is now on fake:lee at 2026-11-24 13:00 to 14:00"),
    "moved": (moved_by_half_an_hour, "there is an event at 2026-11-24 09:30 to 10:30"),
    "deleted": (deleted, "it is gone from there, and on no other calendar of the business"),
    "made weekly": (made_weekly, "there is an event at 2026-11-24 09:00 to 10:00 (America/Chicago), repeating"),
    "shown as free": (shown_as_free, "there is an event at 2026-11-24 09:00 to 10:00 (America/Chicago), shown as free"),
}


@pytest.mark.parametrize(("edit", "found"), WHERE.values(), ids=WHERE)
async def test_who_is_paged_about_a_move_hears_where_the_visit_is(
    made: House, calendar: FakeCalendar, edit: Any, found: str
) -> None:
    booking = await verified(made)
    edit(calendar, booking)
    assert (await move(made, booking, LATER + HOUR)).code is Code.NOT_ALLOWED
    (page,), (task,) = await made.pages(), await made.tasks()
    assert "booked for 2026-11-24 09:00 to 10:00" in page.body
    assert found in page.body
    assert found in task.what
    assert page.kind == task.paged == "appointment_changed"


async def test_so_does_who_is_paged_about_one_edited_while_we_moved_it(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    calendar.script("move", Step(does=False, answer=scripted.CHANGED.answer))
    assert (await move(made, booking)).code is Code.NOT_ALLOWED
    (page,) = await made.pages()
    assert "there is an event at 2026-11-24 09:00" in page.body


@pytest.mark.parametrize("edit", [given_to_lee, moved_by_half_an_hour, deleted, shown_as_free])
async def test_the_sweep_looks_at_once_and_it_stays_one_task_and_one_page(
    made: House, calendar: FakeCalendar, edit: Any
) -> None:
    booking = await verified(made)
    edit(calendar, booking)
    await move(made, booking, LATER + HOUR)
    before = (await made.tasks(), await made.pages())
    await swept(made, 5)
    await swept(made, 5)
    assert (await appointment(made)).verification == "changed", "so whoever asks next is told"
    assert (await made.tasks(), await made.pages()) == before
    await told(made, before[0][0].key)
    await swept(made, 200)
    assert await made.tasks() == await made.pages() == []
    assert (await appointment(made)).verification == ("changed" if edit in (deleted, shown_as_free) else "verified")


async def test_who_asks_twice_is_one_task(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    given_to_lee(calendar, booking)
    await cancel(made, booking)
    await move(made, booking, LATER + HOUR)
    (task,), (page,) = await made.tasks(), await made.pages()
    assert "who asked to move it" in task.what
    assert "asked to move it" in page.body


async def test_a_call_that_was_promised_is_made_though_the_calendar_is_put_right(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made)
    moved_by_half_an_hour(calendar, booking)
    await move(made, booking)
    edited(calendar, booking, start=booking.starts, end=booking.ends)
    await swept(made, 5)
    (task,), (page,) = await made.tasks(), await made.pages()
    await told(made, task.key)
    assert await made.pages() == [], f"{page.kind} ends with the task"


async def test_what_was_never_there_as_promised_keeps_its_own_task(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    moved_by_half_an_hour(calendar, booking)
    await move(made, booking)
    await read_twice(made)
    assert {page.kind for page in await made.pages()} == {"read_back_mismatch"}
    assert {task.kind for task in await made.tasks()} == {"tell_customer", "mismatch"}


async def test_a_pending_cancellation_that_meets_an_edit_is_one_task_too(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    calendar.script("cancel", scripted.UNKNOWN)
    assert (await cancel(made, booking)).result is PENDING
    moved_by_half_an_hour(calendar, booking)
    await after(made, 5)
    (task,) = await made.tasks()
    assert "who asked to cancel it" in task.what
    assert "there is an event at 2026-11-24 09:30" in task.what
    assert "still stands" not in task.what
    assert made.told == [(booking.reference, REFUSED)]


async def test_one_made_weekly_is_not_cancelled_with_all_its_series(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    made_weekly(calendar, booking)
    assert (await cancel(made, booking)).code is Code.NOT_ALLOWED
    assert calendar.count("cancel") == 0
    assert made.alarms.rung == []


# --- and then the office edits it once more ---------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
async def test_the_call_that_was_promised_stays_due_as_it_was_whatever_the_office_does_next(
    made: House, calendar: FakeCalendar, late: bool
) -> None:
    booking = await verified(made)
    moved_by_half_an_hour(calendar, booking)
    await move(made, booking, LATER + HOUR)
    await swept(made, 5)
    (first,) = await made.tasks()
    if late:
        made.clock.advance(1_000)  # type: ignore[attr-defined]  # a FakeClock
        await TaskFollowUp(made.database, made.clock)({"task": first.key})
    (rung,) = await made.pages()
    for hours in (2, 3):
        edited(calendar, booking, start=booking.starts + hours * HOUR, end=booking.ends + hours * HOUR)
        await swept(made, 121)
    (task,), (page,) = await made.tasks(), await made.pages()
    assert (task.key, task.due, page.kind) == (first.key, first.due, rung.kind)
    for words in (task.what, page.body):
        assert "asked to move it" in words
        assert "is now at 2026-11-24 12:00 to 13:00" in words
        assert "is now at 2026-11-24 11:00" not in words, "only how it was seen last"
    assert ("It is late." in page.body) is late
    await told(made, task.key)
    assert await made.pages() == []
    await swept(made, 121)
    row = await appointment(made)
    assert (row.starts, row.verification) == (booking.starts + 3 * HOUR, "verified")


@pytest.mark.parametrize("asks_first", [True, False])
async def test_who_calls_hears_that_the_visit_was_dragged_onto_another_one(
    made: House, calendar: FakeCalendar, asks_first: bool
) -> None:
    booking = await verified(made)
    other = await booked(made, LATER)
    edited(calendar, booking, start=other.starts, end=other.ends)
    if not asks_first:
        await swept(made, 7 * HOUR)
    await move(made, booking, LATER + 2 * HOUR)
    (rung,) = await made.pages()
    await made.database.write(lambda t: acknowledged(t, rung.id, by="kim", now=made.clock.now()))
    await swept(made, 5)
    await swept(made, 5)
    (task,), (page,) = await made.tasks(), await made.pages()
    assert "who asked to move it" in task.what
    assert "asked to move it" in page.body
    for words in (task.what, page.body):
        assert words.endswith("That time overlaps another booking of ours: find out which one stands.")
    assert (page.kind, page.status) == ("appointment_changed", "open"), "people are paged with it"
    await swept(made, 121)
    assert (await made.tasks(), await made.pages()) == ([task], [page])


# --- shown as free ----------------------------------------------------------------------------------------------------


async def test_one_shown_as_free_is_not_moved_in_place_and_nothing_is_left_open(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made)
    shown_as_free(calendar, booking)
    assert (await move(made, booking)).code is Code.NOT_ALLOWED
    assert calendar.count("move") == 0
    assert (await change(made)).status == "released"
    assert (await cancel(made, booking)).result is CONFIRMED, "it can be cancelled, as it is where it was"


async def test_one_shown_as_free_while_we_moved_it_is_moved_and_its_read_back_tells(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made)
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    assert (await move(made, booking)).result is PENDING
    shown_as_free(calendar, booking)
    await after(made, 5)
    row = await appointment(made)
    assert (row.starts, row.revision) == (LATER, 2)
    await read_twice(made)
    (page,) = await made.pages()
    assert "it is shown as free time" in page.body


async def test_one_shown_as_free_while_we_moved_it_goes_back_where_another_event_has_its_new_time(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made)
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    assert (await move(made, booking)).result is PENDING
    shown_as_free(calendar, booking)
    calendar.people_write("dana", LATER, LATER + HOUR)
    await after(made, 5)
    row = await appointment(made)
    assert (row.starts, row.revision) == (booking.starts, 1)
    assert made.told == [(booking.reference, REFUSED)]
    event = calendar.stored["dana"][booking.event_id]
    assert (event.start, event.end) == (booking.starts, booking.ends)
