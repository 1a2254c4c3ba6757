"""Moves and cancellations over a scripted calendar: what is held when, what each fault becomes, how it is settled."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.booking import unnoted
from app.booking.amendments import REMOVE_EVENT, Amendment, begin_move
from app.booking.book import HOLD_S, Outcome, Result
from app.booking.calendar import Refused
from app.booking.settle import LEASE_S, PAGE_AFTER_S
from app.booking.store import Booking, Customer
from app.booking.verification import READ_BACK
from app.db.engine import DatabaseUnavailableError
from app.db.schema import job_outbox, pages, tasks
from app.errors import Code
from tests.booking.acme import ANN, DEADLINE_S, HOUR, READ_BACK_AFTER_S, TUESDAY_9, House
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step, people_first
from tests.fakes.databases import Refusing, held_up, soon

LATER, OVERLAPPING = TUESDAY_9 + 4 * HOUR, TUESDAY_9 + 1800
BO = Customer("Bo Ray", "+15125550177", "+15125550177")
CONFIRMED, PENDING, REFUSED = Result.CONFIRMED, Result.PENDING, Result.REFUSED


async def booked(made: House) -> Booking:
    outcome = await made.book()
    assert outcome.booking is not None
    return outcome.booking


async def move(made: House, booking: Booking, start: int = LATER, who: str = "dana") -> Outcome:
    deadline = made.clock.monotonic() + DEADLINE_S
    return await made.changes.move(made.business, booking, made.slot(start, who=who), "test:move", deadline)


async def cancel(made: House, booking: Booking) -> Outcome:
    return await made.changes.cancel(made.business, booking, "", "test:cancel", made.clock.monotonic() + DEADLINE_S)


async def appointment(made: House) -> Booking:
    (only,) = [row for row in await made.rows() if not row.amends]
    return only


async def change(made: House) -> Booking:
    (only,) = [row for row in await made.rows() if row.amends]
    return only


async def table(made: House, what: Any) -> list[dict[str, Any]]:
    return await made.database.read(lambda c: [dict(row) for row in c.execute(select(what)).mappings()])


async def jobs(made: House, kind: str) -> list[dict[str, Any]]:
    return [{**row, "data": orjson.loads(row["data"])} for row in await table(made, job_outbox) if row["kind"] == kind]


async def after(made: House, seconds: float) -> None:
    made.clock.advance(seconds)  # type: ignore[attr-defined]  # a FakeClock
    await made.settler.settle_due()


async def taken(made: House, start: int, who: str = "dana") -> bool:
    """Whether nobody else can have this time."""
    outcome = await made.book(made.slot(start, who=who), BO, "test:rival")
    return outcome.taken


@pytest.mark.parametrize("start", [LATER, OVERLAPPING, TUESDAY_9 - 1800], ids=["apart", "overlapping", "earlier"])
async def test_a_move_on_the_same_calendar_changes_the_event_in_place(
    made: House, calendar: FakeCalendar, start: int
) -> None:
    booking = await booked(made)
    outcome = await move(made, booking, start)
    assert outcome.result is CONFIRMED
    row = await appointment(made)
    assert (row.starts, row.ends, row.event_id) == (start, start + HOUR, booking.event_id)
    assert (row.blocked_from, row.blocked_to) == (start, start + HOUR + 900)
    assert (row.revision, row.status, row.verification) == (2, "confirmed", "written")
    (event,) = calendar.ours("dana")
    assert (event.start, event.etag) == (start, row.etag)
    assert calendar.count("book") == 1
    assert made.claims.view("fake:dana").ranges == ((row.blocked_from, row.blocked_to),)
    (order,) = [job for job in await jobs(made, READ_BACK) if job["data"]["revision"] == 2]
    assert order["key"] == f"{booking.id}:2"
    assert order["due"] == made.clock.now() + READ_BACK_AFTER_S
    assert "appointment_moved" in await made.audited()


async def test_a_move_in_doubt_is_noted_by_a_slow_database_as_soon_as_it_can(
    made: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who was told "not sure yet" hears no more, should the process be killed before it tries again."""
    monkeypatch.setattr(unnoted, "NOTE_AGAIN_S", 3600.0)
    booking = await booked(made)
    calendar.script("move", Step(delay_s=0.3), scripted.UNKNOWN)
    moving = asyncio.create_task(move(made, booking))
    await soon(lambda: ("move", "dana") in calendar.asked)
    async with held_up(made.database):
        assert (await moving).result is PENDING
    for _ in range(200):
        if (await change(made)).status == "pending":
            break
        await asyncio.sleep(0.02)
    assert (await change(made)).status == "pending"


async def test_a_database_that_goes_away_after_a_move_leaves_time_to_say_pending(
    made: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made.clock, "monotonic", time.monotonic)
    booking = await booked(made)
    calendar.always("get", Step(delay_s=2.3))
    calendar.script("move", Step(delay_s=30))
    began = time.monotonic()
    moving = asyncio.create_task(move(made, booking))
    await soon(lambda: ("move", "dana") in calendar.asked)
    async with held_up(made.database):
        assert (await moving).result is PENDING
        assert time.monotonic() - began < DEADLINE_S


async def test_a_move_of_what_was_cancelled_a_moment_ago_is_no_move(made: House) -> None:
    booking = await booked(made)
    assert (await cancel(made, booking)).result is CONFIRMED
    outcome = await move(made, booking)
    assert (outcome.result, outcome.code) == (REFUSED, Code.NOT_FOUND)


async def test_a_cancellation_that_is_under_way_and_done_is_no_move_either(
    made: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = await booked(made)
    calendar.script("cancel", Step(delay_s=0.2))
    cancelling = asyncio.create_task(cancel(made, booking))
    await soon(lambda: ("cancel", "dana") in calendar.asked)
    read = made.database.read

    async def read_once_it_is_done(work: Any, within_s: float = 15.0) -> Any:
        await asyncio.wait({cancelling})
        return await read(work, within_s)

    monkeypatch.setattr(made.database, "read", read_once_it_is_done)
    outcome = await move(made, booking)
    assert (outcome.result, outcome.code) == (REFUSED, Code.NOT_FOUND)


async def test_a_move_to_where_it_is_already_tells_that_time_also_where_our_rows_cannot_be_read_again(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = await booked(made)
    assert (await move(made, booking)).result is CONFIRMED

    async def away(*_: Any, **__: Any) -> Any:
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(made.database, "read", away)
    outcome = await move(made, booking)
    assert outcome.booking is not None
    assert (outcome.result, outcome.booking.starts, outcome.booking.ends) == (CONFIRMED, LATER, LATER + HOUR)


@pytest.mark.parametrize("first", ["the process", "somebody else"])
async def test_who_was_told_that_a_move_is_pending_hears_the_end_also_after_an_outage_longer_than_the_hold(
    made: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Of what is only held, whoever settles it knows of nobody who waits."""
    monkeypatch.setattr(unnoted, "NOTE_AGAIN_S", 0.05)
    booking = await booked(made)
    away = Refusing(made.database, lambda: ("move", "dana") in calendar.asked)
    monkeypatch.setattr(made.database, "write", away)
    calendar.script("move", scripted.UNKNOWN)
    assert (await move(made, booking)).result is PENDING
    made.clock.advance(HOLD_S + 1)
    already = away.refused
    await soon(lambda: away.refused > already)
    if first == "somebody else":
        monkeypatch.setattr(made.database, "write", away.write)
        await made.settler.settle_due()
        monkeypatch.setattr(made.database, "write", away)
    away.back = True
    await soon(lambda: not made.changes._noting)
    made.clock.advance(60)
    await made.settler.settle_due()
    told = [task.subject for task in await made.tasks()] if first == "somebody else" else [who for who, _ in made.told]
    assert told == [booking.reference]


async def test_a_move_to_another_calendar_writes_first_and_removes_the_old_event_later(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    assert (await move(made, booking, LATER, "lee")).result is CONFIRMED
    row = await appointment(made)
    assert (row.calendar, row.technician, row.reference) == ("fake:lee", "lee", booking.reference)
    (new,) = calendar.ours("lee")
    assert (new.id, new.reference) == (row.event_id, booking.reference)
    assert new.id != booking.event_id
    assert not made.claims.view("fake:dana").ranges
    (job,) = await jobs(made, REMOVE_EVENT)
    assert len(calendar.ours("dana")) == 1
    assert await made.left_over.remove(job["data"]) is None
    assert calendar.ours("dana") == []
    assert await made.left_over.remove(job["data"]) is None, "already gone is done"
    assert calendar.count("cancel") == 1
    assert len(calendar.ours("lee")) == 1


async def test_what_an_editor_wrote_into_the_event_before_is_kept(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    event = calendar.ours("dana")[0]
    calendar.stored["dana"][event.id] = replace(event, description="Gate code 12", etag="edited")
    assert (await move(made, booking)).result is CONFIRMED
    assert calendar.ours("dana")[0].description == "Gate code 12"


@pytest.mark.parametrize(
    ("title", "kept"), [("!! Home inspection: ann LEE (dog)", True), ("Visit", False)], ids=["added to", "replaced"]
)
async def test_it_goes_along_to_another_calendar(made: House, calendar: FakeCalendar, title: str, kept: bool) -> None:
    booking = await booked(made)
    calendar.people_edit("dana", booking.event_id, summary=title, description="Gate code 12")
    assert (await move(made, booking, LATER, "lee")).result is CONFIRMED
    (event,) = calendar.ours("lee")
    assert (event.summary, event.description) == (title if kept else "Home inspection: Ann Lee", "Gate code 12")


IN_PLACE: dict[str, tuple[str, Step, Result, Code | None]] = {
    "our event cannot be read": ("get", scripted.UNKNOWN, REFUSED, Code.CALENDAR_UNAVAILABLE),
    "the new time cannot be read": ("events", scripted.UNKNOWN, REFUSED, Code.CALENDAR_UNAVAILABLE),
    "a person is there": ("events", people_first(LATER, LATER + HOUR), REFUSED, Code.SLOT_TAKEN),
    "refused": ("move", scripted.REFUSED, REFUSED, Code.CALENDAR_UNAVAILABLE),
    "edited meanwhile": ("move", scripted.CHANGED, REFUSED, Code.NOT_ALLOWED),
    "a person writes meanwhile": ("move", people_first(LATER, LATER + HOUR), REFUSED, Code.SLOT_TAKEN),
    "not heard of": ("move", scripted.UNKNOWN, PENDING, Code.STILL_CHECKING),
    "done, not heard of": ("move", scripted.DONE_BUT_UNKNOWN, PENDING, Code.STILL_CHECKING),
    "said to be done": ("move", scripted.NOT_WRITTEN, PENDING, Code.STILL_CHECKING),
    "at another hour": ("move", Step(shift_s=HOUR), PENDING, Code.STILL_CHECKING),
}


@pytest.mark.parametrize(("request_kind", "step", "result", "code"), IN_PLACE.values(), ids=IN_PLACE)
async def test_an_outcome_says_no_more_than_is_known_and_the_old_time_is_kept(
    made: House, calendar: FakeCalendar, request_kind: str, step: Step, result: Result, code: Code
) -> None:
    booking = await booked(made)
    calendar.script(request_kind, step)
    outcome = await move(made, booking)
    assert (outcome.result, outcome.code) == (result, code)
    row = await appointment(made)
    assert replace(row, updated_at=0) == replace(booking, updated_at=0), "the appointment is as it was"
    assert (await change(made)).status == ("pending" if result is PENDING else "released")
    assert await taken(made, TUESDAY_9)
    assert len(calendar.ours("dana")) == 1
    assert [page["kind"] for page in await table(made, pages)] == (
        ["appointment_changed"] if code is Code.NOT_ALLOWED else []
    )
    owed = [(task["subject"], task["phone"], task["paged"]) for task in await table(made, tasks)]
    assert owed == ([(booking.reference, ANN.phone, "appointment_changed")] if code is Code.NOT_ALLOWED else [])


async def test_a_refused_move_rings_with_whose_calendar_it_is_until_one_is_taken(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.script("move", scripted.REFUSED)
    await move(made, booking)
    assert [rung.title for rung in made.alarms.rung] == ["Calendar refuses bookings: Dana at Acme Pest Control"]
    assert (await move(made, booking)).result is CONFIRMED
    assert made.alarms.ringing() == set()


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "moved by hand"])
async def test_what_a_person_changed_before_is_not_touched(made: House, calendar: FakeCalendar, removed: bool) -> None:
    booking = await booked(made)
    event = calendar.ours("dana")[0]
    by_hand = replace(event, start=event.start + HOUR, end=event.end + HOUR, etag="hand", cancelled=removed)
    calendar.stored["dana"][event.id] = by_hand
    outcome = await move(made, booking)
    assert (outcome.result, outcome.code) == (REFUSED, Code.NOT_ALLOWED)
    assert calendar.stored["dana"][event.id] == by_hand
    (page,) = await table(made, pages)
    assert booking.reference in page["title"]


async def test_a_move_without_a_way_through_takes_nothing(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    await made.book(made.slot(OVERLAPPING + HOUR), BO, "test:2")
    outcome = await move(made, booking, OVERLAPPING)
    assert outcome.taken, "half an hour later would run into the next visit"
    assert calendar.count("move") == 0
    assert [row for row in await made.rows() if row.amends] == []


async def test_a_change_that_comes_about_ends_what_was_owed_for_one_that_did_not(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.script("move", scripted.CHANGED)
    assert (await move(made, booking)).code is Code.NOT_ALLOWED
    assert (len(await made.tasks()), len(await made.pages())) == (1, 1)
    assert (await move(made, booking)).result is CONFIRMED
    assert (await made.tasks(), await made.pages()) == ([], [])
    (task,) = await made.tasks(status="done")
    assert (task.closed_by, task.note) == ("readback", "the customer has changed it since")
    made.clock.advance(HOUR)  # type: ignore[attr-defined]  # a FakeClock
    await made.jobs.run_due()
    assert await made.pages() == [], "nor is it late"


async def test_a_change_that_comes_about_later_leaves_its_own_end_to_tell(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.script("move", scripted.CHANGED)
    await move(made, booking)
    calendar.script("cancel", scripted.UNKNOWN)
    assert (await cancel(made, booking)).result is PENDING
    await after(made, 5)
    (task,) = await made.tasks()
    assert "is cancelled now" in task.what


@pytest.mark.parametrize(
    ("intent", "step", "ends", "told"),
    [
        ("move", Step(delay_s=0.4), CONFIRMED, "is moved now"),
        ("move", Step(does=False, answer=Refused("scripted"), delay_s=0.4), REFUSED, "could not be moved"),
        ("cancel", Step(delay_s=0.4), CONFIRMED, "is cancelled now"),
    ],
)
async def test_who_calls_again_while_it_is_under_way_is_told_its_end(
    made: House, calendar: FakeCalendar, intent: str, step: Step, ends: Result, told: str
) -> None:
    booking = await booked(made)
    calendar.script(intent, step)
    ask = move if intent == "move" else cancel
    dropped = asyncio.create_task(ask(made, booking))
    while not calendar.count(intent):  # noqa: ASYNC110 - a counter is no event
        await asyncio.sleep(0.01)
    assert (await ask(made, booking)).result is PENDING, "and that somebody lets them know"
    assert (await dropped).result is ends
    (task,) = await made.tasks()
    assert (task.kind, task.subject) == ("tell_customer", booking.reference)
    assert told in task.what


@pytest.mark.parametrize("again", [True, False], ids=["asked again", "not asked again"])
async def test_only_who_calls_again_is_told_of_a_move_that_is_not_surely_out_of_a_persons_way(
    made: House, calendar: FakeCalendar, again: bool
) -> None:
    booking = await booked(made)
    calendar.script("move", replace(people_first(LATER, LATER + HOUR), delay_s=0.4), scripted.UNKNOWN)
    dropped = asyncio.create_task(move(made, booking))
    while not calendar.count("move"):  # noqa: ASYNC110 - a counter is no event
        await asyncio.sleep(0.01)
    if again:
        assert (await move(made, booking)).result is PENDING
    assert (await dropped).taken
    await after(made, 5)
    assert (await appointment(made)).starts == TUESDAY_9
    assert made.told == ([(booking.reference, REFUSED)] if again else [])
    assert ["could not be moved" in task.what for task in await made.tasks()] == ([True] if again else [])


# --- settling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["dana", "lee"])
async def test_a_pending_move_that_is_there_is_confirmed_and_told_once(
    made: House, calendar: FakeCalendar, who: str
) -> None:
    booking = await booked(made)
    calendar.script("move" if who == "dana" else "book", scripted.DONE_BUT_UNKNOWN)
    assert (await move(made, booking, LATER, who)).result is PENDING
    assert await taken(made, TUESDAY_9)
    assert await taken(made, LATER, who)
    await after(made, 5)
    row = await appointment(made)
    assert (row.starts, row.calendar, row.revision) == (LATER, f"fake:{who}", 2)
    assert made.told == [(booking.reference, CONFIRMED)]
    (task,) = await table(made, tasks)
    assert (task["kind"], task["subject"], task["status"]) == ("tell_customer", booking.reference, "open")
    await after(made, 60)
    assert len(made.told) == 1
    assert len(await jobs(made, REMOVE_EVENT)) == (0 if who == "dana" else 1)


async def test_what_was_said_in_the_call_is_nobodys_task_any_more(made: House, calendar: FakeCalendar) -> None:
    made.call_lives = True
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    await move(made, await booked(made))
    await after(made, 5)
    assert [task["status"] for task in await table(made, tasks)] == ["done"]


@pytest.mark.parametrize("who", ["dana", "lee"])
async def test_a_pending_move_that_never_came_is_given_a_minute_then_given_up_and_told(
    made: House, calendar: FakeCalendar, who: str
) -> None:
    booking = await booked(made)
    calendar.script("move" if who == "dana" else "book", scripted.UNKNOWN)
    await move(made, booking, LATER, who)
    for _ in range(2):
        await after(made, 25)
        assert made.told == []
        assert await taken(made, LATER, who)
    await after(made, 25)
    assert made.told == [(booking.reference, REFUSED)]
    assert (await appointment(made)).starts == TUESDAY_9
    assert not await taken(made, LATER, who)
    assert await taken(made, TUESDAY_9)


async def test_a_person_in_the_way_of_a_pending_move_wins(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    await move(made, booking)
    calendar.people_write("dana", LATER, LATER + HOUR)
    await after(made, 5)
    assert calendar.ours("dana")[0].start == TUESDAY_9, "moved back"
    assert made.told == [(booking.reference, REFUSED)]


async def left_by_a_dead_process(made: House, booking: Booking) -> None:
    """A move begun by a process that was never heard of again."""
    slot, now = made.slot(LATER), made.clock.now()
    begun = await made.database.write(lambda t: begin_move(t, booking.id, slot, "test:1", now=now, hold_s=HOLD_S))
    assert isinstance(begun, Amendment)
    await made.claims.load()


async def test_a_move_whose_process_died_is_found_by_the_event(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    await left_by_a_dead_process(made, booking)
    event = calendar.ours("dana")[0]
    await calendar.move("dana", event.id, (LATER, LATER + HOUR), event.etag, within_s=1)
    await after(made, HOLD_S)
    assert (await appointment(made)).starts == LATER
    assert made.told == [(booking.reference, CONFIRMED)]


async def test_a_hold_of_a_dead_process_is_given_up_in_silence(made: House) -> None:
    await left_by_a_dead_process(made, await booked(made))
    assert await taken(made, LATER)
    await after(made, HOLD_S)
    assert (await change(made)).status == "released"
    assert made.told == []
    assert await table(made, tasks) == []
    assert not await taken(made, LATER)


async def test_while_the_calendar_does_not_tell_both_times_stay_and_a_person_is_paged(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    await move(made, booking)
    calendar.always("get", scripted.UNKNOWN)
    for _ in range(8):
        await after(made, 21)
    (page,) = await table(made, pages)
    assert (page["kind"], page["key"], page["business"]) == ("change_unsettled", booking.reference, "acme")
    assert "2026-11-24 09:00 to 10:00 (America/Chicago) with Dana at Acme" in page["body"]
    assert "moved to 2026-11-24 13:00 to 14:00 (America/Chicago) with Dana at Acme" in page["body"]
    assert await taken(made, LATER)
    calendar.always("get", None)
    await after(made, 21)
    assert (await appointment(made)).starts == LATER
    assert [page["status"] for page in await table(made, pages)] == ["resolved"], "in the commit that settles it"


async def test_who_was_too_slow_to_see_it_pages_nobody_about_what_another_has_settled(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    await move(made, booking)
    calendar.always("get", scripted.UNKNOWN)
    await after(made, PAGE_AFTER_S)
    calendar.always("get", None)
    calendar.script("get", replace(scripted.UNKNOWN, delay_s=0.3))
    seen = calendar.count("get")
    slow = asyncio.create_task(after(made, LEASE_S + 1))
    await soon(lambda: calendar.count("get") > seen)
    await after(made, LEASE_S + 1)
    await slow
    assert (await appointment(made)).starts == LATER
    assert [page["status"] for page in await table(made, pages)] == ["resolved"], "nobody would end it any more"


async def test_a_pending_cancellation_is_carried_through_and_told(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.script("cancel", scripted.UNKNOWN)
    assert (await cancel(made, booking)).result is PENDING
    assert await taken(made, TUESDAY_9)
    await after(made, 5)
    row = await appointment(made)
    assert (row.status, row.revision) == ("cancelled", 2)
    assert made.told == [(booking.reference, CONFIRMED)]
    assert calendar.ours("dana") == []
    assert [job["key"] for job in await jobs(made, READ_BACK) if job["data"]["revision"] == 2] == [f"{booking.id}:2"]
    assert not await taken(made, TUESDAY_9)


async def test_a_pending_cancellation_of_what_was_edited_meanwhile_pages(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.script("cancel", scripted.UNKNOWN)
    await cancel(made, booking)
    event = calendar.ours("dana")[0]
    calendar.stored["dana"][event.id] = replace(event, start=event.start + HOUR, end=event.end + HOUR)
    await after(made, 5)
    assert (await appointment(made)).status == "confirmed"
    assert [page["kind"] for page in await table(made, pages)] == ["appointment_changed"]
    assert made.told == [(booking.reference, REFUSED)]


async def test_ann_is_who_it_is_for_after_all_that(made: House) -> None:
    booking = await booked(made)
    await move(made, booking, LATER, "lee")
    row = await appointment(made)
    assert (row.customer_name, row.phone, row.caller) == (ANN.name, ANN.phone, ANN.caller)
    assert (await change(made)).customer_name == ""
