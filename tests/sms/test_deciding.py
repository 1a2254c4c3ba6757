"""What a business has a person approve waits for one where no model answers, too, and is then done or not."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from app.db.schema import pages, reviews, text_outbox
from app.review.reviews import decided
from app.sms.phrases import NO_APPOINTMENT, NOT_THE_REST, NOTHING_NEW, STILL_WAITS, WAITS
from app.sms.reviewed import MEANWHILE
from tests.booking.acme import CALLER, acme
from tests.sms.modelled import Texting, call, say, texting
from tests.tools.talking import Agent

ALL = frozenset(("book_appointment", "reschedule_appointment", "cancel_appointment"))


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(reviewed=ALL), guided=True) as sms:
        yield sms


async def rows(sms: Texting, table: object) -> list:
    return await sms.house.database.read(lambda c: c.execute(select(table)).fetchall())  # type: ignore[call-overload]


async def standing(sms: Texting) -> list[tuple[str, str]]:
    return [(row.service, row.status) for row in await sms.house.rows() if row.status in ("confirmed", "cancelled")]


async def own_visit(talking: Agent) -> str:
    looked = await talking("check_availability", caller=CALLER, service="inspection", date="2026-11-24")
    slot = looked["slots"][0]["slot_id"]
    booked = await talking("book_appointment", caller=CALLER, slot_id=slot, customer_name="Ann Lee")
    return str(booked["reference"])


async def decide(sms: Texting, *, approve: bool) -> str:
    """A person decides about the only review that is open; what the customer is told then."""
    [review] = [row for row in await rows(sms, reviews) if row.status == "open"]
    now = sms.house.clock.now()
    await sms.house.database.write(lambda t: decided(t, review.id, approve, by="Dana", now=now))
    await sms.reviewed.decided({"review": review.id})
    return str((await rows(sms, text_outbox))[-1].body)


async def test_a_cancellation_waits_is_asked_about_once_and_is_done_when_approved(sms: Texting) -> None:
    reference = await own_visit(sms.talking)
    await sms.text("cancel my appointment")
    assert await sms.text("yes") == [WAITS]
    await sms.text("cancel my appointment")
    assert await sms.text("yes") == [WAITS], "it is still to be decided"
    assert await standing(sms) == [("inspection", "confirmed")]
    [review] = await rows(sms, reviews)
    assert review.what.startswith(f"Cancel appointment {reference} on Tue 24 Nov 2026, ")
    assert [page.key for page in await rows(sms, pages) if page.kind == "review"] == [review.id]

    assert "cancelled" in (await decide(sms, approve=True)).lower()
    assert await standing(sms) == [("inspection", "cancelled")]


async def test_what_is_rejected_is_not_done_and_the_customer_is_called(sms: Texting) -> None:
    await own_visit(sms.talking)
    await sms.text("cancel my appointment")
    await sms.text("yes")
    assert "call" in await decide(sms, approve=False)
    assert await standing(sms) == [("inspection", "confirmed")]


async def test_a_booking_and_a_move_wait_as_well(sms: Texting) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    assert await standing(sms) == []
    assert "booked" in (await decide(sms, approve=True)).lower()
    await sms.text("move my appointment to wednesday at 10")
    assert await sms.text("yes") == [WAITS]
    [row] = [row for row in await rows(sms, reviews) if row.status == "open"]
    assert row.what.startswith("Reschedule appointment ")
    assert " to be on Wed 25 Nov 2026, 10:00 CST with " in row.what


async def test_of_two_times_that_both_wait_only_the_first_that_is_approved_is_booked(sms: Texting) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    await sms.text("inspection wednesday at 10, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    booked, second = await approve_all(sms)
    assert await standing(sms) == [("inspection", "confirmed")]
    assert "booked" in booked.lower()
    assert second.startswith(MEANWHILE)


async def approve_all(sms: Texting) -> list[str]:
    """A person approves all that is open, one after the other; what the customer is told of each."""
    for identity in [row.id for row in await rows(sms, reviews) if row.status == "open"]:
        now = sms.house.clock.now()
        await sms.house.database.write(lambda t, i=identity, n=now: decided(t, i, True, by="Dana", now=n))
        sms.house.clock.advance(1)  # type: ignore[attr-defined]  # the tests' own clock
        await sms.reviewed.decided({"review": identity})
    return [str(row.body) for row in await rows(sms, text_outbox)]


@pytest.mark.parametrize(
    "then", ["ant treatment tuesday at 9", "inspection tuesday at 9, my name is Bob Stone"], ids=["service", "name"]
)
async def test_another_wish_for_the_same_time_is_another_decision(sms: Texting, then: str) -> None:
    for said in ("inspection tuesday at 9, my name is Ann Lee", then):
        await sms.text(said)
        assert await sms.text("yes") == [WAITS]
    assert [row.status for row in await rows(sms, reviews)] == ["open"] * 2
    booked, gone = await approve_all(sms)
    assert booked.startswith("You're booked")
    assert gone.startswith("You already have Home inspection")
    assert "nothing more was booked" in gone
    assert len(await standing(sms)) == 1


async def test_one_for_somebody_else_is_booked_as_well(sms: Texting) -> None:
    for said in (
        "inspection tuesday at 9, my name is Ann Lee",
        "another inspection for my mother wednesday at 10, her name is Eve Lee",
    ):
        await sms.text(said)
        assert await sms.text("yes") == [WAITS]
    assert [told.partition(":")[0] for told in await approve_all(sms)] == ["You're booked"] * 2
    assert sorted(row.customer_name for row in await sms.house.rows()) == ["Ann Lee", "Eve Lee"]


@pytest.mark.parametrize("then", ["another inspection wednesday at 10", "inspection for my mother wednesday at 10"])
@pytest.mark.parametrize("first", [0, 1])
async def test_one_more_is_booked_as_well_whichever_is_approved_first(sms: Texting, then: str, first: int) -> None:
    for said in ("inspection tuesday at 9, my name is Ann Lee", then):
        await sms.text(said)
        assert await sms.text("yes") == [WAITS]
        sms.house.clock.advance(1)  # type: ignore[attr-defined]  # the tests' own clock
    ids = [row.id for row in sorted(await rows(sms, reviews), key=lambda row: row.opened_at)]
    for identity in (ids[first], ids[1 - first]):
        now = sms.house.clock.now()
        await sms.house.database.write(lambda t, i=identity, n=now: decided(t, i, True, by="Dana", now=n))
        await sms.reviewed.decided({"review": identity})
        sms.house.clock.advance(1)  # type: ignore[attr-defined]  # the tests' own clock
    assert await standing(sms) == [("inspection", "confirmed")] * 2


async def test_one_more_that_was_booked_by_phone_meanwhile_is_not_booked_twice(sms: Texting) -> None:
    await sms.text("another inspection wednesday at 10, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    await own_visit(sms.talking)
    assert (await decide(sms, approve=True)).startswith(MEANWHILE)
    assert await standing(sms) == [("inspection", "confirmed")]


@pytest.mark.parametrize("name", ["Ann Lee", "ann lee."])
async def test_the_same_wish_in_other_letters_is_one(sms: Texting, name: str) -> None:
    for said in ("inspection tuesday at 9, my name is Ann Lee", f"inspection tuesday at 9, my name is {name}"):
        await sms.text(said)
        assert await sms.text("yes") == [WAITS]
    assert len(await rows(sms, reviews)) == 1


async def test_what_hangs_on_it_is_not_done_and_that_is_said(sms: Texting) -> None:
    await own_visit(sms.talking)
    await sms.text("cancel my appointment and book an ant treatment for wednesday at 10")
    told = " ".join(await sms.text("yes"))
    assert WAITS in told
    assert NOT_THE_REST in told


async def test_what_is_not_reviewed_is_done_at_once(sqlite_url: str) -> None:
    async with texting(sqlite_url, acme(reviewed=frozenset(("book_appointment",))), guided=True) as sms:
        await own_visit(sms.talking)
        await sms.text("cancel my appointment")
        assert (await sms.text("yes"))[0].startswith("Cancelled")
        assert await rows(sms, reviews) == []


@pytest.mark.parametrize("said", ["is it booked?", "when is my appointment?", "cancel my appointment"])
async def test_who_asks_while_it_waits_hears_that_it_is_looked_at(sms: Texting, said: str) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    assert await sms.text(said) == [STILL_WAITS]
    await decide(sms, approve=False)
    assert await sms.text(said) == [NO_APPOINTMENT]


@pytest.mark.parametrize("said", ["never mind, don't book it", "cancel it please", "forget it"])
async def test_who_takes_it_back_while_it_waits_does_not_hear_that_nothing_was_booked(sms: Texting, said: str) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    await sms.text("which services do you have?")
    told = " ".join([*await sms.text(said), *await sms.text("forget it")])
    assert STILL_WAITS in told
    assert "nothing was booked" not in told


@pytest.mark.parametrize(
    "said", ["never mind, don't book it", "forget it", "nvm", "don't book it", "please don't book it"]
)
async def test_who_takes_it_back_at_once_hears_that_it_is_looked_at(sms: Texting, said: str) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    assert await sms.text("yes") == [WAITS]
    assert (await sms.text(said))[0].startswith(STILL_WAITS)
    sms.state = {"guided": {}}  # as a model leaves it
    assert (await sms.text(said))[0].startswith(STILL_WAITS)


@pytest.mark.parametrize("begun", ["book ant treatment", "book ant treatment thursday", "inspection wednesday"])
async def test_who_takes_back_another_wish_hears_of_that_one_as_well(sms: Texting, begun: str) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    await sms.text("yes")
    await sms.text(begun)
    assert (await sms.text("never mind"))[0].startswith(f"{NOTHING_NEW} {STILL_WAITS}")


async def test_a_model_tells_it_as_well(sms: Texting) -> None:
    await sms.text("inspection tuesday at 9, my name is Ann Lee")
    await sms.text("yes")
    assert await sms.text("is it booked?", model=[call("find_appointments"), say()]) == [STILL_WAITS]


async def test_it_is_told_beside_the_visit_that_stands(sms: Texting) -> None:
    await own_visit(sms.talking)
    assert STILL_WAITS not in " ".join(await sms.text("is it booked?"))
    await sms.text("cancel my appointment")
    await sms.text("yes")
    (told,) = await sms.text("when is my appointment?")
    assert told.startswith("You have: Home inspection")
    assert told.endswith(STILL_WAITS)
