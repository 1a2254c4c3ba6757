"""How each platform asks for one tool, and what its agent hears of the answer: as the platform does it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CALLER, LINE = "+15125550142", "+15125550100"
NOW, BEFORE = "secret-of-now", "secret-of-before"


def _telnyx(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


def public(secret: str) -> str:
    """The public half of the key that a Telnyx made of this secret signs with."""
    return base64.b64encode(_telnyx(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


KEYS = {"retell": (NOW, BEFORE), "elevenlabs": (NOW, BEFORE), "bland": (NOW, BEFORE)}
KEYS |= {"telnyx": (public(NOW), public(BEFORE))}


@dataclass(frozen=True)
class Asked:
    """A tool call as a test wants it. `id` is used where the platform has one."""

    tool: str
    arguments: Mapping[str, Any]
    call: str = "c1"
    id: str = "t1"
    secret: str = NOW
    at: float = 1_795_000_000.0


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def _who(asked: Asked) -> dict[str, str]:
    return {"x-call-id": asked.call, "x-caller": CALLER, "x-line": LINE}


def _packed(body: Any) -> bytes:
    return json.dumps(body).encode()


@dataclass(frozen=True)
class Speaker:
    """One platform's way: the address, the body, and the headers that belong to that body."""

    name: str
    platform: str
    path: Callable[[Asked], str]
    body: Callable[[Asked], Any]
    headers: Callable[[Asked, bytes], dict[str, str]]
    heard: Callable[[httpx.Response], dict[str, Any]] = lambda response: dict(response.json())
    has_ids: bool = False
    """Whether the platform names a tool call, so that a repeated lookup is known as one."""
    method: str = "POST"

    def request(self, asked: Asked, raw: bytes | None = None) -> httpx.Request:
        """The request, ready to be sent any number of times; `raw` in place of its own body."""
        sent = raw if raw is not None else b"" if self.method == "GET" else _packed(self.body(asked))
        headers = {"content-type": "application/json", **self.headers(asked, sent)}
        return httpx.Request(self.method, f"http://127.0.0.1{self.path(asked)}", content=sent, headers=headers)


def _vapi(asked: Asked) -> Any:
    call = {"id": asked.call, "customer": {"number": CALLER}, "phoneNumber": {"number": LINE}}
    tool = {"id": asked.id, "function": {"name": asked.tool, "arguments": asked.arguments}}
    return {"message": {"type": "tool-calls", "toolCallList": [tool], "call": call}}


def _heard_by_vapi(response: httpx.Response) -> dict[str, Any]:
    [result] = response.json()["results"]
    return dict(json.loads(result["result"]))


def _plain(asked: Asked) -> Any:
    around = {"call_id": asked.call, "tool_call_id": asked.id, "caller": CALLER, "line": LINE}
    return {**around, "arguments": asked.arguments}


def _retell(asked: Asked) -> Any:
    invocation = {
        "role": "tool_call_invocation",
        "tool_call_id": asked.id,
        "name": asked.tool,
        "arguments": json.dumps(asked.arguments),
    }
    call = {"call_id": asked.call, "from_number": CALLER, "to_number": LINE, "direction": "inbound"}
    return {"name": asked.tool, "args": asked.arguments, "call": {**call, "transcript_with_tool_calls": [invocation]}}


def _signed_by_retell(asked: Asked, raw: bytes) -> dict[str, str]:
    at = str(round(asked.at * 1000))
    digest = hmac.new(asked.secret.encode(), raw + at.encode(), hashlib.sha256).hexdigest()
    return {"x-retell-signature": f"v={at},d={digest}"}


def _signed_by_telnyx(asked: Asked, raw: bytes) -> dict[str, str]:
    at = str(round(asked.at))
    signature = base64.b64encode(_telnyx(asked.secret).sign(f"{at}|".encode() + raw)).decode()
    return {"telnyx-signature-ed25519": signature, "telnyx-timestamp": at, **_who(asked)}


def _flat(asked: Asked) -> Any:
    return {**asked.arguments, "conversation_id": asked.call, "caller_id": CALLER, "called_number": LINE}


def _enveloped(asked: Asked) -> Any:
    around = {"tool_call_id": asked.id, "tool_name": asked.tool, "conversation_id": asked.call}
    return {**around, "parameters": asked.arguments}


def _bland(asked: Asked) -> Any:
    return {**asked.arguments, "call_id": asked.call, "caller": CALLER, "line": LINE}


def _rpc(asked: Asked) -> Any:
    return {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": asked.tool, "arguments": asked.arguments},
    }


def _modern_rpc(asked: Asked) -> Any:
    about = "io.modelcontextprotocol"
    message = _rpc(asked)
    message["params"]["_meta"] = {
        f"{about}/protocolVersion": "2026-07-28",
        f"{about}/clientInfo": {"name": "example", "version": "1"},
        f"{about}/clientCapabilities": {},
    }
    return message


def _mcp(asked: Asked, version: str) -> dict[str, str]:
    accepted = "application/json, text/event-stream"
    return {"accept": accepted, "mcp-protocol-version": version, **bearer(asked.secret), **_who(asked)}


def _modern(asked: Asked, _raw: bytes) -> dict[str, str]:
    return _mcp(asked, "2026-07-28") | {"mcp-method": "tools/call", "mcp-name": asked.tool}


def _heard_by_mcp(response: httpx.Response) -> dict[str, Any]:
    result = response.json()["result"]
    [content] = result["content"]
    told = dict(json.loads(content["text"]))
    assert result["isError"] is not told["ok"]
    return told


def _at(route: str) -> Callable[[Asked], str]:
    return lambda asked: f"/{route}/{asked.tool}"


def _named_by_bearer(asked: Asked, _raw: bytes) -> dict[str, str]:
    return bearer(asked.secret)


def _named_in_headers(asked: Asked, _raw: bytes) -> dict[str, str]:
    return bearer(asked.secret) | _who(asked)


def _in_the_address(asked: Asked) -> str:
    return str(httpx.URL(f"/elevenlabs/{asked.tool}", params={k: str(v) for k, v in asked.arguments.items()}))


SPEAKERS = (
    Speaker("vapi", "vapi", lambda _: "/vapi", _vapi, _named_by_bearer, _heard_by_vapi, has_ids=True),
    Speaker("plain", "plain", _at("tools"), _plain, _named_by_bearer, has_ids=True),
    Speaker("plain, bare", "plain", _at("tools"), lambda asked: asked.arguments, _named_in_headers),
    Speaker("retell", "retell", _at("retell"), _retell, _signed_by_retell, has_ids=True),
    Speaker(
        "retell, args only", "retell", _at("retell"), lambda asked: asked.arguments,
        lambda asked, raw: _signed_by_retell(asked, raw) | _who(asked), has_ids=True,
    ),
    Speaker("elevenlabs, flat", "elevenlabs", _at("elevenlabs"), _flat, _named_by_bearer),
    Speaker("elevenlabs, envelope", "elevenlabs", _at("elevenlabs"), _enveloped, _named_in_headers, has_ids=True),
    Speaker("elevenlabs, GET", "elevenlabs", _in_the_address, lambda _: None, _named_in_headers, method="GET"),
    Speaker("bland", "bland", _at("bland"), _bland, _named_by_bearer),
    Speaker("telnyx", "telnyx", _at("telnyx"), lambda asked: asked.arguments, _signed_by_telnyx, has_ids=True),
    Speaker("mcp, legacy", "mcp", lambda _: "/mcp", _rpc, lambda asked, _: _mcp(asked, "2025-06-18"), _heard_by_mcp),
    Speaker("mcp, 2026-07-28", "mcp", lambda _: "/mcp", _modern_rpc, _modern, _heard_by_mcp),
)  # fmt: skip
