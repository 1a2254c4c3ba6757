"""A model that answers validly and uselessly: nobody is asked the same for ever, and who wants a person gets one."""

import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from app.db.schema import dead_letters
from app.sms.agent import MOST_STEPS
from app.sms.of_use import MOST_ONLY_SAID
from tests.booking.acme import acme
from tests.sms.modelled import GUIDED, Texting, call, say, texting

DAY = "Which day suits you?"


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme()) as opened:
        yield opened


async def causes(sms: Texting) -> list[str]:
    return [row.cause for row in await sms.house.database.read(lambda c: c.execute(select(dead_letters)).fetchall())]


async def test_the_same_question_twice_in_a_row_is_none(sms: Texting) -> None:
    assert await sms.text("An inspection for my house", model=[say("ask_which_day")]) == [DAY]
    assert await sms.text("Tuesday, as I said", model=[say("ask_which_day")]) == [GUIDED]
    assert await causes(sms) == ["says the same again"]


async def test_a_model_that_only_talks_is_borne_for_a_while(sms: Texting) -> None:
    talk = ("ask_which_service", "ask_which_day", "ask_morning_or_afternoon", "ask_address", "ask_name")
    told = [await sms.text("for my house", model=[say(saying)]) for saying in talk]
    assert [replies == [GUIDED] for replies in told] == [False] * MOST_ONLY_SAID + [True]


async def test_who_tells_one_thing_after_the_other_is_not_made_to_begin_again(sms: Texting) -> None:
    talk = ("ask_which_day", "not_understood", "ask_address", "ask_name", "ask_which_time")
    told = ("i want an inspection", "hmm", "my yard is big", "12 oak street", "Ann Lee")
    replies = [await sms.text(text, model=[say(saying)]) for text, saying in zip(told, talk, strict=True)]
    assert [GUIDED] not in replies


@pytest.mark.parametrize(
    "said",
    [
        "I want to talk to a human being",
        "please have someone call me tomorrow at 3pm",
        "there is a strong smell of gas here",
        "your technician never showed up",
    ],
)
@pytest.mark.parametrize("saying", ["ask_which_day", "you_are_welcome", "nothing_for_here"])
async def test_who_wants_a_person_is_told_nothing_else(sms: Texting, said: str, saying: str) -> None:
    assert await sms.text(said, model=[say(saying)]) == [GUIDED]
    assert await causes(sms) == ["passes over what is wanted"]


async def test_nobody_is_told_that_a_visit_cannot_be_cancelled_here(sms: Texting) -> None:
    assert await sms.text("cancel both please", model=[say("nothing_for_here")]) == [GUIDED]


@pytest.mark.parametrize("saying", ["you_are_welcome", "ask_what_else", "sorry", "hello"])
@pytest.mark.parametrize(
    "said",
    [
        "I have an emergency",
        "a child got bitten",
        "rats in my kitchen!!",
        "can't do it anymore",
        "hello the bugs are back",
        "Mi casa esta llena de cucarachas, vengan ya",
        "i see ants everywhere",
        "wow that was a big rat",
        "that's all in my kitchen",
        "amazing service but the ants are back",
        "wrong number of visits",
        "will get back to you tomorrow if they still crawl",
        "hmm the ants",
    ],
)
async def test_what_nobody_can_read_is_not_answered_by_a_courtesy_alone(sms: Texting, said: str, saying: str) -> None:
    assert await sms.text(said, model=[say(saying)]) == [GUIDED]


@pytest.mark.parametrize(
    "said",
    [
        "Thank you so much, Dana was great",
        "hola buenas tardes",
        "I'll let you know",
        "ok i talk to my boss first",
        "Hmm, uhhm...",
        "np",
        "oh I see",
        "Understood!",
        "that's all for now",
        "Danke",
        "Wow, that was fast!",
        "amazing service, 5 stars",
        "will get back to you tomorrow",
        "sorry wrong number",
    ],
)
async def test_a_courtesy_answers_what_is_only_one(sms: Texting, said: str) -> None:
    assert await sms.text(said, model=[say("ask_what_else")]) == ["Is there anything else?"]


@pytest.mark.parametrize("word", ["uhhm ", "uhhmhm", "hmm ohh ", "so sorry ", "5 stars ", "i see "])
async def test_no_text_holds_up_those_who_call_meanwhile(sms: Texting, word: str) -> None:
    before = time.thread_time()
    assert await sms.text(word * (1_500 // len(word)) + "x", model=[say("ask_what_else")]) == [GUIDED]
    assert time.thread_time() - before < 2.0


@pytest.mark.parametrize("said", ["I need an inspection", "an inspection on Tuesday", "Tuesday morning please"])
async def test_that_there_is_no_visit_yet_answers_nobody_who_wants_one(sms: Texting, said: str) -> None:
    assert await sms.text(said, model=[call("find_appointments"), say()]) == [GUIDED]
    assert await sms.text(said, model=[call("find_appointments")] * MOST_STEPS) == [GUIDED]


@pytest.mark.parametrize("said", ["I want to talk to a human being", "please cancel my appointment"])
async def test_who_wants_more_than_was_found_is_served_without_the_model(sms: Texting, said: str) -> None:
    await sms.house.book()
    assert await sms.text(said, model=[call("find_appointments")] * MOST_STEPS) == [GUIDED]


@pytest.mark.parametrize("said", ["yes", "yes please", "yes thanks", "sí"])
async def test_a_yes_to_a_call_is_one(sms: Texting, said: str) -> None:
    await sms.text("it is about what your man did", model=[say("ask_whether_to_call_back")])
    (told,) = await sms.text(said, model=[say("you_are_welcome")])
    assert told.startswith("Someone will call you back")
    ((_, asked, _),) = sms.asked
    assert asked == {"reason": f"it is about what your man did\n{said}"}


@pytest.mark.parametrize("said", ["no thanks", "yes? what for?", "what does it cost?"])
async def test_what_is_no_yes_promises_no_call(sms: Texting, said: str) -> None:
    await sms.text("it is about my house", model=[say("ask_whether_to_call_back")])
    await sms.text(said, model=[say("ask_which_day")])
    assert "request_callback" not in sms.tools()
    await sms.text("yes", model=[say("ask_which_service")])
    assert "request_callback" not in sms.tools(), "it is no answer to that any more"


@pytest.mark.parametrize("said", ["ok thanks", "yes and cancel my appointment", "yes, an inspection"])
async def test_a_yes_to_something_else_promises_no_call(sms: Texting, said: str) -> None:
    await sms.text("it is about my house", model=[say("ask_whether_to_call_back")])
    await sms.text(said, model=[say("ask_which_day")])
    assert "request_callback" not in sms.tools()


@pytest.mark.parametrize("said", ["yes the first one", "ok 2", "ok the second one then", "yes at 9"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_time_that_is_chosen_is_no_call(sms: Texting, said: str, at_once: bool) -> None:
    offer = call("check_availability", service="inspection", date="2026-11-24")
    if at_once:
        both = say("ask_which_time", "ask_whether_to_call_back")
        await sms.text("Anything on Tuesday for an inspection?", model=[offer, both])
    else:
        await sms.offered()
        await sms.text("hm, do you do my roof too", model=[say("ask_whether_to_call_back")])
    assert sms.state["memory"]["facts"]["shown"]
    await sms.text(said, model=[say("ask_name")])
    assert "request_callback" not in sms.tools()


async def test_a_yes_beside_two_questions_is_for_the_model(sms: Texting) -> None:
    await sms.text("it is about my house", model=[say("ask_which_service", "ask_whether_to_call_back")])
    await sms.text("yes", model=[say("ask_which_day")])
    assert "request_callback" not in sms.tools()


async def test_a_yes_with_a_time_when_nobody_is_there_promises_the_call_for_another(sms: Texting) -> None:
    await sms.text("it is about my roof", model=[say("ask_whether_to_call_back")])
    (told,) = await sms.text("yes, tomorrow at 10", model=[])  # a Saturday
    assert told.startswith("Someone will call you back")
