"""Calls our own server as a platform does: over the network, with a real secret, one tool at a time.

It sends no call id: a call that nobody made must not use up anybody's daily cap.
"""

import asyncio
import hashlib
import hmac
import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any, Final, Self

import httpx
import orjson

from app.adapters.trust import authorities
from app.booking.store import SYNTHETIC_CALLER
from app.booking.synthetic import Asked
from app.clock import Clock
from app.errors import ConfigurationError
from app.watch.walk import Done, NoAnswerError, Report, Step, walk

MOST_ANSWER_BYTES: Final = 1_048_576
BEYOND_DEADLINE_S: Final = 4.0
"""What an answer may take longer than the tool's own deadline: the way there and back."""


class Proof(Enum):
    """How a request proves itself; the value is the variable its secret comes from."""

    VAPI_SECRET = "READBACK_VAPI_SECRETS"  # noqa: S105 - the variable's name
    VAPI_HMAC = "READBACK_VAPI_HMAC_SECRETS"
    TOOLS_SECRET = "READBACK_TOOLS_SECRETS"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class Way:
    """The way in: a secret, and with it the route that takes it."""

    proof: Proof
    secret: str = field(repr=False)


def way_in(vapi: Sequence[str], hmac_keys: Sequence[str], tools: Sequence[str]) -> Way:
    """The first secret there is, Vapi's before the plain route's. Raises ConfigurationError when there is none."""
    for proof, secrets in ((Proof.VAPI_SECRET, vapi), (Proof.VAPI_HMAC, hmac_keys), (Proof.TOOLS_SECRET, tools)):
        if secrets:
            return Way(proof, secrets[0])
    named = ", ".join(proof.value for proof in Proof)
    raise ConfigurationError(f"A synthetic call has no secret to be let in with: set one of {named}.")


async def called(
    url: str,
    way: Way,
    asked: Asked,
    clock: Clock,
    *,
    deadline_s: float,
    told: Callable[[Done], None] = lambda _: None,
) -> Report:
    """One whole synthetic call. `deadline_s` is the tools' own; `told` hears of each step."""
    async with OwnLine(url, way, clock, line=asked.line, within_s=deadline_s + BEYOND_DEADLINE_S) as line:
        return await walk(line, asked.errand, clock, told=told)


class OwnLine:
    """A line (a `watch.walk.Line`) for one call; use with `async with`. `line` is the number that is called."""

    def __init__(self, url: str, way: Way, clock: Clock, *, line: str, within_s: float) -> None:
        self._url = url
        self._way = way
        self._clock = clock
        self._line = line
        self._within_s = within_s

    async def __aenter__(self) -> Self:
        encrypted = self._url.startswith("https:")
        self._client = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - every request runs under one deadline for the whole of it
            follow_redirects=False,
            trust_env=False,
            verify=authorities() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # which trusts nobody
            headers={"accept-encoding": "identity", "content-type": "application/json", "user-agent": "readback"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(self, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The tool's result. Raises `NoAnswerError`."""
        identity = f"synthetic_{uuid.uuid4().hex}"
        if self._way.proof is Proof.TOOLS_SECRET:
            answer = await self._post(f"/tools/{tool}", self._envelope(identity, arguments))
            return _result(answer)
        answer = await self._post("/vapi", self._message(identity, tool, arguments))
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
            raise NoAnswerError("an answer without its one result")
        if results[0].get("toolCallId") != identity:
            raise NoAnswerError("an answer to another tool call")
        return _result(_json(str(results[0].get("result"))))

    def _envelope(self, identity: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        about = {"tool_call_id": identity, "caller": SYNTHETIC_CALLER, "arguments": arguments}
        return about | ({"line": self._line} if self._line else {})

    def _message(self, identity: str, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A server message as Vapi sends it, but of a call without an id."""
        call = {"id": identity, "type": "function", "function": {"name": tool, "arguments": arguments}}
        message: dict[str, Any] = {
            "type": "tool-calls",
            "timestamp": int(self._clock.now() * 1000),
            "call": {"type": "inboundPhoneCall"},
            "customer": {"number": SYNTHETIC_CALLER},
            "toolCallList": [call],
        }
        if self._line:
            message["phoneNumber"] = {"number": self._line}
        return {"message": message}

    async def _post(self, path: str, body: Any) -> Any:
        content = orjson.dumps(body)
        try:
            async with asyncio.timeout(self._within_s):
                status, answered = await self._exchange(path, content)
        except TimeoutError:
            raise NoAnswerError(f"no answer within {self._within_s:g} s") from None
        except httpx.ConnectError as error:
            raise NoAnswerError(f"cannot connect to {self._url} ({error})", Step.CONNECTION) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NoAnswerError(f"connection lost ({type(error).__name__})") from None
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            proof = self._way.proof.value
            raise NoAnswerError(f"HTTP {status} for the first of {proof}", Step.AUTHENTICATION)
        if status != HTTPStatus.OK:
            raise NoAnswerError(f"HTTP {status}")
        return _json(answered)

    async def _exchange(self, path: str, content: bytes) -> tuple[int, bytes]:
        headers = self._proof(content)
        async with self._client.stream("POST", self._url + path, content=content, headers=headers) as response:
            answered = bytearray()
            async for chunk in response.aiter_raw():
                answered += chunk
                if len(answered) > MOST_ANSWER_BYTES:
                    raise NoAnswerError("an answer without end")
            return response.status_code, bytes(answered)

    def _proof(self, content: bytes) -> dict[str, str]:
        if self._way.proof is not Proof.VAPI_HMAC:
            return {"authorization": f"Bearer {self._way.secret}"}
        timestamp = str(int(self._clock.now()))
        mac = hmac.new(self._way.secret.encode(), timestamp.encode() + b"." + content, hashlib.sha256)
        return {"x-timestamp": timestamp, "x-signature": mac.hexdigest()}


def _json(answered: bytes | str) -> Any:
    try:
        return orjson.loads(answered)
    except orjson.JSONDecodeError:
        raise NoAnswerError("an answer that is no JSON") from None


def _result(found: Any) -> Mapping[str, Any]:
    """A result that a model can say: an object with `ok` and `say`."""
    if not isinstance(found, dict) or not isinstance(found.get("ok"), bool) or not found.get("say"):
        raise NoAnswerError("an answer that is no result of a tool")
    return found
