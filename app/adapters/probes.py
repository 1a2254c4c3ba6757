"""One harmless request to a neighbour, to see whether it answers: for the doctor, never on the way of a call.

What went wrong is told in words of ours: no address, no key and no body of a neighbour's is in them.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.adapters.trust import authorities
from app.errors import ReadbackError
from app.watch.shapes import Shape, decoded, observe

WITHIN_S: Final = 8.0
ANSWER_BYTES: Final = 1 << 20
REDIS_KEY_S: Final = 30


class ProbeError(ReadbackError):
    """No answer, or none that can be read."""


class UnansweredError(ProbeError):
    """Nobody answered, so that nothing is known of what would have."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: the status, and the sender's clock in epoch seconds if it tells."""

    status: int
    clock: float | None
    content: bytes = field(repr=False)

    def read(self, shape: Shape, *, named: str = "") -> Any:
        """The JSON, None where it is none; a success is held against its shape, as an object's field where `named`."""
        value = decoded(self.content)
        if 200 <= self.status < 300:
            observe(shape, {named: value} if named else value)
        return None if isinstance(value, bytes) else value


async def asked(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    body: Any = None,
    within_s: float = WITHIN_S,
) -> Answered:
    """One request, without redirects and without a second try. Raises `UnansweredError`."""
    try:
        async with httpx.AsyncClient(
            timeout=within_s, follow_redirects=False, trust_env=False, verify=authorities()
        ) as client:
            given = httpx.USE_CLIENT_DEFAULT if auth is None else auth
            async with client.stream(method, url, headers=dict(headers or {}), auth=given, json=body) as answer:
                content = await _bounded(answer)
                return Answered(answer.status_code, _clock(answer.headers.get("date")), content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise UnansweredError(f"no answer ({type(error).__name__})") from None


async def connected(host: str, port: int, *, tls: bool, within_s: float = WITHIN_S) -> None:
    """Connect, shake hands where that is asked, and hang up without a word. Raises `ProbeError`."""
    try:
        async with asyncio.timeout(within_s):
            _, writer = await asyncio.open_connection(host, port, ssl=authorities() if tls else None)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    except (OSError, TimeoutError, ValueError) as error:
        raise ProbeError(f"no connection ({type(error).__name__})") from None


async def redis_round_trip(url: str) -> None:
    """Write a key, read it and take it away. Raises `ProbeError`."""
    name, value = f"readback:doctor:{uuid.uuid4().hex}", uuid.uuid4().hex
    try:
        async with Redis.from_url(url, socket_timeout=WITHIN_S / 2, socket_connect_timeout=WITHIN_S / 2) as client:
            await client.set(name, value, ex=REDIS_KEY_S)
            seen = await client.get(name)
            await client.delete(name)
    except (RedisError, OSError, TypeError, ValueError) as error:
        raise ProbeError(f"it does not take a key ({type(error).__name__})") from None
    if seen != value.encode():
        raise ProbeError("what was written was not there when it was read")


async def _bounded(answer: httpx.Response) -> bytes:
    content = b""
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > ANSWER_BYTES:
            raise ValueError("too large")
    return content


def _clock(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
