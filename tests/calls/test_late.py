"""What is said after the answer: the end of a pending booking, and lookups that never came to one."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.booking.book import Result
from app.booking.business import Businesses
from app.booking.store import Booking
from app.calls.late import LateAnswers
from app.calls.model import CallRef
from tests.calls.reception import ACME, CONTROL
from tests.fakes.alarms import FakeAlarms
from tests.fakes.push import FakePush

REF = CallRef("vapi", "c1", control_url=CONTROL)


class Late:
    def __init__(self) -> None:
        self.push, self.alarms = FakePush(), FakeAlarms()
        self.answers = LateAnswers(self.push, Businesses({"acme": ACME}), self.alarms)  # type: ignore[arg-type]  # it rings alike


def booking(call_key: str = REF.key) -> Booking:
    texts: dict[str, Any] = {
        name: "" for name, field in Booking.__dataclass_fields__.items() if field.type in ("str", str)
    }
    numbers = {name: 0 for name, field in Booking.__dataclass_fields__.items() if field.type in ("int", int)}
    floats = {name: 0.0 for name, field in Booking.__dataclass_fields__.items() if field.type in ("float", float)}
    made = Booking(**texts | numbers | floats)
    return replace(made, business="acme", reference="K7Q2M", call_key=call_key, starts=1_795_010_400)


@pytest.mark.parametrize("result", [Result.CONFIRMED, Result.REFUSED])
async def test_the_end_of_a_pending_booking_is_said_in_the_call(result: Result) -> None:
    late = Late()
    late.answers.remember(REF)
    await late.answers.tell(booking(), result)

    (said,) = late.push.said
    assert said[0] == CONTROL
    assert ("is booked" in said[1]) == (result is Result.CONFIRMED)
    assert late.alarms.rung == []


@pytest.mark.parametrize("reachable", [False, True], ids=["never known", "hung up"])
@pytest.mark.parametrize("result", [Result.CONFIRMED, Result.REFUSED])
async def test_a_caller_who_is_gone_is_told_by_a_person(reachable: bool, result: Result) -> None:
    late = Late()
    late.push.delivers = False
    if reachable:
        late.answers.remember(REF)
    await late.answers.tell(booking(), result)

    (rung,) = late.alarms.rung
    assert (rung.kind, rung.key, rung.pages) == ("customer_to_be_told", "K7Q2M", ("json://p",))


async def test_a_control_url_that_is_not_allowed_is_not_remembered() -> None:
    late = Late()
    late.answers.remember(replace(REF, control_url="https://evil.example/control"))
    await late.answers.tell(booking(), Result.CONFIRMED)

    assert late.push.said == []
    assert late.alarms.kinds() == ["customer_to_be_told"]


async def test_stopping_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    late = Late()
    never = asyncio.get_running_loop().create_future()
    late.answers.follow(REF, ACME, asyncio.ensure_future(never))  # type: ignore[arg-type]  # never done is all it is
    await late.answers.stop(0.01)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before
    never.cancel()
