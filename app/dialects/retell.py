"""How Retell calls a custom function: signed by its API key, with the whole call or with the bare arguments.

Source: docs.retellai.com/build/single-multi-prompt/custom-function and retell-sdk 6.2 (August 2026). A request that is
not answered by a 2xx in time is sent up to twice more, so every answer is a 200.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading, signalled
from app.dialects.credentials import Proof, timestamp_fresh
from app.dialects.results import as_json
from app.dialects.signalled import Headers

PLATFORM: Final = "retell"
SIGNATURE: Final = b"x-retell-signature"
ANSWER_MAX_CHARS: Final = 15_000
"""Past this the platform cuts an answer off, in the middle of whatever stands there."""
ENTRIES_MAX: Final = 16
"""Latest entries of the transcript among which a request looks for its own id."""
OF_A_TOOL: Final = b"tool_call"
"""In the role of every entry that is about one; the others are of what was said."""


class _Call(msgspec.Struct):
    call_id: str
    from_number: str | None = None
    to_number: str | None = None
    direction: str | None = None
    agent_id: str | None = None
    transcript_with_tool_calls: list[msgspec.Raw] = []


class _Request(msgspec.Struct):
    args: dict[str, Any]
    call: _Call


_decode: Final = msgspec.json.Decoder(_Request).decode
_entry: Final = msgspec.json.decode
_SIGNATURE: Final = re.compile(rb"v=([0-9]{10,16}),d=([0-9a-f]{64})")


def authenticate(headers: Headers, keys: Sequence[bytes], now: float) -> Proof:
    """Whether the request may come in: no, or what the raw body then has to prove. `now` in epoch seconds."""
    found = _SIGNATURE.fullmatch(signalled.value(headers, SIGNATURE))
    if found is None or not keys or not timestamp_fresh(found[1], now):
        return False
    return partial(signature_ok, found[1], found[2], keys)


def signature_ok(timestamp: bytes, digest: bytes, keys: Sequence[bytes], body: bytes) -> bool:
    """Whether `digest` is the hex HMAC-SHA256 of the raw body and the timestamp after it under one of `keys`."""
    found, signed = False, body + timestamp
    for key in keys:  # all of them, so that time does not tell which one matched
        found |= hmac.compare_digest(digest, hmac.digest(key, signed, "sha256").hex().encode())
    return found


def quick(raw: bytes) -> Any:
    """The part of an ordinary body that `parse` looks at, at a fraction of the cost; None where it is of another shape.

    A call's transcript comes twice, with the times of every word, and grows with the call.
    """
    try:
        request = _decode(raw)
        if not raw.isascii():
            raw.decode()  # what is skipped is not looked at, and a body that is no text is refused
        call = msgspec.structs.asdict(request.call)
        entries = request.call.transcript_with_tool_calls[-ENTRIES_MAX:]
        call["transcript_with_tool_calls"] = [_entry(entry) for entry in entries if OF_A_TOOL in bytes(entry)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return {"args": request.args, "call": call}


def parse(name: str, body: Any, headers: Headers) -> ToolCall:
    """The call of tool `name`, from `{"name", "args", "call"}` or the bare arguments. Never raises.

    The delivery's id is the request's own in the transcript. The platform does not promise one; without it the
    signature is one: the same bytes signed at one moment are one delivery. Bare arguments carry no call; headers may,
    and beside them a call in the body may be a model's.
    """
    told = signalled.ref(PLATFORM, headers)
    signature = signalled.value(headers, SIGNATURE).decode("latin-1")
    call = body.get("call") if type(body) is dict and "args" in body else None
    if type(call) is not dict:
        arguments, problem = reading.arguments(body)
        return ToolCall(told or CallRef(PLATFORM), name, arguments, reading.identity(signature), problem)
    arguments, problem = reading.arguments(body["args"])
    identity = _own_id(call.get("transcript_with_tool_calls"), name, arguments)
    return ToolCall(told or _ref(call), name, arguments, identity or reading.identity(signature), problem)


def render(result: ToolResult) -> bytes:
    """The flat object, no longer than the platform takes: lists lose their last entries, for `say` has the first."""
    whole = as_json(result)
    facts = dict(result.facts)
    while len(whole) > ANSWER_MAX_CHARS and len(whole.decode()) > ANSWER_MAX_CHARS:
        lists = [name for name, fact in facts.items() if isinstance(fact, list) and fact]
        if not lists:
            break
        longest = max(lists, key=lambda name: len(facts[name]))
        facts[longest] = facts[longest][: len(facts[longest]) // 2]
        whole = as_json(ToolResult(result.ok, result.say, result.code, facts))
    return whole


def _ref(call: Mapping[str, Any]) -> CallRef:
    """Who calls on which line: on a call that the agent makes the two numbers have changed places."""
    outbound = call.get("direction") == "outbound"
    caller, line = ("to_number", "from_number") if outbound else ("from_number", "to_number")
    dialled = reading.line(call.get(line))
    return CallRef(
        platform=PLATFORM,
        call_id=reading.text(call.get("call_id")),
        caller=reading.phone(call.get(caller)),
        lines=(dialled,) if dialled else (),
        assistant=reading.text(call.get("agent_id")),
    )


def _own_id(transcript: Any, name: str, arguments: Mapping[str, Any]) -> str | None:
    """The id under which the transcript has this very request, still without a result: the newest of those."""
    if type(transcript) is not list:
        return None
    answered = set()
    for entry in reversed(transcript[-ENTRIES_MAX:]):
        if type(entry) is not dict:
            continue
        identity = reading.identity(entry.get("tool_call_id"))
        if entry.get("role") == "tool_call_result":
            answered.add(identity)
        elif entry.get("role") == "tool_call_invocation" and entry.get("name") == name and identity not in answered:
            asked, _ = reading.arguments(entry.get("arguments"))
            if asked == arguments:
                return identity
    return None
