"""The doctor on the shapes of answers, after neighbours have answered over real sockets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.booking.business_file import load_businesses
from app.clock import SystemClock
from app.main.doctor import Patient, State, answers_check, checks, examined
from app.settings import load
from app.watch import shapes
from tests.doctor.examining import DEMO
from tests.fakes.crm import Mishap
from tests.fakes.recording_server import Fault
from tests.fakes.twilio_server import ACCOUNT, FakeTwilio, number


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    shapes.forget()
    yield
    shapes.forget()


async def said(variables: dict[str, str], *names: str) -> tuple[State, str, str]:
    """What the last check says after those of these names."""
    settings = load({"READBACK_DATABASE_URL": "sqlite:////nowhere/readback.db", **variables})
    patient = Patient(settings, load_businesses(DEMO, {}), SystemClock())
    chosen = [check for check in checks(patient) if check.name in names]
    found = await examined(chosen, lambda _: None, [answers_check()])
    return found[-1].state, found[-1].seen, found[-1].remedy


async def test_answers_that_are_as_they_are_read_are_counted() -> None:
    async with FakeTwilio() as server:
        server.numbers = [number("+12125550100")]
        key = {"TWILIO_API_KEY": ACCOUNT, "TWILIO_API_SECRET": server.variables["TWILIO_AUTH_TOKEN"]}
        told = await said(server.variables | key, "twilio", "twilio webhooks")
    assert told == (State.OK, "3 kinds of answers are as they are read", "")


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"sid": ACCOUNT, "state": "active"}, "twilio account: status is missing"),
        ({"sid": 7, "status": "active"}, "twilio account: sid is number in place of text"),
    ],
)
async def test_an_answer_of_another_shape_is_told_though_its_check_may_be_well(
    answer: dict[str, Any], wrong: str
) -> None:
    async with FakeTwilio() as server:
        server.mishaps.append(Mishap(fault=Fault(body=json.dumps(answer).encode())))
        state, seen, remedy = await said(server.variables, "twilio")
    assert (state, seen) == (State.FAILED, wrong)
    assert "update Readback" in remedy


async def test_where_nobody_answers_there_is_no_shape_to_look_at() -> None:
    variables = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "READBACK_TWILIO_API_URL": "http://127.0.0.1:9"}
    assert await said(variables, "twilio") == (State.LEFT_OUT, "nothing was answered that has a shape", "")
