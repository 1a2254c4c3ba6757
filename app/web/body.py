"""Reading a request's body within bounds of size and time, and as JSON. Holds and waits for nothing unbounded."""

import json
from collections.abc import Iterable
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope

from app.errors import BadJsonError, BodyTooLargeError, BodyTooSlowError, ReadbackError
from app.web.deadline import within_own_task

BODY_MAX_BYTES: Final = 10 * 2**20
"""Vapi repeats the whole assistant and transcript in every message; the platform's users report several megabytes."""


_READ: Final = "readback.body_read"


class ClientGoneError(ReadbackError):
    """The client went away before its request was complete; there is nobody to answer."""


def declared_bytes(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """The length the client announced; None when it announced none (a chunked body, or none at all)."""
    for name, value in headers:
        if name == b"content-length":
            return int(value[:18]) if value.isdigit() else None  # the rest of the digits changes no decision
    return None


def unread(scope: Scope) -> bool:
    """Whether some of the body may still be on its way."""
    return _READ not in scope


async def read(scope: Scope, receive: Receive, deadline_s: float, limit: int = BODY_MAX_BYTES) -> bytes:
    """The raw body, complete within `deadline_s`. Raises BodyTooLargeError, BodyTooSlowError, ClientGoneError."""
    if (declared_bytes(scope["headers"]) or 0) > limit:
        raise BodyTooLargeError
    try:
        body = await within_own_task(deadline_s, _whole(receive, limit))
    except TimeoutError as error:
        raise BodyTooSlowError from error
    scope[_READ] = True
    return body


async def _whole(receive: Receive, limit: int) -> bytes:
    so_far = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        part: bytes = message.get("body", b"")
        if len(so_far) + len(part) > limit:
            raise BodyTooLargeError
        if not message.get("more_body"):
            return bytes(so_far + part) if so_far else part
        so_far += part


def decode(body: bytes) -> Any:
    """The body as JSON. Raises BadJsonError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"\\ud" not in body and b"\\uD" not in body:
            raise BadJsonError from error
    return _mended(body)


def _mended(body: bytes) -> Any:
    """JSON in which JavaScript cut a character in two: valid by the grammar, refused by orjson, not storable as text.

    Such halves come from transcripts cut at a length; the half becomes a question mark and the rest is kept.
    """
    try:
        text = json.dumps(json.loads(body.decode()), ensure_ascii=False)
        return orjson.loads(text.encode(errors="replace"))  # also refuses what is Python's and not JSON's: NaN
    except (ValueError, RecursionError) as error:
        raise BadJsonError from error
