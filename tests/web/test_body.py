"""Reading a body within its bounds, message by message."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from app.errors import BadJsonError, BodyTooLargeError, BodyTooSlowError
from app.web import body
from app.web.body import ClientGoneError, decode, read, unread

LIMIT = 100


class Wire:
    """Hands out the parts of a body, then what comes after it; None in place of a part is silence."""

    def __init__(self, parts: Sequence[bytes | None], end: str = "complete") -> None:
        self.left = list(parts)
        self.end = end

    async def receive(self) -> Message:
        if not self.left:
            return {"type": "http.disconnect"}
        part = self.left.pop(0)
        if part is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": part, "more_body": bool(self.left) or self.end == "gone"}


def scope(declared: str | None = None) -> dict[str, Any]:
    return {"headers": [(b"host", b"x")] + ([(b"content-length", declared.encode())] if declared else [])}


@pytest.mark.parametrize("parts", [[b""], [b"x" * LIMIT], [b"x"] * LIMIT, [b"", b"ab", b"", b"c", b""]])
async def test_a_body_within_bounds_is_read_whole(parts: list[bytes]) -> None:
    request = scope()
    assert unread(request)
    assert await read(request, Wire(parts).receive, 1.0, LIMIT) == b"".join(parts)
    assert not unread(request)


@pytest.mark.parametrize(
    ("declared", "parts"),
    [(None, [b"x" * 101]), (None, [b"x"] * 101), ("3", [b"x" * 60, b"x" * 41]), ("101", []), ("9" * 5_000, [])],
)
async def test_a_body_past_the_limit_is_not_held(declared: str | None, parts: list[bytes]) -> None:
    with pytest.raises(BodyTooLargeError):
        await read(scope(declared), Wire(parts).receive, 1.0, LIMIT)


@pytest.mark.parametrize("parts", [[None], [b"x", None], [b"x", b"", None]])
async def test_a_body_that_does_not_come_is_given_up(parts: list[bytes | None]) -> None:
    request = scope("50")
    with pytest.raises(BodyTooSlowError):
        await read(request, Wire(parts).receive, 0.02, LIMIT)
    assert unread(request)


@pytest.mark.parametrize("parts", [[], [b"x"], [b"x", b"y"]])
async def test_half_a_body_is_no_request(parts: list[bytes]) -> None:
    with pytest.raises(ClientGoneError):
        await read(scope("50"), Wire(parts, end="gone").receive, 1.0, LIMIT)


async def test_a_stop_from_outside_is_not_mistaken_for_slowness() -> None:
    reading = asyncio.ensure_future(read(scope("50"), Wire([None]).receive, 5.0, LIMIT))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b' [1, "\\ud83d\\ude00"] ', [1, "😀"]),
        (b'"cut \\ud83d"', "cut ?"),
        (b'{"cut \\uDE00": "\\ud83d\\ude00"}', {"cut ?": "😀"}),
        (b'"\\\\ud83d"', "\\ud83d"),
    ],
)
def test_json_is_decoded_also_when_a_character_was_cut_in_two(raw: bytes, value: Any) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"NaN", b'["\\ud83d", Infinity]', b'"\\ud83d', b"'a'", b"\xff", b'"\\ud83d\xff"']
)
def test_what_is_not_json_is_said_to_be_not_json(raw: bytes) -> None:
    with pytest.raises(BadJsonError):
        decode(raw)


@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,\\ud83dNaN0', max_size=40).map(str.encode))
def test_no_bytes_make_the_decoding_raise_anything_else(raw: bytes) -> None:
    with contextlib.suppress(BadJsonError):
        decode(raw)


def test_the_limit_is_the_contracts() -> None:
    assert body.BODY_MAX_BYTES == 10 * 2**20
