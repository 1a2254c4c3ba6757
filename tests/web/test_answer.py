"""Answering a client that is still sending."""

import asyncio

import pytest
from starlette.types import Message

from app.web.answer import LINGER_MAX_BYTES, Answer, send_early

PART = b"x" * 2**20


class Client:
    """Sends `parts` megabytes and then falls silent, or ends, or leaves; keeps what it was sent."""

    def __init__(self, parts: int, then: str) -> None:
        self.sent = 0
        self.parts = parts
        self.then = then
        self.told: list[Message] = []

    async def receive(self) -> Message:
        if self.sent < self.parts:
            self.sent += 1
            return {"type": "http.request", "body": PART, "more_body": True}
        if self.then == "silent":
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b""} if self.then == "ends" else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.told.append(message)


@pytest.mark.parametrize(("parts", "then"), [(0, "ends"), (3, "ends"), (3, "leaves"), (1_000, "ends")])
async def test_what_still_comes_is_thrown_away_up_to_a_bound(parts: int, then: str) -> None:
    client = Client(parts, then)
    await send_early(client.send, client.receive, Answer(b"{}", 413), b"id")
    start, body, end = client.told
    assert (start["status"], body["body"], body["more_body"]) == (413, b"{}", True)
    assert (b"connection", b"close") in start["headers"]
    assert not end.get("more_body")
    assert client.sent == min(parts, LINGER_MAX_BYTES // len(PART))
