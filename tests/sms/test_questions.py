"""What is asked is answered, each question by itself; where nothing is asked, no answer is promised."""

from collections.abc import AsyncIterator

import pytest

from app.inference.model import ModelAnswer
from app.sms.agent import MOST_STEPS
from tests.booking.acme import acme
from tests.processes import ROOT
from tests.sms.modelled import Texting, call, say, texting

DOCUMENTS = ROOT / "infra" / "businesses" / "documents" / "acme"
TWO = "Do you treat bed bugs? How much is a treatment?"
ANSWERS = ["We do not treat bed bugs.", "A pest treatment starts at $149, depending on the size of the home."]
OFFER = "Tue Nov 24: 1) 8:00 AM Dana 2) 8:30 AM Dana 3) 9:00 AM Dana. Reply 1 to 3, or another day."
TUESDAY = call("check_availability", service="inspection", date="2026-11-24")


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(documents=DOCUMENTS)) as opened:
        yield opened


def ask(question: str) -> ModelAnswer:
    return call("answer_question", question=question)


@pytest.mark.parametrize(
    "model",
    [
        [ask(TWO)],
        [ask("bed bugs and prices")],
        [ask("Do you treat bed bugs?"), ask("How much is a treatment?")],
    ],
)
async def test_of_two_questions_both_are_answered(sms: Texting, model: list[ModelAnswer]) -> None:
    assert await sms.text(TWO, model=model) == ANSWERS


@pytest.mark.parametrize(
    ("asked", "told"), [("Do you treat bed bugs?", ANSWERS), ("How much is a treatment?", ANSWERS[::-1])]
)
async def test_one_of_two_that_the_model_forgets_is_not_forgotten(sms: Texting, asked: str, told: list[str]) -> None:
    assert await sms.text(TWO, model=[ask(asked), say()]) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("How much is a treatment? Do you treat bed bugs?", [ANSWERS[1], ANSWERS[0], "Which day suits you?"]),
        ("Do you treat bed bugs? How much is a treatment?", [ANSWERS[1], ANSWERS[0], "Which day suits you?"]),
        ("How much is a treatment? How are you?", [ANSWERS[1]]),
        ("How much is a treatment? Is that ok?", [ANSWERS[1], "Which day suits you?"]),
        ("How much is a treatment? Can you come Tuesday?", [ANSWERS[1], "Which day suits you?"]),
        ("How much is a treatment? Any openings?", [ANSWERS[1], "Which day suits you?"]),
    ],
)
async def test_a_second_question_is_not_dropped_over_what_the_model_asks(
    sms: Texting, said: str, told: list[str]
) -> None:
    model = [ask("How much is a treatment?"), say("ask_which_day")]
    assert await sms.text(said, model=model) == told


async def test_what_the_documents_do_not_answer_goes_to_a_person(sms: Texting) -> None:
    model = [ask("How much is a treatment?"), say("ask_which_day")]
    told = await sms.text("How much is a treatment? Do your trucks have ladders?", model=model)
    assert told[0] == ANSWERS[1]
    assert "call you" in told[1]


async def test_no_document_is_asked_where_no_question_is_for_them(sms: Texting) -> None:
    assert await sms.text("Do you come to my street?", model=[say("ask_which_day")]) == ["Which day suits you?"]


async def test_a_time_that_is_asked_for_after_a_question_is_looked_up(sms: Texting) -> None:
    model = [ask("Do you treat bed bugs?"), TUESDAY, say()]
    assert await sms.text("Do you treat bed bugs? Can you come Tuesday?", model=model) == [ANSWERS[0], OFFER]


@pytest.mark.parametrize(
    "said",
    [
        "I'd like to book a home inspection on Tuesday",
        "1",
        "Ann Lee",
        "yes",
        "about 9, if possible",
        "let me know if Tuesday works",
        "thanks",
    ],
)
async def test_where_nothing_is_asked_no_answer_is_promised(sms: Texting, said: str) -> None:
    (told,) = await sms.text(said, model=[ask(said), ask("How much is it?"), TUESDAY, say()])
    assert told.startswith("Tue Nov 24: 1) ")
    assert "answer_question" not in sms.tools()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Wondering if you treat bed bugs, on tuesday if possible", ANSWERS[0]),
        ("book an inspection, and I'd like to know if you treat bed bugs", ANSWERS[0]),
        ("an inspection on Tuesday, and tell me about bed bugs", ANSWERS[0]),
    ],
)
async def test_a_question_that_is_put_indirectly_beside_a_wish_is_answered(sms: Texting, said: str, told: str) -> None:
    assert told in await sms.text(said, model=[ask("Do you treat bed bugs?"), TUESDAY, say()])


async def test_the_same_time_stands_in_a_list_once(sms: Texting) -> None:
    assert await sms.text("Inspection on Tuesday?", model=[*[TUESDAY] * (MOST_STEPS - 1), say()]) == [OFFER]
