"""What is said after the answer: the end of a pending booking, and lookups that never came to one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from app.booking.amendments import Amendment
from app.booking.book import Result
from app.booking.business import Businesses
from app.booking.change_ends import CHANGED_BY_HAND
from app.booking.store import Booking
from app.calls.late import LateAnswers
from app.calls.model import CallRef, ToolResult
from app.calls.owed import Owed
from app.db.engine import Database
from app.errors import Code
from app.review.tasks import Kept, closed, listed
from app.watch import pages
from tests.calls.reception import ACME, CONTROL
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import held_up, opened
from tests.fakes.push import FakePush

REF = CallRef("vapi", "c1", control_url=CONTROL)


class Late:
    def __init__(self, database: Database) -> None:
        self.push, self.alarms, self.database = FakePush(), FakeAlarms(), database
        self.clock = FakeClock()
        owed = Owed(database, self.clock)
        self.answers = LateAnswers(self.push, Businesses({"acme": ACME}), self.alarms, owed, self.clock)  # type: ignore[arg-type]  # it rings alike

    async def tasks(self) -> list[Kept]:
        return list(await self.database.read(lambda c: listed(c, everything=True)))


@pytest.fixture
async def late(sqlite_url: str) -> AsyncIterator[Late]:
    async with opened(sqlite_url) as database:
        yield Late(database)


def work(result: ToolResult | None = None) -> "asyncio.Task[ToolResult]":
    """A change under way: for ever, or done with a result."""

    async def done() -> ToolResult:
        return result or await asyncio.get_running_loop().create_future()

    return asyncio.create_task(done())


def booking(call_key: str = REF.key) -> Booking:
    texts: dict[str, Any] = {
        name: "" for name, field in Booking.__dataclass_fields__.items() if field.type in ("str", str)
    }
    numbers = {name: 0 for name, field in Booking.__dataclass_fields__.items() if field.type in ("int", int)}
    floats = {name: 0.0 for name, field in Booking.__dataclass_fields__.items() if field.type in ("float", float)}
    made = Booking(**texts | numbers | floats)
    return replace(made, business="acme", reference="K7Q2M", call_key=call_key, starts=1_795_010_400)


@pytest.mark.parametrize("result", [Result.CONFIRMED, Result.REFUSED])
async def test_the_end_of_a_pending_booking_is_said_in_the_call(late: Late, result: Result) -> None:
    late.answers.remember(REF)
    assert await late.answers.tell(booking(), result) is True

    (said,) = late.push.said
    assert said[0] == CONTROL
    assert ("is booked" in said[1]) == (result is Result.CONFIRMED)
    assert late.alarms.rung == []


@pytest.mark.parametrize(("ahead_days", "year"), [(0, ""), (60, ", 2027")])
async def test_what_is_said_later_of_another_year_names_it(late: Late, ahead_days: int, year: str) -> None:
    late.answers.remember(REF)
    asked = replace(booking(), starts=int(late.clock.now()) + ahead_days * 86_400)
    await late.answers.tell(asked, Result.CONFIRMED)
    await late.answers.tell_change(Amendment(asked, replace(asked, intent="move")), Result.CONFIRMED)

    assert all((", 2027 at" in said) == bool(year) for _, said in late.push.said)


@pytest.mark.parametrize("reachable", [False, True], ids=["never known", "hung up"])
@pytest.mark.parametrize("result", [Result.CONFIRMED, Result.REFUSED])
async def test_a_caller_who_is_gone_was_not_told(late: Late, reachable: bool, result: Result) -> None:
    late.push.delivers = False
    if reachable:
        late.answers.remember(REF)
    assert await late.answers.tell(booking(), result) is False


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (CHANGED_BY_HAND, "was changed on our side, so I did not cancel it. Someone from our team will look at it and"),
        ("the appointment is not as it was", "could not be cancelled. I can look up how it stands."),
    ],
)
async def test_of_a_cancellation_that_came_to_nothing_no_more_is_said_than_is_known(
    late: Late, reason: str, said: str
) -> None:
    late.answers.remember(REF)
    change = replace(booking(), intent="cancel", reason=reason)
    assert await late.answers.tell_change(Amendment(booking(), change), Result.REFUSED) is True
    assert said in late.push.said[0][1]


async def test_a_control_url_that_is_not_allowed_is_not_remembered(late: Late) -> None:
    late.answers.remember(structs.replace(REF, control_url="https://evil.example/control"))
    assert await late.answers.tell(booking(), Result.CONFIRMED) is False
    assert late.push.said == []


async def test_stopping_leaves_no_task(late: Late) -> None:
    before = asyncio.all_tasks()
    never = work()
    await late.answers.owe("k1", REF, ACME, "check_availability", never)
    await late.answers.stop(0.01)
    never.cancel()
    await asyncio.wait({never})

    assert asyncio.all_tasks() == before


async def test_who_is_told_not_sure_yet_is_owed_the_end_before_they_are_told(late: Late) -> None:
    """What a process that is killed now leaves behind: a task with whom to call, followed like any other."""
    ref = structs.replace(REF, caller="+15125550142")
    for _ in range(2):  # delivered again, it is the same request
        await late.answers.owe("k1", ref, ACME, "book_appointment", work())

    (task,) = await late.tasks()
    assert (task.status, task.kind, task.business, task.subject) == ("open", "tell_customer", "acme", "c1")
    assert task.phone == "+15125550142"
    assert "book_appointment" in task.what
    assert "5550142" not in task.what
    await late.answers.stop(0.01)
    assert [task.status for task in await late.tasks()] == ["open"], "asked to stop, it leaves the debt to others"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (ToolResult(True, "You are booked.", facts={"outcome": "confirmed"}), 1),
        (ToolResult(False, "Not sure yet.", Code.STILL_CHECKING, {"outcome": "pending"}), 0),
    ],
    ids=["said in the call", "told when it is settled"],
)
async def test_the_debt_is_over_when_the_end_is_told_or_somebody_elses(
    late: Late, result: ToolResult, said: int
) -> None:
    await late.answers.owe("k1", REF, ACME, "book_appointment", work(result))
    await late.answers.stop(20)

    assert (len(late.push.said), late.alarms.kinds()) == (said, [])
    assert [(task.status, task.closed_by) for task in await late.tasks()] == [("done", "readback")]


async def test_what_they_did_not_hear_a_person_tells_them_and_that_ends_its_page(late: Late) -> None:
    late.push.delivers = False
    ref = structs.replace(REF, caller="+15125550142")
    await late.answers.owe("k1", ref, ACME, "check_availability", work(ToolResult(True, "Nine is open.")))
    await late.answers.stop(20)

    [task] = await late.tasks()
    assert (task.status, task.phone, task.details) == ("open", "+15125550142", "They were to hear: Nine is open.")
    [page] = await late.database.read(pages.listed)
    assert (page.page.kind, page.page.key) == ("answer_not_delivered", task.key)
    assert late.alarms.rung == [], "a second way to the same people is a second page where the database is slow"
    assert f"readback tasks show {task.key}" in page.page.body
    assert "5550142" not in page.page.body
    assert await late.database.write(lambda t: closed(t, task.key, by="Kim", now=1.0))
    assert await late.database.read(pages.listed) == []


async def test_each_of_two_answers_that_one_call_did_not_hear_has_its_page_until_a_person_told_it(late: Late) -> None:
    late.push.delivers = False
    for key in ("k1", "k2"):
        await late.answers.owe(key, REF, ACME, "check_availability", work(ToolResult(True, f"The answer to {key}.")))
    await late.answers.stop(20)

    first, second = await late.tasks()
    await late.database.write(lambda t: closed(t, first.key, by="Kim", now=1.0))
    [page] = await late.database.read(pages.listed)
    assert page.page.key == second.key
    assert f"readback tasks done {second.key}" in page.page.body


async def test_what_was_not_even_noted_is_handed_on_all_the_same(late: Late) -> None:
    late.push.delivers = False
    await late.database.stop()
    await late.answers.owe("k1", REF, ACME, "check_availability", work(ToolResult(True, "Nine is open.")))
    await late.answers.stop(20)

    assert late.alarms.kinds() == ["answer_not_delivered"]


async def test_a_debt_that_was_not_noted_in_time_is_noted_as_soon_as_it_can_be(late: Late) -> None:
    """Else nobody knows of it should the process be killed while the work goes on."""
    never = work()
    async with held_up(late.database):
        await late.answers.owe("k1", REF, ACME, "book_appointment", never, 0.01)
    for _ in range(100):
        if await late.tasks():
            break
        await asyncio.sleep(0.02)
    assert [task.status for task in await late.tasks()] == ["open"]
    await late.answers.stop(0.01)
    never.cancel()


async def test_a_debt_that_was_noted_late_is_over_with_its_end(late: Late) -> None:
    async with held_up(late.database):
        result = ToolResult(True, "You are booked.", facts={"outcome": "confirmed"})
        await late.answers.owe("k1", REF, ACME, "book_appointment", work(result), 0.01)
        await asyncio.sleep(0.05)
    await late.answers.stop(20)
    assert [task.status for task in await late.tasks() if task.status == "open"] == []
    assert len(late.push.said) == 1


async def test_a_debt_that_the_database_does_not_take_is_followed_all_the_same(late: Late) -> None:
    await late.database.stop()
    await late.answers.owe("k1", REF, ACME, "book_appointment", work(ToolResult(True, "You are booked.")))
    await late.answers.stop(20)

    assert [text for _, text in late.push.said] == ["You are booked."]
