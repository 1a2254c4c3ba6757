"""A customer who has a visit and names another time: it is moved, and never booked a second time unsaid."""

from collections.abc import AsyncIterator

import pytest

from app.sms.phrases import KEPT
from tests.booking.acme import TUESDAY_9, acme
from tests.sms.modelled import Texting, call, calls, say, texting
from tests.sms.test_asked_back import DAY_S, DOCUMENTS, books, later, standing, sure, tuesday, wednesday, why

DAY_MINUTES = DAY_S // 60
TUESDAY = ("inspection", 0)
WEDNESDAY_8, WEDNESDAY_9 = ("inspection", DAY_MINUTES - 60), ("inspection", DAY_MINUTES)
MOVE_8 = (
    "Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Wed Nov 25 at 8:00 AM? Reply YES to "
    "move it, NO to keep it."
)
STAYS = "Your visit on Tue Nov 24 at 9:00 AM stays."
LOOK = call("check_availability", service="inspection", date="2026-11-25")
SIX = call("check_availability", service="inspection", date="2026-11-25", limit=6)


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(people=("dana",), documents=DOCUMENTS), guided=True) as opened:
        yield opened


async def just_booked(sms: Texting) -> None:
    said = "inspection tuesday at 9 please, Jane Roe"
    look = call("check_availability", service="inspection", date="2026-11-24", limit=6)
    (told,) = await sms.text(said, model=[look, books("s3", said, customer_name="Jane Roe")])
    assert told.startswith("You're booked")
    later(sms)


@pytest.mark.parametrize(
    "said", ["can we do wednesday instead", "sorry can you make it wednesday", "no wait, wednesday. what times"]
)
async def test_what_was_just_booked_is_moved_where_another_day_is_named(sms: Texting, said: str) -> None:
    await just_booked(sms)
    await sms.text(said, model=[LOOK, say("ask_which_time")])
    later(sms)
    assert await sms.text("1", model=[books("s7", "1", customer_name="Jane Roe")]) == [MOVE_8]
    assert await standing(sms) == [TUESDAY]
    later(sms)
    assert (await sms.text("yes"))[0].startswith("Moved:")
    assert await standing(sms) == [WEDNESDAY_8]
    assert await why(sms) == []


@pytest.mark.parametrize("answer", ["no", "yes"])
async def test_a_time_in_one_text_is_asked_about_as_well(sms: Texting, answer: str) -> None:
    await just_booked(sms)
    said = "actually wednesday at 9"
    (told,) = await sms.text(said, model=[SIX, books("s9", said, customer_name="Jane Roe")])
    assert told.startswith(
        "Move your visit from Tue Nov 24 at 9:00 AM to: Home inspection with Dana, Wed Nov 25 at 9:00"
    )
    later(sms)
    assert (await sms.text(answer))[0].startswith("Moved:" if answer == "yes" else KEPT)
    assert await standing(sms) == [WEDNESDAY_9 if answer == "yes" else TUESDAY]


@pytest.mark.parametrize(
    "said",
    [
        "can my inspection be on wednesday instead",
        "can you do the inspection on wednesday, tuesday is bad",
        "anything on wednesday? tuesday doesn't work any more",
        "something came up, do you have wednesday",
        "wednesday would suit me better than tuesday",
        "do you have another time for the inspection on wednesday",
    ],
)
@pytest.mark.parametrize("told", [True, False])
async def test_an_older_visit_is_moved_likewise(sms: Texting, said: str, told: bool) -> None:
    if told:
        await tuesday(sms)
    else:
        await sms.house.book()
    await sms.text(said, model=[call("find_appointments"), LOOK, say("ask_which_time")])
    later(sms)
    answer = "1, Ann Lee"
    assert await sms.text(answer, model=[books("s1", answer, customer_name="Ann Lee")]) == [MOVE_8]
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [WEDNESDAY_8]


@pytest.mark.parametrize(
    "said",
    [
        "I need another inspection, on wednesday",
        "and an inspection for my mother on wednesday?",
        "a second inspection wednesday please",
        "do you also have an inspection on wednesday",
    ],
)
async def test_one_more_is_booked_beside_it(sms: Texting, said: str) -> None:
    await just_booked(sms)
    await sms.text(said, model=[LOOK, say("ask_which_time")])
    later(sms)
    answer = "the second one, Ann Lee"
    (told,) = await sms.text(answer, model=[books("s8", answer, customer_name="Ann Lee")])
    if not told.startswith("You're booked"):
        assert STAYS in told
        later(sms)
        await sms.text("yes")
    assert await standing(sms) == [TUESDAY, ("inspection", DAY_MINUTES - 30)]


async def test_who_asks_for_a_booking_reads_that_the_other_visit_stays(sms: Texting) -> None:
    await tuesday(sms)
    said = "please book an inspection on wednesday at 8 am, Ann Lee"
    (told,) = await sms.text(said, model=[LOOK, books("s1", said, customer_name="Ann Lee")])
    assert told == (
        f"Home inspection with Dana, Wed Nov 25 at 8:00 AM, for Ann Lee. {STAYS} Reply YES to book it, or text another "
        "time."
    )
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [TUESDAY, WEDNESDAY_8]


async def test_a_visit_of_another_service_is_none_to_move(sms: Texting) -> None:
    await wednesday(sms)
    said = "inspection on thursday at 8 am, Ann Lee"
    look = call("check_availability", service="inspection", date="2026-11-26")
    (told,) = await sms.text(said, model=[look, books("s1", said, customer_name="Ann Lee")])
    assert "Move" not in told
    assert "stays" not in told


async def test_of_two_visits_it_is_asked_which(sms: Texting) -> None:
    await tuesday(sms)
    await sms.house.book(sms.house.slot(TUESDAY_9 + 2 * DAY_S), call="test:2")
    await sms.text("something came up, do you have wednesday", model=[LOOK, say("ask_which_time")])
    later(sms)
    (told,) = await sms.text("1, Ann Lee", model=[books("s1", "1, Ann Lee", customer_name="Ann Lee")])
    assert told.startswith("Which one?")
    later(sms)
    (told,) = await sms.text("1")
    assert told == MOVE_8
    later(sms)
    await sms.text("yes")
    assert await standing(sms) == [WEDNESDAY_8, ("inspection", 2 * DAY_MINUTES)]


async def test_what_is_cancelled_in_the_same_turn_is_not_moved(sms: Texting) -> None:
    reference = await tuesday(sms)
    said = "cancel my inspection and book wednesday at 8 am, Ann Lee"
    new, old = sure(said, slot_id="s1", customer_name="Ann Lee"), sure(said, reference=reference)
    both = calls(("book_appointment", new), ("cancel_appointment", old))
    told = await sms.text(said, model=[LOOK, both])
    assert "Move" not in " ".join(told)


async def test_nobody_is_asked_to_book_the_very_time_they_have(sms: Texting) -> None:
    await just_booked(sms)
    look = call("check_availability", service="inspection", date="2026-11-24", limit=6)
    said = "3 it is, thanks"
    told = await sms.text(said, model=[look, books("s3", said, customer_name="Jane Roe"), say("you_are_welcome")])
    assert "Reply YES" not in " ".join(told)
    assert await standing(sms) == [TUESDAY]
