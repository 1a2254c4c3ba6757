"""Whoever decides about a change reads which visit it is, in words, and what the customer's answer was an answer to."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.db.schema import reviews
from app.sms.changing import WAITS
from app.sms.proposed import MOST_BEFORE, MOST_BEFORE_CHARS
from tests.booking.acme import acme
from tests.sms.modelled import Texting, call, calls, say, texting

MARKED = frozenset({"book_appointment", "reschedule_appointment", "cancel_appointment"})
TUESDAY_9 = "Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana"
BOOK_830 = "Book Home inspection on Tue 24 Nov 2026, 08:30 CST with Dana, for Ann Lee; gate on the left."


@pytest.fixture
async def sms(sqlite_url: str) -> AsyncIterator[Texting]:
    async with texting(sqlite_url, acme(reviewed=MARKED)) as opened:
        yield opened


async def theirs(sms: Texting) -> str:
    """Tuesday at nine is theirs, and told; other times are offered."""
    outcome = await sms.house.book()
    assert outcome.booking is not None
    await sms.text("When is my visit?", model=[call("find_appointments"), say()])
    await sms.offered()
    return str(outcome.booking.reference)


def at(sms: Texting, clock: str) -> str:
    """The short name of the time that was offered for then."""
    offers = sms.state["memory"]["facts"]["offers"]
    return next(name for name, offer in offers.items() if f"T{clock}" in offer["start"])


async def content(sms: Texting) -> dict[str, Any]:
    found = await sms.house.database.read(lambda c: c.execute(select(reviews.c.proposal)).scalar_one())
    told: dict[str, Any] = orjson.loads(found)
    return told


def sure(said: str, **arguments: Any) -> dict[str, Any]:
    return {**arguments, "confidence": 0.97, "rests_on": [said]}


async def test_a_booking_is_told_with_service_day_time_and_who_comes(sms: Texting) -> None:
    await sms.offered()
    said = "8:30 please, Ann Lee, gate on the left"
    wanted = sure(said, slot_id=at(sms, "08:30"), customer_name="Ann Lee", notes="gate on the left")
    assert await sms.text(said, model=[call("book_appointment", **wanted)]) == [WAITS]
    assert (await content(sms))["in_words"] == [BOOK_830]


async def test_a_move_is_told_with_the_old_and_the_new_time(sms: Texting) -> None:
    reference = await theirs(sms)
    wanted = sure("to 8:30", reference=reference, slot_id=at(sms, "08:30"))
    assert await sms.text("Move it to 8:30 please", model=[call("reschedule_appointment", **wanted)]) == [WAITS]
    told = [f"Move {TUESDAY_9}. The new time: on Tue 24 Nov 2026, 08:30 CST with Lee."]
    assert (await content(sms))["in_words"] == told


async def test_a_cancellation_is_told_with_the_visit_that_would_go(sms: Texting) -> None:
    reference = await theirs(sms)
    wanted = sure("Cancel my visit", reference=reference)
    assert await sms.text("Cancel my visit please", model=[call("cancel_appointment", **wanted)]) == [WAITS]
    assert (await content(sms))["in_words"] == [f"Cancel {TUESDAY_9}."]


async def test_a_visit_that_is_none_of_theirs_is_called_so(sms: Texting) -> None:
    wanted = sure("Cancel visit ABC234", reference="ABC234")
    assert await sms.text("Cancel visit ABC234", model=[call("cancel_appointment", **wanted)]) == [WAITS]
    told = ["Cancel visit ABC234. It is none of the visits that this number has ahead."]
    assert (await content(sms))["in_words"] == told


async def test_of_several_changes_each_has_its_sentence_in_their_order(sms: Texting) -> None:
    reference = await theirs(sms)
    said = "Cancel the one I have, and book 8:30, Ann Lee, gate on the left"
    book = sure("book 8:30", slot_id=at(sms, "08:30"), customer_name="Ann Lee", notes="gate on the left")
    cancel = sure("Cancel the one I have", reference=reference)
    wanted = calls(("cancel_appointment", cancel), ("book_appointment", book))
    assert await sms.text(said, model=[wanted]) == [WAITS]
    assert (await content(sms))["in_words"] == [BOOK_830.replace("Dana", "Lee"), f"Cancel {TUESDAY_9}."]


async def test_what_a_short_answer_is_an_answer_to_is_kept_of_both_sides(sms: Texting) -> None:
    await sms.offered()
    name = sms.state["memory"]["facts"]["shown"][1]
    wanted = sure("2", slot_id=name, customer_name="Ann Lee")
    assert await sms.text("2, Ann Lee", model=[call("book_appointment", **wanted)]) == [WAITS]
    kept = await content(sms)
    assert [each["who"] for each in kept["said_before"]] == ["customer", "agent"]
    assert kept["said_before"][0]["text"] == "Anything on Tuesday for an inspection?"
    assert "2) " in kept["said_before"][1]["text"]
    assert kept["said"] == "2, Ann Lee"


async def test_of_a_long_conversation_the_newest_is_kept_and_no_number_of_anybody(sms: Texting) -> None:
    for number in range(6):
        await sms.text(f"word {number} " * 200 + "call 512-555-0177", model=[call("find_appointments"), say()])
    await sms.offered()
    wanted = sure("8:30", slot_id=at(sms, "08:30"), customer_name="Ann Lee")
    assert await sms.text("8:30, Ann Lee", model=[call("book_appointment", **wanted)]) == [WAITS]
    kept = (await content(sms))["said_before"]
    assert 2 < len(kept) <= MOST_BEFORE
    assert max(len(each["text"]) for each in kept) <= MOST_BEFORE_CHARS
    assert kept[-2]["text"] == "Anything on Tuesday for an inspection?"
    assert "0177" not in str(kept)
