"""A model that asks whether to cancel a visit: what the answer to it does, whoever reads that."""

from collections.abc import AsyncIterator

import pytest

from app.sms.phrases import KEPT, START_AGAIN
from tests.booking.acme import acme
from tests.sms.modelled import Texting, say, texting
from tests.sms.test_asked_back import (
    CANCEL_9,
    DOCUMENTS,
    INSPECTION_9,
    call,
    cancels,
    later,
    off,
    standing,
    why,
)

ASKS = [call("find_appointments"), say("ask_whether_to_cancel")]
CANCELLED = f"Cancelled: {INSPECTION_9}."


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(people=("dana",), documents=DOCUMENTS), guided=True) as opened:
        yield opened


async def asked(sms: Texting, said: str = "I can't make it") -> str:
    outcome = await sms.house.book()
    assert outcome.booking is not None
    told = await sms.text(said, model=ASKS)
    assert told[-1] == "Shall I cancel it? Reply YES to cancel it, NO to keep it."
    later(sms)
    return str(outcome.booking.reference)


@pytest.mark.parametrize(
    ("said", "cancelled"),
    [
        ("No", False),
        ("no, keep it", False),
        ("actually I still need it", False),
        ("is Dana nice?", False),
        ("Perfect, see you then", False),
        ("yes thursday works better", False),
        ("yes", True),
        ("Yes please", True),
        ("sí", True),
    ],
)
async def test_only_a_yes_cancels_it_whatever_the_model_wants(sms: Texting, said: str, cancelled: bool) -> None:
    reference = await asked(sms)
    told = await sms.text(said, model=[cancels(reference, said), say("ask_what_else")])
    assert told[0].startswith("Cancelled:") is cancelled
    assert await standing(sms) == ([] if cancelled else [("inspection", 0)])
    assert await why(sms) == []


async def test_a_yes_is_not_lost_over_a_model_that_answers_with_a_courtesy(sms: Texting) -> None:
    await asked(sms)
    assert (await sms.text("yes", model=[say("you_are_welcome")]))[0].startswith(CANCELLED)
    assert await standing(sms) == []


@pytest.mark.parametrize("flag", [True, False])
async def test_a_yes_counts_without_a_model(sms: Texting, flag: bool) -> None:
    await asked(sms)
    if not flag:
        await off(sms)
    assert (await sms.text("yes"))[0].startswith(CANCELLED)
    assert await standing(sms) == []


@pytest.mark.parametrize("said", ["I can't make it", "what are my visits"])
async def test_a_yes_that_was_sent_before_it_was_asked_is_no_answer(sms: Texting, said: str) -> None:
    reference = await asked(sms, said)
    (told,) = await sms.text("yes", model=[cancels(reference, "yes")], ago_s=25)
    assert told.endswith(CANCEL_9)
    assert await standing(sms) == [("inspection", 0)]
    later(sms)
    assert (await sms.text("yes"))[0].startswith(CANCELLED)


async def test_who_did_not_speak_of_cancelling_has_to_say_a_plain_yes(sms: Texting) -> None:
    await asked(sms, "what are my visits")
    await sms.text("ok thanks")
    assert await standing(sms) == [("inspection", 0)]


async def test_a_no_keeps_it(sms: Texting) -> None:
    await asked(sms)
    assert await sms.text("no") == [KEPT]
    assert await standing(sms) == [("inspection", 0)]


async def test_a_yes_to_a_stale_question_does_nothing(sms: Texting) -> None:
    reference = await asked(sms)
    later(sms, 5 * 3_600)
    await off(sms)
    (told,) = await sms.text("yes", model=[cancels(reference, "yes")])
    assert told.startswith(START_AGAIN)
    assert await standing(sms) == [("inspection", 0)]


async def test_a_turn_run_again_after_a_crash_cancels_once(sms: Texting) -> None:
    await asked(sms)
    first = await sms.text("yes", keep=False)
    assert await sms.text("yes", model=[say("ask_what_else")]) == first
    assert await standing(sms) == []
