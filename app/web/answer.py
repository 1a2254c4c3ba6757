"""An HTTP answer as a value, and how it is sent; built by hand because it is on the way of every tool call."""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Send

JSON: Final = b"application/json"
LINGER_S: Final = 2.0
LINGER_MAX_BYTES: Final = 16 * 2**20

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and what describes it."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()


async def send_json(send: Send, body: bytes, request_id: bytes) -> None:
    """Send a 200 with a JSON body: the common case, without the detours."""
    headers = [(b"content-type", JSON), (b"content-length", b"%d" % len(body)), (b"x-request-id", request_id)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_answer(send: Send, answer: Answer, request_id: bytes) -> None:
    """Send any answer."""
    await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer, request_id)})
    await send({"type": "http.response.body", "body": answer.body})


async def send_early(send: Send, receive: Receive, answer: Answer, request_id: bytes) -> None:
    """Send an answer while the client is still sending its body, and close.

    The answer is complete at once. What still comes is thrown away for a moment before the connection closes: closed
    at once, the client's system would drop our answer with the connection it was writing to.
    """
    headers = [*_headers(answer, request_id), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    try:
        async with asyncio.timeout(LINGER_S):
            thrown_away = 0
            while thrown_away < LINGER_MAX_BYTES:
                message = await receive()
                thrown_away += len(message.get("body", b""))
                if not message.get("more_body"):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


def _headers(answer: Answer, request_id: bytes) -> list[Header]:
    if answer.status in (204, 304):  # a length here would be the one of the body that is not sent
        return [(b"x-request-id", request_id), *answer.headers]
    return [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request_id),
        *answer.headers,
    ]
