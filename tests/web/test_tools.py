"""`POST /tools/{name}`: one call in, one flat object out."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.calls.model import CallRef
from tests.fakes.web import House
from tests.web.test_admin import BOOK, FIND

Ask = Callable[..., httpx.AsyncClient]

BEARER = {"Authorization": "Bearer tools-secret"}
DAY = {"date": "2026-09-29"}


async def test_an_envelope_is_run_and_answered_flat(ask: Ask, house: House) -> None:
    envelope = {
        "call_id": "c1",
        "tool_call_id": "t1",
        "caller": "+15555550142",
        "line": "+15125550100",
        "arguments": DAY,
    }
    response = await ask().post("/tools/checkAvailability", json=envelope, headers=BEARER)
    assert response.status_code == 200
    assert response.json() == {"ok": True, "say": "checkAvailability done", "arguments": DAY}
    [call] = house.dispatcher.calls
    assert call.ref == CallRef("plain", "c1", "+15555550142", ("+15125550100",))
    assert (call.name, call.tool_call_id) == ("checkAvailability", "t1")


async def test_bare_arguments_are_enough(ask: Ask, house: House) -> None:
    response = await ask().post("/tools/check_availability", json=DAY, headers=BEARER)
    assert response.json()["arguments"] == DAY
    assert house.dispatcher.calls[0].ref == CallRef("plain")


@pytest.mark.parametrize("body", ["[]", "7", '"x"', '{"arguments": "{"}', '{"arguments": [1]}'])
async def test_arguments_that_cannot_be_read_are_said(ask: Ask, body: str) -> None:
    response = await ask().post("/tools/check_availability", content=body, headers=BEARER)
    assert response.status_code == 200
    assert response.json()["ok"] is False
    assert response.json()["say"]


@pytest.mark.parametrize("body", [b"", b"{", b"date=today", b"\xff"])
async def test_what_is_not_json_is_refused(ask: Ask, body: bytes) -> None:
    response = await ask().post("/tools/check_availability", content=body, headers=BEARER)
    assert (response.status_code, response.json()) == (400, {"error": "not json"})


async def test_a_dispatcher_that_raises_is_said_as_internal(ask: Ask, house: House) -> None:
    house.dispatcher.error = RuntimeError("secret detail")
    response = await ask().post("/tools/check_availability", json=DAY, headers=BEARER)
    assert response.status_code == 200
    told = response.json()
    assert (told["ok"], told["code"]) == (False, "internal")
    assert told["say"]
    assert "secret detail" not in response.text


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer vapi-secret"}, {"X-Vapi-Secret": "tools-secret"}, {"Authorization": "tools-secret"}],
)
async def test_only_the_tools_secret_opens_the_door(ask: Ask, house: House, headers: dict[str, str]) -> None:
    response = await ask().post("/tools/check_availability", json=DAY, headers=headers)
    assert (response.status_code, response.content) == (401, b'{"error":"unauthorized"}')
    assert not house.dispatcher.calls


@pytest.mark.parametrize("secrets", [(), ("",)])
async def test_without_a_configured_secret_everybody_is_refused(ask: Ask, secrets: Any) -> None:
    for headers in (BEARER, {"Authorization": "Bearer "}, {}):
        response = await ask(tools_secrets=secrets).post("/tools/check_availability", json=DAY, headers=headers)
        assert response.status_code == 401


async def test_who_may_call_them_sees_their_names_and_nothing_is_called(ask: Ask, house: House) -> None:
    client = ask(tools=(BOOK, FIND))
    response = await client.get("/tools", headers=BEARER)
    assert (response.status_code, response.json()) == (200, {"tools": ["book_appointment", "find_appointments"]})
    for headers in ({}, {"Authorization": "Bearer tools-secre"}):
        assert (await client.get("/tools", headers=headers)).status_code == 401
    assert house.dispatcher.calls == []
