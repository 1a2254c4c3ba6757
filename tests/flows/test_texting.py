"""A text comes in at the webhook and its answer goes out by REST: over real sockets, through a whole server."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db.schema import text_outbox, texts_in
from tests.fakes.twilio_server import FakeTwilio, signed_text
from tests.flows import books
from tests.flows.businesses import ACME_LINE, acme, written
from tests.flows.running import Readback, environment, serving
from tests.flows.texts_killed import trial

ANN = "+15125550142"
WITHIN_S = 60.0
NEW = 'readback_texts_in_total{outcome="new"}'


async def texted(server: Readback, body: str, sid: str, customer: str = ANN) -> httpx.Response:
    content, headers = signed_text(body, sid, customer, ACME_LINE)
    async with server.client("") as client:
        return await client.post("/twilio/sms", content=content, headers=headers)


async def until(holds: Any) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, "did not come to hold"
        await asyncio.sleep(0.05)


async def test_a_text_is_answered_and_its_answer_followed_to_delivery(sqlite_url: str, tmp_path: Path) -> None:
    async with FakeTwilio() as twilio:
        variables = environment(sqlite_url, written(tmp_path, acme()), **twilio.variables)
        async with serving(variables) as server:
            before = (await server.figures()).get(NEW, 0)
            first = await texted(server, "Hello?", "SM01")
            again = await texted(server, "Hello?", "SM01")
            assert (first.status_code, first.headers["content-type"]) == (200, "text/xml")
            assert again.content == first.content
            await until(lambda: twilio.sent)
            [(to, _)] = twilio.sent
            assert to == ANN
            await until(lambda: books.rows(sqlite_url, text_outbox, text_outbox.c.state == "accepted"))
            assert await twilio.tell(server.url, 0, "delivered", "sent", "delivered") == [204] * 3
            assert [row["state"] for row in books.rows(sqlite_url, text_outbox)] == ["delivered"]
            assert (await server.get("/readyz")).json()["texting"] == "ok"
            figures = await server.figures()
        assert figures[NEW] - before == 1
        assert len(twilio.sent) == 1


async def test_without_a_token_nothing_comes_in_and_without_an_account_nothing_goes_out(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with FakeTwilio() as twilio:
        given = twilio.variables | {"TWILIO_AUTH_TOKEN": ""}
        async with serving(environment(sqlite_url, written(tmp_path, acme()), **given)) as server:
            assert (await texted(server, "Hello?", "SM01")).status_code == 403
            assert "texting" not in (await server.get("/readyz")).json()
    assert books.rows(sqlite_url, texts_in) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("model", [False, True])
async def test_a_server_killed_in_the_middle_leaves_no_text_unanswered_and_answers_none_twice(
    sqlite_url: str, tmp_path: Path, model: bool
) -> None:
    made = await trial(sqlite_url, tmp_path, kills=2, model=model)

    assert (made.unanswered(), made.doubled()) == ([], [])
    assert len(made.customers) >= 4
    assert made.model is None or len(made.model.requests) >= 2
