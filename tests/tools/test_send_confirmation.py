"""A confirmation by text is noted for the booking's own caller, and is never said to have been sent."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.acme import CALLER, TUESDAY_9
from tests.fakes import calendar as scripted
from tests.fakes.calendar import FakeCalendar
from tests.fakes.databases import executed
from tests.tools.talking import Agent, agent
from tests.tools.test_find_appointments import STRANGER, booked


@pytest.fixture
def calendar() -> FakeCalendar:
    return FakeCalendar()


@pytest.fixture
async def ask(database_url: str, calendar: FakeCalendar) -> AsyncIterator[Agent]:
    async with agent(database_url, calendar) as talking:
        yield talking


def texts(ask: Agent) -> list[tuple[str, ...]]:
    url = ask.house.database.url.replace("+psycopg", "")
    return [tuple(row) for row in executed(url, "SELECT to_number, from_number, body, state FROM text_outbox")]


async def test_it_is_kept_for_later_and_the_caller_hears_the_details_now(ask: Agent) -> None:
    reference = await booked(ask)
    answer = await ask("send_confirmation", reference=" ".join(reference.lower()))

    assert (answer["ok"], answer["outcome"], answer["reference"]) == (True, "noted", reference)
    assert "no text has gone out" in answer["say"]
    assert "Home inspection with Dana on Tuesday, November 24 at 9:00 AM." in answer["say"]
    body = f"Acme Pest Control: Home inspection with Dana on Tuesday, November 24 at 9:00 AM. Reference {reference}."
    assert texts(ask) == [(CALLER, "+15125550100", body, "pending")]


async def test_asked_twice_it_is_one_text(ask: Agent) -> None:
    reference = await booked(ask)
    for call in ("c1", "c1", "c2"):
        assert (await ask("send_confirmation", reference=reference, call=call))["ok"] is True

    assert len(texts(ask)) == 1


async def test_it_goes_to_the_number_the_booking_gave(ask: Agent) -> None:
    reference = await booked(ask, phone="512 555 0177")
    await ask("send_confirmation", reference=reference)

    assert [to for to, *_ in texts(ask)] == ["+15125550177"]


@pytest.mark.parametrize("caller", [STRANGER, None, ""])
async def test_nobody_else_gets_it_nor_learns_that_there_is_one(ask: Agent, caller: str | None) -> None:
    reference = await booked(ask)
    theirs = await ask("send_confirmation", caller=caller, reference=reference)
    nobodys = await ask("send_confirmation", caller=caller, reference="AAAAAA")

    assert theirs == nobodys
    assert (theirs["ok"], theirs["code"]) == (False, "not_found")
    assert texts(ask) == []


async def test_a_booking_that_is_not_confirmed_is_not_confirmed_by_text(ask: Agent, calendar: FakeCalendar) -> None:
    calendar.script("book", scripted.DONE_BUT_UNKNOWN)
    reference = await booked(ask, TUESDAY_9)
    answer = await ask("send_confirmation", reference=reference)

    assert (answer["ok"], answer["code"]) == (False, "calendar_unavailable")
    assert texts(ask) == []

    ask.house.clock.advance(120)
    await ask.house.settler.settle_due()
    assert (await ask("send_confirmation", reference=reference))["ok"] is True, "and a moment later it is"
    assert len(texts(ask)) == 1


async def test_with_a_carrier_the_caller_hears_that_a_text_is_on_its_way(ask: Agent) -> None:
    reference = await booked(ask)
    object.__setattr__(ask.house.front, "texting", True)
    answer = await ask("send_confirmation", reference=reference)

    assert (answer["ok"], answer["outcome"]) == (True, "texting")
    assert "on its way" in answer["say"]
    assert "sent" not in answer["say"]


@pytest.mark.parametrize(("why", "words"), [("opted_out", "no texts from us"), ("not_textable", "can't get texts")])
async def test_a_number_that_gets_no_texts_is_told_so_and_owed_none(ask: Agent, why: str, words: str) -> None:
    reference = await booked(ask)
    url = ask.house.database.url.replace("+psycopg", "")
    executed(url, f"INSERT INTO unwanted_numbers VALUES ('acme', '{CALLER}', '{why}', 1.0)")  # noqa: S608 - our own words
    answer = await ask("send_confirmation", reference=reference)

    assert (answer["ok"], answer["outcome"]) == (True, "not_texted")
    assert words in answer["say"]
    assert texts(ask) == []


@pytest.mark.parametrize(
    ("state", "ago_s", "outcome", "words"),
    [
        ("pending", 3_600, "texting", "is on its way"),
        ("accepted", 60, "texting", "is on its way"),
        ("accepted", 3_600, "texting", "went out to your number before"),
        ("delivered", 3_600, "texting", "went out to your number before"),
        ("undelivered", 60, "not_texted", "could not be delivered"),
        ("rejected", 60, "not_texted", "could not be delivered"),
        ("withheld", 60, "not_texted", "could not be delivered"),
    ],
)
async def test_of_one_that_was_owed_before_it_is_said_what_became_of_it(
    ask: Agent, state: str, ago_s: float, outcome: str, words: str
) -> None:
    reference = await booked(ask)
    object.__setattr__(ask.house.front, "texting", True)
    await ask("send_confirmation", reference=reference)
    url, then = ask.house.database.url.replace("+psycopg", ""), ask.house.clock.now() - ago_s
    executed(url, f"UPDATE text_outbox SET state = '{state}', changed_at = {then}")  # noqa: S608 - our own words
    answer = await ask("send_confirmation", reference=reference, call="c2")

    assert (answer["ok"], answer["outcome"]) == (True, outcome)
    assert words in answer["say"]
    assert len(texts(ask)) == 1
