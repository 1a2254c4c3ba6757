"""Of a provider that refuses our key a person hears at once, of a model that only fails after some failures."""

from typing import Any

import pytest

from app.inference.failing import IN_A_ROW, PAGE, Minding
from app.inference.model import Model, ModelDownError, ModelError, ModelRefusesKeyError
from tests.fakes.alarms import FakeAlarms
from tests.inference.asking import GOOD, QUESTION, ScriptedModel

DOWN, DENIED = ModelDownError("status 500"), ModelRefusesKeyError("status 401")


async def asked(model: Model, alarms: Any, times: int = 1) -> None:
    minding = Minding(alarms)
    for _ in range(times):
        try:
            await model.ask(QUESTION, 1.0)
            minding.answered(model.name)
        except ModelError as error:
            minding.failed(model.name, error)


async def test_a_refused_key_is_told_once_and_at_once() -> None:
    alarms = FakeAlarms()
    await asked(ScriptedModel("openai:x", DENIED), alarms)
    await asked(ScriptedModel("openai:x", DENIED), alarms)
    rung = [(page.kind, page.key, page.title) for page in alarms.rung]
    assert rung == [(PAGE, "openai:x", "openai refuses our key for openai:x")]
    assert "status 401" in alarms.rung[0].body


async def test_of_two_models_of_one_provider_only_the_refused_one_is_told_and_only_its_own_answer_ends_that() -> None:
    alarms = FakeAlarms()
    for _ in range(3):
        await asked(ScriptedModel("openai:x", DENIED), alarms)
        await asked(ScriptedModel("openai:y", GOOD), alarms)
        assert alarms.ringing() == {(PAGE, "openai:x")}
    assert len(alarms.rung) == 1
    await asked(ScriptedModel("openai:x", GOOD), alarms)
    assert alarms.ringing() == set()


@pytest.mark.parametrize(
    ("turns", "rings"),
    [
        ([DOWN] * (IN_A_ROW - 1) + [GOOD] + [DOWN] * (IN_A_ROW - 1), 0),
        ([DOWN] * IN_A_ROW, 1),
        ([DOWN] * 3 * IN_A_ROW, 1),
        ([DENIED] * 3 * IN_A_ROW, 1),
    ],
)
async def test_failures_are_told_after_some_in_a_row(turns: list[Any], rings: int) -> None:
    alarms = FakeAlarms()
    await asked(ScriptedModel("openai:x", *turns), alarms, len(turns))
    assert len(alarms.rung) == rings


async def test_an_answer_ends_what_is_open_whoever_told_it() -> None:
    alarms = FakeAlarms()
    await asked(ScriptedModel("openai:x", DOWN), alarms, IN_A_ROW)
    assert alarms.ringing() == {(PAGE, "openai:x")}
    await asked(ScriptedModel("openai:x", GOOD), alarms)
    assert alarms.ringing() == set()


async def test_an_answer_ends_nothing_that_another_process_tells_of() -> None:
    alarms = FakeAlarms()
    alarms.rang_elsewhere(PAGE, "openai:x")
    await asked(ScriptedModel("openai:x", GOOD), alarms)
    assert alarms.ringing() == {(PAGE, "openai:x")}
