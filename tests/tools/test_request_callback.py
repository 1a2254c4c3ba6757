"""A promised callback: a time when somebody is there, said in words, once for each request, never without a number."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.booking.callback_time import NEVER_OPEN_S
from tests.booking.acme import CALLER, HOUR, NOW, acme, at
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed
from tests.tools.talking import Agent, agent

WHY = {"reason": "The ants are back and she is upset."}


@pytest.fixture
async def ask(database_url: str) -> AsyncIterator[Agent]:
    async with agent(database_url) as talking:
        yield talking


def tasks(ask: Agent) -> list[tuple[str, str, float, str]]:
    rows = executed(ask.house.database.url.replace("+psycopg", ""), "SELECT phone, what, due, details FROM tasks")
    return [tuple(row) for row in rows]


async def test_it_promises_the_soonest_time_in_words(ask: Agent) -> None:
    answer = await ask("request_callback", **WHY)

    assert answer["ok"] is True
    assert set(answer) == {"ok", "say", "reference", "due"}
    assert answer["due"] == "2026-11-20T11:00:00-06:00"
    assert "by 11:00 AM on Friday, November 20." in answer["say"]
    assert " ".join(answer["reference"]) in answer["say"]
    what = "Call a customer back by 11:00 AM on Friday, November 20 (America/Chicago)."
    assert tasks(ask) == [(CALLER, what, at("2026-11-20", "11:00"), WHY["reason"])]


@pytest.mark.parametrize(
    ("when", "due", "said"),
    [
        ("monday afternoon", "2026-11-23T17:00:00-06:00", "between 1:00 PM and 5:00 PM on Monday, November 23."),
        ("tuesday at 15:00", "2026-11-24T15:00:00-06:00", "at 3:00 PM on Tuesday, November 24."),
        ("today", "2026-11-20T17:00:00-06:00", "by 5:00 PM on Friday, November 20."),
    ],
)
async def test_a_wanted_time_is_kept(ask: Agent, when: str, due: str, said: str) -> None:
    answer = await ask("request_callback", when=when, **WHY)

    assert (answer["ok"], answer["due"]) == (True, due)
    assert said in answer["say"]


@pytest.mark.parametrize(
    ("when", "due", "said"),
    [
        ("monday", "2026-11-24T00:00:00-06:00", "between 12:00 AM and midnight on Monday, November 23."),
        ("in the evening", "2026-11-21T00:00:00-06:00", "between 5:00 PM and midnight on Friday, November 20."),
        ("today", "2026-11-21T00:00:00-06:00", "by midnight on Friday, November 20."),
        ("monday at 0:00", "2026-11-23T00:00:00-06:00", "at 12:00 AM on Monday, November 23."),
    ],
)
async def test_a_day_that_is_open_to_its_end_is_named_and_not_the_next(
    sqlite_url: str, when: str, due: str, said: str
) -> None:
    async with agent(sqlite_url, business=acme(hours=(((0, 1440),),) * 7)) as ask:
        answer = await ask("request_callback", when=when, **WHY)

    assert answer["due"] == due
    assert said in answer["say"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"when": "sunday"}, "invalid_arguments", "next time somebody is there is Monday"),
        ({"when": "yesterday"}, "past_date", "is in the past"),
        ({"when": "next tuesday"}, "invalid_arguments", "Ask which one is meant"),
        ({"reason": ""}, "invalid_arguments", "reason is missing"),
        ({"phone": "no idea"}, "invalid_arguments", "no phone number I can read"),
        ({"phone": "555-0177"}, "invalid_arguments", "with the area code"),
        ({"when": "in a while"}, "invalid_arguments", "I could not read when to call back. Give a day"),
    ],
)
async def test_what_cannot_be_promised_is_said_and_not_promised(
    ask: Agent, arguments: dict[str, str], code: str, said: str
) -> None:
    answer = await ask("request_callback", **(WHY | arguments))

    assert (answer["ok"], answer["code"]) == (False, code)
    assert said in answer["say"]
    assert tasks(ask) == []


async def test_a_withheld_number_is_asked_for_and_then_called(ask: Agent) -> None:
    asked = await ask("request_callback", caller=None, **WHY)
    assert (asked["ok"], asked["code"]) == (False, "invalid_arguments")
    assert "Ask the caller for the phone number" in asked["say"]

    given = await ask("request_callback", caller=None, phone="512 555 0177", **WHY)
    assert given["ok"] is True
    assert [phone for phone, *_ in tasks(ask)] == ["+15125550177"]


async def test_the_number_they_call_from_is_known_in_other_words(ask: Agent) -> None:
    await ask("request_callback", phone="Same number.", when="right away", **WHY)

    assert [phone for phone, *_ in tasks(ask)] == [CALLER]


async def test_a_number_given_is_where_to_call_and_not_who_calls(ask: Agent) -> None:
    await ask("request_callback", phone="(512) 555-0177", **WHY)

    assert [phone for phone, *_ in tasks(ask)] == ["+15125550177"]
    assert (await ask("find_appointments"))["appointments"] == []


async def test_the_same_request_in_other_words_is_one_callback(ask: Agent) -> None:
    first = await ask("request_callback", **WHY)
    again = await ask("request_callback", reason="Ants. Upset.", phone="512-555-0123", when="")

    assert again == first
    assert [details for *_, details in tasks(ask)] == [f"{WHY['reason']}\nAnts. Upset."]
    other = await ask("request_callback", when="monday afternoon", **WHY)
    assert other["reference"] != first["reference"]
    assert len(tasks(ask)) == 2


async def test_two_reasons_in_one_message_are_one_callback_about_both(ask: Agent) -> None:
    one, other = await asyncio.gather(*(ask("request_callback", reason=why) for why in ("Termites.", "The bill.")))

    assert one == other
    assert [sorted(details.split("\n")) for *_, details in tasks(ask)] == [["Termites.", "The bill."]]


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b", "\U0001f41c" * 60, "x" * 900])
@pytest.mark.parametrize("field", ["reason", "phone", "when"])
async def test_text_that_databases_choke_on_is_promised_or_said_back(ask: Agent, field: str, text: str) -> None:
    answer = await ask("request_callback", **(WHY | {field: f"today {text}"}))

    assert answer["ok"] is True or answer["code"] == "invalid_arguments"


async def test_the_reason_and_the_number_stay_out_of_the_audit_log(ask: Agent) -> None:
    await ask("request_callback", phone="512 555 0177", **WHY)
    await ask.stop()

    audited = str(executed(ask.house.database.url.replace("+psycopg", ""), "SELECT data FROM audit"))
    assert "request_callback" in audited
    assert "ants" not in audited
    assert "0177" not in audited


@pytest.mark.parametrize(
    ("business", "now", "due"),
    [
        ({"closed": frozenset(date(2026, 11, day) for day in range(20, 28))}, NOW, "2026-11-30T09:00:00-06:00"),
        ({"hours": ((),) * 7}, NOW, "2026-11-21T10:00:00-06:00"),
        # The night of March 8 has no 2:00 to 3:00.
        ({"hours": (((0, 360),),) * 7}, at("2026-03-08", "01:30"), "2026-03-08T03:30:00-05:00"),
        ({"zone": ZoneInfo("Europe/London")}, NOW, "2026-11-20T17:00:00+00:00"),
    ],
    ids=["closed all week", "keeps no hours", "clocks change", "nearly closing time"],
)
async def test_bad_days(sqlite_url: str, business: dict, now: int, due: str) -> None:
    async with agent(sqlite_url, business=acme(**business), clock=FakeClock(now)) as ask:
        answer = await ask("request_callback", **WHY)

    assert answer["due"] == due
    assert NEVER_OPEN_S == 24 * HOUR
