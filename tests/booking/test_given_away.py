"""Visits that somebody gave to a colleague by hand: never told as cancelled, and followed once the customer knows."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.booking.book import Outcome, Result
from app.booking.calendar import Event, Unknown
from app.booking.store import Booking
from app.booking.verdicts import CANNOT_VERIFY_AFTER_S
from app.errors import Code
from tests.booking.acme import DEADLINE_S, HOUR, TUESDAY_9, House, acme, house
from tests.booking.test_read_back import booked, cancelled, later, read_twice, swept
from tests.booking.test_sweep import following, told, verified
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step

CONFIRMED, PENDING, REFUSED = Result.CONFIRMED, Result.PENDING, Result.REFUSED


class Office(FakeCalendar):
    """Calendars of several technicians, some of which may not tell."""

    def __init__(self) -> None:
        super().__init__()
        self.silent: set[str] = set()
        self.most_at_once = 0

    async def _step(self, request: str, calendar: str, within_s: float) -> Step | Unknown:
        self.most_at_once = max(self.most_at_once, self.under_way + 1)
        if calendar in self.silent:
            return Unknown("not shared")
        return await super()._step(request, calendar, within_s)

    def given_to(self, who: str, booking: Booking, start: int = TUESDAY_9) -> Event:
        """The office drags the event to a colleague's calendar, where it keeps its id."""
        event = replace(self.stored["dana"][booking.event_id], start=start, end=start + HOUR)
        self.people_edit("dana", booking.event_id, cancelled=True)
        self.stored[who][event.id] = event
        return event


@pytest.fixture
def calendar() -> Office:
    return Office()


@pytest.fixture
async def made(database_url: str, calendar: Office) -> AsyncIterator[House]:
    async with house(database_url, calendar, business=acme(("dana", "lee", "kim"))) as built:
        yield built


async def cancel(made: House, booking: Booking) -> Outcome:
    return await made.changes.cancel(made.business, booking, "", "test:cancel", made.clock.monotonic() + DEADLINE_S)


async def appointment(made: House) -> Booking:
    (only,) = [row for row in await made.rows() if not row.amends]
    return only


async def settled(made: House, seconds: float) -> None:
    made.clock.advance(seconds)  # type: ignore[attr-defined]  # a FakeClock
    await made.settler.settle_due()


# --- cancelling -------------------------------------------------------------------------------------------------------


async def test_a_visit_that_stands_on_a_colleagues_calendar_is_not_cancelled(made: House, calendar: Office) -> None:
    booking = await verified(made)
    event = calendar.given_to("lee", booking)
    outcome = await cancel(made, booking)
    assert (outcome.result, outcome.code) == (REFUSED, Code.NOT_ALLOWED)
    assert (await appointment(made)).status == "confirmed"
    assert calendar.ours("lee") == [event]
    (page,) = await made.pages()
    assert (page.kind, page.key) == ("appointment_changed", booking.reference)
    assert "the visit is now on fake:lee at 2026-11-24 09:00" in page.body
    assert [task.subject for task in await made.tasks()] == [booking.reference]


async def test_what_a_person_has_to_tell_is_still_to_be_told_after_that(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.given_to("lee", booking)
    await swept(made, 7 * HOUR)
    (before,) = await made.tasks()
    assert "is now on fake:lee at 2026-11-24 09:00 to 10:00" in before.what
    assert (await cancel(made, await appointment(made))).code is Code.NOT_ALLOWED
    (task,) = await made.tasks()
    assert task.key != before.key
    assert "who asked to cancel it" in task.what
    assert "the visit is now on fake:lee at 2026-11-24 09:00 to 10:00" in task.what


async def test_a_mismatch_that_says_where_the_visit_is_lasts(made: House, calendar: Office) -> None:
    booking = await booked(made)
    calendar.given_to("lee", booking)
    await read_twice(made)
    assert (await cancel(made, await appointment(made))).code is Code.NOT_ALLOWED
    bodies = {page.kind: page.body for page in await made.pages()}
    assert "the event is on fake:lee at 2026-11-24 09:00" in bodies["read_back_mismatch"]
    assert {task.kind for task in await made.tasks()} == {"mismatch", "tell_customer"}


async def test_one_that_is_on_no_calendar_is_cancelled_and_all_are_asked_at_once(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    calendar.always("events", Step(delay_s=0.05))
    asked, calendar.most_at_once = len(calendar.asked), 0
    assert (await cancel(made, booking)).result is CONFIRMED
    assert calendar.asked[asked] == ("get", "dana")
    assert sorted(calendar.asked[asked + 1 :]) == [("events", "dana"), ("get", "kim"), ("get", "lee")]
    assert calendar.most_at_once == 3


async def test_who_cancels_what_is_there_waits_for_no_other_calendar(made: House, calendar: Office) -> None:
    booking = await verified(made)
    asked = len(calendar.asked)
    assert (await cancel(made, booking)).result is CONFIRMED
    assert calendar.asked[asked:] == [("get", "dana"), ("cancel", "dana"), ("get", "dana")]


async def test_a_copy_on_its_own_calendar_is_the_visit_too(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.people_edit("dana", booking.event_id, cancelled=True)
    copy = replace(calendar.stored["dana"][booking.event_id], id="copy00001", cancelled=False)
    calendar.stored["dana"][copy.id] = copy
    assert (await cancel(made, booking)).code is Code.NOT_ALLOWED
    (page,) = await made.pages()
    assert "the visit is now on fake:dana at 2026-11-24 09:00" in page.body


@pytest.mark.parametrize("stands", [True, False])
async def test_while_a_colleagues_calendar_does_not_tell_it_is_not_known_and_settled_later(
    made: House, calendar: Office, stands: bool
) -> None:
    booking = await verified(made)
    if stands:
        calendar.given_to("lee", booking)
    else:
        calendar.people_edit("dana", booking.event_id, cancelled=True)
    calendar.silent.add("lee")
    outcome = await cancel(made, booking)
    assert (outcome.result, outcome.code) == (PENDING, Code.STILL_CHECKING)
    for _ in range(5):
        await settled(made, 21)
    assert made.told == []
    assert (await appointment(made)).status == "confirmed"
    calendar.silent.clear()
    await settled(made, 21)
    assert made.told == [(booking.reference, REFUSED if stands else CONFIRMED)]
    assert (await appointment(made)).status == ("confirmed" if stands else "cancelled")
    assert [page.kind for page in await made.pages()] == (["appointment_changed"] if stands else [])


@pytest.mark.parametrize("stands", [True, False])
async def test_where_a_colleagues_calendar_goes_on_not_telling_a_person_ends_the_cancellation(
    made: House, calendar: Office, stands: bool
) -> None:
    booking = await verified(made)
    if stands:
        calendar.given_to("lee", booking)
    else:
        calendar.people_edit("dana", booking.event_id, cancelled=True)
    calendar.silent.add("lee")
    await cancel(made, booking)
    for _ in range(8):
        await settled(made, 21)
    assert made.told == [(booking.reference, REFUSED)]
    assert made.alarms.ringing() == set()
    (page,) = await made.pages()
    assert page.kind == "appointment_changed"
    assert "it is gone from there (whether the event is on fake:lee is not known)" in page.body
    await swept(made, 5)
    await swept(made, 5)
    (task,) = await made.tasks()
    await told(made, task.key)
    await swept(made, 200)
    assert (await appointment(made)).verification == "changed", "somebody may drive there"
    calendar.silent.clear()
    await swept(made, 200)
    await swept(made, 5)
    assert (await appointment(made)).status == ("confirmed" if stands else "released")
    assert [page.kind for page in await made.pages()] == []
    found = ["is now on fake:lee at 2026-11-24 09:00" in task.what for task in await made.tasks()]
    assert found == ([True] if stands else []), "where it stands after all, somebody has to know"


async def test_what_its_own_calendar_lists_all_the_same_is_not_gone(made: House, calendar: Office) -> None:
    booking = await verified(made)
    listed = (calendar.stored["dana"][booking.event_id],)
    calendar.script("get", Step(answer=scripted.Absent()))
    calendar.script("events", Step(answer=listed))
    assert (await cancel(made, booking)).result is PENDING
    await settled(made, 5)
    assert calendar.ours("dana") == [], "it was asked to be cancelled, and is there"
    assert made.told == [(booking.reference, CONFIRMED)]


async def test_a_pending_cancellation_of_what_was_given_away_since_is_a_persons(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.script("cancel", scripted.UNKNOWN)
    assert (await cancel(made, booking)).result is PENDING
    event = calendar.given_to("lee", booking)
    await settled(made, 5)
    assert made.told == [(booking.reference, REFUSED)]
    assert (await appointment(made)).status == "confirmed"
    assert calendar.ours("lee") == [event]
    (page,) = await made.pages()
    assert "the visit is now on fake:lee at 2026-11-24 09:00" in page.body


# --- reading a cancellation back --------------------------------------------------------------------------------------


async def test_a_cancelled_visit_must_be_gone_from_every_calendar(made: House, calendar: Office) -> None:
    booking = await booked(made)
    calendar.given_to("lee", booking)
    await cancelled(made, booking)
    await read_twice(made)
    (page,) = await made.pages()
    assert page.title.startswith("Read-back mismatch")
    assert "no event: it was cancelled" in page.body
    assert "the event is on fake:lee at 2026-11-24 09:00" in page.body
    calendar.stored["lee"].clear()
    await swept(made, 121)
    assert (await made.row()).verification == "verified"
    assert (await made.pages(), await made.tasks()) == ([], [])


async def test_a_calendar_that_hides_whether_cancelled_visits_are_gone_is_one_page(
    made: House, calendar: Office
) -> None:
    for start in (TUESDAY_9, TUESDAY_9 + 4 * HOUR):
        booking = await booked(made, start)
        calendar.people_edit("dana", booking.event_id, cancelled=True)
        await cancelled(made, booking)
    calendar.silent.add("lee")
    await later(made, 301)
    assert await made.pages() == []
    for _ in range(7):
        await later(made, CANNOT_VERIFY_AFTER_S / 5)
    (page,) = await made.pages()
    assert page.title == "Cannot verify appointments on fake:lee"
    assert {row.verification for row in await made.rows()} == {"cannot_verify"}
    calendar.silent.clear()
    await swept(made, 121)
    assert {row.verification for row in await made.rows()} == {"verified"}
    assert await made.pages() == []


# --- following --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [TUESDAY_9, TUESDAY_9 + 2 * HOUR], ids=["same time", "later"])
async def test_once_the_customer_knows_the_visit_is_the_colleagues(made: House, calendar: Office, start: int) -> None:
    booking = await verified(made)
    followed = following(made)
    event = calendar.given_to("lee", booking, start)
    await swept(made, 7 * HOUR)
    (task,) = await made.tasks()
    await told(made, task.key)
    await swept(made, 121)
    row = await appointment(made)
    assert (row.status, row.calendar, row.technician) == ("confirmed", "fake:lee", "lee")
    assert (row.starts, row.ends, row.verification, row.revision) == (start, start + HOUR, "verified", 2)
    blocked = (start, start + HOUR + 900)
    assert (row.blocked_from, row.blocked_to) == blocked
    assert (made.claims.view("fake:dana").ranges, made.claims.view("fake:lee").ranges) == ((), (blocked,))
    assert [(new.technician, new.starts, new.revision) for new in followed] == [("lee", start, 2)]
    assert (await made.pages(), await made.tasks()) == ([], [])
    assert "appointment_given_to_colleague" in await made.audited()
    assert calendar.ours("lee") == [event], "followed, and not written"
    assert (await cancel(made, row)).result is CONFIRMED
    assert calendar.ours("lee") == []


async def test_a_mismatch_that_is_agreed_on_is_followed_too(made: House, calendar: Office) -> None:
    booking = await booked(made)
    calendar.given_to("lee", booking)
    await read_twice(made)
    (task,) = await made.tasks()
    await told(made, task.key)
    await swept(made, 121)
    row = await appointment(made)
    assert (row.status, row.technician, row.verification) == ("confirmed", "lee", "verified")


async def told_of_it(made: House) -> Booking:
    """The sweep finds the change, a person says that the customer knows, and the sweep looks again."""
    await swept(made, 7 * HOUR)
    for task in await made.tasks():
        await told(made, task.key)
    await swept(made, 121)
    row = next(row for row in await made.rows() if row.starts == TUESDAY_9 and row.technician == "dana")
    assert row.status == "confirmed", "whatever it is, it is not cancelled"
    return row


async def test_a_colleague_who_has_another_visit_then_is_not_given_a_second(made: House, calendar: Office) -> None:
    booking = await verified(made)
    taken = await made.book(made.slot(TUESDAY_9, who="lee"), call="test:lee")
    assert taken.result is CONFIRMED
    calendar.given_to("lee", booking)
    row = await told_of_it(made)
    assert (row.id, row.calendar) == (booking.id, "fake:dana")


async def test_one_that_two_colleagues_have_is_nobodys_to_guess(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.stored["kim"][booking.event_id] = calendar.given_to("lee", booking)
    await told_of_it(made)


async def test_one_with_another_customer_now_is_not_followed(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.given_to("lee", booking)
    calendar.people_edit("lee", booking.event_id, summary="Bob Roe")
    await told_of_it(made)


async def test_a_calendar_that_technicians_share_names_none_of_them(database_url: str, calendar: Office) -> None:
    dana, lee, kim = acme(("dana", "lee", "kim")).technicians
    business = acme(technicians=(dana, lee, replace(kim, calendar=lee.calendar)))
    async with house(database_url, calendar, business=business) as made:
        calendar.given_to("lee", await verified(made))
        await told_of_it(made)


async def test_what_a_silent_colleague_may_have_is_not_released(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.given_to("lee", booking)
    calendar.silent.add("lee")
    await swept(made, 7 * HOUR)
    (task,) = await made.tasks()
    assert "no longer on the calendar (whether the event is on fake:lee is not known)" in task.what
    await told_of_it(made)
    calendar.silent.clear()
    await swept(made, 121)
    (task,) = await made.tasks()
    assert "is now on fake:lee" in task.what, "the customer was told something else"
    await told(made, task.key)
    await swept(made, 121)
    assert (await appointment(made)).technician == "lee"


async def test_while_a_colleague_is_silent_nothing_is_told_anew(made: House, calendar: Office) -> None:
    calendar.given_to("lee", await verified(made))
    await swept(made, 7 * HOUR)
    for _ in range(3):
        calendar.silent.symmetric_difference_update({"lee"})
        await swept(made, 121)
    assert (len(await made.tasks()), len(await made.tasks(status="done"))) == (1, 0)


async def test_one_that_a_colleague_has_at_another_time_now_is_told_anew(made: House, calendar: Office) -> None:
    booking = await verified(made)
    calendar.given_to("lee", booking)
    await swept(made, 7 * HOUR)
    calendar.people_edit("lee", booking.event_id, start=TUESDAY_9 + HOUR, end=TUESDAY_9 + 2 * HOUR)
    await swept(made, 121)
    (task,) = await made.tasks()
    assert "is now on fake:lee at 2026-11-24 10:00" in task.what
