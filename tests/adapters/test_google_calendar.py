"""GoogleCalendar against a scripted Google over real sockets: what each fault becomes at the port."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.adapters.google_answers import event_of
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.calendar import Absent, Cancelled, Changed, Changes, Event, Refused, Unknown
from tests.fakes import google_faults as faults
from tests.fakes.google_calendar import FakeGoogle
from tests.fakes.google_faults import Fault

HOUR = 3600
DAY = 24 * HOUR
MORNING = 1_893_456_000  # 2030-01-01T00:00:00Z
DANA, LEE = "dana@acme.example", "lee@acme.example"
VISIT = Event("visit00001", MORNING, MORNING + HOUR, "Inspection: Ann", "Notes", "RB-1")
UNLIMITED = (1_000_000, 1_000_000)


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle([DANA, LEE]) as server:
        yield server


@pytest.fixture
async def calendar(google: FakeGoogle) -> AsyncIterator[GoogleCalendar]:
    started = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=UNLIMITED))
    await started.start()
    yield started
    await started.close()


async def free(calendar: GoogleCalendar, *names: str, within_s: float = 2.0) -> dict[str, Any]:
    return dict(await calendar.free(names or (DANA,), MORNING, MORNING + DAY, within_s=within_s))


# --- free ------------------------------------------------------------------------------------------------------------


async def test_one_query_asks_for_all_calendars_and_the_whole_range(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    google.add_event(DANA, MORNING + HOUR, MORNING + 2 * HOUR)
    answer = await calendar.free([DANA, LEE, DANA], MORNING, MORNING + 61 * DAY, within_s=2)
    assert answer == {DANA: ((MORNING + HOUR, MORNING + 2 * HOUR),), LEE: ()}
    assert google.counts["freebusy"] == 1


async def test_more_than_fifty_calendars_and_long_ranges_go_out_in_parallel_pieces() -> None:
    names = [f"t{number}@acme.example" for number in range(70)]
    async with FakeGoogle(names, latency_s=0.15) as google:
        calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=UNLIMITED))
        await calendar.start()
        over_the_seam = (MORNING + 62 * DAY - HOUR, MORNING + 62 * DAY + HOUR)
        google.add_event(names[60], *over_the_seam)
        began = time.monotonic()
        answer = await calendar.free(names, MORNING, MORNING + 100 * DAY, within_s=2)
        await calendar.close()
    assert google.counts["freebusy"] == 4
    assert time.monotonic() - began < 0.4
    assert answer == {name: ((over_the_seam,) if name == names[60] else ()) for name in names}


UNREADABLE = {
    "errors inside a 200": faults.calendar_errors(DANA),
    "not in the answer": faults.calendar_missing(DANA),
    "no busy list": faults.calendar_as(DANA, {}),
    "busy is null": faults.calendar_as(DANA, {"busy": None}),
    "busy is an object": faults.calendar_as(DANA, {"busy": {}}),
    "entry is a list": faults.calendar_as(DANA, []),
    "interval is text": faults.calendar_as(DANA, {"busy": ["2030-01-01"]}),
    "interval without end": faults.calendar_as(DANA, {"busy": [{"start": "2030-01-01T01:00:00Z"}]}),
    "renamed times": faults.calendar_as(DANA, {"busy": [{"begin": "2030-01-01T01:00:00Z", "till": "x"}]}),
    **{
        f"{start} to {end}": faults.calendar_as(DANA, {"busy": [{"start": start, "end": end}]})
        for start, end in [
            ("2030-01-01T02:00:00Z", "2030-01-01T01:00:00Z"),
            ("2030-01-01T02:00:00Z", "2030-01-01T02:00:00Z"),
            ("2030-01-01T01:00:00", "2030-01-01T02:00:00"),
            ("2030-01-01", "2030-01-02"),
            ("2030-01-01 01:00:00+00:00", "2030-01-01 02:00:00+00:00"),
            ("yesterday", "2030-01-01T02:00:00Z"),
            (1893459600, 1893463200),
            (None, None),
        ]
    },
}


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_calendar_that_cannot_be_read_is_unknown_and_its_neighbour_is_not(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault
) -> None:
    google.fail_next("freebusy", fault)
    answer = await free(calendar, DANA, LEE)
    assert isinstance(answer[DANA], Unknown)
    assert answer[LEE] == ()


async def test_a_calendar_google_does_not_have_is_unknown(calendar: GoogleCalendar) -> None:
    answer = await free(calendar, DANA, "nobody@acme.example")
    assert answer[DANA] == ()
    assert isinstance(answer["nobody@acme.example"], Unknown)


USELESS = {
    "html": faults.HTML,
    "not json": faults.NOT_JSON,
    "empty": faults.EMPTY,
    "error inside a 200": faults.ERROR_IN_200,
    "json list": Fault("body", detail=b"[]"),
    "renamed fields": faults.RENAMED,
    "forbidden": faults.FORBIDDEN,
    "bad request": faults.BAD_REQUEST,
    "long quota ban": faults.QUOTA_EXCEEDED,
    "unauthorized": faults.UNAUTHORIZED,
    "redirect": faults.status(302, location="https://elsewhere.example/"),
}


@pytest.mark.parametrize("fault", USELESS.values(), ids=USELESS.keys())
async def test_an_answer_that_says_nothing_is_unknown_everywhere_and_not_asked_again(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault
) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00001")
    google.fail_always("*", fault)
    assert all(isinstance(busy, Unknown) for busy in (await free(calendar, DANA, LEE)).values())
    assert isinstance(await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1), Unknown)
    assert isinstance(await calendar.get(DANA, "visit00001", within_s=1), Unknown)
    assert isinstance(await calendar.changes(DANA, "", within_s=1), Unknown)
    assert google.counts == {"freebusy": 1, "list": 2, "get": 1}


PASSING = {
    "503": faults.UNAVAILABLE,
    "500": faults.status(500),
    "403 userRateLimitExceeded": faults.USER_RATE_LIMIT,
    "403 rateLimitExceeded": faults.RATE_LIMIT,
    "429": faults.TOO_MANY_REQUESTS,
    "429 with Retry-After": faults.status(429, "rateLimitExceeded", retry_after="0"),
    "reset": faults.RESET,
    "closed without an answer": faults.CLOSE,
    "slow": faults.slow(3.0),
    "dripping": faults.dripping(0.2),
    "never answers": faults.NEVER,
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
async def test_a_read_survives_one_fault_within_a_second(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault
) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00001")
    for operation, read in reads(calendar).items():
        google.fail_next(operation, fault)
        began = time.monotonic()
        assert not isinstance(await read(), Unknown)
        assert time.monotonic() - began < 1.0
        assert google.counts[operation] == 2


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
async def test_a_read_that_meets_the_fault_every_time_is_unknown_by_its_deadline(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault
) -> None:
    google.fail_always("*", fault)
    began = time.monotonic()
    assert isinstance((await free(calendar, within_s=0.5))[DANA], Unknown)
    assert time.monotonic() - began < 0.6
    assert google.counts["freebusy"] <= 3


def reads(calendar: GoogleCalendar) -> dict[str, Callable[[], Any]]:
    async def free_of_dana() -> object:
        return (await free(calendar))[DANA]

    return {
        "freebusy": free_of_dana,
        "list": lambda: calendar.events(DANA, MORNING, MORNING + DAY, within_s=2),
        "get": lambda: calendar.get(DANA, "visit00001", within_s=2),
    }


async def test_the_loser_of_a_hedge_leaves_no_connection_behind(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.fail_next("freebusy", faults.NEVER)
    await free(calendar)
    await asyncio.sleep(0.05)
    before = len(google.connections)
    for _ in range(3):
        google.fail_next("freebusy", faults.NEVER)
        await free(calendar)
    await asyncio.sleep(0.05)
    assert len(google.connections) <= before


async def test_a_server_that_is_not_there_is_unknown_and_a_write_to_it_refused(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    await google.stop()
    assert isinstance((await free(calendar))[DANA], Unknown)
    assert isinstance(await calendar.book(DANA, VISIT, within_s=1), Refused)


# --- events, get, changes --------------------------------------------------------------------------------------------


async def test_only_what_blocks_time_is_listed(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "opaque0001")
    google.add_event(DANA, MORNING, MORNING + HOUR, "out0000001", eventType="outOfOffice")
    google.add_event(DANA, MORNING, MORNING + HOUR, "clear00001", transparency="transparent")
    google.add_event(DANA, MORNING, MORNING + HOUR, "desk000001", eventType="workingLocation")
    google.add_event(DANA, MORNING, MORNING + HOUR, "cake000001", eventType="birthday")
    google.add_event(DANA, MORNING, MORNING + HOUR, "gone000001", status="cancelled")
    google.add_event(DANA, MORNING, MORNING, "instant001")
    google.add_event(DANA, MORNING, MORNING + HOUR, "declined01", attendees=invited("declined"))
    listed = await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1)
    assert isinstance(listed, tuple)
    assert {event.id for event in listed} == {"opaque0001", "out0000001"}


def invited(answer: str, host: str = "accepted") -> list[dict[str, str]]:
    """Dana, who gave this answer, invited by somebody else."""
    return [{"email": "host@acme.example", "responseStatus": host}, {"email": DANA, "responseStatus": answer}]


@pytest.mark.parametrize("answer", ["declined", "accepted", "tentative", "needsAction"])
@pytest.mark.parametrize("host", ["declined", "accepted"])
async def test_an_invitation_blocks_unless_the_owner_of_the_calendar_has_declined_it(
    google: FakeGoogle, calendar: GoogleCalendar, answer: str, host: str
) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, attendees=invited(answer, host))
    listed = await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1)
    assert isinstance(listed, tuple)
    busy = (await free(calendar))[DANA]
    assert busy == tuple((event.start, event.end) for event in listed), "what is offered can be booked"
    assert len(listed) == (answer != "declined")


ODD_ATTENDEES: dict[str, Any] = {
    "a word": "declined",
    "words": ["declined"],
    "null": None,
    "no answer": [{"self": True}],
}


@pytest.mark.parametrize("attendees", ODD_ATTENDEES.values(), ids=ODD_ATTENDEES)
def test_attendees_that_cannot_be_read_leave_an_event_blocking(attendees: Any) -> None:
    times = {name: {"dateTime": "2030-01-01T00:00:00Z"} for name in ("start", "end")}
    assert event_of({"id": "odd0000001", **times, "attendees": attendees}, "UTC").opaque


async def test_an_all_day_event_lasts_from_midnight_to_midnight_in_the_calendars_zone(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    google.store.calendar(DANA).zone = "America/Chicago"
    google.add_all_day(DANA, "2030-01-02", "2030-01-03", id="feast00001")
    listed = await calendar.events(DANA, MORNING, MORNING + 3 * DAY, within_s=1)
    assert isinstance(listed, tuple)
    assert [(event.start, event.end) for event in listed] == [(MORNING + DAY + 6 * HOUR, MORNING + 2 * DAY + 6 * HOUR)]


async def test_short_pages_are_followed_to_the_end(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.store.calendar(DANA).page_size = 2
    for number in range(5):
        google.add_event(DANA, MORNING + number * HOUR, MORNING + (number + 1) * HOUR)
    listed = await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1)
    assert isinstance(listed, tuple)
    assert len(listed) == 5
    assert google.counts["list"] == 3


async def test_a_listing_without_end_is_unknown(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.store.calendar(DANA).page_size = 1
    for number in range(25):
        google.add_event(DANA, MORNING + number * HOUR, MORNING + (number + 1) * HOUR)
    assert isinstance(await calendar.events(DANA, MORNING, MORNING + 2 * DAY, within_s=2), Unknown)


MALFORMED_ITEM = {
    "no id": {"id": None},
    "no start": {"start": None},
    "unknown status": {"status": "maybe"},
    "start without offset": {"start": {"dateTime": "2030-01-01T00:00:00"}},
    "start is no date": {"start": {"date": "tomorrow"}},
    "start is text": {"start": "2030-01-01T00:00:00Z"},
    "ends before it starts": {"end": {"dateTime": "2029-12-31T00:00:00Z"}},
}


@pytest.mark.parametrize("changes", MALFORMED_ITEM.values(), ids=MALFORMED_ITEM.keys())
async def test_one_malformed_event_makes_the_whole_answer_unknown(
    google: FakeGoogle, calendar: GoogleCalendar, changes: dict[str, Any]
) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00001")
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00002")
    for operation in ("list", "get", "list"):
        google.fail_next(operation, faults.item_as(changes))
    assert isinstance(await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1), Unknown)
    assert isinstance(await calendar.get(DANA, "visit00001", within_s=1), Unknown)
    assert isinstance(await calendar.changes(DANA, "", within_s=1), Unknown)


async def test_an_answer_about_another_event_is_unknown(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00001")
    google.fail_next("get", faults.item_as({"id": "visit00002"}))
    assert isinstance(await calendar.get(DANA, "visit00001", within_s=1), Unknown)


async def test_of_a_cancelled_event_the_id_is_enough(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00001")
    google.fail_next("get", faults.item_as({"status": "cancelled", "start": None, "end": None, "etag": None}))
    read = await calendar.get(DANA, "visit00001", within_s=1)
    assert read == Event("visit00001", 0, 0, cancelled=True)


async def test_a_sync_token_google_dropped_starts_over(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.add_event(DANA, MORNING, MORNING + HOUR, "visit00001")
    first = await calendar.changes(DANA, "", within_s=1)
    assert isinstance(first, Changes)
    google.forget_sync_tokens(DANA)
    again = await calendar.changes(DANA, first.cursor, within_s=1)
    assert isinstance(again, Changes)
    assert again.reset
    assert again.events == first.events


async def test_changes_follow_pages(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.store.calendar(DANA).page_size = 2
    for number in range(5):
        google.add_event(DANA, MORNING, MORNING + HOUR, f"visit0000{number}")
    found = await calendar.changes(DANA, "", within_s=1)
    assert isinstance(found, Changes)
    assert len(found.events) == 5


# --- book ------------------------------------------------------------------------------------------------------------


async def test_a_booking_is_one_plain_event_with_our_id_and_reference(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    assert isinstance(await calendar.book(DANA, VISIT, within_s=1), Event)
    (request,) = google.requests
    assert request.operation == "insert"
    assert request.query["sendUpdates"] == "none"
    (stored,) = google.events(DANA)
    assert "attendees" not in stored
    assert stored["id"] == "visit00001"
    assert stored["extendedProperties"] == {"private": {"readback_reference": "RB-1"}}
    assert (stored["summary"], stored["description"]) == ("Inspection: Ann", "Notes")
    assert (stored["transparency"], stored["status"]) == ("opaque", "confirmed")
    assert stored["start"] == {"dateTime": "2030-01-01T00:00:00Z"}


Fate = tuple[Fault, type, int, bool]
"""The fault an insert meets, what the port says, how many GETs settle it, whether the event is there in the end."""

INSERT_FAULTS: dict[str, Fate] = {
    "reset before": (faults.RESET, Unknown, 1, False),
    "closed before": (faults.CLOSE, Unknown, 1, False),
    "never answers": (faults.NEVER, Unknown, 1, False),
    "commit then hang": (faults.COMMIT_THEN_HANG, Event, 1, True),
    "commit then reset": (faults.COMMIT_THEN_RESET, Event, 1, True),
    "commit then 503": (faults.COMMIT_THEN_503, Event, 1, True),
    "slow": (faults.slow(5.0), Event, 1, True),
    "dripping": (faults.dripping(0.1), Event, 1, True),
    "503": (faults.UNAVAILABLE, Unknown, 1, False),
    "400": (faults.BAD_REQUEST, Refused, 0, False),
    "403 forbidden": (faults.FORBIDDEN, Refused, 0, False),
    "403 rate": (faults.USER_RATE_LIMIT, Refused, 0, False),
    "403 quota": (faults.QUOTA_EXCEEDED, Refused, 0, False),
    "404": (faults.status(404, "notFound"), Refused, 0, False),
    "429": (faults.TOO_MANY_REQUESTS, Refused, 0, False),
    "401": (faults.UNAUTHORIZED, Refused, 0, False),
    "409 without an event": (faults.status(409, "duplicate"), Unknown, 1, False),
    "html": (faults.HTML, Unknown, 0, True),
    "not json": (faults.NOT_JSON, Unknown, 0, True),
    "error in a 200": (faults.ERROR_IN_200, Unknown, 0, True),
    "renamed fields": (faults.RENAMED, Unknown, 0, True),
    "shows another hour": (faults.written_at(HOUR, shown=True), Unknown, 0, True),
    "shows another id": (faults.item_as({"id": "visit00009"}), Unknown, 0, True),
    "shows it cancelled": (faults.item_as({"status": "cancelled"}), Unknown, 0, True),
    "shows another reference": (faults.item_as({"extendedProperties": None}), Unknown, 0, True),
    # These lie consistently. Only the later, independent read-back can tell.
    "not written": (faults.NOT_WRITTEN, Event, 0, False),
    "written elsewhere": (faults.written_elsewhere(LEE), Event, 0, False),
    "written at another hour": (faults.written_at(HOUR, shown=False), Event, 0, True),
}


@pytest.mark.parametrize(("fault", "said", "reads", "there"), INSERT_FAULTS.values(), ids=INSERT_FAULTS.keys())
async def test_an_insert_goes_out_once_and_its_fate_is_told_truly(
    google: FakeGoogle, calendar: GoogleCalendar, *, fault: Fault, said: type, reads: int, there: bool
) -> None:
    google.fail_next("insert", fault)
    began = time.monotonic()
    outcome = await calendar.book(DANA, VISIT, within_s=1.0)
    assert time.monotonic() - began < 1.1
    assert isinstance(outcome, said)
    assert google.counts["insert"] == 1
    assert google.counts["get"] == reads
    assert bool(google.events(DANA)) == there


@pytest.mark.parametrize("fault", [faults.CLOSE, faults.RESET, faults.NEVER, faults.COMMIT_THEN_RESET])
async def test_an_insert_on_a_kept_connection_that_dies_goes_out_once(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault
) -> None:
    await free(calendar)
    google.fail_next("insert", fault)
    await calendar.book(DANA, VISIT, within_s=0.5)
    assert google.counts["insert"] == 1


async def test_a_hang_that_outlasts_the_reading_too_is_unknown_in_time(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    google.fail_next("insert", faults.COMMIT_THEN_HANG)
    google.fail_always("get", faults.NEVER)
    began = time.monotonic()
    assert isinstance(await calendar.book(DANA, VISIT, within_s=0.5), Unknown)
    assert time.monotonic() - began < 0.6


async def test_an_unwritten_insert_that_waits_for_its_turn_too_long_is_refused(google: FakeGoogle) -> None:
    calendar = GoogleCalendar(GoogleOptions(api_url=google.url, requests_per_minute=(1, 100)))
    await calendar.start()
    assert await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1) == ()
    assert isinstance(await calendar.book(DANA, VISIT, within_s=0.2), Refused)
    assert isinstance(await calendar.book(LEE, VISIT, within_s=0.2), Event)
    assert isinstance((await free(calendar))[DANA], tuple)
    await calendar.close()
    assert [request.calendar for request in google.requests if request.operation == "insert"] == [LEE]


# --- cancel ----------------------------------------------------------------------------------------------------------

CANCEL_FAULTS: dict[str, tuple[Fault, object]] = {
    "commit then hang": (faults.COMMIT_THEN_HANG, Cancelled()),
    "commit then reset": (faults.COMMIT_THEN_RESET, Cancelled()),
    "commit then 503": (faults.COMMIT_THEN_503, Cancelled()),
    "404, and still there": (faults.status(404, "notFound"), Unknown("404 notFound")),
    "410, and still there": (faults.status(410, "deleted"), Unknown("410 deleted")),
    "412": (faults.status(412, "conditionNotMet"), Changed()),
    "403": (faults.FORBIDDEN, Unknown("403 forbidden")),
    "503": (faults.UNAVAILABLE, Unknown("503 backendError")),
    "never answers": (faults.NEVER, Unknown("no answer in time")),
}


@pytest.mark.parametrize(("fault", "said"), CANCEL_FAULTS.values(), ids=CANCEL_FAULTS.keys())
async def test_a_cancellation_is_told_as_what_it_came_to(
    google: FakeGoogle, calendar: GoogleCalendar, fault: Fault, said: object
) -> None:
    written = await calendar.book(DANA, VISIT, within_s=1)
    assert isinstance(written, Event)
    google.fail_next("delete", fault)
    assert await calendar.cancel(DANA, VISIT.id, written.etag, within_s=0.6) == said


async def test_what_a_calendar_does_not_have_is_absent_only_when_it_can_be_listed(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    assert await calendar.get(DANA, VISIT.id, within_s=1) == Absent()
    assert (google.counts["get"], google.counts["list"]) == (1, 1)
    for hidden in (faults.status(404, "notFound"), faults.RENAMED, faults.NEVER):
        google.fail_always("list", hidden)
        assert isinstance(await calendar.get(DANA, VISIT.id, within_s=0.5), Unknown)
        assert isinstance(await calendar.cancel(DANA, VISIT.id, "", within_s=0.5), Unknown)


async def test_an_event_that_is_there_is_read_without_a_listing(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    await calendar.book(DANA, VISIT, within_s=1)
    assert isinstance(await calendar.get(DANA, VISIT.id, within_s=1), Event)
    assert await calendar.cancel(DANA, VISIT.id, "", within_s=1) == Cancelled()
    assert google.counts["list"] == 0


async def test_a_412_that_is_the_echo_of_our_own_delete_counts_as_cancelled(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    written = await calendar.book(DANA, VISIT, within_s=1)
    assert isinstance(written, Event)
    google.store.delete(DANA, VISIT.id, written.etag)
    google.fail_next("delete", faults.status(412, "conditionNotMet"))
    assert await calendar.cancel(DANA, VISIT.id, written.etag, within_s=1) == Cancelled()


async def test_a_changed_event_is_left_alone(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    written = await calendar.book(DANA, VISIT, within_s=1)
    assert isinstance(written, Event)
    google.store.change(DANA, VISIT.id, {"summary": "Moved by hand"}, "", whole=False)
    assert await calendar.cancel(DANA, VISIT.id, written.etag, within_s=1) == Changed()
    assert len(google.events(DANA)) == 1


# --- push, start, limits ---------------------------------------------------------------------------------------------


async def test_a_channel_is_opened_and_closed(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    opened = await calendar.watch(DANA, "channel-1", "secret", "https://acme.example/google/changes", within_s=1)
    assert isinstance(opened, tuple)
    resource, expires = opened
    assert expires > time.time() + 6 * DAY
    assert google.channels["channel-1"]["token"] == "secret"
    assert await calendar.unwatch("channel-1", resource, within_s=1) == Cancelled()
    assert await calendar.unwatch("channel-1", resource, within_s=1) == Cancelled()
    assert google.channels == {}


async def test_a_channel_that_cannot_be_opened_is_unknown(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    for fault in (faults.BAD_REQUEST, faults.RESET, faults.NEVER, faults.HTML, faults.item_as({"expiration": None})):
        google.fail_next("watch", fault)
        said = await calendar.watch(DANA, "channel-1", "t", "https://acme.example/", within_s=0.2)
        assert isinstance(said, Unknown)
        google.channels.clear()


async def test_without_credentials_google_itself_is_unknown_and_nothing_is_sent() -> None:
    calendar = GoogleCalendar(GoogleOptions(api_url="http://192.0.2.1"))
    await calendar.start()
    try:
        began = time.monotonic()
        assert await free(calendar) == {DANA: Unknown("no credentials")}
        assert await calendar.events(DANA, MORNING, MORNING + DAY, within_s=1) == Unknown("no credentials")
        assert await calendar.get(DANA, "visit00001", within_s=1) == Unknown("no credentials")
        assert await calendar.book(DANA, VISIT, within_s=1) == Unknown("no credentials")
        assert await calendar.cancel(DANA, "visit00001", "", within_s=1) == Unknown("no credentials")
        assert await calendar.changes(DANA, "", within_s=1) == Unknown("no credentials")
        assert time.monotonic() - began < 0.5
    finally:
        await calendar.close()


async def test_connections_are_open_before_the_first_caller_and_cost_no_request(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    await asyncio.sleep(0.02)  # the calendar's own warming
    assert await calendar.warm(4) == 4
    assert await calendar.warm(4) == 4
    await asyncio.sleep(0.02)
    assert len(google.connections) == 4
    assert google.requests == []
    await asyncio.gather(*(free(calendar) for _ in range(4)))
    assert len(google.connections) == 4


async def test_a_very_long_address_goes_as_a_post_that_says_it_is_a_get(
    google: FakeGoogle, calendar: GoogleCalendar
) -> None:
    answer = await calendar.changes(DANA, "sync-" + "9" * 3000, within_s=1)
    assert isinstance(answer, Changes)
    assert google.requests[0].headers["x-http-method-override"] == "GET"


async def test_two_hundred_lookups_at_once_all_come_back(google: FakeGoogle, calendar: GoogleCalendar) -> None:
    google.latency_s = 0.04
    answers = await asyncio.gather(*(free(calendar, within_s=5) for _ in range(200)))
    assert all(answer == {DANA: ()} for answer in answers)
    assert len(google.connections) <= 256


async def test_nothing_is_left_running_after_close(google: FakeGoogle) -> None:
    before = asyncio.all_tasks()
    calendar = GoogleCalendar(GoogleOptions(api_url=google.url))
    await calendar.start()
    google.fail_next("freebusy", faults.NEVER, times=3)
    await free(calendar, within_s=0.5)
    await calendar.close()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before
    assert len(google.connections) == 0
