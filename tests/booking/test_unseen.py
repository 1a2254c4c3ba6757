"""Appointments that nobody can see any more: what is said of them, and when it is over."""

from app.booking.book import Result
from tests.booking.acme import HOUR, NOW, TUESDAY_9, House, acme
from tests.booking.test_amend import appointment, cancel, move
from tests.booking.test_read_back import AFTER_S, later, swept
from tests.booking.test_sweep import verified
from tests.fakes.calendar import UNKNOWN, FakeCalendar

LATER = TUESDAY_9 + 4 * HOUR


async def without_dana(made: House) -> None:
    """She is taken out of the file, and people hear of her visits."""
    made.businesses["acme"] = acme(("lee",))
    await swept(made, 7 * HOUR)
    (page,) = await made.pages()
    assert page.title == "Cannot verify appointments on fake:dana"


async def test_the_page_ends_when_its_last_visit_was_moved_away(made: House) -> None:
    await verified(made)
    await without_dana(made)
    assert (await move(made, await appointment(made), LATER, "lee")).result is Result.CONFIRMED
    await swept(made, 5)
    assert await made.pages() == []


async def test_it_ends_when_its_last_visit_was_cancelled_and_of_that_one_nobody_need_look(
    made: House, calendar: FakeCalendar
) -> None:
    await verified(made)
    await without_dana(made)
    assert (await cancel(made, await appointment(made))).result is Result.CONFIRMED
    await later(made, AFTER_S)
    assert (await appointment(made)).verification == "verified", "gone from the calendar it stood on"
    await swept(made, 5)
    assert await made.pages() == []


async def test_it_ends_when_its_last_visit_is_over(made: House) -> None:
    await verified(made)
    await without_dana(made)
    await swept(made, TUESDAY_9 + HOUR - NOW)
    await swept(made, 5)
    assert await made.pages() == []


async def test_it_lasts_while_another_visit_cannot_be_seen(made: House) -> None:
    await verified(made)
    await verified(made, LATER)
    await without_dana(made)
    first = next(row for row in await made.rows() if row.starts == TUESDAY_9)
    await cancel(made, first)
    await swept(made, 5)
    assert [page.title for page in await made.pages()] == ["Cannot verify appointments on fake:dana"]


async def test_of_a_cancelled_one_it_is_said_that_it_was_cancelled(made: House, calendar: FakeCalendar) -> None:
    booking = await verified(made)
    await cancel(made, booking)
    calendar.always("get", UNKNOWN)
    await later(made, AFTER_S)
    for _ in range(8):
        await later(made, 61)
    (page,) = await made.pages()
    assert f"Booking {booking.reference} on fake:dana, which was cancelled, cannot be verified" in page.body
