"""What a person approved is about how things stood: a visit that was moved meanwhile stays, one that was booked stays
the only one, and they hear so.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from app.booking.as_it_stands import as_they_stand
from app.booking.business import Businesses
from app.db.schema import reviews, text_outbox
from app.review.reviews import decided, open_ones
from app.sms.changing import WAITS
from app.sms.reviewed import ELSEWHERE, MEANWHILE
from tests.booking.acme import TUESDAY_9, acme
from tests.sms.modelled import Texting, call, say, texting

MARKED = frozenset({"book_appointment", "reschedule_appointment", "cancel_appointment"})
DAY_S = 86_400


@pytest.fixture
async def sms(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url, acme(people=("dana",), reviewed=MARKED)) as opened:
        yield opened


async def theirs(sms: Texting) -> str:
    outcome = await sms.house.book()
    assert outcome.booking is not None
    await sms.text("When is my visit?", model=[call("find_appointments"), say()])
    return str(outcome.booking.reference)


async def wants(sms: Texting, tool: str, said: str, **arguments: Any) -> None:
    sure = {**arguments, "confidence": 0.97, "rests_on": [said]}
    assert await sms.text(said, model=[call(tool, **sure)]) == [WAITS]


async def moved(sms: Texting, reference: str, date: str = "2026-11-26") -> None:
    """By phone."""
    slot = await sms.talking.first_slot(date=date)
    assert (await sms.talking("reschedule_appointment", reference=reference, slot_id=slot["slot_id"]))["ok"]


async def approved(sms: Texting) -> str:
    """Approved, and carried out twice, as after a crash; what the customer is told, once."""
    database, now = sms.house.database, sms.house.clock.now()
    identity = await database.read(lambda c: c.execute(select(reviews.c.id)).scalar_one())
    await database.write(lambda t: decided(t, identity, True, by="Ann", now=now))
    for _ in range(2):
        await sms.reviewed.decided({"review": identity})
    return str(await database.read(lambda c: c.execute(select(text_outbox.c.body)).scalar_one()))


async def standing(sms: Texting) -> list[int]:
    return [(row.starts - TUESDAY_9) // 60 for row in await sms.house.rows() if row.active]


async def test_a_visit_that_was_moved_meanwhile_is_not_cancelled(sms: Texting) -> None:
    reference = await theirs(sms)
    await wants(sms, "cancel_appointment", "Cancel my visit please", reference=reference)
    await moved(sms, reference)
    told = await approved(sms)
    assert told.startswith(ELSEWHERE)
    assert "call you" in told
    assert await standing(sms) == [(2 * DAY_S - 3_600) // 60]


async def test_nor_is_it_moved_again(sms: Texting) -> None:
    reference = await theirs(sms)
    await sms.offered()
    slot = next(iter(sms.state["memory"]["facts"]["offers"]))
    await wants(sms, "reschedule_appointment", "Move it to the first", reference=reference, slot_id=slot)
    await moved(sms, reference)
    assert (await approved(sms)).startswith(ELSEWHERE)
    assert await standing(sms) == [(2 * DAY_S - 3_600) // 60]


async def test_one_that_stands_where_it_was_is_cancelled_or_moved_once(sms: Texting) -> None:
    reference = await theirs(sms)
    await sms.offered()
    slot = list(sms.state["memory"]["facts"]["offers"])[-1]
    await wants(sms, "reschedule_appointment", "Move it to the last one", reference=reference, slot_id=slot)
    assert "moved" in await approved(sms)
    assert len(await standing(sms)) == 1
    assert await standing(sms) != [0]


async def test_a_cancellation_that_is_approved_is_made(sms: Texting) -> None:
    reference = await theirs(sms)
    await wants(sms, "cancel_appointment", "Cancel my visit please", reference=reference)
    assert "cancelled" in (await approved(sms)).lower()
    assert await standing(sms) == []


async def books(sms: Texting, date: str, service: str = "inspection", name: str = "Ann Lee") -> None:
    """By phone."""
    slot = await sms.talking.first_slot(date=date, service=service)
    assert (await sms.talking("book_appointment", slot_id=slot["slot_id"], customer_name=name))["ok"]


async def wants_visit(sms: Texting) -> None:
    await sms.offered()
    slot = next(iter(sms.state["memory"]["facts"]["offers"]))
    await wants(sms, "book_appointment", "Book the first, Ann Lee", slot_id=slot, customer_name="Ann Lee")


async def test_who_had_it_booked_for_another_time_meanwhile_gets_no_second_visit(sms: Texting) -> None:
    await wants_visit(sms)
    await books(sms, "2026-11-26")
    review = await sms.house.database.read(lambda c: open_ones(c, "sms:conv1:")[0])
    told = await sms.house.database.read(lambda c: as_they_stand(c, review, Businesses(sms.house.businesses)))
    assert [line.partition(": ")[2] for line in told] == [
        "Home inspection on Thu 26 Nov 2026, 08:00 CST with Dana, confirmed. Booked since."
    ]
    assert (await approved(sms)).startswith(f"{MEANWHILE} Someone will call you")
    assert len(await standing(sms)) == 1


@pytest.mark.parametrize(("name", "visits"), [("Ann", 1), ("ann  lee", 1), ("Eve Lee", 2), ("Bob Stone", 2)])
async def test_what_was_booked_for_somebody_else_keeps_nobody_from_it(sms: Texting, name: str, visits: int) -> None:
    await wants_visit(sms)
    await books(sms, "2026-11-26", name=name)
    assert (await approved(sms)).startswith(MEANWHILE) is (visits == 1)
    assert len(await standing(sms)) == visits


async def test_one_of_another_service_or_from_before_keeps_nobody_from_it(sms: Texting) -> None:
    await books(sms, "2026-11-26")
    sms.house.clock.advance(60)  # type: ignore[attr-defined]  # the tests' own clock
    await wants_visit(sms)
    await books(sms, "2026-11-27", "treatment")
    assert "You're booked" in await approved(sms)
    assert len(await standing(sms)) == 3


async def test_the_same_wish_said_again_while_it_waits_is_one_decision(sms: Texting) -> None:
    await wants_visit(sms)
    slot = next(iter(sms.state["memory"]["facts"]["offers"]))
    await wants(sms, "book_appointment", "Please book the first for Ann Lee", slot_id=slot, customer_name="Ann Lee")
    assert "You're booked" in await approved(sms), "and no other one that ends as not done"


async def test_the_same_time_for_somebody_else_is_another_decision(sms: Texting) -> None:
    await wants_visit(sms)
    slot = next(iter(sms.state["memory"]["facts"]["offers"]))
    await wants(sms, "book_appointment", "Book the first for Bob Stone", slot_id=slot, customer_name="Bob Stone")
    assert len(await sms.house.database.read(lambda c: open_ones(c, "sms:conv1:"))) == 2


@pytest.mark.parametrize(("said", "beside"), [("another inspection, the last, Ann Lee", 1), ("the last, Ann Lee", 0)])
async def test_one_more_by_a_model_is_known_as_that(sms: Texting, said: str, beside: int) -> None:
    await wants_visit(sms)
    slot = list(sms.state["memory"]["facts"]["offers"])[-1]
    await wants(sms, "book_appointment", said, slot_id=slot, customer_name="Ann Lee")
    waiting = await sms.house.database.read(lambda c: open_ones(c, "sms:conv1:"))
    assert sorted(len(review.content["beside"]) for review in waiting) == [0, beside]


async def test_a_yes_after_another_visit_was_approved_is_asked_for_once_more(database_url: str) -> None:
    async with texting(database_url, acme(people=("dana",)), guided=True) as sms:
        await sms.offered()
        unsure = {"customer_name": "Ann Lee", "confidence": 0.4, "rests_on": ["the first"]}
        assert await sms.text("the first, Ann Lee", model=[call("book_appointment", slot_id="s1", **unsure)]) == [WAITS]
        look = call("check_availability", service="inspection", date="2026-11-25")
        await sms.text("or what about Wednesday?", model=[look, say("ask_which_time")])
        sms.house.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
        sure = {"customer_name": "Ann Lee", "confidence": 0.95, "rests_on": ["the second"]}
        wanted = call("book_appointment", slot_id="s5", **sure)
        (asked,) = await sms.text("I guess the second could work, Ann Lee", model=[wanted])
        assert "Reply YES to book it" in asked
        sms.house.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
        assert "You're booked" in await approved(sms)

        (again,) = await sms.text("yes")
        assert "Your visit on Tue Nov 24 at 8:00 AM stays. Reply YES to book it" in again
        assert len(await standing(sms)) == 1
        sms.house.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
        assert (await sms.text("yes"))[0].startswith("Booked: ")
        assert len(await standing(sms)) == 2
