"""What the embedded calendar does beyond the contract of all calendars: its database, and what it writes down."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from app.adapters.embedded_calendar import EmbeddedCalendar
from app.booking.calendar import Changes, Event, Unknown
from app.booking.calendars import Calendars
from app.db.engine import Database
from app.db.schema import audit
from tests.booking.acme import acme as acme_with
from tests.booking.acme import house
from tests.fakes.clock import FakeClock
from tests.fakes.databases import held_up, opened

MORNING, HOUR, DAY = 1_893_456_000, 3600, 86_400
VISIT = Event("visit00001", MORNING, MORNING + HOUR, "Inspection: Ann", "Notes", "AAAAAA")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as started:
        yield started


@pytest.fixture
def calendar(database: Database) -> EmbeddedCalendar:
    return EmbeddedCalendar(database, FakeClock(MORNING))


async def test_what_is_written_and_cancelled_is_in_the_audit_log(
    calendar: EmbeddedCalendar, database: Database
) -> None:
    await calendar.book("dana", VISIT, within_s=2)
    await calendar.book("dana", VISIT, within_s=2)
    await calendar.cancel("dana", VISIT.id, "", within_s=2)
    await calendar.cancel("dana", VISIT.id, "", within_s=2)
    rows = await database.read(lambda c: c.execute(select(audit.c.kind, audit.c.subject)).fetchall())
    assert [tuple(row) for row in rows] == [("calendar_written", "AAAAAA"), ("calendar_cancelled", "AAAAAA")]


async def test_events_side_by_side_and_over_each_other_are_one_busy_time(calendar: EmbeddedCalendar) -> None:
    for number, (start, end) in enumerate([(0, 2), (1, 3), (3, 4), (6, 7), (-2, -1), (23, 26)]):
        event = Event(f"visit{number}", MORNING + start * HOUR, MORNING + end * HOUR, reference=f"R{number}")
        await calendar.book("dana", event, within_s=2)
    answer = await calendar.free(["dana", "lee"], MORNING, MORNING + DAY, within_s=2)
    hours = [((start - MORNING) // HOUR, (end - MORNING) // HOUR) for start, end in answer["dana"]]  # type: ignore[union-attr]  # known
    assert hours == [(0, 4), (6, 7), (23, 24)]
    assert answer["lee"] == ()


async def test_the_same_id_on_another_calendar_is_another_event(calendar: EmbeddedCalendar) -> None:
    assert isinstance(await calendar.book("dana", VISIT, within_s=2), Event)
    assert isinstance(await calendar.book("lee", VISIT, within_s=2), Event)


async def test_of_many_who_write_the_same_event_one_does(calendar: EmbeddedCalendar) -> None:
    written = await asyncio.gather(*(calendar.book("dana", VISIT, within_s=5) for _ in range(20)))
    assert len(set(written)) == 1
    assert isinstance(written[0], Event)


@pytest.mark.parametrize("cursor", ["9" * 30, "x", "-1", "1.5", "٣" * 30])
async def test_a_cursor_that_was_never_ours_starts_over(calendar: EmbeddedCalendar, cursor: str) -> None:
    await calendar.book("dana", VISIT, within_s=2)
    answer = await calendar.changes("dana", cursor, within_s=2)
    assert isinstance(answer, Changes)
    assert answer.reset
    assert len(answer.events) == 1


async def test_a_database_that_does_not_answer_makes_everything_unknown(
    calendar: EmbeddedCalendar, database: Database
) -> None:
    async with held_up(database):
        assert isinstance(await calendar.book("dana", VISIT, within_s=0.1), Unknown)
        assert isinstance(await calendar.cancel("dana", VISIT.id, "", within_s=0.1), Unknown)
    await database.stop()
    with_nobody = EmbeddedCalendar(Database("postgresql://127.0.0.1:1/none", lambda *_: None), FakeClock(MORNING))
    free = await with_nobody.free(["dana", "lee"], MORNING, MORNING + DAY, within_s=5)
    assert {type(found) for found in free.values()} == {Unknown}
    assert set(free) == {"dana", "lee"}
    for found in (
        await with_nobody.events("dana", MORNING, MORNING + DAY, within_s=5),
        await with_nobody.get("dana", VISIT.id, within_s=5),
        await with_nobody.changes("dana", "", within_s=5),
    ):
        assert isinstance(found, Unknown)


async def test_a_whole_booking_on_it_is_confirmed(database_url: str) -> None:
    async with house(database_url, business=acme_with(scheme="embedded")) as made:
        embedded = EmbeddedCalendar(made.database, made.clock)
        made.calendars._by_scheme.update(Calendars({"embedded": embedded})._by_scheme)
        outcome = await made.book()
        assert outcome.result == "confirmed"
        assert await made.audited() == ["booking_held", "calendar_written", "booking_confirmed"]
        assert (await made.book(call="test:2")).taken
