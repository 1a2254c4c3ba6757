"""Turns with a model that hangs, or answers and gets nowhere: how long they may take, and who hears of them."""

from collections.abc import AsyncIterator

import pytest

from app.inference.asking import USEFUL_S
from app.inference.fallback import WITHIN_S
from tests.booking.acme import acme
from tests.sms.modelled import Texting, call, say, texting


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme()) as opened:
        yield opened


@pytest.mark.parametrize(("ago_s", "first_s"), [(1.1, 1.5), (30.0, USEFUL_S)])
async def test_what_a_text_has_waited_is_taken_from_the_time_for_models(
    sms: Texting, ago_s: float, first_s: float
) -> None:
    look = call("check_availability", service="inspection", date="2026-11-24")
    await sms.text("Inspection on Tuesday?", model=[look, say("ask_which_time")], ago_s=ago_s)

    first, second = sms.model.given_s
    assert first == pytest.approx(first_s, abs=0.2)
    assert second == pytest.approx(WITHIN_S, abs=0.2), "one that answers may go on"
