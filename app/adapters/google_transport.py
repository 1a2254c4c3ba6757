"""Carries requests that the Google library built over one pool of kept connections. It never repeats a request by
itself and never decides what an answer means for a booking.

aiohttp, because httplib2 sends a POST twice after a dropped connection and httpx collapses past 32 connections.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import httplib2
from googleapiclient.errors import HttpError
from yarl import URL

from app import metrics
from app.adapters.http_pool import Broken as Broken  # what `exchange` answers belongs to its callers too
from app.adapters.http_pool import pool, read_bounded
from app.adapters.outcomes import QUOTA, outcome_of
from app.watch.shapes import Shape, observe

POOL_CONNECTIONS = 256
MAX_ANSWER_BYTES = 16 * 2**20
MAX_GET_URI = 2048
WARM_WITHIN_S = 5.0
NO_CONTENT = 204
ShapeOf = Callable[[object], Shape]
RATE_LIMIT_REASONS = (b"userRateLimitExceeded", b"rateLimitExceeded")


class BuiltRequest(Protocol):
    """What we use of googleapiclient's HttpRequest."""

    uri: str
    method: str
    body: str | None
    headers: dict[str, str]

    def postproc(self, response: httplib2.Response, content: bytes) -> Any:
        """Turn an answer into Python values; raises HttpError on a status of 300 and above."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that arrived whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def over_quota(self) -> bool:
        """Google asked for a slower pace; nothing was done."""
        if self.status == 429:
            return True
        return self.status == 403 and any(reason in self.body for reason in RATE_LIMIT_REASONS)

    @property
    def worth_repeating(self) -> bool:
        """The same read may well succeed a moment later."""
        return self.status >= 500 or self.over_quota


@dataclass(frozen=True, slots=True)
class Failure:
    """Google answered, but not with what was asked for. `status` is 200 for an answer that cannot be read."""

    status: int
    reason: str


def read_answer(request: BuiltRequest, reply: Reply, shape: Shape | ShapeOf) -> dict[str, Any] | Failure:
    """Let the library read `reply`; its HttpError ends here. A body that is no JSON object is a failure.

    Whatever is marked as success is held against `shape`, or against the one that this gives for it.
    """
    response = httplib2.Response({"status": str(reply.status), "content-type": reply.headers.get("content-type", "")})
    try:
        answer = {} if reply.status == NO_CONTENT else request.postproc(response, reply.body)
    except HttpError as error:
        return Failure(reply.status, f"{reply.status} {_machine_reason(error)}".rstrip())
    except (ValueError, RecursionError):
        answer, unread = reply.body, "answer is not JSON"
    else:
        unread = _unreadable(answer)
    observe(shape(answer) if callable(shape) else shape, answer, unread=bool(unread))
    return Failure(reply.status, unread) if unread else answer


class GoogleTransport:
    """One pool of connections to one host. `open` before use; every exchange is bounded by its caller's deadline."""

    def __init__(self, base_url: str, *, connections: int = POOL_CONNECTIONS) -> None:
        self._base = URL(base_url)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Create the pool on the running loop; opens no connection yet."""
        self._session = pool(self._connections)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def warm(self, connections: int, *, within_s: float = WARM_WITHIN_S) -> int:
        """Have that many connections open and idle, without sending a request on them; returns how many are.

        Held all at once and then given back, so that idle ones are reused (and their idle clock restarts) and only the
        missing ones are opened.
        """
        session = self._session
        if session is None or not isinstance(session.connector, aiohttp.TCPConnector):
            return 0
        connector, loop = session.connector, asyncio.get_running_loop()

        held: list[aiohttp.connector.Connection] = []

        async def connect() -> None:
            request = aiohttp.ClientRequest("GET", self._base, loop=loop, session=session)
            wait = aiohttp.ClientTimeout(total=within_s, sock_connect=within_s)
            held.append(await connector.connect(request, [], wait))

        try:
            await asyncio.gather(*(connect() for _ in range(connections)), return_exceptions=True)
            return len(held)
        finally:  # also those that were there already when it was cancelled
            for connection in held:
                connection.release()

    async def exchange(self, request: BuiltRequest, token: str | None) -> Reply | Broken:
        """Send once and read the whole answer. Raises nothing but CancelledError."""
        if self._session is None:
            return Broken("not started", sent=False)
        method, url, headers, body = _wire_form(request, token)
        began, outcome = time.monotonic(), "abandoned"
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                content = await read_bounded(response, MAX_ANSWER_BYTES)
            reply = Reply(response.status, response.headers, content)
            outcome = _outcome(reply)
            return reply
        except aiohttp.ClientConnectorError as error:
            outcome = "unreachable"
            return Broken(f"cannot connect: {type(error).__name__}", sent=False)
        except (aiohttp.ClientError, OSError) as error:
            outcome = "broken"
            return Broken(f"connection lost: {type(error).__name__}", sent=True)
        finally:
            metrics.observe_upstream("google", outcome, time.monotonic() - began)


def _unreadable(answer: object) -> str:
    if not isinstance(answer, dict):
        return "answer is not a JSON object"
    return "error inside an answer marked as success" if "error" in answer else ""


def _wire_form(request: BuiltRequest, token: str | None) -> tuple[str, URL, dict[str, str], bytes | None]:
    headers = dict(request.headers)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    method, uri, body = request.method, request.uri, request.body
    if method == "GET" and len(uri) > MAX_GET_URI:
        # The library does this inside .execute(), which we do not use; Google refuses longer addresses.
        uri, _, body = uri.partition("?")
        method, headers["x-http-method-override"] = "POST", "GET"
        headers["content-type"] = "application/x-www-form-urlencoded"
    return method, URL(uri, encoded=True), headers, None if body is None else body.encode()


def _outcome(reply: Reply) -> str:
    return QUOTA if reply.over_quota else outcome_of(reply.status)


def _machine_reason(error: HttpError) -> str:
    """Google's one-word reason. Its sentences are left out: they may name a calendar, which is somebody's address."""
    details = error.error_details
    if isinstance(details, list) and details and isinstance(details[0], dict):
        return str(details[0].get("reason", ""))
    return ""
