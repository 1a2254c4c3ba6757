"""A line drops while a visit is being booked, and its caller calls again for it: no second visit, and no silence."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.booking.book import HOLD_S, Outcome, Result
from app.booking.noting import FIRST_LOOK_AFTER_S
from app.booking.store import SYNTHETIC_CALLER, Customer
from app.booking.verification import TELL_CUSTOMER
from app.db.engine import DatabaseUnavailableError
from tests.booking.acme import ANN, TUESDAY_9, House, house
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar, Step
from tests.fakes.clock import FakeClock
from tests.fakes.databases import soon
from tests.fakes.job_runner import JobRunner


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def acme(database_url: str, calendar: FakeCalendar) -> AsyncIterator[House]:
    async with house(database_url, calendar) as made:
        yield made


async def begun(
    acme: House, calendar: FakeCalendar, customer: Customer = ANN, call: str = "test:1"
) -> "asyncio.Task[Outcome]":
    """A booking whose line has dropped: held, and nobody has heard of it."""
    calendar.script("free", Step(delay_s=0.3))
    first = asyncio.create_task(acme.book(customer=customer, call=call))
    await soon(lambda: calendar.count("free") == 1)
    return first


async def test_who_calls_again_meanwhile_hears_that_it_is_not_sure_and_then_the_end(
    acme: House, calendar: FakeCalendar
) -> None:
    first = await begun(acme, calendar)
    again = await acme.book(customer=replace(ANN, name="ann  LEE"), call="test:2")
    row = await acme.row()
    assert (again.result, again.booking and again.booking.reference) == (Result.PENDING, row.reference)
    assert (row.status, row.call_key) == ("pending", "test:2"), "its end is said in the call that lives"
    assert (await first).result is Result.CONFIRMED
    await acme.jobs.run_due()
    assert acme.told == [(row.reference, Result.CONFIRMED)]
    assert len(calendar.ours("dana")) == 1


@pytest.mark.parametrize("stays", [True, False], ids=["booked", "taken by a person"])
@pytest.mark.parametrize("before", ["", "test:1"], ids=["neither is named", "the second is not"])
async def test_of_a_call_without_a_name_they_are_told_by_a_person(
    acme: House, calendar: FakeCalendar, before: str, stays: bool
) -> None:
    first = await begun(acme, calendar, call=before)
    assert (await acme.book(call="")).result is Result.PENDING
    assert (await acme.row()).call_key not in ("", before), "nothing is said in another call without a name"
    if not stays:
        calendar.people_write("dana", TUESDAY_9, TUESDAY_9 + 600)
    assert (await first).result is (Result.CONFIRMED if stays else Result.REFUSED)
    acme.hears = False
    await acme.jobs.run_due()
    (task,) = await acme.tasks()
    assert (task.kind, task.subject, task.phone) == ("tell_customer", (await acme.row()).reference, ANN.phone)
    assert ("is booked after all" in task.what) is stays


async def test_a_call_without_a_name_that_asks_a_third_time_hears_that_the_time_is_theirs(
    acme: House, calendar: FakeCalendar
) -> None:
    first = await begun(acme, calendar, call="")
    await acme.book(call="")
    third = await acme.book(call="")
    assert (third.result, third.booking and third.booking.id) == (Result.REFUSED, (await acme.row()).id)
    await first


async def test_they_are_told_as_well_that_it_came_to_nothing(acme: House, calendar: FakeCalendar) -> None:
    first = await begun(acme, calendar)
    assert (await acme.book(call="test:2")).result is Result.PENDING
    calendar.people_write("dana", TUESDAY_9, TUESDAY_9 + 600)
    assert (await first).result is Result.REFUSED
    await acme.jobs.run_due()
    assert acme.told == [((await acme.row()).reference, Result.REFUSED)]


@pytest.mark.parametrize("stays", [True, False], ids=["the person's event stays", "it goes again"])
async def test_they_are_told_also_where_ours_is_not_surely_out_of_a_persons_way(
    acme: House, calendar: FakeCalendar, stays: bool
) -> None:
    first = await begun(acme, calendar)
    assert (await acme.book(call="test:2")).result is Result.PENDING
    calendar.script("book", scripted.people_first(TUESDAY_9, TUESDAY_9 + 600))
    calendar.script("cancel", scripted.UNKNOWN)
    assert (await first).taken
    assert (await acme.book(call="test:2")).result is Result.PENDING, "the second call asks again"
    if not stays:
        calendar.stored["dana"] = {event.id: event for event in calendar.ours("dana")}
    acme.clock.advance(FIRST_LOOK_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
    await acme.settler.settle_due()
    row = await acme.row()
    assert (row.status, acme.told) == ("refused", [(row.reference, Result.REFUSED)])
    assert calendar.ours("dana") == []


async def test_who_heard_that_it_is_taken_and_has_not_called_again_is_not_told_twice(
    acme: House, calendar: FakeCalendar
) -> None:
    calendar.script("book", scripted.people_first(TUESDAY_9, TUESDAY_9 + 600))
    calendar.script("cancel", scripted.UNKNOWN)
    assert (await acme.book()).taken
    assert (await acme.book(call="test:2")).taken, "after that it is"
    acme.clock.advance(FIRST_LOOK_AFTER_S)  # type: ignore[attr-defined]  # a FakeClock
    await acme.settler.settle_due()
    assert ((await acme.row()).status, acme.told, await acme.jobs.waiting()) == ("refused", [], {})


async def test_they_are_told_also_where_the_first_call_died_with_its_process(
    acme: House, calendar: FakeCalendar
) -> None:
    first = await begun(acme, calendar)
    assert (await acme.book(call="test:2")).result is Result.PENDING
    first.cancel()
    acme.clock.advance(70)
    await acme.settler.settle_due()
    assert acme.told == [((await acme.row()).reference, Result.REFUSED)]


@pytest.mark.parametrize("call", ["test:2", "test:1"], ids=["another call", "the same call"])
async def test_they_are_told_also_where_it_is_being_settled_as_they_ask(
    acme: House, calendar: FakeCalendar, call: str
) -> None:
    (await begun(acme, calendar)).cancel()
    acme.clock.advance(HOLD_S + 5)  # type: ignore[attr-defined]  # a FakeClock
    calendar.script("get", Step(delay_s=0.4))
    looked = calendar.count("get")
    settling = asyncio.create_task(acme.settler.settle_due())
    await soon(lambda: calendar.count("get") > looked)
    assert (await acme.book(call=call)).result is Result.PENDING
    await settling
    row = await acme.row()
    assert (row.status, row.call_key) == ("refused", call)
    assert acme.told == [(row.reference, Result.REFUSED)]


@pytest.mark.parametrize("call", ["test:2", ""], ids=["named", "not named"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ANN, replace(ANN, caller="+15125550177")),
        (ANN, replace(ANN, name="Bo Ray")),
        (replace(ANN, caller=""), replace(ANN, caller="")),
        (Customer("Probe", caller=SYNTHETIC_CALLER), Customer("Probe", caller=SYNTHETIC_CALLER)),
    ],
    ids=["another number", "another name", "no number", "synthetic"],
)
async def test_what_is_held_for_somebody_else_is_taken(
    acme: House, calendar: FakeCalendar, first: Customer, second: Customer, call: str
) -> None:
    held = await begun(acme, calendar, first, call and "test:1")
    assert (await acme.book(customer=second, call=call)).taken
    assert (await acme.row()).status == "held"
    assert (await held).result is Result.CONFIRMED


async def test_what_is_settled_and_nobody_asked_for_again_is_told_nobody(acme: House, calendar: FakeCalendar) -> None:
    (await begun(acme, calendar)).cancel()
    acme.clock.advance(HOLD_S + 5)  # type: ignore[attr-defined]  # a FakeClock
    await acme.settler.settle_due()
    assert (await acme.row()).status == "refused"
    assert (acme.told, await acme.jobs.waiting()) == ([], {})


async def test_a_first_call_that_ends_unheard_owes_the_second_one_nothing_twice(
    acme: House, calendar: FakeCalendar
) -> None:
    first = await begun(acme, calendar)
    assert (await acme.book(call="test:2")).result is Result.PENDING
    assert (await acme.book(call="test:2")).result is Result.PENDING, "the second call asks again"
    assert (await first).result is Result.CONFIRMED
    await acme.jobs.run_due()
    await acme.jobs.run_due()
    assert len(acme.told) == 1
    assert (await acme.book(call="test:2")).result is Result.CONFIRMED


@pytest.mark.parametrize("stays", [True, False], ids=["it is there", "it is gone when looked at"])
async def test_a_confirmation_that_came_into_doubt_is_told_however_early_its_job_was_done(
    acme: House, calendar: FakeCalendar, monkeypatch: pytest.MonkeyPatch, stays: bool
) -> None:
    first = await begun(acme, calendar)
    assert (await acme.book(call="test:2")).result is Result.PENDING
    write = acme.database.write

    async def unheard(work: Any, within_s: float = 15.0, *, lasting: bool = True) -> Any:
        done = await write(work, within_s, lasting=lasting)
        if (await acme.row()).status == "confirmed":
            monkeypatch.undo()
            raise DatabaseUnavailableError("the database did not commit in time")
        return done

    monkeypatch.setattr(acme.database, "write", unheard)
    assert (await first).result is Result.PENDING
    acme.hears = False  # the second call is over by then, or another process has it
    assert isinstance(acme.clock, FakeClock)
    jobs = JobRunner(acme.database, acme.clock, {TELL_CUSTOMER: acme.news.handle})
    await jobs.run_for(FIRST_LOOK_AFTER_S)
    if not stays:
        calendar.stored["dana"].clear()
        acme.clock.advance(60)
    await acme.settler.settle_due()
    await jobs.run_for(60)
    (task,) = await acme.tasks()
    assert (task.kind, task.subject) == ("tell_customer", (await acme.row()).reference)
    assert ("is booked after all" in task.what) is stays
    assert jobs.waiting() == []
