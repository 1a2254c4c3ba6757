"""Access tokens for Google: parsed once, refreshed once for all who wait, always off the event loop. It never logs a
secret and never blocks a caller while the token in hand is still good.
"""

import asyncio
import functools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import google.oauth2.credentials
import google.oauth2.service_account
import requests
from google.auth.exceptions import GoogleAuthError

from app import log
from app.clock import Clock
from app.errors import ConfigurationError
from app.watch.declared_shapes import TOKEN
from app.watch.shapes import decoded, observe

SCOPES = ("https://www.googleapis.com/auth/calendar",)
VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
NEEDED = {
    "service_account": ("client_email", "private_key", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
"""Keys per type of account. The library looks for them too, but is content with an empty text or a number."""

STALE_BEFORE_S = 225
"""Renew in the background when less than this is left; google-auth's own threshold."""
DEAD_BEFORE_S = 10
REQUEST_TIMEOUT_S = 4.0
REFRESH_TIMEOUT_S = 10.0
PAUSE_AFTER_FAILURE_S = 1.0
PAUSE_AFTER_SUCCESS_S = 10.0
REFRESH_ERRORS = (GoogleAuthError, TimeoutError, OSError, ValueError, TypeError, KeyError, AttributeError)
"""The last three are how google-auth fails over a token answer that is no JSON object."""

OnAlarm = Callable[[str, str, str, str], object]
"""`(kind, key, title, body)`; must neither block nor raise."""

_log = log.get(__name__)


class UnreadableTokenError(ValueError):
    """The token endpoint answered with success and without a token that can be used."""


class TokenError(Exception):
    """No token can be had now. Its text is for people who run the service and holds no secret."""


def ignore_alarm(kind: str, key: str, title: str, body: str) -> None:
    """An alarm nobody listens to."""


class GoogleCredentials:
    """One account's tokens, from a service account file or an authorized user file."""

    def __init__(self, path: Path, *, token_url: str | None, clock: Clock, on_alarm: OnAlarm = ignore_alarm) -> None:
        self._path = path
        self._token_url = token_url
        self._clock = clock
        self._on_alarm = on_alarm
        # Own threads: somebody else's blocking work in the default executor must not delay a token.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="google-token")
        self._account: Any = None
        self._token: str | None = None
        self._expires = 0.0
        self._flight: asyncio.Task[str] | None = None
        self._not_before = 0.0
        self._last_error = ""

    async def start(self) -> None:
        """Read and parse the file. Raises ConfigurationError naming the variable."""
        loop = asyncio.get_running_loop()
        self._account = await loop.run_in_executor(self._threads, load_account, self._path, self._token_url)

    async def close(self) -> None:
        """Give up a refresh under way; its thread ends by its own timeout."""
        if self._flight is not None:
            self._flight.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def token(self) -> str:
        """A token that is good now. Waits for a refresh only when there is none; raises TokenError."""
        left_s = self._expires - self._clock.now()
        if self._token is not None and left_s > DEAD_BEFORE_S:
            if left_s <= STALE_BEFORE_S:
                self.refresh_ahead()
            return self._token
        return await self._renewed()

    async def replace(self, refused: str) -> str:
        """A token other than `refused`, which Google answered with 401."""
        if self._token == refused:
            self._token, self._not_before = None, 0.0
        return await self.token()

    def refresh_ahead(self) -> None:
        """Start a refresh in the background if the token is missing or nears its end; returns at once."""
        left_s = self._expires - self._clock.now()
        if self._token is not None and left_s > STALE_BEFORE_S:
            return
        if self._flight is None and self._clock.monotonic() >= self._not_before:
            self._start_flight()

    async def _renewed(self) -> str:
        if self._flight is None:
            if self._clock.monotonic() < self._not_before and self._last_error:
                raise TokenError(self._last_error)
            self._start_flight()
        assert self._flight is not None  # noqa: S101  # for the type checker; set by the line above
        return await asyncio.shield(self._flight)

    def _start_flight(self) -> None:
        self._flight = asyncio.create_task(self._refresh())
        self._flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[str]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # a refresh ahead of time has nobody else to take its error

    async def _refresh(self) -> str:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(REFRESH_TIMEOUT_S):
                token, expires = await loop.run_in_executor(self._threads, _fetch_token, self._account)
        except REFRESH_ERRORS as error:
            raise self._failed(error) from None
        self._token, self._expires, self._last_error = token, expires, ""
        self._not_before = self._clock.monotonic() + PAUSE_AFTER_SUCCESS_S
        return token

    def _failed(self, error: Exception) -> TokenError:
        dead_grant = "invalid_grant" in str(error)
        said = str(error) if isinstance(error, UnreadableTokenError) else type(error).__name__
        self._last_error = "invalid_grant" if dead_grant else f"token refresh failed: {said}"
        self._not_before = self._clock.monotonic() + PAUSE_AFTER_FAILURE_S
        _log.warning("google_token_refresh_failed", reason=self._last_error)
        if dead_grant:
            self._on_alarm(
                "google_credentials",
                "invalid_grant",
                "Google refuses our credentials",
                "The token endpoint answered invalid_grant: the key or the refresh token is revoked, expired or wrong. "
                f"Until the file that {VARIABLE} names is replaced, no Google calendar can be read or written.",
            )
        return TokenError(self._last_error)


def load_account(path: Path, token_url: str | None) -> Any:
    """google-auth's credentials from `path`; `token_url` wins over the file. Raises ConfigurationError."""
    try:
        info = json.loads(path.read_bytes())
        kind = info.get("type")
    except OSError as error:
        raise ConfigurationError(f"{VARIABLE}: cannot read {path}: {error.strerror}.") from None
    except (ValueError, AttributeError, RecursionError):
        raise ConfigurationError(f"{VARIABLE}: {path} is not a JSON object.") from None
    if not isinstance(kind, str) or kind not in NEEDED:
        raise ConfigurationError(f"{VARIABLE}: {path} must be of type service_account or authorized_user.")
    if token_url:
        info["token_uri"] = token_url
    for key in NEEDED[kind]:
        if not isinstance(info.get(key), str) or not info[key].strip():
            raise ConfigurationError(f"{VARIABLE}: {path} lacks or misstates {key}.")
    try:
        if kind == "service_account":
            return google.oauth2.service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # google-auth is untyped here
                info, scopes=SCOPES
            )
        account = google.oauth2.credentials.Credentials.from_authorized_user_info(info)  # type: ignore[no-untyped-call]  # google-auth is untyped here
        # The library ignores the file's own token_uri, so the override has to come after it.
        return account.with_token_uri(token_url) if token_url else account
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{VARIABLE}: {path} lacks or misstates a key ({type(error).__name__}).") from None


def _fetch_token(account: Any) -> tuple[str, float]:
    """Blocking; runs in our own thread. Returns the token and when it ends, epoch seconds."""
    with requests.Session() as session:
        request = google.auth.transport.requests.Request(session)
        account.refresh(functools.partial(_answered, request, timeout=REQUEST_TIMEOUT_S))
    return str(account.token), account.expiry.replace(tzinfo=UTC).timestamp()


def _answered(request: Any, *asked: Any, **named: Any) -> Any:
    """One exchange of the library's, its answer looked at before the library makes its own of it."""
    response = request(*asked, **named)
    if response.status == HTTPStatus.OK:
        answer = decoded(response.data)
        observe(TOKEN, answer)
        token, lasts = (answer.get("access_token"), answer.get("expires_in")) if isinstance(answer, dict) else (0, 0)
        if not isinstance(token, str) or not token:
            raise UnreadableTokenError("the answer has no access_token")
        if not str(lasts).isdigit():
            raise UnreadableTokenError("the answer does not say when the token ends")
    return response
