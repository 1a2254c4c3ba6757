"""Carries requests to CalDAV servers over one pool of kept connections. It never repeats a write, follows no redirect,
and shows a password only to the server, and below the path, that it was given for.
"""

import asyncio
import base64
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from app import metrics
from app.adapters.http_pool import Broken, pool, read_bounded
from app.adapters.outcomes import outcome_of

POOL_CONNECTIONS = 64
MAX_ANSWER_BYTES = 4 * 2**20
SECOND_TRY_SHARE = 0.5
"""Part of a read's deadline after which it is sent once more, the first one still welcome."""
PAUSE_S = 0.1
"""Longest pause between a read that failed and its repetition."""
DEFAULT_PORTS = {"https": 443, "http": 80}

Credential = tuple[str, str, str]
"""URL, user, password: for everything at and below that URL."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `also`: statuses with which a server says that it does not know such a question, no failure."""

    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that arrived whole. `unkeyed`: the folder asked about, where no credential is for it; else empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    unkeyed: str = ""

    @property
    def worth_repeating(self) -> bool:
        """The same read may well succeed a moment later."""
        return self.status == 429 or (self.status >= 500 and self.status not in (501, 505, 507))


class CaldavTransport:
    """`open` before use; every exchange is bounded by its caller's deadline."""

    def __init__(self, credentials: Sequence[Credential]) -> None:
        keys = [(*_place(url), _basic(user, password)) for url, user, password in credentials]
        self._keys = sorted(keys, key=lambda key: len(key[1]), reverse=True)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Create the pool on the running loop; opens no connection yet."""
        self._session = pool(POOL_CONNECTIONS)
        # It takes PUT and DELETE for repeatable, and would send one again over the head of whoever has to know.
        self._session._retry_connection = False

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def read(self, call: Call, within_s: float) -> Reply | Broken:
        """Send a read, and once more when it fails or is late; the first good answer counts."""
        tries = [asyncio.create_task(self.exchange(call))]
        try:
            async with asyncio.timeout(within_s):
                return await self._first_good(call, tries, within_s * SECOND_TRY_SHARE)
        except TimeoutError:
            return Broken("no answer in time", sent=True)
        finally:
            for one in tries:
                one.cancel()

    async def _first_good(
        self, call: Call, tries: list[asyncio.Task[Reply | Broken]], patience_s: float
    ) -> Reply | Broken:
        await asyncio.wait(tries, timeout=patience_s)
        if tries[0].done():
            if _good(tries[0].result()):
                return tries[0].result()
            await asyncio.sleep(random.uniform(0, PAUSE_S))  # noqa: S311 - only keeps clients apart
        tries.append(asyncio.create_task(self.exchange(call)))
        waiting = {one for one in tries if not one.done()}
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                if _good(one.result()):
                    return one.result()
        return tries[-1].result()

    async def exchange(self, call: Call) -> Reply | Broken:
        """Send once and read the whole answer. Raises nothing but CancelledError."""
        if self._session is None:
            return Broken("not started", sent=False)
        headers = {"User-Agent": "readback", **call.headers}
        key = self._key_for(call.url)
        if key is not None:
            headers["Authorization"] = key
        began, outcome = time.monotonic(), "abandoned"
        try:
            async with self._session.request(
                call.method, URL(call.url, encoded=True), data=call.body, headers=headers, allow_redirects=False
            ) as response:
                content = await read_bounded(response, MAX_ANSWER_BYTES)
            reply = Reply(response.status, response.headers, content, "" if key else _folder(call.url))
            outcome = "ok" if reply.status in call.also else outcome_of(reply.status)
            return reply
        except aiohttp.ClientConnectorError as error:
            outcome = "unreachable"
            return Broken(f"cannot connect: {type(error).__name__}", sent=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            outcome = "broken"
            return Broken(f"connection lost: {type(error).__name__}", sent=True)
        finally:
            metrics.observe_upstream("caldav", outcome, time.monotonic() - began)

    def knows(self, url: str) -> bool:
        """Whether a credential is for this URL."""
        return self._key_for(url) is not None

    def _key_for(self, url: str) -> str | None:
        """The longest URL that this one lies at or below decides."""
        origin, path = _place(url)
        return next((key for at, below, key in self._keys if at == origin and path.startswith(below)), None)


def _folder(url: str) -> str:
    """A calendar's own URL, whether that or one of its events was asked about."""
    return f"{url.rpartition('/')[0]}/"


def _place(url: str) -> tuple[str, str]:
    """Origin and path of a URL, the path as of a folder, so that `/dan` is not above `/dana`."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}", parts.path.rstrip("/") + "/"


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _good(answer: Reply | Broken) -> bool:
    return isinstance(answer, Reply) and not answer.worth_repeating
