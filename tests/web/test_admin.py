"""What only the operator, or this machine, may see."""

import json
from collections.abc import Callable

import httpx
import pytest
from pydantic import BaseModel, Field

from app.calls.model import Context, Tool, ToolResult
from tests.fakes.web import House

Ask = Callable[..., httpx.AsyncClient]

BEARER = {"Authorization": "Bearer admin-token-of-16-or-more"}


class Where(BaseModel):
    street: str


class Arguments(BaseModel):
    slot_id: str = Field(min_length=1)
    where: Where | None = None


async def run(context: Context, arguments: Arguments) -> ToolResult:
    return ToolResult(ok=True, say="Done.")


BOOK = Tool("book_appointment", "Books.", Arguments, run)
FIND = Tool("find_appointments", "Finds.", Where, run)  # type: ignore[arg-type]  # never run here


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_sees_the_figures(ask: Ask, client: str) -> None:
    response = await ask(client).get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "readback_messages_total" in response.text


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("192.0.2.1", {}),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("192.0.2.1", {"Authorization": "Bearer vapi-secret"}),
        ("2001:db8::1", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}),
        ("unix", {}),
    ],
)
async def test_strangers_do_not_nor_does_who_comes_through_a_proxy(
    ask: Ask, client: str, headers: dict[str, str]
) -> None:
    response = await ask(client).get("/metrics", headers=headers)
    assert (response.status_code, response.content) == (401, b'{"error":"unauthorized"}')


async def test_the_operator_sees_them_from_anywhere(ask: Ask) -> None:
    assert (await ask().get("/metrics", headers=BEARER | {"X-Forwarded-For": "192.0.2.9"})).status_code == 200


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_configured_token_nobody_is_the_operator(ask: Ask, token: str | None) -> None:
    for headers in (BEARER, {"Authorization": "Bearer "}, {}):
        assert (await ask("127.0.0.1", admin_token=token).get("/openapi.json", headers=headers)).status_code == 401


async def test_the_description_is_the_operators_also_on_this_machine(ask: Ask) -> None:
    assert (await ask("127.0.0.1").get("/openapi.json")).status_code == 401
    assert (await ask("127.0.0.1").get("/openapi.json", headers=BEARER)).status_code == 200


async def test_the_description_holds_every_tool_and_resolves(ask: Ask, house: House) -> None:
    response = await ask(tools=(BOOK, FIND), version="1.2.3").get("/openapi.json", headers=BEARER)
    described = response.json()
    assert described["openapi"].startswith("3.1")
    assert described["info"]["version"] == "1.2.3"
    assert {"/tools/book_appointment", "/tools/find_appointments", "/readyz", "/healthz"} <= set(described["paths"])
    schemas = described["components"]["schemas"]
    assert schemas["Arguments"]["required"] == ["slot_id"]
    for reference in json.dumps(described).split('"$ref": "')[1:]:
        assert reference.split('"')[0].removeprefix("#/components/schemas/") in schemas


async def test_without_tools_there_is_still_a_description(ask: Ask) -> None:
    assert "/readyz" in (await ask().get("/openapi.json", headers=BEARER)).json()["paths"]
