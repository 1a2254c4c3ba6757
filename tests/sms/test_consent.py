"""Stop means stop: at once, for this business, in the keyword or in other words, with the evidence kept."""

from collections.abc import AsyncIterator

import pytest

from app.db.schema import consents, unwanted_numbers
from app.promises import consent
from tests.sms.texting import CUSTOMER, OTHER, Texting, text, texting

GOODBYE = "Acme Pest Control: you will get no more texts from us. Reply START to get them again."
WELCOME = "Acme Pest Control: you get our texts again. Reply STOP to get none."


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Texting]:
    async with texting(database_url) as made:
        yield made


async def unwanted(house: Texting, number: str = CUSTOMER, business: str = "acme") -> str:
    return await house.database.read(lambda c: consent.unwanted(c, business, number))


@pytest.mark.parametrize(
    ("body", "opt_out", "source", "said"),
    [
        ("STOP", "", "keyword", []),
        ("Stop", "STOP", "carrier", []),
        ("opt out", "", "free_text", [GOODBYE]),
        ("please stop texting me", "", "free_text", [GOODBYE]),
    ],
)
async def test_an_opt_out_holds_at_once_and_is_confirmed_where_the_carrier_does_not(
    house: Texting, body: str, opt_out: str, source: str, said: list[str]
) -> None:
    await house.say(body, opt_out=opt_out)
    assert await unwanted(house) == "opted_out"
    await house.answered()

    assert house.responder.asked == []
    assert await house.replies() == said
    assert await house.consents() == [(CUSTOMER, "opt_out", source)]
    [row] = await house.rows(consents)
    assert row.evidence == f"{text('').id}: {body}"


async def test_it_holds_for_this_business_and_this_number_only(house: Texting) -> None:
    await house.say("STOP")

    assert await unwanted(house) == "opted_out"
    assert await unwanted(house, OTHER) == await unwanted(house, business="other") == ""


async def test_who_wants_the_texts_of_one_business_again_gets_none_of_another(house: Texting) -> None:
    await house.say("STOP")
    await house.say("STOP", first=2, line="+15125550200")
    assert await unwanted(house, business="other") == "opted_out"
    await house.say("START", first=3, line="+15125550200")

    assert [await unwanted(house), await unwanted(house, business="other")] == ["opted_out", ""]


async def test_other_words_that_may_be_about_a_visit_too_end_texts_and_leave_the_rest_to_a_person(
    house: Texting,
) -> None:
    await house.say("please take me off your list, I can't make Tuesday")
    await house.say("please stop texting me", first=2, customer=OTHER)
    await house.answered()

    assert [await unwanted(house), await unwanted(house, OTHER)] == ["opted_out", "opted_out"]
    assert (house.responder.asked, await house.replies()) == ([], [GOODBYE, GOODBYE])
    [task] = await house.tasks()
    assert (task.kind, task.phone) == ("cancel_by_text", CUSTOMER)
    assert task.details == "please take me off your list, I can't make Tuesday"
    assert "Tuesday" not in task.what


async def test_cancel_is_an_opt_out_and_a_question_for_a_person_and_cancels_nothing(house: Texting) -> None:
    await house.say("CANCEL")
    await house.answered()

    assert (await unwanted(house), await house.replies()) == ("opted_out", [])
    [task] = await house.tasks()
    assert (task.kind, task.phone, task.business) == ("cancel_by_text", CUSTOMER, "acme")
    await house.say("cancel my appointment", first=2, customer=OTHER)
    await house.answered()
    assert await unwanted(house, OTHER) == ""
    assert await house.replies() == ["heard cancel my appointment"]


@pytest.mark.parametrize("word", ["START", "unstop", "YES"])
async def test_start_ends_it_and_the_carrier_says_so(house: Texting, word: str) -> None:
    await house.say("STOP", word)
    await house.answered()

    assert (await unwanted(house), await house.replies()) == ("", [])
    assert [kind for _, kind, _ in await house.consents()] == ["opt_out", "opt_in"]


@pytest.mark.parametrize(("opt_out", "welcomed"), [("", [WELCOME]), ("START", [])])
async def test_who_ended_it_in_other_words_is_welcomed_back_by_us_unless_the_carrier_did(
    house: Texting, opt_out: str, welcomed: list[str]
) -> None:
    await house.say("please stop texting me")
    await house.say("START", first=2, opt_out=opt_out)
    await house.answered()

    assert (await unwanted(house), await house.replies()) == ("", [GOODBYE, *welcomed])


async def test_yes_and_start_are_words_like_others_where_nothing_was_stopped(house: Texting) -> None:
    await house.say("Yes")
    await house.answered()
    await house.say("START", first=2)
    await house.answered()

    assert await house.replies() == ["heard Yes", "heard START"]


async def test_a_word_that_the_carrier_takes_for_an_opt_in_is_an_answer_where_nothing_was_stopped(
    house: Texting,
) -> None:
    await house.say("Tuesday at 9?")
    await house.answered()
    for number, word in enumerate(("YES", "book me", "UNSTOP"), 2):
        await house.say(word, first=number, opt_out="START")
        await house.answered()

    assert await house.replies() == ["heard Tuesday at 9?", "heard YES", "heard book me", "heard UNSTOP"]
    assert [kind for _, kind, _ in await house.consents()] == ["opt_in"], "by the word that says nothing else"


@pytest.mark.parametrize("word", ["YES", "START", "back"])
async def test_who_had_stopped_texts_and_wants_them_again_as_the_carrier_says_is_opted_in(
    house: Texting, word: str
) -> None:
    await house.say("STOP")
    await house.say(word, first=2, opt_out="START")
    await house.answered()

    assert (await unwanted(house), await house.replies()) == ("", [])
    assert await house.consents() == [(CUSTOMER, "opt_out", "keyword"), (CUSTOMER, "opt_in", "carrier")]


async def test_help_names_the_business_and_how_to_end_it(house: Texting) -> None:
    await house.say("HELP")
    await house.say("help", first=2, opt_out="HELP", customer=OTHER)
    await house.answered()

    [answer] = await house.replies()
    assert answer.startswith("Acme Pest Control: ")
    assert "+15125550100" in answer
    assert "STOP" in answer


async def test_who_opted_out_and_writes_is_for_a_person(house: Texting) -> None:
    await house.say("STOP", "I need an inspection after all")
    await house.answered()

    assert (house.responder.asked, await house.replies()) == ([], [])
    [task] = await house.tasks()
    assert (task.kind, task.details) == ("text_after_opt_out", "I need an inspection after all")
    await house.say("Hello?", first=3)
    [task] = await house.tasks()
    assert task.details == "I need an inspection after all\nHello?", "one customer, one task"


async def test_a_number_that_texts_can_be_texted(house: Texting) -> None:
    said = consent.Said("acme", CUSTOMER, consent.CARRIER, "30006")
    assert await house.database.write(lambda t: consent.not_textable(t, said, now=1.0))
    assert await unwanted(house) == "not_textable"
    await house.say("Hi")
    await house.answered()

    assert (await unwanted(house), await house.replies()) == ("", ["heard Hi"])


async def test_no_phone_does_not_weigh_more_than_the_customers_own_word(house: Texting) -> None:
    said = consent.Said("acme", CUSTOMER, consent.CARRIER, "30006")
    await house.database.write(lambda t: consent.not_textable(t, said, now=1.0))
    await house.say("STOP")
    assert await house.database.write(lambda t: consent.not_textable(t, said, now=2.0)) is False

    [row] = await house.rows(unwanted_numbers)
    assert row.why == "opted_out"
