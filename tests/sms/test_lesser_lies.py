"""A model that is wrong about a visit, a time, a condition or a no: what is asked instead, and how often."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.acme import TREATMENT, TUESDAY_9, acme
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


async def test_who_asks_whether_they_can_is_asked_each_time_and_has_to_say_yes(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "can I cancel tuesday?"
    for answers in (("ok", "no"), ("no",), ("yes",)):
        assert (await sms.text(said, model=[cancels(reference, said)]))[-1] == CANCEL_9
        for answer in answers:
            later(sms)
            assert (await standing(sms)) == [("inspection", 0)]
            await sms.text(answer)
        later(sms)
    assert await standing(sms) == []


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


@pytest.mark.parametrize(
    ("said", "lie"),
    [
        ("keep wednesday", 1),
        ("keep wednesday", 0),
        ("keep the treatment, cancel the other one", 1),
        ("cancel the other one, not tuesday", 0),
        ("keep tuesday, cancel the rest", 0),
        ("cancel all but tuesday", 0),
        ("cancel everything except the inspection", 0),
        ("cancel tuesday and see you wednesday", 1),
        ("cancel the later one", 0),
        ("cancel the second", 0),
        ("please cancel the second one", 0),
        ("cancel the earlier one", 1),
        ("Please cancel the inspection and keep the treatment", 1),
        ("cancel my wife's appointment", 0),
        ("Cancel NV9767 of Bob Roe", 0),
        ("cancel the reminders", 1),
    ],
)
async def test_nobody_is_asked_whether_to_cancel_what_they_said_stays(sms: Texting, said: str, lie: int) -> None:
    both = await tuesday(sms), await wednesday(sms)
    questions = CANCEL_9, CANCEL_TREATMENT
    told = await sms.text(said, model=[cancels(both[lie], said)] * 3)
    assert not any(reply.endswith(questions[lie]) for reply in told), told


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("cancel the later one", 1),
        ("cancel the second", 1),
        ("cancel all but tuesday", 1),
        ("keep tuesday, cancel the rest", 1),
        ("cancel tuesday and see you wednesday", 0),
        ("cancel the earlier one", 0),
    ],
)
async def test_what_they_named_by_its_place_can_be_cancelled(sms: Texting, said: str, right: int) -> None:
    both = await tuesday(sms), await wednesday(sms)
    told = await sms.text(said, model=[cancels(both[right], said)] * 3)
    if not told[-1].startswith("Your appointment"):
        assert told[-1].endswith((CANCEL_9, CANCEL_TREATMENT)[right])
        later(sms)
        await sms.text("yes")
    assert len(await standing(sms)) == 1, told


async def test_a_visit_on_a_day_that_has_none_is_said_to_be_none(sms: Texting) -> None:
    reference = await tuesday(sms)
    told = await sms.text("cancel my friday appointment", model=[cancels(reference, "cancel")] * 3)
    assert told[-1].startswith("I find no visit on Fri Nov 20. Cancel Home inspection with Dana, Tue")
    later(sms)
    await sms.text("ok")
    assert await standing(sms) == [("inspection", 0)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I want my money back", "Someone will call you back"),
        ("please cancel the later one", "Cancel Ant treatment"),
        ("can I talk to somebody", "Someone will call you back"),
    ],
)
async def test_what_is_no_answer_to_an_offer_does_not_become_a_move(sms: Texting, said: str, told: str) -> None:
    both = await tuesday(sms), await wednesday(sms)
    await sms.offered()
    lies = [cancels(both[0], said)] * 3 if "cancel" in said else [say("you_are_welcome")]
    assert (await sms.text(said, model=lies))[-1].startswith(told)


@pytest.mark.parametrize(("said", "lie"), [("cancel my 10 o'clock", 0), ("please cancel my 9 am", 1)])
async def test_an_hour_names_a_visit(sms: Texting, said: str, lie: int) -> None:
    outcome = await sms.house.book(sms.house.slot(TUESDAY_9 + 25 * 3_600, TREATMENT), call="test:2")
    assert outcome.booking is not None
    both = await tuesday(sms), str(outcome.booking.reference)
    told = await sms.text(said, model=[cancels(both[lie], said)] * 3)
    assert f"at {(9, 10)[lie]}:00 AM?" not in told[-1]
    assert len(await standing(sms)) == 2
