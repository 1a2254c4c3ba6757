"""What a call of our own books is read back like any other, and owed to nobody."""

import pytest

from app.booking.book import Result
from app.booking.business import CrmAccount
from app.booking.crm_copies import CrmCopies
from app.booking.store import SYNTHETIC_CALLER, Customer
from app.db.schema import job_outbox
from tests.booking.acme import ANN, NOW, READ_BACK_AFTER_S, House, acme, house
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
