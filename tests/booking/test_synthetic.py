"""What a call of our own books is read back like any other, and owed to nobody."""

import pytest

from app.booking.book import Result
from app.booking.business import CrmAccount
from app.booking.crm_copies import CrmCopies
from app.booking.store import SYNTHETIC_CALLER, Customer
from app.db.schema import job_outbox
from tests.booking.acme import ANN, HOUR, NOW, READ_BACK_AFTER_S, House, acme, house
from tests.booking.test_read_back import later, swept
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.crm import FakeCrm

NOBODY = Customer("Synthetic call", SYNTHETIC_CALLER, SYNTHETIC_CALLER)


async def jobs(made: House) -> set[str]:
    """Kinds of jobs that were ever noted and not taken."""
    return set(await made.database.read(lambda c: c.execute(job_outbox.select()).scalars()))


@pytest.mark.parametrize(("customer", "kinds"), [(NOBODY, {"read_back"}), (ANN, {"read_back", "crm_copy"})])
async def test_it_is_read_back_and_never_copied(customer: Customer, kinds: set[str], database_url: str) -> None:
    business = acme(crm=CrmAccount("webhook", "https://crm.example/in"))
    async with house(database_url, business=business) as made:
        crms = {"acme": FakeCrm()}
        copies = CrmCopies(made.database, {"acme": business}, crms, made.clock, read_back_after_s=READ_BACK_AFTER_S)
        made.then = copies.jobs_for

        assert (await made.book(customer=customer)).result is Result.CONFIRMED

        assert await jobs(made) == kinds


@pytest.mark.parametrize(("customer", "waits"), [(NOBODY, False), (ANN, True)])
async def test_nobody_is_told_how_one_in_doubt_ended(customer: Customer, waits: bool, database_url: str) -> None:
    calendar, clock = FakeCalendar(), FakeClock(NOW)
    async with house(database_url, calendar, clock=clock) as made:
        made.hears = False
        calendar.script("book", scripted.DONE_BUT_UNKNOWN)
        assert (await made.book(customer=customer)).result is Result.PENDING
        clock.advance(10)
        await made.settler.settle_due()
        assert (await made.row()).status == "confirmed"
        assert ("tell_customer" in await jobs(made)) is waits

        calendar.script("cancel", scripted.DONE_BUT_UNKNOWN)
        deadline = clock.monotonic() + 6
        assert (
            await made.changes.cancel(made.business, await made.row(), "", "test:2", deadline)
        ).result is Result.PENDING
        clock.advance(10)
        await made.settler.settle_due()

        assert {row.status for row in await made.rows()} == {"cancelled", "released"}
        assert bool(await made.tasks()) is waits


@pytest.mark.parametrize(("customer", "kinds"), [(NOBODY, []), (ANN, ["booking_unsettled", "change_unsettled"])])
async def test_nobody_is_asked_to_call_whoever_asked_for_what_is_in_doubt(
    customer: Customer, kinds: list[str], database_url: str
) -> None:
    """A calendar that is away leaves synthetic calls in doubt as well: they fail, which pages."""
    calendar, clock = FakeCalendar(), FakeClock(NOW)
    async with house(database_url, calendar, clock=clock) as made:
        calendar.script("book", scripted.DONE_BUT_UNKNOWN)
        calendar.always("get", scripted.UNKNOWN)
        assert (await made.book(customer=customer)).result is Result.PENDING
        await in_doubt(made, clock)
        found = [page.kind for page in await made.pages()]
        calendar.always("get", None)
        clock.advance(21)
        await made.settler.settle_due()
        assert (await made.row()).status == "confirmed"

        calendar.script("cancel", scripted.DONE_BUT_UNKNOWN)
        deadline = clock.monotonic() + 6
        await made.changes.cancel(made.business, await made.row(), "", "test:2", deadline)
        calendar.always("get", scripted.UNKNOWN)
        await in_doubt(made, clock)
        assert [*found, *(page.kind for page in await made.pages())] == kinds


@pytest.mark.parametrize(("customer", "told"), [(NOBODY, False), (ANN, True)])
async def test_nobody_is_to_be_told_that_somebody_took_it_off_the_calendar(
    customer: Customer, told: bool, database_url: str
) -> None:
    calendar, clock = FakeCalendar(), FakeClock(NOW)
    async with house(database_url, calendar, clock=clock) as made:
        assert (await made.book(customer=customer)).result is Result.CONFIRMED
        await later(made, READ_BACK_AFTER_S)
        assert (await made.row()).verification == "verified"
        calendar.people_edit("dana", (await made.row()).event_id, cancelled=True)
        for _ in range(3):
            await swept(made, 6 * HOUR)
        assert bool(await made.tasks()) is told
        assert (await made.row()).status == ("confirmed" if told else "released")


async def in_doubt(made: House, clock: FakeClock) -> None:
    for _ in range(8):
        clock.advance(21)
        await made.settler.settle_due()
