"""A model that is wrong about a visit, a time, a condition or a no: what is asked instead, and how often."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.acme import acme
from tests.sms.modelled import Texting, calls, say, texting
from tests.sms.test_asked_back import (
    CANCEL_9,
    CANCEL_TREATMENT,
    DOCUMENTS,
    books,
    cancels,
    later,
    standing,
    sure,
    tuesday,
    wednesday,
)

TREATMENT_LEFT = [("treatment", 24 * 60)]


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(people=("dana",), documents=DOCUMENTS), guided=True) as opened:
        yield opened


@pytest.mark.parametrize("said", ["cancel my inspection on tuesday", "please cancel my inspection", "cancel tuesday"])
async def test_nobody_is_asked_whether_to_cancel_another_visit_than_they_named(sms: Texting, said: str) -> None:
    await tuesday(sms)
    other = await wednesday(sms)
    told = await sms.text(said, model=[cancels(other, said)] * 3)
    assert CANCEL_TREATMENT not in told
    later(sms)
    await sms.text("yes")
    assert ("treatment", 24 * 60) in await standing(sms)


async def test_two_visits_that_are_named_are_both_asked_about(sms: Texting) -> None:
    both = await tuesday(sms), await wednesday(sms)
    said = "cancel the inspection and the treatment"
    told = await sms.text(said, model=[calls(*(("cancel_appointment", sure(said, reference=r)) for r in both))])
    assert told[-1].endswith(CANCEL_9)
    later(sms)
    assert CANCEL_TREATMENT in await sms.text("yes")


@pytest.mark.parametrize("said", ["9 please, Jane Roe", "let's do 9. Jane Roe"])
async def test_nobody_is_asked_about_another_time_than_the_hour_they_named(sms: Texting, said: str) -> None:
    await sms.offered()
    told = await sms.text(said, model=[books("s1", said, customer_name="Jane Roe")] * 3)
    assert "8:00 AM, for Jane Roe" not in " ".join(told)


async def test_a_good_word_is_no_yes_to_what_was_asked_for_under_a_condition(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "cancel if dana can't come before 9"
    assert (await sms.text(said, model=[cancels(reference, said)]))[-1] == CANCEL_9
    later(sms)
    await sms.text("ok then")
    assert await standing(sms) == [("inspection", 0)]


async def test_what_nobody_asked_for_is_asked_about_once(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "is dana nice?"
    assert (await sms.text(said, model=[cancels(reference, said)]))[-1] == CANCEL_9
    later(sms)
    await sms.text("no")
    later(sms)
    told = await sms.text(said, model=[cancels(reference, said), say("ask_what_else")])
    assert CANCEL_9 not in told
    later(sms)
    said = "could you cancel my visit then, if that is possible"
    assert (await sms.text(said, model=[cancels(reference, said)]))[-1] == CANCEL_9
