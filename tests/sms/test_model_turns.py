"""Turns with a model that hangs, or answers and gets nowhere: how long they may take, and who hears of them."""

from collections.abc import AsyncIterator

import orjson
import pytest
from sqlalchemy import select

from app.db.schema import dead_letters, inferences
from app.inference.fallback import USEFUL_S, WITHIN_S
from app.inference.guard import figures
from app.inference.model import ModelAnswer
from app.sms.agent import GUIDED_FOR_S, MOST_STEPS
from app.sms.changing import BY_MODEL
from tests.booking.acme import acme
from tests.sms.modelled import GUIDED, Texting, call, calls, say, texting


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme()) as opened:
        yield opened


@pytest.mark.parametrize(("ago_s", "first_s"), [(0.9, 1.4), (30.0, USEFUL_S)])
async def test_what_a_text_has_waited_is_taken_from_the_time_for_models(
    sms: Texting, ago_s: float, first_s: float
) -> None:
    look = call("check_availability", service="inspection", date="2026-11-24")
    await sms.text("Inspection on Tuesday?", model=[look, say("ask_which_time")], ago_s=ago_s)

    first, second = sms.model.given_s
    assert first == pytest.approx(first_s, abs=0.2)
    assert second == pytest.approx(WITHIN_S, abs=0.2), "one that answers may go on"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("The manager promised a refund", f"Please call me about my bill\n{BY_MODEL}The manager promised a refund"),
        ("my bill", "Please call me about my bill"),
        ("", "Please call me about my bill"),
    ],
)
async def test_who_calls_back_reads_the_customers_words_and_which_are_a_models(
    sms: Texting, reason: str, told: str
) -> None:
    await sms.text("Please call me about my bill", model=[call("request_callback", reason=reason)])

    (asked,) = [arguments for tool, arguments, _ in sms.asked if tool == "request_callback"]
    assert asked["reason"] == told


@pytest.mark.parametrize(
    "lost",
    [call("made_up_tool"), calls(("cancel_appointment", '{"reference": "AB')), calls(("find_appointments", "[1]"))],
)
async def test_a_model_that_gets_nowhere_is_heard_of_and_counted(sms: Texting, lost: ModelAnswer) -> None:
    assert await sms.text("Cancel it please", model=[lost] * MOST_STEPS) == [GUIDED]

    read = sms.house.database.read
    kept = await read(lambda c: c.execute(select(inferences).order_by(inferences.c.at)).fetchall())
    letters = await read(lambda c: c.execute(select(dead_letters)).fetchall())
    counted = await read(lambda c: figures(c, 0.0))
    (bad,) = [row for row in kept if row.outcome == "bad"]
    assert (len(kept), bad.action) == (MOST_STEPS, "too many steps")
    assert [(orjson.loads(each.data), each.cause) for each in letters] == [({"inference": bad.id}, bad.action)]
    assert counted.outcomes["bad"] == 1


async def test_a_model_that_comes_late_knows_what_was_said_without_it(sms: Texting) -> None:
    assert await sms.text("Inspection on Tuesday?") == [GUIDED]
    sms.house.clock.advance(GUIDED_FOR_S + 60)  # type: ignore[attr-defined]  # the tests' own clock
    await sms.text("yes", model=[say("ask_which_day")])

    assert [message.text for message in sms.model.seen[-1].messages] == ["Inspection on Tuesday?", GUIDED, "yes"]


async def test_a_day_that_a_model_took_for_another_at_first_is_not_told_to_the_customer(sms: Texting) -> None:
    past, right = (call("check_availability", service="inspection", date=day) for day in ("2020-01-01", "2026-11-24"))
    (said,) = await sms.text("I need an inspection", model=[past, right, say("ask_which_time")])
    assert said.startswith("Tue Nov 24: 1)")
    said, *_ = await sms.text("What about January 1, 2020?", model=[past, say("ask_which_day")])
    assert "is in the past" in said
