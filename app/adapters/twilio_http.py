"""Carries the requests of Twilio's own package over httpx: a deadline that holds, answers up to a bound, no redirects,
no retries, and a host that can be another one.

The package's own async client ignores the timeout it is given and may send a POST twice; neither is wanted here.
"""

import logging
import time
from typing import Any, Final

import httpx
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from app import metrics
from app.adapters.outcomes import outcome_of
from app.adapters.trust import authorities
from app.watch.declared_shapes import TWILIO_MESSAGE, TWILIO_MESSAGES, TWILIO_REFUSAL
from app.watch.outline import problems
from app.watch.shapes import decoded, observe

THEIR_HOST: Final = "https://api.twilio.com"
MOST_CONNECTIONS: Final = 16
IDLE_S: Final = 15.0
MOST_ANSWER_BYTES: Final = 4 * 2**20
"""Twice what a page of the longest texts takes, every sign of them written as an escape."""

_quiet = logging.getLogger("readback.twilio")
_quiet.disabled = True  # the package logs the words and numbers of what it sends


class NotConnectedError(Exception):
    """Not one byte of the request has left."""


class UnreadAnswerError(httpx.DecodingError):
    """An answer came and was not read to its end, so nobody knows what it says."""


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]  # the package has no types
    """What the package sends its requests through. Close with `aclose`."""

    def __init__(self, api_url: str, timeout_s: float) -> None:
        super().__init__(_quiet, True, timeout_s)
        self._api_url = api_url.rstrip("/")
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=authorities(),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=IDLE_S),
        )

    async def request(  # noqa: PLR0913 - the package's own signature
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the package's own signature; ours holds
        allow_redirects: bool = False,  # noqa: ARG002 - as above
    ) -> Response:
        """One exchange. Raises NotConnectedError, and httpx's errors where something may have left."""
        # Packed, a short answer may unpack to one without an end.
        named = {**(headers or {}), "Accept-Encoding": "identity"}
        asked: Any = {"params": params or None, "data": data or None, "headers": named, "auth": auth}
        began, outcome = time.monotonic(), "broken"
        try:
            async with self._client.stream(method, uri.replace(THEIR_HOST, self._api_url, 1), **asked) as answer:
                content = await _read(answer)
            outcome = outcome_of(answer.status_code)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            outcome = "unreachable"
            raise NotConnectedError(type(error).__name__) from None
        finally:
            metrics.observe_upstream("twilio", outcome, time.monotonic() - began)
        _look_at(method.upper(), answer.status_code, content)
        return Response(answer.status_code, content.decode("utf-8", "replace"), dict(answer.headers))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _read(answer: httpx.Response) -> bytes:
    """The whole body, as it was sent. Raises `UnreadAnswerError` where it is packed all the same, or too long."""
    if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnreadAnswerError("packed")
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.aiter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_ANSWER_BYTES:
            raise UnreadAnswerError("too long")
    return b"".join(chunks)


def _look_at(method: str, status: int, content: bytes) -> None:
    """Hold an answer against its shape. Raises `UnreadAnswerError` where the package would make something else of it:
    of a message without an id one that is called None, of a page that does not say whether it is the last, the last.
    """
    answer = decoded(content)
    if method == "POST" and 200 <= status < 300:
        observe(TWILIO_MESSAGE, answer)
        if not isinstance(answer, dict) or not isinstance(answer.get("sid"), str):
            raise UnreadAnswerError("no message")
    elif method == "GET" and 200 <= status < 300:
        wrong = problems(TWILIO_MESSAGES.model, answer)
        observe(TWILIO_MESSAGES, answer, unread=bool(wrong))
        if wrong:
            raise UnreadAnswerError("no list of messages")
    elif 400 <= status < 500 and isinstance(answer, dict):  # whatever stands before them may answer in its own words
        observe(TWILIO_REFUSAL, answer)
