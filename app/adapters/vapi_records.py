"""Vapi's API for tools, assistants and phone numbers (a `provisioning.platform.Platform`) over one pool of connections.

What is only asked is asked again when it fails. A write is repeated only when it was surely not done: no connection, or
429. No answer to a write, a broken one or a 5xx is in doubt, and whoever asked looks what is there.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import orjson

from app import log, metrics
from app.adapters.outcomes import outcome_of
from app.adapters.trust import authorities
from app.provisioning.platform import (
    Document,
    GoneError,
    InDoubtError,
    Kind,
    PlatformError,
    RefusedError,
    TooManyError,
    UnreachableError,
)
from app.watch.shapes import decoded, observe
from app.watch.spoken_shapes import VAPI_LIST, VAPI_RECORD, VAPI_WRITTEN

DEADLINE_S: Final = 10.0
"""For one request."""
MOST_TRIES: Final = 4
PAUSE_S: Final = 0.7
"""Before the second try, doubled before each further one."""
MOST_RETRY_AFTER_S: Final = 30.0
MOST_LISTED: Final = 1_000
MOST_ANSWER_BYTES: Final = 32 * 1_048_576
MOST_CONNECTIONS: Final = 4
IDLE_S: Final = 15.0
LONGEST_REASON: Final = 300
TYPE_REFUSED: Final = "property type should not exist"
"""Said by servers of one version about a field that those of another version need."""


class VapiRecords:
    """The records of one account. Close with `aclose`."""

    def __init__(self, base_url: str, key: str, *, deadline_s: float = DEADLINE_S, pause_s: float = PAUSE_S) -> None:
        self._base_url = base_url.rstrip("/")
        self._deadline_s = deadline_s
        self._pause_s = pause_s
        self._client = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - every exchange runs under a deadline for the whole of it
            follow_redirects=False,
            trust_env=False,
            verify=authorities(),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=IDLE_S),
            headers={"authorization": f"Bearer {key}", "content-type": "application/json", "user-agent": "readback"},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def listed(self, kind: Kind) -> Sequence[Document]:
        """Every record of a kind. Raises `PlatformError`, also when there are more than one answer holds."""
        found: Any = await self._asked(f"/{kind}?limit={MOST_LISTED}")
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            observe(VAPI_LIST, {"records": found}, unread=True)
            raise UnreachableError(f"the list of {kind} is none")
        observe(VAPI_LIST, {"records": found})
        if len(found) >= MOST_LISTED:
            raise TooManyError(f"there are {MOST_LISTED} or more of {kind}, more than are listed; name it under ids")
        return found

    async def read(self, kind: Kind, record_id: str) -> Document:
        """One record. Raises `GoneError`, or another `PlatformError`."""
        found = await self._asked(f"/{kind}/{record_id}")
        if not isinstance(found, dict) or found.get("id") != record_id:
            observe(VAPI_RECORD, found, unread=True)
            raise UnreachableError(f"what was answered is not the {kind} that was asked for")
        observe(VAPI_RECORD, found)
        return found

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Document:
        """Make a record. Raises `InDoubtError` when it may have been made."""
        made = await self._written("POST", f"/{kind}", body)
        return made if isinstance(made, dict) else {}

    async def change(self, kind: Kind, record_id: str, parts: Mapping[str, Any]) -> None:
        """Put parts in place. Raises `InDoubtError` when it may have been done."""
        try:
            await self._written("PATCH", f"/{kind}/{record_id}", parts)
        except RefusedError as error:
            if "type" not in parts or TYPE_REFUSED not in str(error):
                raise
            rest = {name: value for name, value in parts.items() if name != "type"}
            await self._written("PATCH", f"/{kind}/{record_id}", rest)

    async def _asked(self, path: str) -> Any:
        """The JSON of a GET, its bytes where it is none. Raises `GoneError`, `RefusedError` or `UnreachableError`."""
        reason = ""
        for attempt in range(MOST_TRIES):
            try:
                answer = await self._exchange("GET", path, None)
            except (TimeoutError, httpx.HTTPError) as error:
                reason, wait = f"no answer ({type(error).__name__})", self._pause(attempt)
            else:
                if answer.status_code < 300:
                    return decoded(answer.content)
                if answer.status_code not in (408, 429) and answer.status_code < 500:
                    raise _refusal(answer)
                reason, wait = f"HTTP {answer.status_code}", self._pause(attempt, answer)
            if attempt + 1 < MOST_TRIES:
                await asyncio.sleep(wait)
        raise UnreachableError(reason)

    async def _written(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of a write, its bytes where it is none. Raises `RefusedError`, `InDoubtError` and the like."""
        content = orjson.dumps(body)
        reason = ""
        for attempt in range(MOST_TRIES):
            try:
                answer = await self._exchange(method, path, content)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                reason, wait = f"no connection ({type(error).__name__})", self._pause(attempt)
            except (TimeoutError, httpx.HTTPError) as error:
                raise InDoubtError(f"no answer ({type(error).__name__})") from None
            else:
                if answer.status_code < 300:
                    written = decoded(answer.content)
                    observe(VAPI_WRITTEN, written)
                    return written
                if answer.status_code == 408 or answer.status_code >= 500 or answer.status_code < 400:
                    raise InDoubtError(f"HTTP {answer.status_code}")
                if answer.status_code != 429:
                    raise _refusal(answer)
                reason, wait = "HTTP 429", self._pause(attempt, answer)
            if attempt + 1 < MOST_TRIES:
                await asyncio.sleep(wait)
        raise UnreachableError(reason)

    async def _exchange(self, method: str, path: str, content: bytes | None) -> httpx.Response:
        began, outcome = time.monotonic(), "broken"
        try:
            async with asyncio.timeout(self._deadline_s):
                request = self._client.build_request(method, self._base_url + path, content=content)
                answer = await self._client.send(request, stream=True)
                try:
                    await _bounded(answer)
                finally:
                    await answer.aclose()
            outcome = outcome_of(answer.status_code)
            return answer
        except TimeoutError:
            outcome = "timeout"
            raise
        finally:
            metrics.observe_upstream("vapi_api", outcome, time.monotonic() - began)

    def _pause(self, attempt: int, answer: httpx.Response | None = None) -> float:
        asked = answer.headers.get("retry-after", "") if answer is not None else ""
        wanted = float(asked) if asked.isdigit() else self._pause_s * 2**attempt
        return min(wanted, MOST_RETRY_AFTER_S)


async def _bounded(answer: httpx.Response) -> None:
    """Read the whole answer. Raises `httpx.DecodingError` for one that is too large."""
    if int(answer.headers.get("content-length", "0") or 0) > MOST_ANSWER_BYTES:
        raise httpx.DecodingError("answer too large")
    await answer.aread()


def _refusal(answer: httpx.Response) -> PlatformError:
    """What the platform has against it, in its words, which name fields."""
    value = decoded(answer.content)
    said = value.get("message") if isinstance(value, dict) else None
    words = "; ".join(str(each) for each in said) if isinstance(said, list) else str(said or "")
    reason = f"HTTP {answer.status_code} {log.redact(words)[:LONGEST_REASON]}".rstrip()
    return GoneError(reason) if answer.status_code == 404 else RefusedError(reason)
