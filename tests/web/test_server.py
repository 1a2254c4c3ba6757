"""The routing: what exists, by which method, and that every answer can be traced."""

from collections.abc import Callable

import httpx
import pytest

from app import log
from app.calls.model import ToolCall, ToolResult
from tests.fakes.web import House

Ask = Callable[..., httpx.AsyncClient]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/vapi//",
        "/tools/",
        "/tools/a/b",
        "/retell",
        "/retell/a/b",
        "/mcp//",
        "/docs",
        "/dashboard",
        "/google/changes",
        "/VAPI",
    ],
)
async def test_what_does_not_exist_is_not_found(ask: Ask, path: str) -> None:
    response = await ask().post(path, json={})
    assert (response.status_code, response.json()) == (404, {"error": "not found"})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "secret", "answered"),
    [
        ("/vapi/", "vapi-secret", {}),
        ("/tools/check_availability/", "tools-secret", {"ok": True}),
        ("/vapi/", "wrong", {"error": "unauthorized"}),
    ],
)
async def test_an_address_that_was_typed_with_a_slash_at_its_end_is_the_same(
    ask: Ask, path: str, secret: str, answered: dict[str, object]
) -> None:
    told = (await ask().post(path, json={}, headers={"Authorization": f"Bearer {secret}"})).json()
    assert {name: told[name] for name in answered} == answered


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/vapi", "POST"),
        ("HEAD", "/vapi", "POST"),
        ("PUT", "/vapi", "POST"),
        ("GET", "/tools/check_availability", "POST"),
        ("POST", "/healthz", "GET"),
        ("POST", "/tools", "GET"),
        ("DELETE", "/metrics", "GET"),
        ("OPTIONS", "/openapi.json", "GET"),
    ],
)
async def test_another_method_is_not_allowed(ask: Ask, method: str, path: str, allowed: str) -> None:
    response = await ask().request(method, path)
    assert response.status_code == 405
    assert allowed in response.headers["allow"]
    if method != "HEAD":
        assert response.json() == {"error": "method not allowed"}


async def test_a_browser_that_is_lost_is_led_back(ask: Ask) -> None:
    for path, led in (("/dashboard/nowhere", True), ("/", True), ("/nowhere", False)):
        response = await ask().get(path, headers={"Accept": "text/html"})
        assert response.status_code == 404
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "There is no such page" in response.text
        assert ('href="/dashboard"' in response.text) is led


async def test_a_program_gets_json_whatever_it_says_it_accepts(ask: Ask) -> None:
    response = await ask().post("/vapi", json={}, headers={"Accept": "text/html,*/*"})
    assert (response.status_code, response.json()) == (401, {"error": "unauthorized"})


async def test_every_answer_has_an_id_of_its_own(ask: Ask) -> None:
    client = ask()
    answers = [
        await client.post("/vapi", json={}, headers={"Authorization": "Bearer vapi-secret"}),
        await client.post("/vapi", json={}),
        await client.get("/healthz"),
        await client.get("/nowhere"),
        await client.post("/vapi", json={}, headers={"X-Request-Id": "given"}),
    ]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == len(answers)
    assert "given" not in ids


async def test_a_refusal_leaves_a_line_and_a_count(ask: Ask, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stranger = ask("192.0.2.99")
    for _ in range(40):
        response = await stranger.post("/vapi", json={}, headers={"Authorization": "Bearer not-a-real-one"})
    assert response.status_code == 429
    lines = capfdbinary.readouterr().err.splitlines()
    assert len([line for line in lines if b'"event":"refused"' in line]) == 30
    assert not [line for line in lines if b"not-a-real-one" in line or b"192.0.2.99" in line]
    figures = (await ask("127.0.0.1").get("/metrics")).text
    assert 'readback_refusals_total{reason="unauthorized",route="/vapi"}' in figures
    assert 'readback_refusals_total{reason="too many requests",route="/vapi"}' in figures


async def test_log_lines_carry_the_ids_of_request_and_call(
    ask: Ask, house: House, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def answering(call: ToolCall) -> ToolResult:
        log.get("test").warning("looked up")
        return ToolResult(ok=True, say="Done.")

    house.dispatcher.answering = answering
    envelope = {"call_id": "call-77", "arguments": {}}
    response = await ask().post("/tools/x", json=envelope, headers={"Authorization": "Bearer tools-secret"})
    line = capfdbinary.readouterr().err
    assert b'"call_id":"call-77"' in line
    assert response.headers["x-request-id"].encode() in line
