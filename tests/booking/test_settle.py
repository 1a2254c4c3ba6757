"""What becomes of bookings left unsettled: read, never written again, told once, and a person paged when in doubt."""

import asyncio
from dataclasses import replace

import pytest

from app.booking import settle
from app.booking.book import HOLD_S, Result
from app.booking.calendar import Absent
from app.booking.store import Customer, claim, drafted
from app.db.engine import DatabaseUnavailableError
from app.review.tasks import closed
from tests.booking.acme import ANN, HOUR, NOW, TUESDAY_9, House, acme, house
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon

CONFIRMED, REFUSED = Result.CONFIRMED, Result.REFUSED


async def pending(made: House, calendar: FakeCalendar, *, written: bool) -> str:
    """A booking whose write was not heard of; its reference."""
    calendar.script("book", scripted.DONE_BUT_UNKNOWN if written else scripted.UNKNOWN)
    outcome = await made.book()
    assert outcome.result is Result.PENDING
    assert outcome.booking is not None
    return outcome.booking.reference


async def left_by_a_dead_process(made: House) -> str:
    """A hold whose maker was never heard of again; its reference."""
    draft = drafted("acme", made.slot(), ANN, "test:1", now=made.clock.now(), hold_s=HOLD_S)
    held = await made.database.write(lambda t: claim(t, draft))
    assert held is not None
    await made.claims.load()
    return held.reference


async def after(made: House, seconds: float) -> int:
    made.clock.advance(seconds)  # type: ignore[attr-defined]  # a FakeClock
    return await made.settler.settle_due()


async def test_a_pending_booking_that_is_there_is_confirmed_and_told_once(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    assert await after(made, 4) == 0, "its time has not come"
    assert await after(made, 1) == 1
    assert (await made.row()).status == "confirmed"
    assert (await made.row()).etag == calendar.ours("dana")[0].etag
    assert await after(made, 60) == 0
    assert made.told == [(reference, CONFIRMED)]
    assert calendar.count("book") == 1


async def test_one_that_somebody_shows_as_free_is_there_and_its_read_back_tells(
    made: House, calendar: FakeCalendar
) -> None:
    reference = await pending(made, calendar, written=True)
    (event,) = calendar.ours("dana")
    calendar.people_edit("dana", event.id, opaque=False)
    await after(made, 5)
    assert made.told == [(reference, CONFIRMED)]
    (row,) = await made.rows()
    assert (row.status, row.verification) == ("confirmed", "written")


async def test_one_shown_as_free_gives_way_to_another_event_at_its_time(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    (event,) = calendar.ours("dana")
    calendar.people_edit("dana", event.id, opaque=False)
    calendar.people_write("dana", event.start + 1800, event.end)
    await after(made, 5)
    assert made.told == [(reference, REFUSED)]
    assert (await made.row()).status == "refused"
    assert calendar.ours("dana") == []


async def test_one_shown_as_free_is_not_booked_while_the_list_does_not_tell(
    made: House, calendar: FakeCalendar
) -> None:
    reference = await pending(made, calendar, written=True)
    (event,) = calendar.ours("dana")
    calendar.people_edit("dana", event.id, opaque=False)
    calendar.script("events", scripted.UNKNOWN)
    await after(made, 5)
    assert ((await made.row()).status, made.told) == ("pending", [])
    await after(made, 21)
    assert made.told == [(reference, CONFIRMED)]


async def test_one_that_is_not_there_is_given_a_minute_then_refused_and_told(
    made: House, calendar: FakeCalendar
) -> None:
    reference = await pending(made, calendar, written=False)
    for _ in range(3):
        await after(made, 19)
        assert (await made.row()).status == "pending"
        assert made.claims.view("fake:dana").ranges
    await after(made, 21)
    assert (await made.row()).status == "refused"
    assert made.told == [(reference, REFUSED)]
    assert not made.claims.view("fake:dana").ranges
    assert calendar.count("book") == 1, "never written again"
    assert (await made.book(call="test:2")).result is CONFIRMED


async def test_one_that_a_person_removed_is_refused(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    await calendar.cancel("dana", calendar.ours("dana")[0].id, "", within_s=1)
    await after(made, 61)
    assert made.told == [(reference, REFUSED)]


async def test_a_hold_left_by_a_dead_process_is_given_up_in_silence(made: House, calendar: FakeCalendar) -> None:
    await left_by_a_dead_process(made)
    assert (await made.book(customer=Customer("Bo Ray", "+15125550177", "+15125550177"), call="test:2")).taken
    assert await after(made, HOLD_S - 1) == 0
    assert await after(made, 1) == 1
    assert (await made.row()).status == "refused"
    assert made.told == []
    assert (await made.book(call="test:2")).result is CONFIRMED


async def test_a_hold_whose_event_was_written_before_its_process_died_is_confirmed_and_told(
    made: House, calendar: FakeCalendar
) -> None:
    reference = await left_by_a_dead_process(made)
    row = await made.row()
    calendar.people_write("dana", row.starts, row.ends)
    event = calendar.stored["dana"].popitem()[1]
    calendar.stored["dana"][row.event_id] = replace(event, id=row.event_id, reference=reference)
    await after(made, HOLD_S)
    assert made.told == [(reference, CONFIRMED)]


async def test_a_persons_event_in_its_way_wins(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    calendar.people_write("dana", TUESDAY_9 + 1800, TUESDAY_9 + 2 * HOUR)
    await after(made, 5)
    assert (await made.row()).status == "refused"
    assert calendar.ours("dana") == []
    assert made.told == [(reference, REFUSED)], "this caller was told it is not sure yet"


IN_DOUBT = {
    "the calendar does not tell": ("get", scripted.UNKNOWN),
    "seen by id, not in the list": ("events", Step(answer=())),
    "in the list, not seen by id": ("get", Step(answer=Absent())),
    "the list does not tell": ("events", scripted.UNKNOWN),
}


@pytest.mark.parametrize(("request_kind", "step"), IN_DOUBT.values(), ids=IN_DOUBT)
async def test_while_in_doubt_it_stays_and_a_person_is_paged_once(
    made: House, calendar: FakeCalendar, request_kind: str, step: Step
) -> None:
    reference = await pending(made, calendar, written=True)
    calendar.always(request_kind, step)
    for _ in range(7):
        await after(made, 21)
    assert await made.pages() == [], "not before two and a half minutes"
    for _ in range(3):
        await after(made, 21)
    (page,) = await made.pages()
    assert (page.kind, page.key, page.business) == ("booking_unsettled", reference, "acme")
    assert reference in page.body
    assert "fake:dana" in page.body
    assert (await made.row()).status == "pending"
    assert made.told == []
    calendar.always(request_kind, None)
    await after(made, 21)
    assert made.told == [(reference, CONFIRMED)]
    assert await made.pages() == [], "resolved when it was settled"


async def test_an_event_that_was_moved_is_a_persons_to_look_at(made: House, calendar: FakeCalendar) -> None:
    calendar.script("book", Step(shift_s=HOUR))
    await made.book()
    await after(made, 10)
    assert await made.pages() == []
    for _ in range(3):
        await after(made, 150)
    (page,) = await made.pages()
    assert page.title.startswith("Read-back mismatch")
    assert "2026-11-24 09:00 to 10:00" in page.body
    assert "2026-11-24 10:00 to 11:00" in page.body
    assert (await made.row()).status == "pending"


async def test_what_is_seen_and_what_is_not_are_one_page_at_a_time(made: House, calendar: FakeCalendar) -> None:
    calendar.script("book", Step(shift_s=HOUR))
    await made.book()
    for step, kind in ((scripted.UNKNOWN, "booking_unsettled"), (None, "read_back_mismatch"), (scripted.UNKNOWN, "")):
        calendar.always("get", step)
        await after(made, 151)
        assert [page.kind for page in await made.pages()] == [kind or "read_back_mismatch"]


async def test_one_that_was_written_to_another_calendar_is_refused_and_paged(
    made: House, calendar: FakeCalendar
) -> None:
    calendar.script("book", Step(on="lee"))
    await made.book()
    await after(made, 61)
    assert (await made.row()).status == "refused"
    (page,) = await made.pages()
    assert page.title.startswith("Read-back mismatch")
    assert "the event is on fake:lee" in page.body


async def test_a_calendar_that_is_no_longer_shared_refuses_nothing(made: House, calendar: FakeCalendar) -> None:
    await pending(made, calendar, written=True)
    calendar.always("get", Step(answer=scripted.Absent()))
    calendar.always("events", scripted.UNKNOWN)
    await after(made, 61)
    assert (await made.row()).status == "pending"
    calendar.always("get", None)
    calendar.always("events", None)
    await after(made, 21)
    assert (await made.row()).status == "confirmed"


async def test_the_news_survives_a_process_that_dies_before_it_told(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    made.hears = False
    await after(made, 5)
    row = await made.row()
    assert (row.status, row.told) == ("confirmed", "")
    assert ("tell_customer", f"{row.id}:confirmed") in await made.jobs.waiting()
    made.clock.advance(settle.TELL_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
    assert await made.jobs.run_due() == 1
    (task,) = await made.tasks()
    (page,) = await made.pages()
    assert task.what.startswith(f"Booking {reference} (Acme Pest Control, "), "as people call it"
    assert (task.kind, task.subject, task.phone) == ("tell_customer", reference, ANN.phone)
    assert (page.kind, page.key) == ("customer_to_be_told", reference)
    assert "is booked after all" in page.body
    assert ANN.name not in page.body + page.title + task.what
    await made.news.handle({"booking": row.id, "result": "confirmed"})
    assert (len(await made.tasks()), len(await made.pages())) == (1, 1), "carried out twice, done once"
    await made.database.write(lambda t: closed(t, task.key, by="kim", now=made.clock.now()))
    assert await made.pages() == [], "told is told"


async def test_the_job_says_nothing_again_to_who_was_told(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    await after(made, 5)
    assert (await made.row()).told == "confirmed"
    made.clock.advance(settle.TELL_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
    assert await made.jobs.run_due() == 1
    assert made.told == [(reference, CONFIRMED)]
    assert await made.tasks() == []


async def test_a_job_whose_process_knows_the_call_says_it_there(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=False)
    made.hears = False
    await after(made, 61)
    made.hears = True
    made.clock.advance(settle.TELL_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
    await made.jobs.run_due()
    assert made.told == [(reference, REFUSED)]
    assert (await made.row()).told == "refused"
    assert await made.tasks() == []


async def test_what_is_settled_as_confirmed_is_read_back_like_any_other(made: House, calendar: FakeCalendar) -> None:
    await pending(made, calendar, written=True)
    await after(made, 5)
    row = await made.row()
    assert row.verification == "written"
    assert (await made.jobs.waiting())[("read_back", f"{row.id}:1")] == made.clock.now() + 300


async def test_one_that_cannot_be_removed_is_tried_again(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    calendar.people_write("dana", TUESDAY_9, TUESDAY_9 + HOUR)
    calendar.script("cancel", scripted.CHANGED)
    await after(made, 5)
    assert (await made.row()).status == "pending"
    await after(made, 21)
    assert made.told == [(reference, REFUSED)]


@pytest.mark.parametrize("written", [True, False])
async def test_while_the_clock_is_set_back_what_is_in_doubt_keeps_its_time_and_is_settled_once(
    made: House, calendar: FakeCalendar, written: bool
) -> None:
    reference = await pending(made, calendar, written=written)
    await after(made, -3_600)
    assert (await made.row()).status == "pending"
    assert (await made.book(call="test:rival")).taken, "nobody else gets the time meanwhile"
    for _ in range(3):
        await after(made, 3_600)
    row = await made.row()
    result = Result.CONFIRMED if written else Result.REFUSED
    assert (row.reference, row.status) == (reference, result.value)
    assert made.told == [(reference, result)]


async def test_two_settlers_never_settle_one_booking_twice(database_url: str, calendar: FakeCalendar) -> None:
    clock = FakeClock(NOW)
    async with house(database_url, calendar, clock=clock) as one, house(database_url, calendar, clock=clock) as two:
        reference = await pending(one, calendar, written=True)
        calendar.always("get", Step(delay_s=0.1))
        clock.advance(6)
        looked = await asyncio.gather(*(each.settler.settle_due() for each in (one, two, one, two)))
        assert sum(looked) == 1
        assert one.told + two.told == [(reference, CONFIRMED)]


async def test_a_lease_that_ran_out_does_not_tell_twice(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    calendar.always("events", Step(delay_s=0.2))
    made.clock.advance(6)  # type: ignore[attr-defined]  # a FakeClock
    first = asyncio.create_task(made.settler.settle_due())
    await soon(lambda: calendar.count("events") == 1)
    assert await after(made, settle.LEASE_S + 1) == 1
    await first
    assert made.told == [(reference, CONFIRMED)]


async def test_who_was_too_slow_to_see_it_pages_nobody_about_what_another_has_settled(
    made: House, calendar: FakeCalendar
) -> None:
    await pending(made, calendar, written=True)
    calendar.always("get", scripted.UNKNOWN)
    await after(made, settle.PAGE_AFTER_S)
    assert [page.kind for page in await made.pages()] == ["booking_unsettled"]
    calendar.always("get", None)
    calendar.script("get", replace(scripted.UNKNOWN, delay_s=0.3))
    seen = calendar.count("get")
    slow = asyncio.create_task(after(made, settle.LEASE_S + 1))
    await soon(lambda: calendar.count("get") > seen)
    assert await after(made, settle.LEASE_S + 1) == 1
    assert await made.pages() == []
    await slow
    assert ((await made.row()).status, await made.pages()) == ("confirmed", []), "nobody would end it any more"


async def test_one_that_fails_does_not_keep_the_others(database_url: str) -> None:
    class Broken(FakeCalendar):
        async def get(self, calendar: str, event_id: str, *, within_s: float) -> object:
            if calendar == "lee":
                raise ValueError("a fault of ours")
            return await super().get(calendar, event_id, within_s=within_s)

    broken = Broken()
    async with house(database_url, broken, business=acme()) as made:
        await pending(made, broken, written=True)
        broken.script("book", scripted.DONE_BUT_UNKNOWN)
        await made.book(made.slot(who="lee"))
        assert await after(made, 6) == 2
        assert len(made.told) == 1
        assert await after(made, settle.LEASE_S + 1) == 1, "looked at again"


async def test_the_loop_settles_by_itself_and_stops(made: House, calendar: FakeCalendar) -> None:
    await pending(made, calendar, written=True)
    made.clock.advance(6)  # type: ignore[attr-defined]  # a FakeClock
    made.settler.start()
    await soon(lambda: len(made.told) == 1)
    await made.settler.stop()
    assert not [task for task in asyncio.all_tasks() if "Settler" in repr(task)]


async def test_whatever_goes_wrong_once_does_not_end_the_loop(
    made: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "EVERY_S", 0.02)
    failures = [RuntimeError("once")]

    class Stumbling(FakeClock):
        def now(self) -> float:
            if failures:
                raise failures.pop()
            made.clock.advance(0.5)  # type: ignore[attr-defined]  # as below: what was not to be read in time comes again
            return made.clock.now()

    await pending(made, calendar, written=True)
    made.clock.advance(6)  # type: ignore[attr-defined]  # a FakeClock
    made.settler._clock = Stumbling()
    made.settler.start()
    await soon(lambda: len(made.told) == 1, within_s=30.0)
    await made.settler.stop()
    assert failures == []


async def test_a_database_that_does_not_let_it_settle_is_told_to_who_watches_it_and_nobody_is_paged(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process settles: each of them ringing is as many pages, and the first failed look is no outage."""
    monkeypatch.setattr(settle, "EVERY_S", 0.02)
    away = [DatabaseUnavailableError("no answer")]

    async def settle_due() -> int:
        if away:
            raise away.pop()
        return 0

    monkeypatch.setattr(made.settler, "settle_due", settle_due)
    made.settler.start()
    await soon(lambda: "" in made.unsettled)
    await made.settler.stop()
    assert made.unsettled[0] == "Unsettled bookings cannot be settled (no answer); it is tried on."
    assert made.alarms.rung == []


async def test_a_calendar_of_a_kind_that_is_gone_pages(made: House, calendar: FakeCalendar) -> None:
    reference = await pending(made, calendar, written=True)
    made.calendars._by_scheme.clear()
    await after(made, 151)
    assert [page.key for page in await made.pages()] == [reference]
