"""The doctor on calendars of every kind: nothing stays on them, and whatever goes wrong is named."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.adapters.caldav_calendar import CaldavCalendar, CaldavOptions
from app.adapters.embedded_calendar import EmbeddedCalendar
from app.adapters.google_calendar import GoogleCalendar, GoogleOptions
from app.booking.calendar import Calendar, Event
from app.main.doctor.calendars import REFERENCE, SUMMARY, looked_at
from app.main.doctor.examination import AilingError
from tests.fakes import google_faults as faults
from tests.fakes.caldav_server import FakeCaldav
from tests.fakes.calendar import DONE_BUT_UNKNOWN, NOT_WRITTEN, REFUSED, UNKNOWN, FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import opened
from tests.fakes.google_calendar import FakeGoogle

CLOCK = FakeClock()
DAY = int(datetime(datetime.fromtimestamp(CLOCK.now(), UTC).year + 3, 1, 2, tzinfo=UTC).timestamp())
HOUR = 3_600
WHOLE = "read; an event was written, read back and removed"


async def look(calendar: Calendar, name: str = "dana", *, read_only: bool = False) -> str:
    return await looked_at(calendar, name, CLOCK, read_only=read_only)


async def nothing_left(calendar: Calendar, name: str) -> bool:
    return await calendar.events(name, DAY, DAY + 24 * HOUR, within_s=5.0) == ()


async def test_an_embedded_calendar_is_written_read_and_left_as_it_was(database_url: str) -> None:
    async with opened(database_url) as database:
        calendar = EmbeddedCalendar(database, CLOCK)

        assert await look(calendar) == WHOLE
        assert await nothing_left(calendar, "dana")


@pytest.fixture
async def google() -> AsyncIterator[tuple[FakeGoogle, GoogleCalendar]]:
    async with FakeGoogle(["dana@acme.example"]) as server:
        calendar = GoogleCalendar(GoogleOptions(api_url=server.url))
        await calendar.start()
        yield server, calendar
        await calendar.close()


async def test_a_google_calendar_is_written_read_and_left_as_it_was(
    google: tuple[FakeGoogle, GoogleCalendar],
) -> None:
    server, calendar = google

    assert await look(calendar, "dana@acme.example") == WHOLE
    assert server.counts["insert"] == server.counts["delete"] == 1
    assert await nothing_left(calendar, "dana@acme.example")
    assert await look(calendar, "dana@acme.example", read_only=True) == "read; nothing was written"
    assert server.counts["insert"] == 1


@pytest.mark.parametrize(
    ("operation", "fault", "said"),
    [
        ("insert", faults.FORBIDDEN, "it cannot be written"),
        ("insert", faults.NOT_WRITTEN, "the event"),
        ("freebusy", faults.calendar_errors("dana@acme.example", "notFound"), "it cannot be read"),
        ("delete", faults.FORBIDDEN, "the test event could not be removed"),
    ],
)
async def test_what_google_does_not_let_us_do_is_named(
    google: tuple[FakeGoogle, GoogleCalendar], operation: str, fault: faults.Fault, said: str
) -> None:
    server, calendar = google
    server.faults.fail_always(operation, fault)

    with pytest.raises(AilingError, match=said):
        await look(calendar, "dana@acme.example")


async def test_a_caldav_calendar_is_written_read_and_left_as_it_was() -> None:
    async with FakeCaldav() as server:
        calendar = CaldavCalendar(CaldavOptions())
        await calendar.start()
        try:
            assert await look(calendar, f"http://127.0.0.1:{server.port}/dana/") == WHOLE
        finally:
            await calendar.close()
        assert server.resources == {}
        assert server.counts["put"] == 1


@pytest.mark.parametrize(
    ("request_", "step", "said"),
    [
        ("free", UNKNOWN, "it cannot be read: scripted"),
        ("events", UNKNOWN, "its events cannot be read: scripted"),
        ("book", REFUSED, "it cannot be written: scripted"),
        ("book", DONE_BUT_UNKNOWN, "nobody knows whether an event was written: scripted"),
        ("book", NOT_WRITTEN, "was not there when it was read"),
        ("book", Step(shift_s=HOUR), "other times"),
    ],
)
async def test_each_way_of_failing_is_told_and_leaves_nothing(request_: str, step: Step, said: str) -> None:
    calendar = FakeCalendar()
    calendar.script(request_, step)

    with pytest.raises(AilingError, match=said):
        await look(calendar)

    assert calendar.ours("dana") == []


async def test_an_event_that_stays_is_told_and_taken_away_the_next_time() -> None:
    calendar = FakeCalendar()
    calendar.script("cancel", Step(does=False))

    with pytest.raises(AilingError, match="could not be removed") as raised:
        await look(calendar)
    assert SUMMARY in raised.value.remedy
    assert len(calendar.ours("dana")) == 1

    assert await look(calendar) == WHOLE
    assert calendar.ours("dana") == []


async def test_the_event_takes_nobodys_time_and_no_other_is_touched() -> None:
    calendar = FakeCalendar()
    calendar.people_write("dana", DAY + 3 * HOUR, DAY + 5 * HOUR)
    theirs = Event("a1", DAY + 6 * HOUR, DAY + 7 * HOUR, "Visit", reference="RB-1")
    calendar.stored["dana"]["a1"] = theirs

    assert await look(calendar) == WHOLE

    (written,) = (e for e in calendar.stored["dana"].values() if e.reference == REFERENCE)
    assert (written.start, written.cancelled) == (DAY + 5 * HOUR, True)
    assert calendar.stored["dana"]["a1"] == theirs

    calendar.people_write("dana", DAY, DAY + 24 * HOUR)
    with pytest.raises(AilingError, match="whole day is taken"):
        await look(calendar)
