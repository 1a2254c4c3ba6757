"""A caller who wants a person gets whoever is there, or a promise that is kept; nobody is left in silence."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.booking.business import Destination
from app.calls.model import CallRef
from tests.booking.acme import CALLER, acme
from tests.fakes.databases import executed
from tests.fakes.push import FakePush
from tests.tools.talking import Agent, agent

PERSON, FRONT = "+15125550199", "+15125550171"
MORNINGS = (((480, 720),),) * 7
WHY = {"reason": "Wants to talk about the bill."}
CONTROL = "https://x.vapi.ai/c1/control"


def on_vapi(ask: Agent, caller: str | None = CALLER, control: str | None = CONTROL, call: str = "c1") -> CallRef:
    return CallRef("vapi", call, caller, ask.house.business.lines[:1], None, control)


@asynccontextmanager
async def asking(url: str, **business: Any) -> AsyncIterator[tuple[Agent, FakePush]]:
    push = FakePush()
    given: dict[str, Any] = {"person": PERSON} | business
    async with agent(url, business=acme(**given), push=push) as ask:
        yield ask, push


def states(url: str) -> list[tuple[str, str]]:
    return [tuple(row) for row in executed(url, "SELECT destination, state FROM transfers ORDER BY attempt")]


def tasks(url: str) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in executed(url, "SELECT kind, phone, details FROM tasks")]


async def test_on_vapi_the_call_is_connected_and_followed(database_url: str) -> None:
    async with asking(database_url) as (ask, push):
        answer = await ask.ask(on_vapi(ask), "transfer_to_person", **WHY)

    assert (answer["ok"], answer["outcome"]) == (True, "transferring")
    assert "destination" not in answer, "the model has no use for the number"
    assert push.transferred == [(CONTROL, PERSON)]
    assert states(database_url) == [(PERSON, "asked")]
    assert executed(database_url, "SELECT kind FROM job_outbox") == [("transfer_fate",)]


async def test_elsewhere_the_result_says_where_to(sqlite_url: str) -> None:
    async with asking(sqlite_url) as (ask, push):
        answer = await ask("transfer_to_person", **WHY)

    assert (answer["ok"], answer["destination"]) == (True, PERSON)
    assert push.transferred == []
    assert states(sqlite_url) == [(PERSON, "handed_over")]


async def test_who_is_there_by_the_hour_comes_first(sqlite_url: str) -> None:
    async with asking(sqlite_url, transfers=(Destination(FRONT, MORNINGS),)) as (ask, push):
        await ask.ask(on_vapi(ask), "transfer_to_person", **WHY)
        ask.house.clock.advance(3 * 3600)
        await ask.ask(on_vapi(ask, call="c2"), "transfer_to_person", **WHY)

    assert [number for _, number in push.transferred] == [FRONT, PERSON]


@pytest.mark.parametrize("control", [CONTROL, None, "https://evil.example/control"])
async def test_a_transfer_that_cannot_be_ordered_is_a_callback_at_once(sqlite_url: str, control: str | None) -> None:
    async with asking(sqlite_url) as (ask, push):
        push.delivers = False
        answer = await ask.ask(on_vapi(ask, control=control), "transfer_to_person", **WHY)

    assert (answer["ok"], answer["code"], answer["outcome"]) == (False, "not_found", "callback")
    assert answer["due"] == "2026-11-20T10:10:00-06:00"
    assert "call you back by Friday, November 20 at 10:10 AM" in answer["say"]
    assert tasks(sqlite_url) == [("transfer_failed", CALLER, WHY["reason"])]
    assert executed(sqlite_url, "SELECT kind, status FROM pages") == [("task_due_soon", "open")]
    assert len(push.transferred) == (1 if control == CONTROL else 0)


async def test_when_nobody_is_there_somebody_calls_back_in_opening_hours(database_url: str) -> None:
    async with asking(database_url, person=None) as (ask, push):
        answer = await ask.ask(on_vapi(ask), "transfer_to_person", **WHY)
        later = await ask.ask(on_vapi(ask), "request_callback", reason="The bill.")

    assert (answer["ok"], answer["outcome"], answer["due"]) == (False, "callback", "2026-11-20T11:00:00-06:00")
    assert push.transferred == []
    assert tasks(database_url) == [("callback", CALLER, f"{WHY['reason']}\nThe bill.")]
    assert later["due"] == answer["due"], "asked for again, it is the same callback"


async def test_without_anybody_and_without_a_number_the_caller_is_asked_for_one(sqlite_url: str) -> None:
    async with asking(sqlite_url, person=None) as (ask, _):
        answer = await ask.ask(on_vapi(ask, caller=None), "transfer_to_person", **WHY)

    assert (answer["ok"], answer["outcome"]) == (False, "unreachable")
    assert "What number" in answer["say"]
    assert tasks(sqlite_url) == []


async def test_asked_twice_at_once_the_call_is_transferred_once(sqlite_url: str) -> None:
    async with asking(sqlite_url) as (ask, push):
        first = await ask.ask(on_vapi(ask), "transfer_to_person", **WHY)
        again = await ask.ask(on_vapi(ask), "transfer_to_person", reason="in other words")

    assert again == first
    assert len(push.transferred) == 1


async def test_who_comes_back_from_a_transfer_gets_the_next_person_and_then_a_callback(sqlite_url: str) -> None:
    async with asking(sqlite_url, transfers=(Destination(FRONT),)) as (ask, push):
        for _ in range(2):
            assert (await ask.ask(on_vapi(ask), "transfer_to_person", **WHY))["ok"] is True
            ask.house.clock.advance(60)
        answer = await ask.ask(on_vapi(ask), "transfer_to_person", **WHY)

    assert [number for _, number in push.transferred] == [FRONT, PERSON]
    assert answer["outcome"] == "callback"
    assert states(sqlite_url) == [(FRONT, "superseded"), (PERSON, "unheard")]
    assert tasks(sqlite_url) == [("transfer_failed", CALLER, WHY["reason"])]


async def test_the_reason_and_every_number_stay_out_of_the_audit_log(sqlite_url: str) -> None:
    async with asking(sqlite_url) as (ask, push):
        push.delivers = False
        await ask.ask(on_vapi(ask), "transfer_to_person", **WHY)
        await ask.stop()

    audited = str(executed(sqlite_url, "SELECT data FROM audit"))
    assert "transfer_to_person" in audited
    assert not [private for private in ("bill", PERSON, CALLER) if private in audited]
