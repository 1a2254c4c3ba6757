"""Moving and cancelling on a Google calendar over a real socket: what each fault of Google's becomes for the caller."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.book import Outcome, Result
from app.booking.store import Booking
from app.errors import Code
from tests.booking.acme import DEADLINE_S, HOUR, TUESDAY_9, House, acme, house
from tests.booking.test_book_google import LateClock
from tests.fakes import google_faults as faults
from tests.fakes.databases import soon
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.google_faults import Fault

LATER = TUESDAY_9 + 4 * HOUR
UNAVAILABLE, TAKEN = (Result.REFUSED, Code.CALENDAR_UNAVAILABLE), (Result.REFUSED, Code.SLOT_TAKEN)
CHANGED = (Result.REFUSED, Code.NOT_ALLOWED)
PENDING, CONFIRMED = (Result.PENDING, Code.STILL_CHECKING), (Result.CONFIRMED, None)
STALE = Fault("status", status=412, reason="conditionNotMet")


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(["dana", "lee"]) as server:
        yield server


@pytest.fixture
async def made(sqlite_url: str, google: FakeGoogle) -> AsyncIterator[House]:
    calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(100_000, 100_000)))
    await calendar.start()
    async with house(sqlite_url, calendar, business=acme(), clock=LateClock()) as built:
        yield built
    await calendar.close()


async def booked(made: House, google: FakeGoogle) -> Booking:
    outcome = await made.book()
    assert outcome.booking is not None
    google.counts.clear()
    return outcome.booking


async def move(made: House, booking: Booking, who: str = "dana", within_s: float = DEADLINE_S) -> Outcome:
    deadline = made.clock.monotonic() + within_s
    return await made.changes.move(made.business, booking, made.slot(LATER, who=who), "test:move", deadline)


def starts(google: FakeGoogle, calendar: str = "dana") -> list[float]:
    return [stored.start for stored in google.store.calendar(calendar).events.values() if not stored.cancelled]


IN_PLACE: dict[str, tuple[str, Fault | None, tuple[Result, Code | None], int]] = {
    "all is well": ("patch", None, CONFIRMED, LATER),
    "read: never answers": ("get", faults.NEVER, UNAVAILABLE, TUESDAY_9),
    "read: renamed fields": ("list", faults.RENAMED, UNAVAILABLE, TUESDAY_9),
    "write: forbidden": ("patch", faults.FORBIDDEN, UNAVAILABLE, TUESDAY_9),
    "write: edited meanwhile": ("patch", STALE, CHANGED, TUESDAY_9),
    "write: never answers": ("patch", faults.NEVER, PENDING, TUESDAY_9),
    "write: reset": ("patch", faults.RESET, PENDING, TUESDAY_9),
    "write: 503": ("patch", faults.UNAVAILABLE, PENDING, TUESDAY_9),
    "write: a 200 that wrote nothing": ("patch", faults.NOT_WRITTEN, PENDING, TUESDAY_9),
    "write: done, then silence": ("patch", faults.COMMIT_THEN_HANG, CONFIRMED, LATER),
    "write: done, then reset": ("patch", faults.COMMIT_THEN_RESET, CONFIRMED, LATER),
    "write: done, then 503": ("patch", faults.COMMIT_THEN_503, CONFIRMED, LATER),
    "write: slow": ("patch", faults.slow(0.5), CONFIRMED, LATER),
    "write: at another hour, unseen": ("patch", faults.written_at(HOUR, shown=False), PENDING, LATER + HOUR),
    "write: at another hour, shown": ("patch", faults.written_at(HOUR, shown=True), PENDING, LATER + HOUR),
}


@pytest.mark.parametrize(("operation", "fault", "expected", "at"), IN_PLACE.values(), ids=IN_PLACE)
async def test_a_move_in_place_says_no_more_than_is_known(
    google: FakeGoogle,
    made: House,
    operation: str,
    fault: Fault | None,
    expected: tuple[Result, Code | None],
    at: int,
) -> None:
    booking = await booked(made, google)
    if fault is not None:
        google.fail_always(operation, fault)
    outcome = await move(made, booking)
    assert (outcome.result, outcome.code) == expected
    assert starts(google) == [at]
    assert google.counts["patch"] <= 1
    assert google.counts["insert"] == 0
    (row,) = [row for row in await made.rows() if not row.amends]
    assert (row.status, row.starts) == ("confirmed", LATER if expected == CONFIRMED else TUESDAY_9)


async def test_a_person_who_edits_while_we_move_is_not_overwritten(google: FakeGoogle, made: House) -> None:
    booking = await booked(made, google)

    google.fail_next("list", faults.slow(0.5))
    moving = asyncio.create_task(move(made, booking))
    await soon(lambda: google.counts["get"] == 1 and google.counts["list"] == 1)
    google.store.change("dana", booking.event_id, {"summary": "Call first"}, "", whole=False)
    outcome = await moving
    assert (outcome.result, outcome.code) == CHANGED
    (event,) = google.events("dana")
    assert event["summary"] == "Call first"
    assert starts(google) == [TUESDAY_9]


async def test_all_else_about_the_event_is_kept(google: FakeGoogle, made: House) -> None:
    booking = await booked(made, google)
    google.store.change("dana", booking.event_id, {"colorId": "7", "description": "Gate 12"}, "", whole=False)
    assert (await move(made, booking)).result is Result.CONFIRMED
    (event,) = google.events("dana")
    assert (event["colorId"], event["description"]) == ("7", "Gate 12")
    assert event["extendedProperties"]["private"] == {"readback_reference": booking.reference}
    assert made.alarms.rung == []


ELSEWHERE: dict[str, tuple[str, Fault | None, tuple[Result, Code | None], int]] = {
    "all is well": ("insert", None, CONFIRMED, 1),
    "write: forbidden": ("insert", faults.FORBIDDEN, UNAVAILABLE, 0),
    "write: never answers": ("insert", faults.NEVER, PENDING, 0),
    "write: done, then silence": ("insert", faults.COMMIT_THEN_HANG, CONFIRMED, 1),
    "write: done, then reset": ("insert", faults.COMMIT_THEN_RESET, CONFIRMED, 1),
    "look: never answers": ("list", faults.NEVER, UNAVAILABLE, 0),
}


@pytest.mark.parametrize(("operation", "fault", "expected", "there"), ELSEWHERE.values(), ids=ELSEWHERE)
async def test_a_move_to_another_technician_keeps_the_old_event_until_the_new_one_is_sure(
    google: FakeGoogle,
    made: House,
    operation: str,
    fault: Fault | None,
    expected: tuple[Result, Code | None],
    there: int,
) -> None:
    booking = await booked(made, google)
    if fault is not None:
        google.fail_always(operation, fault)
    outcome = await move(made, booking, "lee")
    assert (outcome.result, outcome.code) == expected
    assert starts(google) == [TUESDAY_9]
    assert starts(google, "lee") == [LATER] * there


async def test_the_time_of_a_person_is_refused(google: FakeGoogle, made: House) -> None:
    booking = await booked(made, google)
    google.add_event("dana", LATER, LATER + HOUR)
    outcome = await move(made, booking)
    assert (outcome.result, outcome.code) == TAKEN
    assert google.counts["patch"] == 0


async def test_over_an_invitation_that_was_declined_can_be_moved(google: FakeGoogle, made: House) -> None:
    booking = await booked(made, google)
    google.add_event("dana", LATER, LATER + HOUR, attendees=[{"email": "dana", "responseStatus": "declined"}])
    assert (await move(made, booking)).result is Result.CONFIRMED


CANCELLING: dict[str, tuple[str, Fault | None, tuple[Result, Code | None], int]] = {
    "all is well": ("delete", None, CONFIRMED, 0),
    "read: never answers": ("get", faults.NEVER, UNAVAILABLE, 1),
    "write: edited meanwhile": ("delete", STALE, CHANGED, 1),
    "write: never answers": ("delete", faults.NEVER, PENDING, 1),
    "write: 503": ("delete", faults.UNAVAILABLE, PENDING, 1),
    "write: a 204 that did nothing": ("delete", faults.NOT_WRITTEN, PENDING, 1),
    "write: done, then silence": ("delete", faults.COMMIT_THEN_HANG, CONFIRMED, 0),
    "write: done, then reset": ("delete", faults.COMMIT_THEN_RESET, CONFIRMED, 0),
}


@pytest.mark.parametrize(("operation", "fault", "expected", "there"), CANCELLING.values(), ids=CANCELLING)
async def test_a_cancellation_says_no_more_than_is_known(
    google: FakeGoogle,
    made: House,
    operation: str,
    fault: Fault | None,
    expected: tuple[Result, Code | None],
    there: int,
) -> None:
    booking = await booked(made, google)
    if fault is not None:
        google.fail_always(operation, fault)
    outcome = await made.changes.cancel(made.business, booking, "", "test:cancel", made.clock.monotonic() + DEADLINE_S)
    assert (outcome.result, outcome.code) == expected
    assert len(google.events("dana")) == there
    (row,) = [row for row in await made.rows() if not row.amends]
    assert row.status == ("cancelled" if expected == CONFIRMED else "confirmed")
