"""Booking on a Google calendar over a real socket: what each fault of Google's becomes for the caller."""

from collections.abc import AsyncIterator

import pytest

from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.book import Result
from app.clock import SystemClock
from app.errors import Code
from tests.booking.acme import HOUR, NOW, TUESDAY_9, House, acme, house
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.google_faults import Fault

TAKEN, UNAVAILABLE = (Result.REFUSED, Code.SLOT_TAKEN), (Result.REFUSED, Code.CALENDAR_UNAVAILABLE)
PENDING, CONFIRMED = (Result.PENDING, Code.STILL_CHECKING), (Result.CONFIRMED, None)


class LateClock(SystemClock):
    """Wall time in November 2026, steady time as it really passes: timeouts over sockets need real seconds."""

    def now(self) -> float:
        return float(NOW)


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(["dana", "lee"]) as server:
        yield server


@pytest.fixture
async def booking(sqlite_url: str, google: FakeGoogle) -> AsyncIterator[House]:
    calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(100_000, 100_000)))
    await calendar.start()
    async with house(sqlite_url, calendar, business=acme(), clock=LateClock()) as made:
        yield made
    await calendar.close()


CASES: dict[str, tuple[str, Fault | None, tuple[Result, Code | None], int]] = {
    "all is well": ("insert", None, CONFIRMED, 1),
    "read: never answers": ("freebusy", faults.NEVER, UNAVAILABLE, 0),
    "read: errors inside a 200": ("freebusy", faults.calendar_errors("dana"), UNAVAILABLE, 0),
    "read: not in the answer": ("freebusy", faults.calendar_missing("dana"), UNAVAILABLE, 0),
    "read: renamed fields": ("freebusy", faults.RENAMED, UNAVAILABLE, 0),
    "write: forbidden": ("insert", faults.FORBIDDEN, UNAVAILABLE, 0),
    "write: bad request": ("insert", faults.BAD_REQUEST, UNAVAILABLE, 0),
    "write: never answers": ("insert", faults.NEVER, PENDING, 0),
    "write: reset": ("insert", faults.RESET, PENDING, 0),
    "write: 503": ("insert", faults.UNAVAILABLE, PENDING, 0),
    "write: a 200 that wrote nothing": ("insert", faults.NOT_WRITTEN, PENDING, 0),
    "write: done, then silence": ("insert", faults.COMMIT_THEN_HANG, CONFIRMED, 1),
    "write: done, then reset": ("insert", faults.COMMIT_THEN_RESET, CONFIRMED, 1),
    "write: done, then 503": ("insert", faults.COMMIT_THEN_503, CONFIRMED, 1),
    "write: on another calendar": ("insert", faults.written_elsewhere("lee"), PENDING, 0),
    "write: at another hour, unseen": ("insert", faults.written_at(HOUR, shown=False), PENDING, 1),
    "write: at another hour, shown": ("insert", faults.written_at(HOUR, shown=True), PENDING, 1),
    "look: never answers": ("list", faults.NEVER, PENDING, 1),
    "look: renamed fields": ("list", faults.RENAMED, PENDING, 1),
    "look: forbidden": ("list", faults.FORBIDDEN, PENDING, 1),
}


@pytest.mark.parametrize(("operation", "fault", "expected", "events"), CASES.values(), ids=CASES)
async def test_an_outcome_says_no_more_than_is_known(
    google: FakeGoogle,
    booking: House,
    operation: str,
    fault: Fault | None,
    expected: tuple[Result, Code | None],
    events: int,
) -> None:
    if fault is not None:
        google.fail_always(operation, fault)
    outcome = await booking.book(within_s=2.5)
    assert (outcome.result, outcome.code) == expected
    assert len(google.events("dana")) == events
    assert google.counts["insert"] <= 1
    status = {Result.CONFIRMED: "confirmed", Result.PENDING: "pending", Result.REFUSED: "refused"}
    assert (await booking.row()).status == status[outcome.result]
    assert [rung.kind for rung in booking.alarms.rung] == (
        ["calendar_refuses_writes"] if operation == "insert" and expected == UNAVAILABLE else []
    )


async def test_the_slot_of_a_person_is_refused(google: FakeGoogle, booking: House) -> None:
    google.add_event("dana", TUESDAY_9, TUESDAY_9 + HOUR)
    outcome = await booking.book()
    assert (outcome.result, outcome.code) == TAKEN
    assert google.counts["insert"] == 0


async def test_over_an_invitation_that_was_declined_can_be_booked(google: FakeGoogle, booking: House) -> None:
    google.add_event("dana", TUESDAY_9, TUESDAY_9 + HOUR, attendees=[{"email": "dana", "responseStatus": "declined"}])
    assert (await booking.book()).result is Result.CONFIRMED


async def test_a_person_who_wrote_while_we_did_wins(google: FakeGoogle, booking: House) -> None:
    google.fail_next("freebusy", faults.calendar_as("dana", {"busy": []}))
    google.add_event("dana", TUESDAY_9, TUESDAY_9 + HOUR, "people1")
    outcome = await booking.book()
    assert (outcome.result, outcome.code) == TAKEN
    assert [event["id"] for event in google.events("dana")] == ["people1"]


async def test_what_is_on_the_calendar_is_what_the_contract_says(google: FakeGoogle, booking: House) -> None:
    outcome = await booking.book()
    assert outcome.booking is not None
    (event,) = google.events("dana")
    reference = outcome.booking.reference
    assert event["id"] == outcome.booking.event_id
    assert event["summary"] == "Home inspection: Ann Lee"
    assert "attendees" not in event
    assert event["extendedProperties"]["private"] == {"readback_reference": reference}
    assert reference in event["description"]
    assert "+15125550123" in event["description"]
    assert (event["transparency"], event["status"]) == ("opaque", "confirmed")
