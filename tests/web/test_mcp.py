"""`POST /mcp`: both eras of the protocol as recorded, our own names only, and a closed stream that cancels nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.calls.model import ToolCall, ToolResult
from app.web.server import build
from tests.calls.reception import Script
from tests.fakes.web import House
from tests.processes import TLS

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platforms"
MODERN, MISMATCH = json.loads((PAYLOADS / "mcp_2026_07_28_exchange.json").read_text())
INITIALIZE, INITIALIZED, CALL = json.loads((PAYLOADS / "mcp_legacy_exchange.json").read_text())
BEARER = {"authorization": "Bearer tools-secret", "content-type": "application/json", "accept": "*/*"}

Ask = Callable[..., httpx.AsyncClient]
Serve = Callable[..., Awaitable[int]]


def booked(call: ToolCall) -> ToolResult:
    return ToolResult(True, "You're booked.", None, {"asked": dict(call.arguments)})


async def post(client: httpx.AsyncClient, request: Any, **headers: str) -> httpx.Response:
    return await client.post("http://127.0.0.1/mcp", json=request, headers=BEARER | headers)


async def test_the_recorded_legacy_exchange(ask: Ask, house: House) -> None:
    house.dispatcher.answering = booked
    client = ask(tools=Script().tools(), version="1.2")

    began = await post(client, INITIALIZE["request"], **INITIALIZE["headers"])
    noted = await post(client, INITIALIZED["request"])
    called = await post(client, CALL["request"], **CALL["headers"])

    assert (began.status_code, noted.status_code, called.status_code) == (200, 202, 200)
    assert began.json()["result"]["protocolVersion"] == INITIALIZE["request"]["params"]["protocolVersion"]
    assert began.json()["result"]["serverInfo"]["version"] == "1.2"
    assert "mcp-session-id" not in began.headers
    assert called.json().keys() == CALL["response"].keys()
    assert called.json()["result"].keys() == CALL["response"]["result"].keys()
    assert json.loads(called.json()["result"]["content"][0]["text"])["asked"] == CALL["request"]["params"]["arguments"]
    assert house.dispatcher.calls[0].ref.call_id == CALL["headers"]["X-Call-Id"]


async def test_the_recorded_exchange_of_2026_07_28(ask: Ask, house: House) -> None:
    house.dispatcher.answering = booked
    client = ask(tools=Script().tools())

    called = await post(client, MODERN["request"], **MODERN["headers"])
    refused = await post(client, MODERN["request"], **MISMATCH["headers"])

    assert called.status_code == MODERN["response_status"]
    assert MODERN["response"]["result"].keys() <= called.json()["result"].keys()
    assert called.json()["result"]["resultType"] == "complete"
    assert refused.status_code == MISMATCH["response_status"]
    assert refused.json()["error"]["code"] == MISMATCH["response"]["error"]["code"]
    assert len(house.dispatcher.calls) == 1


@pytest.mark.parametrize("headers", [{}, {"mcp-protocol-version": "2025-06-18"}])
async def test_the_tools_are_listed_with_what_they_take_and_whether_they_change_anything(
    ask: Ask, headers: dict[str, str]
) -> None:
    listed = await post(ask(tools=Script().tools()), {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, **headers)

    tools = {tool["name"]: tool for tool in listed.json()["result"]["tools"]}
    assert list(tools) == ["look_up", "make_change"]
    assert tools["look_up"]["inputSchema"]["properties"]["size"]["type"] == "integer"
    assert [tool["annotations"]["readOnlyHint"] for tool in tools.values()] == [True, False]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("voice.example.com", 200), ("voice.example.com:443", 200), ("127.0.0.1:8080", 200), ("localhost", 200),
        ("evil.example.com", 421), ("voice.example.com.evil.example", 421), ("", 421),
    ],
)  # fmt: skip
async def test_only_our_own_names_are_answered(ask: Ask, host: str, status: int) -> None:
    client = ask(public_url="https://voice.example.com")
    assert (await post(client, INITIALIZE["request"], host=host)).status_code == status


async def test_a_page_of_somebody_else_is_refused(ask: Ask) -> None:
    client = ask(public_url="https://voice.example.com")
    ours = await post(client, INITIALIZE["request"], origin="https://voice.example.com")
    theirs = await post(client, INITIALIZE["request"], origin="https://evil.example.com")
    assert (ours.status_code, theirs.status_code) == (200, 403)


async def test_without_sessions_there_is_nothing_to_get_or_delete(ask: Ask) -> None:
    for method in ("GET", "DELETE"):
        assert (await ask().request(method, "http://127.0.0.1/mcp", headers=BEARER)).status_code == 405


async def test_a_dispatcher_that_raises_is_said_as_internal(ask: Ask, house: House) -> None:
    house.dispatcher.error = RuntimeError("secret detail")
    told = await post(ask(), CALL["request"], **CALL["headers"])

    assert (told.status_code, told.json()["result"]["isError"]) == (200, True)
    assert "secret detail" not in told.text


@pytest.mark.parametrize("era", [MODERN, CALL], ids=["2026-07-28", "legacy"])
async def test_a_client_that_goes_away_does_not_cancel_what_it_asked_for(
    serve: Serve, house: House, era: dict[str, Any]
) -> None:
    house.dispatcher.seconds = 0.3
    body = json.dumps(era["request"]).encode()
    head = {**BEARER, **era["headers"], "host": "127.0.0.1", "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    _, writer = await asyncio.open_connection("127.0.0.1", await serve())
    writer.write(f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body)
    async with asyncio.timeout(60):
        await house.dispatcher.started.wait()
        writer.transport.abort()
        await house.dispatcher.finished.wait()


async def test_it_ends_with_the_application(house: House) -> None:
    app: Starlette = build(house.doors())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(verify=TLS, transport=httpx.ASGITransport(app)) as client,
    ):
        assert (await post(client, INITIALIZE["request"])).status_code == 200
    async with app.router.lifespan_context(app):
        pass


async def test_a_start_that_fails_is_tried_again_by_the_next_client(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with httpx.AsyncClient(verify=TLS, transport=httpx.ASGITransport(build(house.doors()))) as client:
        monkeypatch.setattr("app.web.mcp._loaded", lambda _: 1 / 0)
        assert (await post(client, INITIALIZE["request"])).status_code == 500
        monkeypatch.undo()
        assert (await post(client, INITIALIZE["request"])).status_code == 200
