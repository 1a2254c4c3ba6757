"""One booking from claim to confirmation, against a calendar that goes wrong at every step."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from app.booking import book, noting, unnoted
from app.booking.book import HOLD_S, Outcome, Result
from app.booking.calendar import Absent
from app.booking.store import YIELD, Customer
from app.db.engine import DatabaseUnavailableError
from app.db.schema import bookings
from app.errors import Code
from tests.booking.acme import (
    ANN,
    FOLLOW_UP,
    HOUR,
    INSPECTION,
    NOW,
    TREATMENT,
    TUESDAY_9,
    House,
    house,
)
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.databases import Refusing, held_up, soon

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def acme(database_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    async with house(database_url, calendar) as made:
        yield made


async def offered(acme: House, start: int = TUESDAY_9) -> bool:
    """Whether Dana would be offered at `start` on Tuesday now."""
    dana = acme.business.technicians[:1]
    view = await acme.desk.open(acme.business, INSPECTION, dana, TUESDAY, TUESDAY)
    return any(opening.start == start for opening in view.openings)


# --- all is well ------------------------------------------------------------------------------------------------------


async def test_a_free_slot_is_written_seen_and_only_then_confirmed(acme: House, calendar: FakeCalendar) -> None:
    outcome = await acme.book()
    assert outcome.result is Result.CONFIRMED
    assert outcome.code is None
    row = await acme.row()
    assert outcome.booking == row
    assert (row.status, row.starts, row.ends) == ("confirmed", TUESDAY_9, TUESDAY_9 + HOUR)
    assert [request for request, _ in calendar.asked] == ["free", "book", "events"]
    (event,) = calendar.ours("dana")
    assert (event.id, event.etag, event.reference) == (row.event_id, row.etag, row.reference)
    assert await acme.audited() == ["booking_held", "booking_confirmed"]


async def test_the_event_tells_the_technician_who_what_and_how_to_reach_them(
    acme: House, calendar: FakeCalendar
) -> None:
    customer = replace(ANN, email="ann@example.com", address="1 Elm Street", notes="Dog in the yard")
    await acme.book(customer=customer)
    (event,) = calendar.ours("dana")
    assert event.summary == "Home inspection: Ann Lee"
    assert event.description.split("\n") == [
        "Phone: +15125550123",
        "E-mail: ann@example.com",
        "Address: 1 Elm Street",
        "Notes: Dog in the yard",
        f"Reference: {event.reference}",
    ]
    assert event.opaque


async def test_the_event_has_no_buffers_and_the_claim_has_both(acme: House, calendar: FakeCalendar) -> None:
    await acme.book(acme.slot(service=TREATMENT))
    (event,) = calendar.ours("dana")
    row = await acme.row()
    assert (event.start, event.end) == (TUESDAY_9, TUESDAY_9 + 5400)
    assert (row.blocked_from, row.blocked_to) == (TUESDAY_9 - 900, TUESDAY_9 + 6300)
    assert calendar.ranges == [(row.blocked_from, row.blocked_to)]


BESIDE = [
    (TUESDAY_9 + 6300, INSPECTION, Result.CONFIRMED),
    (TUESDAY_9 + 5400, INSPECTION, Result.REFUSED),
    (TUESDAY_9 - 2700, FOLLOW_UP, Result.CONFIRMED),
    (TUESDAY_9 - 1800, FOLLOW_UP, Result.REFUSED),
    (TUESDAY_9 - 5400, INSPECTION, Result.CONFIRMED),
    (TUESDAY_9 - 5340, INSPECTION, Result.REFUSED),
]


@pytest.mark.parametrize(("start", "service", "expected"), BESIDE)
async def test_buffers_of_two_own_bookings_add_up(acme: House, start: int, service: Any, expected: Result) -> None:
    await acme.book(acme.slot(service=TREATMENT))
    outcome = await acme.book(acme.slot(start, service), call="test:2")
    assert outcome.result is expected
    assert outcome.taken == (expected is Result.REFUSED)


# --- before the write: nothing happened -------------------------------------------------------------------------------


async def test_a_slot_that_was_taken_meanwhile_is_refused_and_its_calendar_read_anew(
    acme: House, calendar: FakeCalendar
) -> None:
    assert await offered(acme)
    calendar.people_write("dana", TUESDAY_9 + 1800, TUESDAY_9 + 2 * HOUR)
    assert await offered(acme), "the cache does not know yet"
    assert await acme.book() == Outcome(Result.REFUSED, code=Code.SLOT_TAKEN)
    assert (await acme.row()).status == "refused"
    assert not await offered(acme)
    assert calendar.count("book") == 0
    calendar.stored.clear()
    assert (await acme.book()).result is Result.CONFIRMED


@pytest.mark.parametrize(
    "busy", [(TUESDAY_9 + HOUR, TUESDAY_9 + 2 * HOUR), (TUESDAY_9 + HOUR + 899, TUESDAY_9 + 2 * HOUR)]
)
async def test_a_persons_event_inside_the_buffer_is_in_the_way(
    acme: House, calendar: FakeCalendar, busy: tuple[int, int]
) -> None:
    calendar.people_write("dana", *busy)
    assert (await acme.book()).taken


@pytest.mark.parametrize(
    "busy", [(TUESDAY_9 + HOUR + 900, TUESDAY_9 + 2 * HOUR), (TUESDAY_9 - HOUR, TUESDAY_9)], ids=["after", "before"]
)
async def test_a_persons_event_that_only_touches_is_not(
    acme: House, calendar: FakeCalendar, busy: tuple[int, int]
) -> None:
    calendar.people_write("dana", *busy)
    assert (await acme.book()).result is Result.CONFIRMED


UNREADABLE = {
    "unknown": scripted.UNKNOWN,
    "late": Step(delay_s=30),
    "left out of the answer": Step(answer={"lee": ()}),
}


@pytest.mark.parametrize("step", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_calendar_that_does_not_tell_before_the_write_refuses_and_gives_the_slot_back(
    acme: House, calendar: FakeCalendar, step: Step
) -> None:
    calendar.script("free", step)
    outcome = await acme.book(within_s=1.5)
    assert outcome == Outcome(Result.REFUSED, code=Code.CALENDAR_UNAVAILABLE)
    assert not outcome.taken
    assert calendar.count("book") == 0
    assert (await acme.row()).status == "refused"
    assert await offered(acme)
    assert (await acme.book()).result is Result.CONFIRMED


async def test_a_calendar_of_an_unknown_kind_refuses(database_url: str) -> None:
    async with house(database_url) as made:
        nobody = replace(made.slot().technician, calendar="caldav:dana")
        outcome = await made.book(replace(made.slot(), technician=nobody))
        assert outcome == Outcome(Result.REFUSED, code=Code.CALENDAR_UNAVAILABLE)
        assert (await made.row()).status == "refused"


async def test_a_refused_write_rings_and_gives_the_slot_back(acme: House, calendar: FakeCalendar) -> None:
    calendar.script("book", scripted.REFUSED)
    assert await acme.book() == Outcome(Result.REFUSED, code=Code.CALENDAR_UNAVAILABLE)
    (rung,) = acme.alarms.rung
    assert (rung.kind, rung.key, rung.pages) == ("calendar_refuses_writes", "fake:dana", acme.business.page)
    assert rung.title == "Calendar refuses bookings: Dana at Acme Pest Control"
    assert await offered(acme)
    await acme.book()
    assert acme.alarms.ringing() == set(), "it takes bookings again"


async def test_too_little_time_left_refuses_before_anything_is_written(acme: House, calendar: FakeCalendar) -> None:
    assert await acme.book(within_s=0.7) == Outcome(Result.REFUSED, code=Code.CALENDAR_UNAVAILABLE)
    assert calendar.count("book") == 0
    assert (await acme.row()).status == "refused"


async def test_a_database_that_takes_no_claim_writes_nothing_to_the_calendar(
    acme: House, calendar: FakeCalendar
) -> None:
    await acme.database.stop()
    with pytest.raises(DatabaseUnavailableError):
        await acme.book(within_s=1.0)
    assert calendar.asked == []


# --- after the write: nobody knows yet --------------------------------------------------------------------------------


AFTER_THE_WRITE: dict[str, tuple[str, Step]] = {
    "unknown, nothing written": ("book", scripted.UNKNOWN),
    "unknown, written": ("book", scripted.DONE_BUT_UNKNOWN),
    "late": ("book", Step(delay_s=30)),
    "a 200 that wrote nothing": ("book", scripted.NOT_WRITTEN),
    "another hour": ("book", Step(shift_s=HOUR)),
    "half an hour off": ("book", Step(shift_s=-1800)),
    "another calendar": ("book", Step(on="lee")),
    "the second look fails": ("events", scripted.UNKNOWN),
    "the second look is late": ("events", Step(delay_s=30)),
}


@pytest.mark.parametrize(("request_kind", "step"), AFTER_THE_WRITE.values(), ids=AFTER_THE_WRITE)
async def test_what_is_not_seen_after_the_write_is_pending_and_stays_held(
    acme: House, calendar: FakeCalendar, request_kind: str, step: Step
) -> None:
    calendar.script(request_kind, step)
    outcome = await acme.book(within_s=1.5)
    assert (outcome.result, outcome.code) == (Result.PENDING, Code.STILL_CHECKING)
    row = await acme.row()
    assert outcome.booking is not None
    assert outcome.booking.reference == row.reference
    assert row.status == "pending"
    assert row.reason
    assert row.hold_until == NOW + noting.FIRST_LOOK_AFTER_S
    assert not await offered(acme)
    assert (await acme.book(call="test:2")).taken
    assert calendar.count("book") == 1, "never written twice"


async def test_a_visit_of_another_length_is_not_the_one_that_was_booked(acme: House, calendar: FakeCalendar) -> None:
    held = (await acme.book()).booking
    assert held is not None
    calendar.people_edit("dana", held.event_id, end=held.ends - 1800)
    assert await book.inspect(calendar, "dana", held, within_s=1.0) == Absent()


async def test_a_write_that_goes_through_late_is_still_answered_before_the_deadline(
    acme: House, calendar: FakeCalendar
) -> None:
    calendar.always("book", Step(delay_s=30))
    began = asyncio.get_running_loop().time()
    await acme.book(within_s=1.5)
    assert asyncio.get_running_loop().time() - began < 2.5


@pytest.mark.parametrize("request_kind", ["book", "events"])
async def test_a_database_that_goes_away_after_the_write_is_pending_and_told_in_the_end(
    acme: House, calendar: FakeCalendar, request_kind: str
) -> None:
    calendar.script(request_kind, Step(delay_s=0.3))
    booking = asyncio.create_task(acme.book(within_s=2.0))
    await soon(lambda: (request_kind, "dana") in calendar.asked)
    async with held_up(acme.database):
        outcome = await booking
        assert outcome.result is Result.PENDING
        assert acme.claims.view("fake:dana").ranges, "the hold lies over every answer"
    for _ in range(100):
        if (await acme.row()).status == "pending":
            break
        await asyncio.sleep(0.05)
    row = await acme.row()
    assert row.status == "pending", "noted as soon as the database is back"
    acme.clock.advance(10)
    await acme.settler.settle_due()
    assert acme.told == [(row.reference, Result.CONFIRMED)]


@pytest.mark.parametrize("within_s", [1.5, 3.0])
@pytest.mark.parametrize(
    ("request_kind", "step"), [("book", Step(delay_s=30)), ("events", Step(delay_s=30)), ("events", Step(delay_s=0.1))]
)
async def test_a_database_that_goes_away_after_the_write_leaves_time_to_say_pending(
    acme: House,
    calendar: FakeCalendar,
    monkeypatch: pytest.MonkeyPatch,
    within_s: float,
    request_kind: str,
    step: Step,
) -> None:
    """Past the deadline nobody hears the reference."""
    monkeypatch.setattr(acme.clock, "monotonic", time.monotonic)
    calendar.script(request_kind, step)
    began = time.monotonic()
    booking = asyncio.create_task(acme.book(within_s=within_s))
    await soon(lambda: (request_kind, "dana") in calendar.asked)
    async with held_up(acme.database):
        assert (await booking).result is Result.PENDING
        assert time.monotonic() - began < within_s


async def test_a_database_that_goes_away_before_the_write_leaves_time_to_say_refused(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acme.clock, "monotonic", time.monotonic)
    calendar.script("free", Step(delay_s=30))
    began = time.monotonic()
    booking = asyncio.create_task(acme.book(within_s=1.5))
    await soon(lambda: ("free", "dana") in calendar.asked)
    async with held_up(acme.database):
        assert await booking == Outcome(Result.REFUSED, code=Code.CALENDAR_UNAVAILABLE)
        assert time.monotonic() - began < 1.5


async def test_what_is_pending_is_noted_by_a_slow_database_as_soon_as_it_can(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who was told "not sure yet" hears no more, should the process be killed before it tries again."""
    monkeypatch.setattr(unnoted, "NOTE_AGAIN_S", 3600.0)
    calendar.script("book", Step(delay_s=0.3), scripted.UNKNOWN)
    booking = asyncio.create_task(acme.book(within_s=1.5))
    await soon(lambda: ("book", "dana") in calendar.asked)
    async with held_up(acme.database):
        assert (await booking).result is Result.PENDING
    for _ in range(200):
        if (await acme.row()).status == "pending":
            break
        await asyncio.sleep(0.02)
    assert (await acme.row()).status == "pending"


@pytest.mark.parametrize("first", ["the process", "somebody else"])
async def test_who_was_told_pending_hears_the_end_also_after_an_outage_longer_than_the_hold(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Of what is only held, whoever settles it knows of nobody who waits."""
    monkeypatch.setattr(unnoted, "NOTE_AGAIN_S", 0.05)
    away = Refusing(acme.database, lambda: ("book", "dana") in calendar.asked)
    monkeypatch.setattr(acme.database, "write", away)
    calendar.script("book", scripted.UNKNOWN)
    assert (await acme.book()).result is Result.PENDING
    acme.clock.advance(HOLD_S + 1)
    already = away.refused
    await soon(lambda: away.refused > already)
    if first == "somebody else":
        await away.write(lambda t: t.connection.execute(update(bookings).values(status="refused")))
    away.back = True
    await soon(lambda: not acme.bookings._noting)
    acme.clock.advance(60)
    await acme.settler.settle_due()
    await acme.jobs.run_due()
    assert acme.told == [((await acme.row()).reference, Result.REFUSED)]


async def test_the_log_has_whose_end_a_stop_in_an_outage_leaves_unnoted(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unnoted, "NOTE_AGAIN_S", 3600.0)
    acme.notes.write_text("no folder: no file keeps it")
    calendar.script("book", Step(delay_s=0.1), scripted.UNKNOWN)
    booking = asyncio.create_task(acme.book(within_s=1.0))
    await soon(lambda: ("book", "dana") in calendar.asked)
    async with held_up(acme.database):
        outcome = await booking
        assert outcome.booking is not None
        await acme.bookings.stop()
    told = capsys.readouterr()
    assert f"{outcome.booking.reference}" in next(
        x for x in (told.out + told.err).split("\n") if "pending_not_noted" in x
    )


async def test_a_confirmation_committed_too_late_to_be_heard_of_is_looked_at_again(
    acme: House, calendar: FakeCalendar
) -> None:
    calendar.script("events", scripted.UNKNOWN)
    outcome = await acme.book()
    assert outcome.booking is not None
    held = outcome.booking
    await acme.database.write(lambda t: t.connection.execute(update(bookings).values(status="confirmed")))
    await acme.bookings._leave_pending(held, "seen, but not recorded", acme.clock.monotonic() + 1.0, "etag")
    assert (await acme.row()).status == "pending"


# --- a person was there first ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [TUESDAY_9 + 900, TUESDAY_9 + HOUR + 600], ids=["over the visit", "in its buffer"])
async def test_an_event_that_a_person_wrote_in_between_wins(acme: House, calendar: FakeCalendar, start: int) -> None:
    assert await offered(acme)
    calendar.script("book", scripted.people_first(start, start + HOUR))
    assert await acme.book() == Outcome(Result.REFUSED, code=Code.SLOT_TAKEN)
    assert calendar.ours("dana") == []
    row = await acme.row()
    assert (row.status, row.reason) == ("refused", YIELD)
    assert not await offered(acme)


@pytest.mark.parametrize("step", [scripted.UNKNOWN, scripted.CHANGED], ids=["unknown", "changed"])
async def test_ours_that_cannot_be_removed_is_removed_later_and_the_caller_told_once(
    acme: House, calendar: FakeCalendar, step: Step
) -> None:
    calendar.script("book", scripted.people_first(TUESDAY_9, TUESDAY_9 + HOUR))
    calendar.script("cancel", step)
    assert (await acme.book()).taken
    row = await acme.row()
    assert (row.status, row.reason) == ("pending", YIELD)
    assert (await acme.book()).taken, "the same call hears the same"
    assert (await acme.book(call="test:2")).booking is None, "nor is it the visit of who calls again"
    calendar.stored["dana"] = {e.id: e for e in calendar.ours("dana")}  # the person's event went away again
    acme.clock.advance(6)
    await acme.settler.settle_due()
    assert (await acme.row()).status == "refused", "what the caller heard stays true"
    assert calendar.ours("dana") == []
    assert acme.told == []


async def test_our_own_earlier_visit_next_door_is_in_nobodys_way(acme: House, calendar: FakeCalendar) -> None:
    await acme.book(acme.slot(TUESDAY_9 + 75 * 60, FOLLOW_UP))
    assert (await acme.book()).result is Result.CONFIRMED


# --- asked again ------------------------------------------------------------------------------------------------------


async def test_the_same_call_asking_again_gets_the_booking_it_has(acme: House, calendar: FakeCalendar) -> None:
    first = await acme.book()
    again = await acme.book()
    assert again == first
    assert calendar.count("book") == 1


async def test_the_same_call_asking_again_for_a_pending_one_hears_pending(acme: House, calendar: FakeCalendar) -> None:
    calendar.script("book", scripted.UNKNOWN)
    first = await acme.book()
    again = await acme.book()
    assert again.result is Result.PENDING
    assert again.booking is not None
    assert first.booking is not None
    assert again.booking.reference == first.booking.reference


async def test_who_asks_again_while_the_first_is_under_way_is_owed_an_end(acme: House, calendar: FakeCalendar) -> None:
    calendar.script("free", Step(delay_s=2.0))  # a busy machine may need some of it
    first = asyncio.create_task(acme.book())
    await soon(lambda: calendar.count("free") == 1)
    assert (await acme.book()).result is Result.PENDING
    assert (await acme.row()).status == "pending", "should the first one die here, somebody is told"
    assert (await first).result is Result.CONFIRMED
    assert (await acme.row()).status == "confirmed"


@pytest.mark.parametrize("call", ["test:2", ""], ids=["another call", "no call"])
async def test_everybody_else_hears_taken(acme: House, call: str) -> None:
    await acme.book(call="" if not call else "test:1")
    assert (await acme.book(call=call)).taken


async def test_another_service_at_the_same_hour_is_not_the_same_request(acme: House) -> None:
    await acme.book()
    assert (await acme.book(acme.slot(service=FOLLOW_UP))).taken


async def test_a_call_id_of_any_length_finds_its_booking_again(acme: House) -> None:
    call = "vapi:" + "x\0" * 500
    first = await acme.book(call=call)
    assert await acme.book(call=call) == first


async def test_an_event_without_a_phone_says_so(acme: House, calendar: FakeCalendar) -> None:
    await acme.book(customer=Customer("Ann Lee"))
    assert calendar.ours("dana")[0].description.startswith("Phone: not given\n")
