"""The independent reader: what is right is verified in silence, what is not reaches a person once, whatever repeats."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.booking.book import Result
from app.booking.store import Booking, changed
from app.booking.verdicts import CANNOT_VERIFY_AFTER_S, ONCE_MORE_AFTER_S
from app.booking.verification import expected
from app.db.engine import Transaction
from app.jobs.outbox import Again
from app.metrics import render
from app.review.tasks import closed
from tests.booking.acme import ANN, CHICAGO, DEADLINE_S, HOUR, TUESDAY_9, House, acme, house
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step

AFTER_S = 300


async def booked(made: House, start: int = TUESDAY_9, who: str = "dana") -> Booking:
    outcome = await made.book(made.slot(start, who=who), call=f"test:{start}:{who}")
    assert outcome.booking is not None
    assert outcome.booking.status == "confirmed", outcome
    return outcome.booking


async def later(made: House, seconds: float) -> None:
    """Time passes; the jobs that are due then are run."""
    made.clock.advance(seconds)  # type: ignore[attr-defined]  # a FakeClock
    await made.jobs.run_due()


async def read_twice(made: House) -> None:
    await later(made, AFTER_S)
    await later(made, ONCE_MORE_AFTER_S)


async def swept(made: House, seconds: float) -> None:
    """Time passes; the sweep looks, and once more where it was in doubt."""
    for pause in (seconds, ONCE_MORE_AFTER_S, ONCE_MORE_AFTER_S):
        made.clock.advance(pause)  # type: ignore[attr-defined]  # a FakeClock
        while await made.sweep.sweep_once(made.clock.now()):
            pass


async def test_a_booking_and_its_read_back_are_one_commit(made: House) -> None:
    booking = await booked(made)
    assert booking.verification == "written"
    assert await made.jobs.waiting() == {("read_back", f"{booking.id}:1"): made.clock.now() + AFTER_S}


async def test_what_is_right_is_verified_in_silence_and_once(made: House, calendar: FakeCalendar) -> None:
    await booked(made)
    asked = len(calendar.asked)
    await later(made, AFTER_S - 1)
    assert len(calendar.asked) == asked, "not before its time"
    await later(made, 1)
    row = await made.row()
    assert (row.verification, row.verified_at) == ("verified", made.clock.now())
    assert calendar.asked[asked:] == [("get", "dana"), ("events", "dana")], "a fetch of its own"
    assert await made.jobs.waiting() == {}
    assert (await made.pages(), await made.tasks()) == ([], [])
    kinds = await made.audited()
    assert kinds.count("read_back_verified") == 1
    assert await made.read_backs.handle({"booking": row.id, "revision": 1}) is None
    assert await made.audited() == kinds, "called once more, nothing more happens"


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "cancelled": ({"cancelled": True}, "the event is cancelled"),
    "an hour late": ({"start": TUESDAY_9 + HOUR, "end": TUESDAY_9 + 2 * HOUR}, "There: an event at 2026-11-24 10:00"),
    "shorter": ({"end": TUESDAY_9 + 1800}, "it ends at another time"),
    "shown as free": ({"opaque": False}, "it is shown as free time"),
    "another customer": ({"summary": "Home inspection: Bob Roe"}, "the customer differs"),
    "another reference": ({"reference": "ZZZZZZ"}, "the reference differs"),
}


@pytest.mark.parametrize(("edit", "said"), BROKEN.values(), ids=BROKEN)
async def test_what_was_never_seen_right_pages_once_after_a_second_look(
    made: House, calendar: FakeCalendar, edit: dict[str, Any], said: str
) -> None:
    booking = await booked(made)
    calendar.people_edit("dana", booking.event_id, **edit)
    await later(made, AFTER_S)
    assert await made.pages() == [], "read once more first"
    assert (await made.row()).verification == "written"
    await later(made, ONCE_MORE_AFTER_S)
    (page,) = await made.pages()
    assert page.title.startswith("Read-back mismatch")
    assert (page.kind, page.key, page.business) == ("read_back_mismatch", booking.reference, "acme")
    for part in (
        booking.reference,
        "fake:dana",
        "Wanted: an event at 2026-11-24 09:00 to 10:00 (America/Chicago)",
        said,
    ):
        assert part in page.body
    for private in (ANN.name, "Bob", ANN.phone):
        assert private not in page.title + page.body
    assert f"readback bookings show {booking.reference}" in page.body, "whom to call"
    assert (await made.row()).verification == "mismatch"
    (task,) = await made.tasks()
    assert (task.kind, task.subject, task.status, task.paged) == ("mismatch", booking.reference, "open", page.kind)
    assert (task.phone, task.details) == (ANN.phone, ANN.name)
    assert {kind for kind, _ in await made.jobs.waiting()} == {"task_due"}
    await made.read_backs.handle({"booking": booking.id, "revision": 1})
    await swept(made, HOUR)
    assert len(await made.pages()) == 1
    assert (await made.audited()).count("read_back_mismatch") == 1


async def test_an_event_that_vanished_pages_with_where_it_is(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.stored["lee"][booking.event_id] = calendar.stored["dana"].pop(booking.event_id)
    await read_twice(made)
    (page,) = await made.pages()
    assert "There: no such event; the event is on fake:lee" in page.body


async def test_a_second_event_of_the_same_reference_pages(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.stored["dana"]["copy"] = replace(calendar.stored["dana"][booking.event_id], id="copy")
    await read_twice(made)
    (page,) = await made.pages()
    assert "another event carries the same reference" in page.body


async def test_a_glitch_of_one_read_pages_nobody(made: House, calendar: FakeCalendar) -> None:
    await booked(made)
    calendar.script("get", Step(answer=scripted.Absent()))
    await read_twice(made)
    assert (await made.row()).verification == "verified"
    assert await made.pages() == []


async def test_the_second_look_survives_a_restart(database_url: str, calendar: FakeCalendar) -> None:
    async with house(database_url, calendar) as first:
        booking = await booked(first)
        calendar.people_edit("dana", booking.event_id, cancelled=True)
        await later(first, AFTER_S)
        clock = first.clock
    async with house(database_url, calendar, clock=clock) as second:
        again = await second.read_backs.handle({"booking": booking.id, "revision": 1})
        assert isinstance(again, Again), "not at once, however often it is called"
        assert await second.pages() == []
        await later(second, ONCE_MORE_AFTER_S)
        assert len(await second.pages()) == 1


async def test_a_page_resolves_itself_when_the_calendar_is_put_right(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    right = calendar.stored["dana"].pop(booking.event_id)
    await read_twice(made)
    assert len(await made.pages()) == 1
    calendar.stored["dana"][booking.event_id] = right
    await swept(made, 121)
    assert await made.pages() == []
    assert len(await made.pages(status="resolved")) == 1
    assert (await made.row()).verification == "verified"


async def test_once_put_right_nobody_need_do_anything(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    right = calendar.stored["dana"].pop(booking.event_id)
    await read_twice(made)
    calendar.stored["dana"][booking.event_id] = right
    await swept(made, 121)
    assert await made.tasks() == []
    (task,) = await made.tasks(status="done")
    assert task.closed_by == "readback"


async def done(made: House, by: str = "ann") -> None:
    (task,) = await made.tasks()
    assert await made.database.write(lambda t: closed(t, task.key, by=by, now=made.clock.now()))


async def test_what_a_person_has_agreed_with_the_customer_is_what_is_promised(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.people_edit("dana", booking.event_id, start=TUESDAY_9 + 4 * HOUR, end=TUESDAY_9 + 5 * HOUR)
    await read_twice(made)
    await done(made)
    assert await made.pages() == []
    await swept(made, 121)
    row = await made.row()
    assert (row.starts, row.verification) == (TUESDAY_9 + 4 * HOUR, "verified")
    await swept(made, HOUR)
    assert (await made.pages(), await made.tasks()) == ([], [])


async def test_one_that_never_was_there_and_is_dealt_with_holds_its_time_no_longer(
    made: House, calendar: FakeCalendar
) -> None:
    await booked(made)
    calendar.stored["dana"].clear()
    await read_twice(made)
    await done(made)
    await swept(made, 121)
    assert (await made.row()).status == "released"
    assert (await made.book(made.slot(TUESDAY_9), call="test:another")).booking is not None


async def test_a_mismatch_that_nobody_deals_with_pages_again_as_late(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.stored["dana"].clear()
    await read_twice(made)
    await later(made, 4 * HOUR)
    (page,) = await made.pages()
    assert (page.kind, booking.reference in page.body) == ("task_late", True)


async def test_an_unreadable_calendar_is_tried_with_growing_pauses_then_paged(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.always("get", scripted.UNKNOWN)
    made.clock.advance(AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
    began, pauses = made.clock.now(), []
    job = {"booking": booking.id, "revision": 1}
    while isinstance(again := await made.read_backs.handle(job), Again):
        assert await made.pages() == []
        pauses.append(again.after_s)
        made.clock.advance(again.after_s)  # type: ignore[attr-defined]  # a FakeClock
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
    assert CANNOT_VERIFY_AFTER_S <= made.clock.now() - began <= CANNOT_VERIFY_AFTER_S + 60
    (page,) = await made.pages()
    assert page.title.startswith("Cannot verify")
    assert booking.reference in page.title
    assert "scripted" in page.body
    assert (await made.row()).verification == "cannot_verify"
    calendar.always("get", None)
    await swept(made, 121)
    assert (await made.row()).verification == "verified"
    assert await made.pages() == []


async def test_a_calendar_that_is_no_longer_shared_is_not_taken_for_an_empty_one(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    calendar.always("get", Step(answer=scripted.Absent()))
    calendar.always("events", scripted.UNKNOWN)
    for _ in range(12):
        await later(made, 61)
    (page,) = await made.pages()
    assert page.title == f"Cannot verify {booking.reference} on fake:dana"
    assert (await made.row()).verification == "cannot_verify"


async def no_technician(made: House) -> None:
    made.businesses["acme"] = acme(("lee",))


async def renamed_calendar(made: House) -> None:
    made.businesses["acme"] = acme(scheme="other")


async def no_business(made: House) -> None:
    made.businesses.clear()


async def no_adapter(made: House) -> None:
    made.calendars._by_scheme.clear()


GONE = {
    "technician": (no_technician, "technician dana is no longer in the business file"),
    "calendar": (renamed_calendar, "the calendar of technician dana is now other:dana"),
    "business": (no_business, "no longer served"),
    "adapter": (no_adapter, "no adapter for fake calendars"),
}


@pytest.mark.parametrize(("take_away", "said"), GONE.values(), ids=GONE)
async def test_what_was_removed_from_the_file_cannot_be_verified(made: House, take_away: Any, said: str) -> None:
    before = dict(made.businesses)
    adapters = dict(made.calendars._by_scheme)
    await booked(made)
    await take_away(made)
    await later(made, AFTER_S)
    (page,) = await made.pages()
    assert page.title.startswith("Cannot verify")
    assert said in page.body
    made.businesses.update(before)
    made.calendars._by_scheme.update(adapters)
    await swept(made, 121)
    assert await made.pages() == []
    assert (await made.row()).verification == "verified"


async def test_a_technician_removed_with_many_visits_ahead_is_one_page(made: House) -> None:
    for hour in range(3):
        await booked(made, TUESDAY_9 + 4 * HOUR + hour * 2 * HOUR if hour else TUESDAY_9, "dana")
    await later(made, AFTER_S)
    made.businesses["acme"] = acme(("lee",))
    await swept(made, 7 * HOUR)
    (page,) = await made.pages()
    assert page.title == "Cannot verify appointments on fake:dana"
    first, *others = sorted(await made.rows(), key=lambda row: row.reference not in page.body.partition(" on ")[0])
    assert f"`readback bookings show {first.reference}`" in page.body
    assert "Put the business file right and start again, or have a colleague take it over" in page.body
    others.sort(key=lambda row: row.starts)
    assert [page.body.count(row.reference) for row in others] == [1, 1], "nobody drives to those either"
    assert page.body.endswith(f"The same goes for {', '.join(named(row) for row in others)}.")


def named(row: Booking) -> str:
    start, end = (datetime.fromtimestamp(moment, CHICAGO) for moment in (row.starts, row.ends))
    return f"{row.reference} at {start:%Y-%m-%d %H:%M} to {end:%H:%M} (America/Chicago)"


async def test_a_job_of_an_earlier_revision_is_over(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    await made.database.write(lambda t: changed(t, booking, revision=2))
    calendar.stored["dana"].clear()
    assert await made.read_backs.handle({"booking": booking.id, "revision": 1}) is None
    assert await made.read_backs.handle({"booking": "nobody", "revision": 1}) is None
    assert await made.pages() == []


async def test_what_was_seen_before_a_change_proves_nothing_of_what_is_promised_since(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    listed = calendar.events

    def promised_later(transaction: Transaction) -> None:
        moved = changed(transaction, booking, starts=booking.starts + HOUR, ends=booking.ends + HOUR, revision=2)
        expected(transaction, moved, now=made.clock.now(), care=made.care)

    async def changed_meanwhile(*about: Any, **within: Any) -> Any:
        there = await listed(*about, **within)
        calendar.events = listed  # type: ignore[method-assign]
        await made.database.write(promised_later)
        return there

    calendar.events = changed_meanwhile  # type: ignore[method-assign]
    await later(made, AFTER_S)
    assert ((await made.row()).revision, (await made.row()).verification) == (2, "written")
    await read_twice(made)
    assert [page.title for page in await made.pages()] == [f"Read-back mismatch: {booking.reference} on fake:dana"]


async def test_a_booking_in_doubt_is_settled_before_it_is_read_back(made: House) -> None:
    booking = await booked(made)
    await made.database.write(lambda t: changed(t, booking, status="pending"))
    assert isinstance(await made.read_backs.handle({"booking": booking.id, "revision": 1}), Again)
    assert (await made.row()).verification == "written"


async def cancelled(made: House, booking: Booking) -> None:
    """As whoever cancels an appointment does it."""

    def write(transaction: Transaction) -> None:
        gone = changed(transaction, booking, status="cancelled", revision=2)
        expected(transaction, gone, now=made.clock.now(), care=made.care)

    await made.database.write(write)


async def half_moved(made: House, calendar: FakeCalendar, booking: Booking) -> None:
    """A move that went through on the calendar, and of which nothing was heard."""
    calendar.script("move", scripted.DONE_BUT_UNKNOWN)
    deadline = made.clock.monotonic() + DEADLINE_S
    wanted = made.slot(TUESDAY_9 + 4 * HOUR)
    assert (await made.changes.move(made.business, booking, wanted, "test:move", deadline)).result is Result.PENDING
    (event,) = calendar.ours("dana")
    assert event.start == wanted.start


async def test_while_a_change_is_under_way_its_read_back_waits(made: House, calendar: FakeCalendar) -> None:
    await half_moved(made, calendar, await booked(made))
    asked = calendar.count("get")
    await later(made, AFTER_S)
    assert calendar.count("get") == asked
    assert "read_back" in {kind for kind, _ in await made.jobs.waiting()}


async def test_what_a_change_has_done_half_way_is_not_taken_for_somebodys_own(
    made: House, calendar: FakeCalendar
) -> None:
    booking = await booked(made)
    await later(made, AFTER_S)
    await half_moved(made, calendar, booking)
    asked = calendar.count("get")
    await swept(made, 12 * HOUR)
    assert calendar.count("get") > asked
    assert (await made.pages(), await made.tasks()) == ([], [])
    (row,) = [row for row in await made.rows() if not row.amends]
    assert (row.starts, row.verification) == (TUESDAY_9, "verified")


async def test_a_cancelled_appointment_must_be_gone(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    await cancelled(made, booking)
    await read_twice(made)
    (page,) = await made.pages()
    assert page.title.startswith("Read-back mismatch")
    assert "Wanted: no event: it was cancelled" in page.body
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await swept(made, 121)
    assert await made.pages() == []
    assert (await made.row()).verification == "verified"
    asked = len(calendar.asked)
    await swept(made, HOUR)
    assert len(calendar.asked) == asked, "nobody looks at it any more"


async def test_one_that_is_gone_is_verified(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    await cancelled(made, booking)
    await read_twice(made)
    assert (await made.row()).verification == "verified"
    assert await made.pages() == []


async def test_a_change_that_is_written_anew_ends_what_was_wrong_before(made: House, calendar: FakeCalendar) -> None:
    booking = await booked(made)
    calendar.stored["dana"].clear()
    await read_twice(made)
    assert len(await made.pages()) == 1
    await cancelled(made, await made.row())
    assert await made.pages() == []
    await read_twice(made)
    assert (await made.row()).verification == "verified"
    assert booking.reference


async def test_outcomes_are_counted(made: House, calendar: FakeCalendar) -> None:
    def count(outcome: str) -> float:
        lines = render()[0].decode().splitlines()
        series = f'readback_read_backs_total{{outcome="{outcome}"}} '
        return sum(float(line.removeprefix(series)) for line in lines if line.startswith(series))

    before = count("verified"), count("mismatch")
    await booked(made)
    broken = await booked(made, TUESDAY_9 + 4 * HOUR)
    calendar.people_edit("dana", broken.event_id, cancelled=True)
    await read_twice(made)
    assert (count("verified"), count("mismatch")) == (before[0] + 1, before[1] + 1)
