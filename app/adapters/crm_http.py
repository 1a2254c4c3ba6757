"""Carries single requests to one business's CRM: one pool of kept connections, bounded answers, no redirects.

It never repeats a request, and says of every failure whether something may have been written. What was asked and what
was answered is about customers: neither gets into an error, a metric or the log.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import httpx
import orjson

from app import metrics
from app.adapters.breaker import Breaker
from app.adapters.outcomes import outcome_of
from app.adapters.trust import authorities
from app.booking.crm import Refused, Unknown
from app.clock import Clock

MOST_ANSWER_BYTES: Final = 1_048_576
MOST_CONNECTIONS: Final = 8
IDLE_S: Final = 15.0
NOTHING_THERE: Final = (404,)
MACHINE_WORD: Final = re.compile(r"[A-Z][A-Z_]{2,39}")

T = TypeVar("T")


class Trouble(Exception):  # noqa: N818 - it does not leave the adapters, where it is turned into a value
    """No answer that can be used. `status` 0: none at all; `sent`: something may have been written."""

    def __init__(self, reason: str, *, status: int = 0, sent: bool, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.sent = sent
        self.after_s = after_s

    def as_refusal(self) -> Refused | Unknown:
        """What it means for a copy that was to be written."""
        if self.sent:
            return Unknown(self.reason, after_s=self.after_s)
        return Refused(
            self.reason,
            for_good=self.status in (300, 301, 302, 303, 307, 308) or self.status in _NEVER,
            credentials=self.status in (401, 403),
            after_s=self.after_s,
        )

    def as_unknown(self) -> Unknown:
        """What it means for a copy that was to be read."""
        return Unknown(self.reason, credentials=self.status in (401, 403), after_s=self.after_s)


_NEVER: Final = frozenset(range(400, 500)) - {401, 403, 404, 408, 409, 421, 423, 425, 429}
"""Statuses that the same request gets again however often it is sent."""


class CrmHttp:
    """One CRM's connections and its breaker. Close with `aclose`."""

    def __init__(self, breaker: Breaker, clock: Clock, headers: Mapping[str, str]) -> None:
        self._breaker = breaker
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - every exchange runs under `within`, a deadline for the whole of it
            follow_redirects=False,
            trust_env=False,
            verify=authorities(),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=IDLE_S),
            headers={"accept-encoding": "identity", "content-type": "application/json", "user-agent": "readback"}
            | dict(headers),
        )

    def resting(self) -> bool:
        """Whether the CRM is being spared."""
        return bool(self._breaker.state)

    async def within(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, which asks the CRM, within so long. Raises `Trouble`, also while the CRM is being spared."""
        admission = self._breaker.admit()
        if admission is None:
            raise SparedError(self._breaker.why)
        try:
            async with asyncio.timeout(seconds):
                done = await work()
        except TimeoutError:
            silence = Trouble(f"no answer within {seconds:g} s", sent=True)
            admission.failed(why=silence.reason)
            raise silence from None
        except Trouble as trouble:
            if trouble.status == 0 or trouble.status >= 500 or trouble.after_s:
                admission.failed(trouble.after_s, trouble.reason)
            else:
                admission.went_well()
            raise
        except BaseException:
            admission.given_up()
            raise
        admission.went_well()
        return done

    async def ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        writes: bool = False,
        also: tuple[int, ...] = (),
    ) -> tuple[int, Any]:
        """Status and JSON value (None where there is none) of a 2xx or of a status in `also`. Raises `Trouble`."""
        began, outcome = time.monotonic(), "abandoned"
        try:
            status, answered, content = await self._exchange(method, url, body, headers or {}, writes)
            outcome = "ok" if status in also else outcome_of(status)
        except Trouble as trouble:
            outcome = "broken" if trouble.sent else "unreachable"
            raise
        finally:
            metrics.observe_upstream("crm", outcome, time.monotonic() - began)
        value = _json(content)
        if 200 <= status < 300 or status in also:
            return status, value
        reason = f"HTTP {status} {_machine_word(value)}".rstrip()
        in_doubt = writes and (status >= 500 or status == 408)
        raise Trouble(reason, status=status, sent=in_doubt, after_s=_retry_after(answered, self._clock.now()))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], writes: bool
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._client.stream(method, url, content=body, headers=dict(headers)) as response:
                chunks: list[bytes] = []
                async for chunk in response.aiter_raw():
                    chunks.append(chunk)
                    if response.num_bytes_downloaded > MOST_ANSWER_BYTES:
                        raise Trouble("answer too large", sent=writes)
                return response.status_code, response.headers, b"".join(chunks)
        except httpx.ConnectError as error:
            raise Trouble(f"cannot connect: {type(error).__name__}", sent=False) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Trouble(f"connection lost: {type(error).__name__}", sent=writes) from None


class SparedError(Trouble):
    """Nothing was sent."""

    def __init__(self, why: str) -> None:
        super().__init__(why, sent=False)

    def as_refusal(self) -> Refused:
        return Refused(self.reason, tried=False)

    def as_unknown(self) -> Unknown:
        return Unknown(self.reason, tried=False)


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content) if content.strip() else None
    except orjson.JSONDecodeError:
        return None


def _machine_word(value: Any) -> str:
    """A CRM's one-word reason. Its sentences are left out: they quote what they complain about."""
    word = value.get("category") if isinstance(value, dict) else None
    return word if isinstance(word, str) and MACHINE_WORD.fullmatch(word) else ""


def _retry_after(headers: Mapping[str, str], now: float) -> float:
    """How long it wants to be left alone, in seconds; 0 when it does not say, or not so that it can be read."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
