"""One account's way to Google: library, token, throttle, pool and steady reads in one place. It knows requests and
answers, not calendars and bookings.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httplib2
from googleapiclient.discovery import build

from app import log
from app.adapters.google_credentials import GoogleCredentials, OnAlarm, TokenError, ignore_alarm
from app.adapters.google_hedge import Ride, SteadyReader
from app.adapters.google_throttle import GoogleThrottle
from app.adapters.google_transport import (
    Broken,
    BuiltRequest,
    Failure,
    GoogleTransport,
    Reply,
    ShapeOf,
    read_answer,
)
from app.background import Background
from app.clock import Clock
from app.watch.shapes import Shape

GOOGLE_API_URL = "https://www.googleapis.com"
SERVICE_PATH = "/calendar/v3/"
KEEP_WARM_EVERY_S = 30.0
WARM_CONNECTIONS = 2

Send = Callable[[str | None], Coroutine[Any, Any, Reply | Broken]]
"""Sends a request once, with this token."""

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class GoogleOptions:
    """How to reach Google. `api_url` and `token_url` point at a stand-in; None is Google itself."""

    api_url: str | None = None
    token_url: str | None = None
    credentials_file: Path | None = None
    requests_per_minute: tuple[int, int] = (600, 10_000)
    """Own throttle: per calendar, in all."""
    warm_connections: int = WARM_CONNECTIONS
    on_alarm: OnAlarm = ignore_alarm


@dataclass(slots=True)
class Sending:
    """Whether a write may have left this machine. Set before the first byte can, never taken back."""

    sent: bool = False


class GoogleConnection:
    """Sends built requests. `start` before use."""

    freebusy: Any
    events: Any
    channels: Any

    def __init__(self, options: GoogleOptions, clock: Clock) -> None:
        path = options.credentials_file
        self._root = (options.api_url or GOOGLE_API_URL).rstrip("/")
        self._anonymous = path is None and _is_plain_loopback(self._root)
        self._credentials = (
            GoogleCredentials(path, token_url=options.token_url, clock=clock, on_alarm=options.on_alarm)
            if path is not None
            else None
        )
        self._throttle = GoogleThrottle(*options.requests_per_minute)
        self._transport = GoogleTransport(self._root)
        self._reader = SteadyReader(clock)
        self._warm_connections = options.warm_connections
        self._loop = Background()

    async def start(self) -> None:
        """Build the resources once, off the loop; later requests are built from them in microseconds."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="google-build") as thread:
            loop = asyncio.get_running_loop()
            built = await loop.run_in_executor(thread, _build_resources, self._root + SERVICE_PATH)
        self.freebusy, self.events, self.channels = built
        if self._credentials is not None:
            await self._credentials.start()
            self._credentials.refresh_ahead()
        await self._transport.open()
        if self._credentials is None and not self._anonymous:
            _log.warning("google_has_no_credentials", hint="set GOOGLE_APPLICATION_CREDENTIALS")
            return
        self._loop.begin(self._keep_warm())

    def requests_lately(self) -> int:
        """Requests of the last minute."""
        return self._throttle.lately()

    def busiest_lately(self) -> int:
        """Requests of the last minute for the calendar with most of them."""
        return self._throttle.busiest()

    async def warm(self, connections: int) -> int:
        """Open connections ahead of need; returns how many are open."""
        return await self._transport.warm(connections)

    async def close(self) -> None:
        """Stop the keeper, close pool and threads."""
        await self._loop.end()
        if self._credentials is not None:
            await self._credentials.close()
        await self._transport.close()

    async def read(
        self, request: BuiltRequest, calendar: str | None, shape: Shape | ShapeOf
    ) -> dict[str, Any] | Failure:
        """Send a read, with one retry and one hedge; a connection that broke every time is a failure of status 0."""
        reply = await self.steady(lambda token: self.exchange(request, token, calendar), calendar)
        return read_answer(request, reply, shape) if isinstance(reply, Reply) else Failure(0, reply.reason)

    async def steady(self, send: Send, calendar: str | None, ride: Ride | None = None) -> Reply | Broken:
        """Run a read's `send` through failures and delays; every call of it has had its turn and a token."""

        async def admitted() -> Reply | Broken:
            await self._throttle.admit(calendar)
            return await send(await self._token())

        try:
            await self._throttle.admit(calendar)
            token = await self._token()
            return await self._reader.read(lambda: send(token), admitted, ride)
        except TokenError as error:
            return Broken(str(error), sent=False)

    async def write(
        self, request: BuiltRequest, calendar: str | None, sending: Sending, shape: Shape | ShapeOf
    ) -> dict[str, Any] | Failure | Broken:
        """Send a write once. A 401 proves that nothing was done, so then it goes again with a new token."""
        await self._throttle.admit(calendar)
        token = await self._token()
        sending.sent = True
        reply = await self.exchange(request, token, calendar)
        return reply if isinstance(reply, Broken) else read_answer(request, reply, shape)

    async def exchange(self, request: BuiltRequest, token: str | None, calendar: str | None) -> Reply | Broken:
        """Send once; after a 401, which proves that nothing was done, once more with a new token."""
        reply = await self._transport.exchange(request, token)
        if not isinstance(reply, Reply) or reply.status != 401 or self._credentials is None or token is None:
            return reply
        try:
            renewed = await self._credentials.replace(token)
        except TokenError:
            return reply
        await self._throttle.admit(calendar)
        return await self._transport.exchange(request, renewed)

    async def _token(self) -> str | None:
        if self._credentials is not None:
            return await self._credentials.token()
        if self._anonymous:
            return None
        raise TokenError("no credentials")

    async def _keep_warm(self) -> None:
        """Sparse voice traffic would pay a handshake on almost every call. Costs no request and no quota."""
        while True:
            try:
                await self._transport.warm(self._warm_connections)
            except (OSError, RuntimeError):
                _log.debug("google_warm_up_failed")
            if self._credentials is not None:
                self._credentials.refresh_ahead()
            await asyncio.sleep(KEEP_WARM_EVERY_S)


def _build_resources(endpoint: str) -> tuple[Any, Any, Any]:
    """Blocking. The http object is a placeholder that the library demands and that never carries anything."""
    service = build(
        "calendar",
        "v3",
        http=httplib2.Http(),
        client_options={"api_endpoint": endpoint},
        static_discovery=True,
        cache_discovery=False,
    )
    return service.freebusy(), service.events(), service.channels()


def _is_plain_loopback(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme != "http":
        return False
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
