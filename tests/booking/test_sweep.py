"""What people do to appointments after all was well: followed, never overwritten, and a person tells the customer."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.booking.store import Booking
from app.booking.sweep import BATCH
from app.booking.verdicts import next_look
from app.jobs.outbox import Job
from app.promises.follow_up import TaskFollowUp
from app.review.tasks import closed
from tests.booking.acme import ANN, HOUR, NOW, TUESDAY_9, House, acme, at, house
from tests.booking.test_read_back import AFTER_S, booked, later, swept
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock

TODAY_15 = at("2026-11-20", "15:00")
FAR, NEAR = TUESDAY_9, TODAY_15


async def verified(made: House, start: int = FAR) -> Booking:
    """A booking that an independent read has seen right."""
    booking = await booked(made, start)
    await later(made, AFTER_S)
    (row,) = [row for row in await made.rows() if row.id == booking.id]
    assert row.verification == "verified"
    return row


def following(made: House) -> list[Booking]:
    """What is told from now on of bookings that are promised anew."""
    heard: list[Booking] = []

    def then(booking: Booking, _: float) -> list[Job]:
        heard.append(booking)
        return []

    made.then = then
    return heard


async def told(made: House, key: str) -> None:
    """A person says that the customer knows."""
    assert await made.database.write(lambda t: closed(t, key, by="kim", now=made.clock.now()))


def shifted(booking: Booking, seconds: int) -> dict[str, int]:
    return {"start": booking.starts + seconds, "end": booking.ends + seconds}


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "moved": (
        {"start": FAR + HOUR, "end": FAR + 2 * HOUR},
        "is now at 2026-11-24 10:00 to 11:00 (America/Chicago)",
    ),
    "cancelled": ({"cancelled": True}, "is no longer on the calendar"),
    "made free": ({"opaque": False}, "was edited on the calendar (it is shown as free time)"),
    "given to somebody else": ({"summary": "Bob Roe"}, "was edited on the calendar (the customer differs)"),
}


@pytest.mark.parametrize(("edit", "said"), CHANGES.values(), ids=CHANGES)
async def test_a_change_well_ahead_is_a_task_to_tell_the_customer_and_no_page(
    made: House, calendar: FakeCalendar, edit: dict[str, Any], said: str
) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, **edit)
    there = calendar.stored["dana"][booking.event_id]
    await swept(made, 7 * HOUR)
    (task,) = await made.tasks()
    assert (task.kind, task.subject, task.phone) == ("tell_customer", booking.reference, ANN.phone)
    assert "promised for 2026-11-24 09:00 to 10:00 (America/Chicago)" in task.what
    assert said in task.what
    assert ANN.name not in task.what
    assert await made.pages() == []
    assert (await made.row()).verification == "changed"
    await swept(made, 7 * HOUR)
    assert len(await made.tasks()) == 1, "known already"
    assert calendar.stored["dana"][booking.event_id] == there, "the calendar is followed, never overwritten"
    assert (calendar.count("book"), calendar.count("cancel")) == (1, 0)
    assert (await made.audited()).count("read_back_changed") == 1


async def test_one_that_was_deleted_altogether_is_a_change_too(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    del calendar.stored["dana"][booking.event_id]
    await swept(made, 7 * HOUR)
    assert [task.subject for task in await made.tasks()] == [booking.reference]


async def test_a_change_of_a_near_visit_pages_as_well(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made, NEAR)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await swept(made, 601)
    (page,) = await made.pages()
    assert page.title.startswith("Read-back mismatch")
    assert (page.kind, page.key) == ("read_back_changed", booking.reference)
    assert "fake:dana" in page.body
    assert "cancelled" in page.body
    assert len(await made.tasks()) == 1
    await swept(made, 601)
    assert len(await made.pages()) == 1


async def test_what_was_paged_already_is_paged_on_one_track(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made, NEAR)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await swept(made, 601)
    (task,) = await made.tasks()
    follow = TaskFollowUp(made.database, made.clock)
    made.clock.advance(task.due - made.clock.now() - 60)  # type: ignore[attr-defined]  # a FakeClock
    await follow({"task": task.key})
    assert [page.kind for page in await made.pages()] == ["read_back_changed"], "not one more before it is late"
    await swept(made, 61)
    await follow({"task": task.key})
    await swept(made, 121)
    assert [page.kind for page in await made.pages()] == ["task_late"], "late, it is the only one"
    await told(made, task.key)
    assert await made.pages() == []


async def test_one_moved_to_today_is_near(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made, FAR)
    calendar.people_edit("dana", booking.event_id, start=TODAY_15 + 20 * HOUR, end=TODAY_15 + 21 * HOUR)
    await swept(made, 7 * HOUR)
    assert len(await made.pages()) == 1


async def test_a_change_that_nobody_told_pages_when_the_visit_comes_near(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await swept(made, 7 * HOUR)
    assert await made.pages() == []
    await swept(made, booking.starts - made.clock.now() - 20 * HOUR)
    assert [page.key for page in await made.pages()] == [booking.reference]


async def test_our_claim_follows_an_event_that_was_moved(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, **shifted(booking, 2 * HOUR))
    await swept(made, 7 * HOUR)
    row = await made.row()
    assert (row.starts, row.ends) == (booking.starts + 2 * HOUR, booking.ends + 2 * HOUR)
    moved = (booking.blocked_from + 2 * HOUR, booking.blocked_to + 2 * HOUR)
    assert (row.blocked_from, row.blocked_to) == moved
    assert made.claims.view("fake:dana").ranges == (moved,)
    assert row.etag == calendar.stored["dana"][row.event_id].etag
    assert (await made.book(call="test:2")).booking is not None, "the time it was moved from can be booked"


async def test_our_claim_stays_where_another_booking_has_the_time(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    other = await verified(made, FAR + 4 * HOUR)
    calendar.people_edit("dana", booking.event_id, start=other.starts, end=other.ends)
    await swept(made, 7 * HOUR)
    row = next(row for row in await made.rows() if row.id == booking.id)
    assert (row.starts, row.verification) == (booking.starts, "changed")
    (page,) = await made.pages()
    assert "overlaps another booking" in page.body
    await swept(made, 601)
    assert (len(await made.pages()), len(await made.tasks())) == (1, 1)


async def test_one_dragged_into_the_past_keeps_its_promised_time_and_is_found_when_it_is_put_back(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, **shifted(booking, -7 * 24 * HOUR))
    await swept(made, 7 * HOUR)
    row = await made.row()
    assert (row.starts, row.verification) == (booking.starts, "changed")
    (page,) = await made.pages()
    assert "is now at 2026-11-17 09:00" in page.body
    assert "overlaps" not in page.body
    assert made.claims.view("fake:dana").ranges == ((booking.blocked_from, booking.blocked_to),)
    calendar.people_edit("dana", booking.event_id, **shifted(booking, 0))
    await swept(made, 121)
    assert (await made.row()).verification == "verified"
    assert (await made.pages(), await made.tasks()) == ([], [])


async def test_one_moved_to_an_earlier_day_is_watched_until_the_promised_time_is_over(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, start=NEAR, end=NEAR + HOUR)
    await swept(made, 3 * HOUR)
    await swept(made, 5 * HOUR)
    assert made.clock.now() > NEAR + HOUR
    calendar.people_edit("dana", booking.event_id, **shifted(booking, 0))
    await swept(made, 121)
    assert (await made.row()).verification == "verified"


async def test_one_without_any_length_overlaps_nothing(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, end=booking.starts)
    await swept(made, 7 * HOUR)
    (task,) = await made.tasks()
    assert "overlaps" not in task.what


async def test_once_the_customer_was_told_the_new_time_is_what_is_promised(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    followed = following(made)
    calendar.people_edit("dana", booking.event_id, **shifted(booking, HOUR))
    await swept(made, 7 * HOUR)
    (task,) = await made.tasks()
    await told(made, task.key)
    assert followed == []
    await swept(made, 121)
    row = await made.row()
    assert (row.verification, row.starts) == ("verified", booking.starts + HOUR)
    assert [(told.status, told.starts, told.revision) for told in followed] == [
        ("confirmed", booking.starts + HOUR, 2)
    ], "the CRM and the reminders hear of the new time"
    calendar.people_edit("dana", booking.event_id, start=booking.starts, end=booking.ends)
    await swept(made, 7 * HOUR)
    (again,) = await made.tasks()
    assert "promised for 2026-11-24 10:00" in again.what
    assert "is now at 2026-11-24 09:00" in again.what


async def test_once_the_customer_was_told_of_a_cancellation_the_time_is_free(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await verified(made, NEAR)
    followed = following(made)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await swept(made, 601)
    (task,) = await made.tasks()
    await told(made, task.key)
    assert followed == []
    await swept(made, 121)
    assert (await made.row()).status == "released"
    assert [(told.status, told.revision) for told in followed] == [("released", 2)]
    assert await made.pages() == []
    assert made.claims.view("fake:dana").ranges == ()


async def test_one_that_is_moved_back_needs_nobody(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made, NEAR)
    calendar.people_edit("dana", booking.event_id, **shifted(booking, HOUR))
    await swept(made, 601)
    assert (len(await made.pages()), len(await made.tasks())) == (1, 1)
    calendar.people_edit("dana", booking.event_id, start=booking.starts, end=booking.ends)
    await swept(made, 121)
    assert (await made.pages(), await made.tasks()) == ([], [])
    row = await made.row()
    assert (row.verification, row.starts, row.blocked_to) == ("verified", booking.starts, booking.blocked_to)


async def test_one_that_is_moved_twice_has_one_open_task(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    for hours in (1, 2):
        calendar.people_edit("dana", booking.event_id, **shifted(booking, hours * HOUR))
        await swept(made, 7 * HOUR)
    (task,) = await made.tasks()
    assert "is now at 2026-11-24 11:00" in task.what
    assert "promised for 2026-11-24 09:00" in task.what
    assert len(await made.tasks(status="done")) == 1


async def test_a_glitch_of_the_sweep_changes_nothing(made: House, calendar: FakeCalendar) -> None:
    await verified(made)
    calendar.script("get", Step(answer=scripted.Absent()))
    await swept(made, 7 * HOUR)
    assert (await made.row()).verification == "verified"
    assert (await made.pages(), await made.tasks()) == ([], [])


async def test_a_calendar_that_is_away_for_a_while_pages_once_for_all_of_it(
    made: House, calendar: FakeCalendar
) -> None:
    for hours in (0, 4, 6):
        await verified(made, FAR + hours * HOUR)
    calendar.always("get", scripted.UNKNOWN)
    await swept(made, 7 * HOUR)
    for _ in range(8):
        await swept(made, 61)
    (page,) = await made.pages()
    assert page.title == "Cannot verify appointments on fake:dana"
    calendar.always("get", None)
    await swept(made, 121)
    assert await made.pages() == []
    assert {row.verification for row in await made.rows()} == {"verified"}


@pytest.mark.parametrize(
    ("state", "ahead_s", "every_s"),
    [
        ("verified", 4 * HOUR - 1, 120),
        ("verified", 4 * HOUR, 600),
        ("verified", 25 * HOUR, HOUR),
        ("verified", 73 * HOUR, 6 * HOUR),
        ("mismatch", 73 * HOUR, 120),
        ("changed", 4 * HOUR, 120),
        ("cannot_verify", 25 * HOUR, 120),
    ],
)
async def test_the_nearer_the_visit_the_oftener_it_is_looked_at(
    made: House, state: str, ahead_s: int, every_s: int
) -> None:
    booking = await booked(made)
    assert next_look(replace(booking, verification=state, starts=NOW + ahead_s), NOW) == NOW + every_s


async def test_the_next_look_comes_when_it_is_due_and_not_before(made: House, calendar: FakeCalendar) -> None:
    await verified(made, NEAR)
    looked = calendar.count("get")
    made.clock.advance(599)  # type: ignore[attr-defined]  # a FakeClock
    assert await made.sweep.sweep_once(made.clock.now()) == 0
    made.clock.advance(1)  # type: ignore[attr-defined]  # a FakeClock
    assert await made.sweep.sweep_once(made.clock.now()) == 1
    assert calendar.count("get") == looked + 1


async def test_a_visit_that_is_over_is_left_alone(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made, NEAR)
    calendar.stored["dana"].clear()
    made.clock.advance(booking.ends - made.clock.now() + 1)  # type: ignore[attr-defined]  # a FakeClock
    assert await made.sweep.sweep_once(made.clock.now()) == 0
    assert await made.sweep.sweep_once(made.clock.now() + 7 * HOUR) == 0
    assert (await made.pages(), await made.tasks()) == ([], [])


async def test_a_read_back_whose_job_was_lost_is_made_up_for(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.stored["dana"].clear()
    await swept(made, AFTER_S + 901)
    assert [page.key for page in await made.pages()] == [booking.reference]


async def test_two_processes_never_look_at_one_appointment_at_once(database_url: str, calendar: FakeCalendar) -> None:
    clock = FakeClock(NOW)
    async with house(database_url, calendar, clock=clock) as one, house(database_url, calendar, clock=clock) as two:
        await verified(one)
        calendar.always("get", Step(delay_s=0.05))
        clock.advance(7 * HOUR)
        looked = await asyncio.gather(*(each.sweep.sweep_once(clock.now()) for each in (one, two, one, two)))
        assert sum(looked) == 1


async def test_a_round_is_bounded(made: House, calendar: FakeCalendar) -> None:
    days = [f"2026-12-{day:02d}" for day in range(1, 5)]
    starts = [at(day, f"{hour:02d}:00") for day in days for hour in (8, 10, 13, 15)]
    for start in starts:
        await booked(made, start)
        await booked(made, start, "lee")
    assert 2 * len(starts) > BATCH
    await later(made, AFTER_S)
    made.clock.advance(7 * HOUR)  # type: ignore[attr-defined]  # a FakeClock
    assert await made.sweep.sweep_once(made.clock.now()) == BATCH
    assert await made.sweep.sweep_once(made.clock.now()) == 2 * len(starts) - BATCH
    assert await made.sweep.sweep_once(made.clock.now()) == 0


async def test_one_look_that_fails_does_not_keep_the_others(database_url: str) -> None:
    class Broken(FakeCalendar):
        fails = False

        async def get(self, calendar: str, event_id: str, *, within_s: float) -> Any:
            if self.fails and calendar == "lee":
                raise ValueError("a fault of ours")
            return await super().get(calendar, event_id, within_s=within_s)

    broken = Broken()
    async with house(database_url, broken, business=acme()) as made:
        mine, _ = await booked(made), await booked(made, who="lee")
        await later(made, AFTER_S)
        broken.fails = True
        broken.people_edit("dana", mine.event_id, opaque=False)
        await swept(made, 7 * HOUR)
        assert [task.subject for task in await made.tasks()] == [mine.reference]
