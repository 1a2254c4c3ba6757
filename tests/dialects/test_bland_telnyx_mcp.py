"""Bland, Telnyx and MCP: what of a request is the model's, and what is the platform's."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.calls.model import CallRef, ToolResult
from app.dialects import bland, mcp, telnyx
from app.errors import Code

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platforms"
NOW = 1_795_180_000.0
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
BODY = (PAYLOADS / "telnyx_webhook_tool_request.json").read_bytes()
WHO = [(b"x-call-id", b"v3:call"), (b"x-caller", b"+15005550006"), (b"x-line", b"+15005550010")]


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def test_bland_says_who_calls_in_the_template() -> None:
    call = bland.parse("book_appointment", payload("bland_tool_request"), WHO)

    assert call.ref == CallRef("bland", "00000000-0000-4000-8000-00000000b1ad", "+15005550006")
    assert payload("one_call_every_platform")["args"].items() <= call.arguments.items()


def test_a_place_of_the_template_that_bland_did_not_fill_is_nobody() -> None:
    unfilled = {"call_id": "{{call_id}}", "caller": "{{phone_number}}", "line": "{{to}}"}
    assert bland.parse("book_appointment", unfilled, ()).ref == CallRef("bland")


def signed(
    body: bytes = BODY, at: bytes = b"1795180000", key: Ed25519PrivateKey = PRIVATE
) -> list[tuple[bytes, bytes]]:
    signature = base64.b64encode(key.sign(at + b"|" + body))
    return [(b"telnyx-signature-ed25519", signature), (b"telnyx-timestamp", at)]


@pytest.mark.parametrize(
    ("headers", "keys", "body", "now", "holds"),
    [
        (signed(), (PUBLIC,), BODY, NOW, True),
        (signed(), (base64.b64encode(b"k" * 32), PUBLIC), BODY, NOW, True),
        (signed(), (PUBLIC,), BODY, NOW + 300, True),
        (signed(), (PUBLIC,), BODY, NOW + 301, False),
        (signed(), (PUBLIC,), BODY, NOW - 301, False),
        (signed(), (PUBLIC,), BODY + b" ", NOW, False),
        (signed(), (base64.b64encode(b"k" * 32),), BODY, NOW, False),
        (signed(), (), BODY, NOW, False),
        (signed(key=Ed25519PrivateKey.from_private_bytes(b"s" * 32)), (PUBLIC,), BODY, NOW, False),
        (signed()[:1], (PUBLIC,), BODY, NOW, False),
        (signed()[1:], (PUBLIC,), BODY, NOW, False),
        ([(b"telnyx-signature-ed25519", b"!"), (b"telnyx-timestamp", b"1795180000")], (PUBLIC,), BODY, NOW, False),
    ],
)
def test_telnyx_signs_time_and_body(headers: Any, keys: Any, body: bytes, now: float, holds: bool) -> None:
    proof = telnyx.authenticate(headers, keys, now)
    assert (proof is not False and (proof is True or proof(body))) is holds


def test_of_telnyx_the_whole_body_is_the_models_and_headers_say_who_calls() -> None:
    claimed = {"caller": "+15005550099", "call_id": "other", **json.loads(BODY)}
    call = telnyx.parse("book_appointment", claimed, signed() + WHO)

    assert call.ref == CallRef("telnyx", "v3:call", "+15005550006", ("+15005550010",))
    assert call.arguments == claimed
    assert telnyx.parse("book_appointment", claimed, signed()).ref == CallRef("telnyx")
    assert call.tool_call_id == telnyx.parse("book_appointment", claimed, signed() + WHO).tool_call_id


@pytest.mark.parametrize(
    ("header", "call_id"), [(b"x-call-id", "a"), (b"x-chat-id", "a"), (b"x-session-id", "a"), (b"mcp-session-id", None)]
)
def test_mcp_knows_the_conversation_by_the_headers_of_vapi(header: bytes, call_id: str | None) -> None:
    call = mcp.parse("book_appointment", {"caller": "+15005550099"}, [(header, b"a"), *WHO[1:]])
    assert call.ref == CallRef("mcp", call_id, "+15005550006", ("+15005550010",))


def test_an_error_in_mcp_is_one_that_the_model_can_read() -> None:
    assert payload("mcp_tool_error_result")["result"]["isError"] is True
    text, failed = mcp.render(ToolResult(False, "That time is gone.", Code.SLOT_TAKEN))
    assert (json.loads(text)["say"], failed) == ("That time is gone.", True)
    assert mcp.render(ToolResult(True, "Done.")) == ('{"ok":true,"say":"Done."}', False)
