"""A technician gets another calendar in the business file: what they have ahead on the old one is not booked twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import psycopg
import pytest

from app.booking.book import Result
from app.booking.business import Business, Businesses
from app.booking.claims import Claims
from app.booking.desk import Desk
from app.booking.former import LOOK_EVERY_S, Former
from app.booking.store import Booking, Customer
from app.errors import Code
from tests.booking.acme import DEADLINE_S, HOUR, INSPECTION, READ_BACK_AFTER_S, TUESDAY_9, House, acme, house
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon

TUESDAY = date(2026, 11, 24)
BOB = Customer("Bob Other", "+15125550177", "+15125550177")


def with_new_calendar(*, swapped: bool = False) -> Business:
    """Dana's calendar is another one now: a new one, or the one that Lee had."""
    dana, lee = acme().technicians
    if swapped:
        people = (replace(dana, calendar=lee.calendar), replace(lee, calendar=dana.calendar))
    else:
        people = (replace(dana, calendar="fake:dana-new"), lee)
    return acme(technicians=people)


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture(params=["another", "swapped"])
async def made(request: pytest.FixtureRequest, database_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    """Ann has Dana on Tuesday at nine, and then the file is edited and the server started anew."""
    async with house(database_url, calendar) as before:
        assert (await before.book()).result is Result.CONFIRMED
    async with house(database_url, calendar, business=with_new_calendar(swapped=request.param == "swapped")) as after:
        yield after


async def starts(made: House) -> set[tuple[str, int]]:
    view = await made.desk.open(made.business, INSPECTION, made.business.technicians, TUESDAY, TUESDAY)
    at_once = made.desk.open_now(made.business, INSPECTION, made.business.technicians, TUESDAY, TUESDAY)
    assert at_once in (None, view)
    return {(opening.technician, opening.start) for opening in view.openings}


async def moved(made: House, booking: Booking, start: int) -> Result | Code | None:
    deadline = made.clock.monotonic() + DEADLINE_S
    outcome = await made.changes.move(made.business, booking, made.slot(start), "test:3", deadline)
    return outcome.code or outcome.result


async def test_their_time_is_neither_offered_nor_booked_nor_moved_to(made: House) -> None:
    offered = await starts(made)
    assert not offered & {("dana", TUESDAY_9 + shift) for shift in (-HOUR // 2, 0, HOUR // 2)}
    assert ("dana", TUESDAY_9 + 2 * HOUR) in offered

    assert (await made.book(customer=BOB, call="test:2")).code is Code.SLOT_TAKEN
    later = await made.book(made.slot(TUESDAY_9 + 2 * HOUR), BOB, "test:2")
    assert later.booking is not None
    assert later.result is Result.CONFIRMED
    assert await moved(made, later.booking, TUESDAY_9 + HOUR // 2) is Code.SLOT_TAKEN


async def test_the_visit_itself_can_be_moved_to_the_new_calendar_and_frees_its_time(made: House) -> None:
    booking = await made.row()
    assert await moved(made, booking, TUESDAY_9 + HOUR // 2) is Result.CONFIRMED
    (now, *_) = [row for row in await made.rows() if row.reference == booking.reference]
    assert now.calendar == made.business.technicians[0].calendar
    made.clock.advance(LOOK_EVERY_S)  # type: ignore[attr-defined]  # a FakeClock
    await made.jobs.run_due()
    made.desk.prefetch(made.business)
    await soon(lambda: not made.former.times("acme", "dana"))
    assert ("dana", TUESDAY_9 - HOUR) in await starts(made)
    assert (await made.book(made.slot(TUESDAY_9 - HOUR), BOB, "test:2")).result is Result.CONFIRMED


async def test_what_a_server_with_the_old_file_books_is_known_soon_although_memory_answers(
    database_url: str, calendar: FakeCalendar
) -> None:
    async with (
        house(database_url, calendar) as old,
        house(database_url, calendar, business=with_new_calendar()) as new,
    ):
        assert (await old.book()).result is Result.CONFIRMED
        new.clock.advance(LOOK_EVERY_S)  # type: ignore[attr-defined]  # a FakeClock
        new.desk.open_now(new.business, INSPECTION, new.business.technicians, TUESDAY, TUESDAY)
        await soon(lambda: bool(new.former.times("acme", "dana")))


async def test_what_is_booked_is_not_what_was_known_long_ago(database_url: str, calendar: FakeCalendar) -> None:
    async with (
        house(database_url, calendar) as old,
        house(database_url, calendar, business=with_new_calendar()) as new,
    ):
        assert (await old.book()).result is Result.CONFIRMED
        new.clock.advance(LOOK_EVERY_S)  # type: ignore[attr-defined]  # a FakeClock
        assert (await new.book(customer=BOB, call="test:2")).code is Code.SLOT_TAKEN


@pytest.mark.parametrize("known", [True, False])
async def test_a_database_that_hangs_is_waited_for_once_and_not_where_memory_knows(
    postgres_url: str, calendar: FakeCalendar, known: bool
) -> None:
    async with house(postgres_url, calendar) as made:
        asked = made.business, INSPECTION, made.business.technicians, TUESDAY, TUESDAY
        while not made.claims.known(t.calendar for t in made.business.technicians):
            await made.desk.open(*asked)
            await asyncio.sleep(0.02)
        clock = FakeClock()
        former = Former(made.database, Businesses({"acme": made.business}), clock)
        claims = made.claims if known else Claims(made.database, made.clock)
        if known:
            await former.look()
            clock.advance(LOOK_EVERY_S)
        else:
            await made.claims.stop()  # it listens, which is reading too
        with read_by_nobody(postgres_url):
            asking = asyncio.create_task(Desk(made.lookups, claims, made.clock, former).open(*asked))
            await soon(lambda: asking.done() if known else made.database.reading == 2, within_s=2.0)
        assert (await asking).openings
        await former.stop()


@contextmanager
def read_by_nobody(url: str) -> Iterator[None]:
    """While inside, whoever reads bookings waits."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE bookings")
        yield
        connection.rollback()


async def test_a_colleague_is_as_free_as_before(made: House) -> None:
    offered = await starts(made)
    assert (("lee", TUESDAY_9) in offered) is (made.business.technicians[0].calendar == "fake:dana-new")
    assert ("lee", TUESDAY_9 + 2 * HOUR) in offered


@pytest.mark.parametrize("left", ["removed", "another calendar", "the whole business"])
async def test_a_person_hears_at_once_of_visits_that_the_edited_file_has_left_behind(
    database_url: str, calendar: FakeCalendar, left: str
) -> None:
    edited = {"removed": acme(("lee",)), "another calendar": with_new_calendar(), "the whole business": acme(id="b")}
    async with house(database_url, calendar) as before:
        assert (await before.book()).result is Result.CONFIRMED
        assert (await before.book(before.slot(who="lee"), BOB, "test:2")).result is Result.CONFIRMED
        before.clock.advance(READ_BACK_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
        await before.jobs.run_due()
        assert [row.verification for row in await before.rows()] == ["verified", "verified"]
        later = before.clock.now()
    async with house(database_url, calendar, business=edited[left], clock=FakeClock(later + 1)) as after:
        await after.sweep.look()
        pages = await after.pages()
        assert [page.kind for page in pages] == ["read_back_cannot_verify"] * len(pages)
        assert pages[0].title == "Cannot verify appointments on fake:dana"
        told = {row.technician: row.verification for row in await after.rows()}
        assert told["dana"] == "cannot_verify"
        assert told["lee"] == ("cannot_verify" if left == "the whole business" else "verified")
        await after.sweep.look()
        assert len(await after.pages()) == len(pages)
