"""Bookings copied to a HubSpot that goes wrong at random: in the end each visit is there once, or somebody knows."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.adapters.breaker import Breaker
from app.adapters.crm_hubspot import CrmHubspot
from app.booking.book import Result
from app.booking.business import CrmAccount
from app.booking.crm_copies import CrmCopies
from app.booking.store import Customer
from app.db.schema import crm_copies, dead_letters, pages
from tests.booking.acme import HOUR, NOW, TUESDAY_9, House, acme, house
from tests.fakes import crm as wrong
from tests.fakes.clock import FakeClock
from tests.fakes.crm import Mishap
from tests.fakes.hubspot import TOKEN, FakeHubspot
from tests.fakes.job_runner import JobRunner

BOOKINGS, CUSTOMERS = 40, 8
DAY_S = 86_400
MISHAPS = (
    wrong.BROKEN, wrong.BROKEN_AFTERWARDS, wrong.CUT_AFTERWARDS, wrong.TOO_MANY, wrong.NOT_JSON, wrong.WROTE_NOTHING,
)  # fmt: skip
WRITES = (
    "POST /crm/v3/objects/meetings", "POST /crm/v3/objects/contacts", "PATCH /crm", "PUT /crm", "GET /crm",
)  # fmt: skip


class Copied:
    """A house whose bookings go to a HubSpot, and what became of them."""

    def __init__(self, made: House, clock: FakeClock, server: FakeHubspot) -> None:
        self.made, self.clock, self.server = made, clock, server
        self.crm = CrmHubspot(server.url, TOKEN, Breaker(clock), clock)
        self.copies = CrmCopies(
            made.database, {"acme": made.business}, {"acme": self.crm}, clock, read_back_after_s=300.0
        )
        made.then = self.copies.jobs_for
        handlers = {"crm_copy": self.copies.copy, "crm_read_back": self.copies.read_back}
        self.jobs = JobRunner(made.database, clock, handlers)

    async def book(self, number: int) -> None:
        day, hour = divmod(number, 4)
        phone = f"+15125550{number % CUSTOMERS:03}"
        outcome = await self.made.book(
            self.made.slot(TUESDAY_9 + day * DAY_S + 2 * HOUR * hour),
            Customer(f"Caller {number % CUSTOMERS}", phone, phone),
            call=f"test:{number}",
        )
        assert outcome.result is Result.CONFIRMED

    async def states(self) -> Counter[str]:
        found = await self.made.database.read(lambda c: c.execute(select(crm_copies.c.state)).scalars().all())
        return Counter(found)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_goes_wrong_each_visit_is_there_once_and_each_customer_once(seed: int, sqlite_url: str) -> None:
    dice, clock = random.Random(seed), FakeClock(NOW)
    business = acme(crm=CrmAccount("hubspot", "http://127.0.0.1"))
    async with house(sqlite_url, business=business, clock=clock) as made, FakeHubspot() as server:
        at = Copied(made, clock, server)
        for number in range(BOOKINGS):
            server.mishaps.append(replace(dice.choice(MISHAPS), only=dice.choice(WRITES)))
            await at.book(number)
            await at.jobs.run_for(dice.choice([0, 1, 30]))
        await at.jobs.run_for(DAY_S)
        rows = await made.rows()
        await at.crm.aclose()

        assert at.jobs.waiting() == []
        assert Counter(m["readback_booking"] for m in server.account.meetings.values()) == {row.id: 1 for row in rows}
        assert len(server.account.contacts) == CUSTOMERS
        assert await at.states() == {"verified": BOOKINGS}


async def test_a_hubspot_that_writes_nothing_is_found_out_for_every_single_visit(sqlite_url: str) -> None:
    clock = FakeClock(NOW)
    business = acme(crm=CrmAccount("hubspot", "http://127.0.0.1"))
    async with house(sqlite_url, business=business, clock=clock) as made, FakeHubspot() as server:
        at = Copied(made, clock, server)
        await at.book(0)
        await at.jobs.run_for(HOUR)
        assert await at.states() == {"verified": 1}
        server.always_wrong = Mishap(wrong.FORGOTTEN)
        for number in range(1, 6):
            await at.book(number)
        await at.jobs.run_for(DAY_S)
        titles = await made.database.read(lambda c: c.execute(select(pages.c.title)).scalars().all())
        letters = await made.database.read(lambda c: c.execute(select(dead_letters.c.kind)).scalars().all())
        references = [row.reference for row in (await made.rows())[1:]]
        await at.crm.aclose()

    assert sorted(titles) == sorted(f"CRM copy missing: {reference}" for reference in references)
    assert letters == ["crm_copy"] * 5
