"""What a customer tells of a visit reaches a person in their words, also what was not understood before it."""

import re
import time

import pytest

from app.sms import apart, naming, numbers_in_words, talk, tidings
from app.sms.not_asked import NOT_CALLED as NOT_CALLED_THEN
from app.sms.phrases import ALREADY_PROMISED, GOES_ON, IN_DANGER, KEPT, NOT_CALLED, NOT_UNDERSTOOD, PASSED_ON, WISHED
from app.sms.tidings import MOST_TOLD
from app.sms.vocabulary import PHONE
from tests.sms.conversing import Phone, phone
from tests.sms.stories import DOCUMENTS, JANE

HOUR_S = 3600
BOOKED = ("inspection tuesday at 9", "Jane Roe", "yes")


async def words(customer: Phone) -> list[str]:
    """What the person who calls reads."""
    return "\n".join(task.details for task in await customer.talking.house.tasks()).splitlines()


async def test_what_is_told_goes_to_a_person_at_once_and_changes_nothing(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for text in BOOKED:
            await customer.send(text)
        told = ("gate code is 4417 btw", "and the dogs are in the yard", "my number is 512-555-0188")
        for text in told:
            [heard] = await customer.send(text)
            assert heard.startswith(GOES_ON)
        assert await customer.send("ok thanks") != ()
        assert await words(customer) == [f"By text: {text}" for text in told]
        assert await customer.appointments() == [JANE]


async def test_of_two_texts_not_understood_a_person_reads_both(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for text in BOOKED:
            await customer.send(text)
        await customer.send("the neighbours have a party")
        [heard] = await customer.send("it will be loud")
        assert heard.startswith(NOT_UNDERSTOOD)
        assert await words(customer) == ["By text: the neighbours have a party", "By text: it will be loud"]


async def test_what_is_said_after_a_call_is_promised_reaches_who_calls_also_where_no_answer_is_owed(
    sqlite_url: str,
) -> None:
    async with phone(sqlite_url) as customer:
        await customer.send("inspection")
        told = ("blorp", "glurk", "flim", "flam", "flum")
        heard = [await customer.send(text) for text in told]
        assert heard[1][0].startswith(NOT_UNDERSTOOD)
        assert heard[2:] == [(ALREADY_PROMISED,), (), ()]
        assert await words(customer) == [f"By text: {text}" for text in told]


@pytest.mark.parametrize("text", ["my son can be there at 10 instead", "have them come at 10 instead"])
async def test_an_hour_instead_is_a_move_whoever_is_there(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        for said in BOOKED:
            await customer.send(said)
        [heard] = await customer.send(text)
        assert heard.startswith("Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection")
        assert "Tue Nov 24 at 10:00 AM" in heard


async def test_a_phone_number_is_no_hour_to_move_to(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for said in BOOKED:
            await customer.send(said)
        [heard] = await customer.send("reach my son at 512-555-0199 instead")
        assert heard.startswith(GOES_ON)


async def test_what_they_have_is_asked_and_not_told(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for said in BOOKED:
            await customer.send(said)
        [heard] = await customer.send("Do you have your license?")
        assert heard.startswith(PASSED_ON)
        [heard] = await customer.send("the tech left his ladder")
        assert heard.startswith(GOES_ON)


@pytest.mark.parametrize("text", ["can dana take my apt at 3pm?", "move my apt to wednesday at 10"])
async def test_an_apt_without_a_number_is_an_appointment(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        for said in BOOKED:
            await customer.send(said)
        assert not " ".join(await customer.send(text)).startswith(GOES_ON)


@pytest.mark.parametrize(
    "text", ["my number is 5125550188 call me after 5", "call me tonight", "call me this afternoon"]
)
async def test_a_call_that_is_asked_for_is_promised(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        [heard] = await customer.send(text)
        assert heard.startswith("Someone will call you")
        assert await words(customer) == [f"By text: {text}"]


@pytest.mark.parametrize(
    ("text", "promised"),
    [
        ("call me after 5", "at 5:00 PM on Friday, November 20"),
        ("call me back between 4 and 5", "at 4:00 PM on Friday, November 20"),
        ("call me at 512-555-0199 today after 3", "at 3:00 PM on Friday, November 20"),
        ("call me before noon", "by 11:05 AM on Friday, November 20"),
    ],
)
async def test_a_call_is_promised_for_when_it_is_wanted(sqlite_url: str, text: str, promised: str) -> None:
    async with phone(sqlite_url) as customer:
        [heard] = await customer.send(text)
        assert heard.startswith(f"Someone will call you back {promised}.")
        assert WISHED not in heard


@pytest.mark.parametrize("text", ["call me tonight", "call me tomorrow after 2"])
async def test_who_wants_a_call_when_nobody_is_there_hears_that(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        [heard] = await customer.send(text)
        assert heard.startswith("Someone will call you back by 11:05 AM")
        assert heard.endswith(WISHED)
        assert await words(customer) == [f"By text: {text}"]


@pytest.mark.parametrize(
    "text",
    [
        "no dont call me just text",
        "don't call",
        "no need to call me anymore",
        "ok, please don't even call",
        "you don't need to call",
        "i'd rather you don't call me",
    ],
)
async def test_whoever_was_to_call_reads_that_no_call_is_wanted(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        await customer.send("call me")
        assert await customer.send(text) == (NOT_CALLED,)
        assert await words(customer) == ["By text: call me", f"By text: {text}"]


async def test_whoever_was_to_call_reads_that_no_call_is_wanted_also_on_another_day(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        customer.clock.advance(7 * HOUR_S)  # closed until Monday
        await customer.send("call me")
        customer.clock.advance(20 * HOUR_S)
        assert await customer.send("don't call me") == (NOT_CALLED,)
        assert await customer.tasks() == ["callback"]
        assert await words(customer) == ["By text: call me", "By text: don't call me"]


@pytest.mark.parametrize(
    "text",
    ["you never called me", "why don't you call me?", "nobody has called", "dont you guys call back", "you didnt call"],
)
async def test_who_was_not_called_wants_to_be(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        await customer.send("call me")
        [heard] = await customer.send(text)
        assert heard.startswith("Someone will call you back by")


@pytest.mark.parametrize(
    "text", ["don't call me on tuesday", "please don't call tuesday morning, text me", "no need to call me tuesday"]
)
async def test_who_asks_for_no_call_is_promised_none(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        for said in BOOKED:
            await customer.send(said)
        assert await customer.send(text) == (GOES_ON,)
        await customer.send("blorp")
        assert ALREADY_PROMISED not in await customer.send("glurk")
        [heard] = await customer.send("no need to call before 9, call me at 10")
        assert "Someone will call you" in heard
        assert f"By text: {text}" in await words(customer)


@pytest.mark.parametrize("text", ["i dont speak english well", "you don't call people, do you", "we don't talk"])
async def test_not_each_no_is_one_to_a_call(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        await customer.send("call me")
        assert await customer.send(text) != (NOT_CALLED,)


async def test_who_was_not_called_and_wants_something_done_gets_that(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for text in BOOKED:
            await customer.send(text)
        [heard] = await customer.send("you never called me so please move it to wednesday at 10")
        assert heard.startswith("Move your visit from")


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ("move it to wednesday at 10", "Move your visit from Tue Nov 24 at 9:00 AM to: "),
        ("move it", "Which day suits you?"),
        ("cancel my appointment", "Cancel Home inspection with Dana"),
    ],
)
@pytest.mark.parametrize("text", ["gate code is 4417", "the dogs are in the yard", "tell Lee to ring the bell"])
async def test_what_is_told_while_a_change_is_asked_about_goes_to_a_person_and_it_is_asked_again(
    sqlite_url: str, asked: str, begins: str, text: str
) -> None:
    async with phone(sqlite_url) as customer:
        for said in (*BOOKED, asked):
            await customer.send(said)
        [heard] = await customer.send(text)
        assert heard.startswith(GOES_ON)
        assert begins in heard
        assert await words(customer) == [f"By text: {text}"]
        assert await customer.appointments() == [JANE]


async def test_what_is_told_beside_a_no_leaves_it_a_no(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for said in (*BOOKED, "move it to wednesday at 10"):
            await customer.send(said)
        [heard] = await customer.send("keep it, the dog is sick")
        assert heard.startswith(KEPT)
        assert await customer.appointments() == [JANE]


async def test_all_that_is_told_is_answered_but_not_what_is_told_again_or_without_an_end(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        for text in BOOKED:
            await customer.send(text)
        told = (
            "gate code is 4417",
            "the dogs bite",
            "key is under the mat",
            "i'm outside",
            "where are you",
            "where are you",
        )
        for text in told:
            [heard] = await customer.send(text)
            assert heard.startswith(GOES_ON)
        assert await customer.send("the dogs bite") == ()
        before = len(told) + 1
        more = [await customer.send(f"apt {number}") for number in range(before, MOST_TOLD + 2)]
        assert [bool(heard) for heard in more] == [True] * (MOST_TOLD - before) + [False, False]
        assert await customer.send("still waiting") != ()
        assert await customer.send("i'm outside") == (), "two machines would answer each other for ever"
        customer.clock.advance(tidings.GOES_ON_S)
        assert await customer.send("the dogs bite") != ()
        assert len(await words(customer)) == len({*told}) + len(more) + 1


@pytest.mark.parametrize(
    "text", ["my son got stung and cant breathe", "I smell gas after the treatment", "she has trouble breathing"]
)
async def test_who_may_be_in_danger_is_sent_to_the_emergency_number_first(sqlite_url: str, text: str) -> None:
    async with phone(sqlite_url) as customer:
        [heard] = await customer.send(text)
        assert heard.startswith(f"{IN_DANGER} Someone will call you back by")


async def test_what_is_asked_about_a_picture_is_for_a_person(sqlite_url: str) -> None:
    async with phone(sqlite_url, DOCUMENTS) as customer:
        [heard] = await customer.send("what bug is this", media=1)
        assert heard.startswith("That is one for a person.")
        assert await words(customer) == ["By text: what bug is this (with a picture)"]


@pytest.mark.parametrize(
    "form",
    [
        tidings.DETAIL,
        tidings._PRESENCE,
        tidings._CALL_OFF,
        NOT_CALLED_THEN,
        tidings._OF_PRESENCE,
        PHONE,
        talk._CALL_THEN,
        numbers_in_words.CHOICE,
        naming._FIRST,
        naming._NOT_SO,
        naming._REFUSES,
        apart._HANGS_ON,
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "@" * 1600,
        "x@" * 800,
        "a" * 1600,
        "x@" + "a." * 800 + "@",
        "12 a " * 400,
        "no, " * 400,
        "it's " * 320,
        "O'a-" * 400,
        "cancel " + ", " * 796,
    ],
)
def test_no_text_takes_long_to_read(form: re.Pattern[str], text: str) -> None:
    before = time.thread_time()
    form.search(text)
    form.fullmatch(text)
    assert time.thread_time() - before < 0.1


def test_an_address_to_write_to_is_a_detail() -> None:
    assert tidings.DETAIL.search("write to jane.roe+x@mail.example.com")
    assert tidings.DETAIL.search("jane@example.com")
    assert not tidings.DETAIL.search("see you @ 9.30")
