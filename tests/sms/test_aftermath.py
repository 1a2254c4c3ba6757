"""Whoever has to mend something hears of each reason, and that it is over."""

from collections.abc import AsyncIterator

import pytest

from app.booking.store import Customer
from app.db.schema import pages
from app.sms.aftermath import REFUSED_FOR_S
from tests.booking.acme import NOW
from tests.booking.acme import house as desk
from tests.fakes.clock import FakeClock
from tests.sms.texting import CUSTOMER, Texting, texting


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url) as made:
        yield made


async def test_another_reason_pages_again_and_all_end_when_a_text_gets_there(house: Texting) -> None:
    for number, code in enumerate((30007, 30034, 30034), 1):
        await house.owe(booking=f"b{number}", kind="notice")
        await house.jobs.run_for(5)
        await house.report("undelivered", code=code, place=number)
    assert sorted(row.key for row in await house.rows(pages)) == ["acme:30007", "acme:30034"]

    await house.jobs.run_for(REFUSED_FOR_S)
    await house.owe(booking="last", kind="notice")
    await house.jobs.run_for(5)
    await house.report("delivered", place=4)
    assert {row.status for row in await house.rows(pages)} == {"resolved"}


@pytest.mark.parametrize(("later_s", "told"), [(1.0, ["tell_customer"]), (600.0, [])])
async def test_who_booked_and_stopped_texts_before_the_answer_is_told_by_a_person(
    database_url: str, later_s: float, told: list[str]
) -> None:
    clock = FakeClock(NOW)
    async with desk(database_url, clock=clock) as booking:
        house = Texting(booking.database, clock, booking.business)
        await booking.book(customer=Customer("Ann Lee", CUSTOMER, CUSTOMER))
        clock.advance(later_s)
        await house.owe(body="Booked: Home inspection. Reference K7QM2X.")
        await house.say("STOP")
        await house.jobs.run_for(5)

        assert (house.carrier.taken, await house.states()) == ([], ["withheld"])
        assert [task.kind for task in await house.tasks()] == told
