"""A model that falls silent in the middle of things: what was to be moved is moved, and not booked once more."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.acme import HOUR, TUESDAY_9, acme
from tests.sms.modelled import Texting, call, say, texting
from tests.sms.test_asked_back import DAY_S, DOCUMENTS, later, off, standing, tuesday, wednesday
from tests.sms.test_instead import DAY_MINUTES, LOOK, MOVE_8, STAYS, TUESDAY, WEDNESDAY_8


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(people=("dana",), documents=DOCUMENTS), guided=True) as opened:
        yield opened


async def offered(sms: Texting, said: str) -> None:
    await sms.text(said, model=[call("find_appointments"), LOOK, say("ask_which_time")])
    later(sms)


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize(
    "said", ["please move my inspection to wednesday", "can we do wednesday instead?", "do you have wednesday"]
)
async def test_a_move_goes_on_as_one(sms: Texting, said: str, flag: bool) -> None:
    await tuesday(sms)
    await offered(sms, said)
    if not flag:
        await off(sms)
    assert await sms.text("1") == [MOVE_8]
    assert await standing(sms) == [TUESDAY]
    later(sms)
    assert (await sms.text("yes"))[0].startswith("Moved:")
    assert await standing(sms) == [WEDNESDAY_8]


async def test_it_is_the_visit_of_the_service_whose_times_were_offered(sms: Texting) -> None:
    await tuesday(sms)
    await wednesday(sms)
    look = call("check_availability", service="inspection", date="2026-11-27")
    await sms.text("please move my inspection to friday", model=[call("find_appointments"), look, say()])
    later(sms)
    (told,) = await sms.text("1")
    assert told.startswith("Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Fri Nov 27")
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [("inspection", 3 * DAY_MINUTES - 60), ("treatment", DAY_MINUTES)]


@pytest.mark.parametrize(("said", "asks"), [("please move my visit", True), ("move my tuesday visit", False)])
async def test_of_two_of_one_service_it_is_asked_which(sms: Texting, said: str, asks: bool) -> None:
    await tuesday(sms)
    await sms.house.book(sms.house.slot(TUESDAY_9 + 2 * DAY_S), call="test:2")
    await offered(sms, f"{said} to wednesday")
    (told,) = await sms.text("1")
    if asks:
        assert told.startswith("Which one?")
        later(sms)
        (told,) = await sms.text("1")
    assert told == MOVE_8
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [WEDNESDAY_8, ("inspection", 2 * DAY_MINUTES)]


async def test_one_more_is_booked_and_the_other_stays(sms: Texting) -> None:
    await tuesday(sms)
    await offered(sms, "I need another inspection on wednesday")
    await sms.text("1")
    later(sms)
    (told,) = await sms.text("Ann Lee")
    assert STAYS in told
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [TUESDAY, WEDNESDAY_8]


async def test_who_has_no_visit_books_one(sms: Texting) -> None:
    await offered(sms, "can you come wednesday")
    await sms.text("1")
    later(sms)
    await sms.text("Ann Lee")
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [WEDNESDAY_8]


@pytest.mark.parametrize(
    ("before", "newest", "told"),
    [
        ([("An inspection on Wednesday please", "ask_morning_or_afternoon")], "afternoon", "Wed Nov 25: 1) 1:00 PM"),
        (
            [("An inspection please", "ask_which_day"), ("Wednesday", "ask_address")],
            "after 2",
            "Wed Nov 25: 1) 2:00 PM",
        ),
        ([("An inspection please", "ask_which_day"), ("Wednesday", "ask_name")], "Ann Lee", "Wed Nov 25: 1) 8:00 AM"),
    ],
)
async def test_what_they_told_before_a_question_is_not_asked_again(
    sms: Texting, before: list[tuple[str, str]], newest: str, told: str
) -> None:
    for said, saying in before:
        await sms.text(said, model=[say(saying)])
        later(sms)
    (offer,) = await sms.text(newest)
    assert offer.startswith(told)


@pytest.mark.parametrize(
    ("before", "saying", "newest", "told"),
    [
        ("cancel my appointment", "ask_which_appointment", "never mind, keep it", "You have: Home inspection"),
        ("i want to move my appointment", "ask_which_day", "actually it's fine, leave it", "You have: Home inspection"),
        ("cancel my appointment", "ask_which_appointment", "hmm actually an inspection on wednesday", "Wed Nov 25"),
        ("cancel my appointment", "ask_which_appointment", "when is it?", "You have: "),
        ("cancel my appointment", "ask_which_appointment", "the one on tuesday", "Cancel Home inspection"),
        ("i want to move my appointment", "ask_which_day", "wednesday please", "Wed Nov 25: 1) 8:00 AM"),
    ],
)
async def test_a_wish_that_is_taken_back_does_not_come_again(
    sms: Texting, before: str, saying: str, newest: str, told: str
) -> None:
    await tuesday(sms)
    await sms.text(before, model=[say(saying)])
    later(sms)
    (reply,) = await sms.text(newest)
    assert told in reply
    assert await standing(sms) == [TUESDAY]


async def test_tomorrow_is_that_of_the_day_on_which_it_was_said(sms: Texting) -> None:
    sms.house.clock.advance(2 * DAY_S + 13 * HOUR + 55 * 60)  # type: ignore[attr-defined]  # Sunday, 23:55
    await sms.text("inspection tomorrow please", model=[say("ask_morning_or_afternoon")])
    sms.house.clock.advance(480)  # type: ignore[attr-defined]
    assert not any("Tue Nov 24" in told for told in await sms.text("afternoon"))


async def test_what_was_answered_before_is_not_wished_anew(sms: Texting) -> None:
    asked = call("answer_question", question="How much is an inspection?")
    await sms.text("How much is an inspection?", model=[asked, say()])
    later(sms)
    await sms.text("Wednesday?", model=[say("ask_which_service")])
    later(sms)
    sms.asked.clear()
    (offer,) = await sms.text("inspection")
    assert offer.startswith("Wed Nov 25: 1) 8:00 AM")
    assert "answer_question" not in sms.tools()


async def test_a_visit_can_go_where_it_overlaps_itself(sms: Texting) -> None:
    await tuesday(sms)
    (told,) = await sms.text("move my visit to tuesday 9:30")
    assert told.endswith("with Dana, Tue Nov 24 at 9:30 AM? Reply YES to move it, NO to keep it.")
    later(sms)
    assert (await sms.text("yes"))[0].startswith("Moved:")
    assert await standing(sms) == [("inspection", 30)]


@pytest.mark.parametrize("said", ["move my visit to tuesday 9:30", "move it on tuesday"])
async def test_a_model_offers_such_times_too_but_not_the_one_it_is_at(sms: Texting, said: str) -> None:
    await tuesday(sms)
    look = call("check_availability", service="inspection", date="2026-11-24")
    told = await sms.text(said, model=[call("find_appointments"), look, say("ask_which_time")])
    assert told[-1].startswith("Tue Nov 24: 1) 8:00 AM 2) 8:30 AM 3) 9:30 AM.")
