"""How a Telnyx AI assistant calls a webhook tool: the model's arguments as the body, signed by Telnyx's Ed25519 key.

Source: telnyx-python, lib/webhook_verification (August 2026). The whole body is the model's, so who calls is believed
from headers only, which the assistant's settings fill from Telnyx's own variables.
"""

import base64
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import ed25519_zebra

from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading, signalled
from app.dialects.credentials import Proof, timestamp_fresh
from app.dialects.results import as_json
from app.dialects.signalled import Headers

PLATFORM: Final = "telnyx"
SIGNATURE, TIMESTAMP = b"telnyx-signature-ed25519", b"telnyx-timestamp"

_SIGNATURE: Final = re.compile(rb"[A-Za-z0-9+/]{86}==")


def authenticate(headers: Headers, keys: Sequence[bytes], now: float) -> Proof:
    """Whether the request may come in: no, or what the raw body then has to prove. `keys` in base64."""
    signature, timestamp = signalled.value(headers, SIGNATURE), signalled.value(headers, TIMESTAMP)
    if not keys or _SIGNATURE.fullmatch(signature) is None or not timestamp_fresh(timestamp, now):
        return False
    return partial(signature_ok, timestamp, base64.b64decode(signature), keys)


def signature_ok(timestamp: bytes, signature: bytes, keys: Sequence[bytes], body: bytes) -> bool:
    """Whether `signature` is that of `{timestamp}|{raw body}` under one of `keys`."""
    signed = b"%b|%b" % (timestamp, body)
    # This library takes a third of the time of others, which would cost as much as all the rest of a lookup.
    return any(ed25519_zebra.ed_verify(signature, signed, base64.b64decode(key)) for key in keys)


def parse(name: str, body: Any, headers: Headers) -> ToolCall:
    """The call of tool `name`. Never raises. There is no id; the same bytes signed at one moment are one delivery."""
    arguments, problem = reading.arguments(body)
    signature = signalled.value(headers, SIGNATURE).decode("latin-1")
    ref = signalled.ref(PLATFORM, headers) or CallRef(PLATFORM)
    return ToolCall(ref, name, arguments, reading.identity(signature), problem)


def render(result: ToolResult) -> bytes:
    """The result as one flat JSON object."""
    return as_json(result)
