"""Speaks into a live Vapi call, and transfers it, through the control URL that came with its webhook.

The URL comes from a request body, so it is held against a list of hosts before anything is sent and redirects are not
followed. `say` and not `add-message`: the words are heard as they are, in about 0.3 s, where a system message in
mid-call is sometimes ignored by the model.
"""

import asyncio
import ipaddress
import json
import re
import time
from collections.abc import Sequence
from typing import Final

import httpx

from app import log, metrics
from app.adapters.trust import authorities
from app.errors import ConfigurationError

DEADLINE_S: Final = 3.0
"""For the whole push. Later than this the caller has moved on."""
DRAIN_S: Final = 0.25
MOST_RESPONSE_BYTES: Final = 65_536
MOST_CONNECTIONS: Final = 50
IDLE_S: Final = 15.0
"""How long a connection is kept; one that the other side closed meanwhile could swallow the words."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9][a-z0-9.-]{0,252}|\[[0-9a-f:.]{2,45}\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?:[/?][!-\[\]-~]{0,2000})?",
    re.ASCII | re.IGNORECASE,
)
"""The only shape accepted. No user info, no backslash, no space, no letter two parsers could read differently."""
_ODD: Final = ("..", ".-", "-.")
"""In no host name."""

_log = log.get(__name__)


class LiveCall:
    """Pushes into live calls (a `calls.push.Push`) over one pool of connections. Close with `aclose`.

    `hosts` are names, addresses, or `*.` and a name for everything below it; raises ConfigurationError on another.
    Plain http goes to loopback hosts only, and only to those listed by themselves.
    """

    def __init__(self, hosts: Sequence[str], *, deadline_s: float = DEADLINE_S) -> None:
        patterns = [_canonical(host) for host in hosts]
        self._exact = frozenset(pattern for pattern in patterns if not pattern.startswith("*."))
        self._below = tuple(pattern[1:] for pattern in patterns if pattern.startswith("*."))
        self._plain = frozenset(host for host in self._exact if _is_loopback(host))
        self._deadline_s = deadline_s
        self._client = httpx.AsyncClient(
            timeout=deadline_s,
            follow_redirects=False,
            trust_env=False,  # neither a proxy nor a .netrc gets to see the capability
            verify=authorities(),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=IDLE_S),
            headers={"accept-encoding": "identity", "content-type": "application/json", "user-agent": "readback"},
        )

    def allows(self, url: str | None) -> bool:
        """Whether the URL has the accepted shape and one of the listed hosts."""
        found = _URL.fullmatch(url) if isinstance(url, str) else None
        if found is None or int(found["port"] or 443) > 65_535:
            return False
        host = found["host"].lower()
        if host.startswith("["):
            host = _address(host[1:-1])
        if found["scheme"].lower() == "http":
            return host in self._plain
        return host in self._exact or (host.endswith(self._below) and not any(odd in host for odd in _ODD))

    async def say(self, url: str, text: str) -> bool:
        """Have the text spoken; True on any 2xx. Tried once, a second time only if no connection came about."""
        if not text.strip():
            metrics.count_push("not_allowed")
            return False
        return await self._order(url, {"type": "say", "content": text, "endCallAfterSpoken": False}, len(text))

    async def transfer(self, url: str, number: str, text: str) -> bool:
        """Have the call connected to `number` after the text; True on any 2xx. Tried as often as `say`."""
        destination = {"type": "number", "number": number}
        return await self._order(url, {"type": "transfer", "destination": destination, "content": text}, len(text))

    async def _order(self, url: str, message: dict[str, object], characters: int) -> bool:
        if not self.allows(url):
            metrics.count_push("not_allowed")
            return False
        started = time.perf_counter()
        outcome = await self._push(url, message)
        seconds = time.perf_counter() - started
        metrics.observe_upstream("vapi_control", outcome, seconds)
        metrics.count_push(outcome)
        line = _log.info if outcome in ("delivered", "refused") else _log.warning
        told = {"outcome": outcome, "characters": characters, "seconds": round(seconds, 3)}
        line("pushed into the live call", order=message["type"], **told)
        return outcome == "delivered"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _push(self, url: str, message: dict[str, object]) -> str:
        """`delivered`, `refused` (an HTTP answer that is no 2xx: the call is over), `timeout` or `failed`."""
        body = json.dumps(message).encode()  # escapes what UTF-8 cannot carry, where orjson would raise
        try:
            async with asyncio.timeout(self._deadline_s):
                response = await self._send(url, body)
        except (TimeoutError, httpx.TimeoutException):
            return "timeout"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            return "failed"
        await _drain(response)
        return "delivered" if response.is_success else "refused"

    async def _send(self, url: str, body: bytes) -> httpx.Response:
        try:
            return await self._client.send(self._client.build_request("POST", url, content=body), stream=True)
        except httpx.ConnectError:  # nothing was sent, so nothing can be said twice
            return await self._client.send(self._client.build_request("POST", url, content=body), stream=True)


async def _drain(response: httpx.Response) -> None:
    """Read a short rest to free the connection for the next push, give up on a long one: the status has decided."""
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in response.aiter_raw():
                if response.num_bytes_downloaded > MOST_RESPONSE_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    finally:
        await response.aclose()


def _canonical(host: str) -> str:
    """The pattern in lower case, an address in its shortest form."""
    low = host.strip().lower()
    address = _address(low.removeprefix("[").removesuffix("]"))
    if address:
        return address
    if not _NAME.fullmatch(low.removeprefix("*.")) or low.rpartition(".")[2].isdigit():
        raise ConfigurationError(
            f"READBACK_VAPI_CONTROL_HOSTS: {log.redact(host)!r} is not a host name, an address, or *. and a host name."
        )
    return low


def _address(host: str) -> str:
    """The address in its shortest form, or an empty string for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return ipaddress.ip_address(address).is_loopback if address else host == "localhost"
