"""Carries the requests of Twilio's own package over httpx: a deadline that holds, no redirects, no retries, and a host
that can be another one.

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
from app.watch.declared_shapes import TWILIO_MESSAGE
from app.watch.shapes import observe

THEIR_HOST: Final = "https://api.twilio.com"
MOST_CONNECTIONS: Final = 16
IDLE_S: Final = 15.0
CREATED: Final = 201

_quiet = logging.getLogger("readback.twilio")
_quiet.disabled = True  # the package logs the words and numbers of what it sends


class NotConnectedError(Exception):
    """Not one byte of the request has left."""


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
        asked: Any = {"params": params or None, "data": data or None, "headers": headers, "auth": auth}
        began, outcome = time.monotonic(), "broken"
        try:
            answer = await self._client.request(method, uri.replace(THEIR_HOST, self._api_url, 1), **asked)
            outcome = outcome_of(answer.status_code)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            outcome = "unreachable"
            raise NotConnectedError(type(error).__name__) from None
        finally:
            metrics.observe_upstream("twilio", outcome, time.monotonic() - began)
        if method.upper() == "POST" and answer.status_code == CREATED:
            observe(TWILIO_MESSAGE, _json(answer))
        return Response(answer.status_code, answer.text, dict(answer.headers))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
