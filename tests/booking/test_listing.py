"""What is listed as not settled, while whoever settles it goes on looking at a calendar that keeps silent."""

import pytest

from app.booking.listing import changes, is_unsettled, such
from tests.booking.acme import TUESDAY_9, House
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.tools.talking import agent

AFTER_S, EVERY_S, LOOKS = 300, 20, 45


def always(calendar: FakeCalendar, step: Step | None) -> None:
    for request in ("book", "cancel", "get", "events"):
        calendar.always(request, step)


async def listed(house: House) -> list[list[tuple[str, str]]]:
    """After each of the settler's looks: the reference of what is listed, and which change of it is under way."""
    found = []
    for _ in range(LOOKS):
        house.clock.advance(EVERY_S)
        await house.settler.settle_due()
        since = house.clock.now() - AFTER_S
        kept = await house.database.read(lambda c, since=since: such(c, is_unsettled(since)))
        under_way = await house.database.read(lambda c, kept=kept: changes(c, kept))
        found.append([(one.reference, under_way.get(one.id, "")) for one in kept])
    return found


@pytest.mark.parametrize("change", ["", "cancel"])
async def test_it_is_listed_under_its_own_reference_from_then_on_until_it_is_settled(
    database_url: str, change: str
) -> None:
    calendar = FakeCalendar()
    async with agent(database_url, calendar) as ask:
        house = ask.house
        if not change:
            always(calendar, scripted.UNKNOWN)
        slot = house.slot_ids.mint(house.business, "inspection", "dana", TUESDAY_9, house.clock.now())
        reference = (await ask("book_appointment", slot_id=slot, customer_name="Ann Lee"))["reference"]
        if change:
            calendar.script("cancel", scripted.UNKNOWN)
            assert (await ask("cancel_appointment", reference=reference))["outcome"] == "pending"
            always(calendar, scripted.UNKNOWN)
        before = AFTER_S // EVERY_S
        assert await listed(house) == [[]] * before + [[(reference, change)]] * (LOOKS - before)
        always(calendar, None)
        assert (await listed(house))[-1] == []
