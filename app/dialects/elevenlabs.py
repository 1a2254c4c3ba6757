"""How ElevenLabs agents call a server tool and ask about a call that arrives: by a bearer, flat or in an envelope.

Source: ElevenLabs' API schema (flat body) and its skills repository (envelope), which contradict each other, so both
are read. A status other than 200 hides the body from the agent: every failure is said in a 200.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson
from msgspec.structs import replace

from app.calls.events import CallEvent
from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading, signalled
from app.dialects.credentials import Proof, bearer_ok
from app.dialects.redaction import without_secrets
from app.dialects.results import as_json
from app.dialects.signalled import Headers

PLATFORM: Final = "elevenlabs"
SIGNATURE: Final = b"elevenlabs-signature"
SIGNATURE_WINDOW_S: Final = 1_800
"""How old a signature of a workspace webhook may be; the platform's own SDK takes as much."""
AHEAD_S: Final = 300
"""How far its clock may be ahead of ours."""

_SIGNATURE: Final = re.compile(rb"t=([0-9]{10}),v0=([0-9a-f]{64})")


def authenticate(headers: Headers, keys: Sequence[bytes], _now: float) -> Proof:
    """Whether an `Authorization: Bearer` carries one of `keys`. Tool calls are not signed."""
    return any(name == b"authorization" and bearer_ok(value, keys) for name, value in headers)


def authenticate_webhook(headers: Headers, keys: Sequence[bytes], now: float) -> Proof:
    """The same for webhooks of the workspace, which are signed: no, or what the raw body then has to prove."""
    found = _SIGNATURE.fullmatch(signalled.value(headers, SIGNATURE))
    if found is None or not keys or not -AHEAD_S <= now - int(found[1]) <= SIGNATURE_WINDOW_S:
        return False
    return partial(signature_ok, found[1], found[2], keys)


def signature_ok(timestamp: bytes, digest: bytes, keys: Sequence[bytes], body: bytes) -> bool:
    """Whether `digest` is the hex HMAC-SHA256 of `{timestamp}.{raw body}` under one of `keys`."""
    found = False
    for key in keys:
        mac = hmac.new(key, timestamp + b".", hashlib.sha256)
        mac.update(body)
        found |= hmac.compare_digest(digest, mac.hexdigest().encode())
    return found


def parse(name: str, body: Any, headers: Headers) -> ToolCall:
    """The call of tool `name`, from `{"tool_name", "parameters", ...}`, or else the arguments themselves. Never raises.

    Who calls is taken from headers. Only where a tool has none of them is it taken from parameters that the platform
    binds to its own variables, the conversation's id among them; these stand at the root, beside the arguments or round
    them, and never among the model's in an envelope. In a body nothing tells a bound one from one that the model wrote,
    so whoever is named there owns no appointment.
    """
    enveloped = type(body) is dict and "tool_name" in body and "parameters" in body
    arguments, problem = reading.arguments(body["parameters"] if enveloped else body)
    around: Mapping[str, Any] = body if type(body) is dict else {}
    identity = reading.identity(around.get("tool_call_id")) if enveloped else None
    return ToolCall(_ref(headers, around), name, arguments, identity, problem)


def parse_arrival(body: Any) -> CallRef:
    """The call that arrives, from `{"caller_id", "agent_id", "called_number", "call_sid"}`. Never raises.

    Its id is the carrier's; the conversation gets another one.
    """
    told: Mapping[str, Any] = body if type(body) is dict else {}
    call_id, agent = reading.text(told.get("call_sid")), reading.text(told.get("agent_id"))
    return replace(_bound(told), call_id=call_id, assistant=agent)


def parse_report(body: Any) -> CallEvent | None:
    """What is told of a conversation that is over; None for any other webhook. Never raises."""
    told: Mapping[str, Any] = body if type(body) is dict else {}
    data, kind = told.get("data"), reading.text(told.get("type"))
    if type(data) is not dict or kind is None:
        return None
    call_id = reading.text(data.get("conversation_id"))
    if call_id is None:
        return None
    ref = CallRef(PLATFORM, call_id, assistant=reading.text(data.get("agent_id")))
    return CallEvent(ref, kind, reading.text(data.get("status")), None, without_secrets(told))


def render(result: ToolResult) -> bytes:
    """The result as one flat JSON object."""
    return as_json(result)


def render_arrival(variables: Mapping[str, str]) -> bytes:
    """The answer about a call that arrives: what the agent's words may be filled in with."""
    return orjson.dumps({"type": "conversation_initiation_client_data", "dynamic_variables": dict(variables)})


def _ref(headers: Headers, around: Mapping[str, Any]) -> CallRef:
    bound = _bound(around)
    told = signalled.ref(PLATFORM, headers)
    if told is not None:
        return told if told.call_id else replace(told, call_id=bound.call_id)
    # A number without its conversation is bound to no variable: the model added it.
    return replace(bound, surely=False) if bound.call_id else CallRef(PLATFORM)


def _bound(told: Mapping[str, Any]) -> CallRef:
    """Who calls by the names that the platform gives its own variables."""
    line = reading.line(told.get("called_number"))
    return CallRef(
        PLATFORM,
        reading.text(told.get("conversation_id")),
        reading.phone(told.get("caller_id")),
        (line,) if line else (),
    )
