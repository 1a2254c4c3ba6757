"""How Vapi speaks: proofs on its server messages, every shape a message comes in, and the answer each one is owed.

Pure functions. Nothing here reads a body model strictly: a shape Vapi never documented must not cost a caller the call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson

from app.calls.arrivals import Admitted, Declined, Diverted
from app.calls.events import CallEvent
from app.calls.knowledge import Passage
from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading, vapi_quick
from app.dialects.credentials import bearer_ok, hmac_ok, secret_ok, timestamp_fresh
from app.dialects.redaction import without_secrets
from app.dialects.results import one_line
from app.dialects.vapi_quick import CALLS_MAX, PLATFORM, lines

KNOWN_TYPES: Final = frozenset(
    {
        "assistant-request", "assistant.speechStarted", "assistant.started", "call.artifact.upload",
        "call.delete.failed", "call.deleted", "call.endpointing.request", "campaign.predial", "chat.created",
        "chat.deleted", "conversation-update", "end-of-call-report", "function-call", "handoff-destination-request",
        "hang", "knowledge-base-request", "language-change-detected", "language-changed", "model-output",
        "phone-call-control", "session.created", "session.deleted", "session.updated", "speech-update",
        "status-update", "tool-calls", "transcript", "transfer-destination-request", "transfer-update",
        "user-interrupted", "voice-input", "voice-request",
    }
)  # fmt: skip
"""Every `type` the platform's specification lists (August 2026); others arrive, and are answered `{}` all the same."""

HANG: Final = "hang"
"""Sent when a model, a voice or a tool keeps the caller waiting."""
QUESTION_MAX_CHARS: Final = 1_000
NOTHING_OWED: Final = b"{}"

NO_TOOL_NAMED = "I could not read that request because it named no tool. Please call one of the tools by its name."
TOO_MANY = "That was too much at once, so I left this one out. Please ask for it again by itself."

_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a request may prove itself with; current first, previous after it."""

    shared: tuple[bytes, ...] = ()
    """Accepted as `Authorization: Bearer` and as `X-Vapi-Secret`."""
    signing: tuple[bytes, ...] = ()
    """Keys of the HMAC in `X-Signature`."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose only proof is a signature over a body that has not been read yet."""

    signature: bytes
    timestamp: bytes


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """Tools to run, in the order asked. `legacy`: a `function-call` without id, answered in its own form."""

    calls: tuple[ToolCall, ...]
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class AssistantRequest:
    """A call that arrives and asks who takes it."""

    ref: CallRef


@dataclass(frozen=True, slots=True)
class DestinationRequest:
    """A call whose caller wants a person, and the platform asks where to transfer it."""

    ref: CallRef


@dataclass(frozen=True, slots=True)
class KnowledgeRequest:
    """A question for the business's documents. `question`: the caller's last words, or nothing."""

    ref: CallRef
    question: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that has just been answered; `event` is to be stored like any other."""

    event: CallEvent


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that is owed nothing but `{}`. `type` is as it came, empty when there was none.

    `under_way`: of a `hang`, the name of the tool that the platform waits for; empty when it waits for none.
    """

    type: str
    under_way: str = ""

    @property
    def known(self) -> str:
        """The type if the platform lists it, without a filter such as `transcript[transcriptType="final"]`; else ""."""
        bare = self.type.partition("[")[0]
        return bare if bare in KNOWN_TYPES else ""


Parsed = ToolCalls | AssistantRequest | DestinationRequest | KnowledgeRequest | Begun | CallEvent | Ignored


def authenticate(headers: Iterable[tuple[bytes, bytes]], secrets: Secrets, now: float) -> bool | Signed:
    """Whether the request may come in, from its headers alone; names in lower case, values raw.

    `Signed` when only its body can tell, and the body is worth reading: fresh, and we hold a key. Of two credentials
    either valid one suffices.
    """
    signature = timestamp = b""
    for name, value in headers:
        if name == b"authorization":
            if bearer_ok(value, secrets.shared):
                return True
        elif name == b"x-vapi-secret":
            if secret_ok(value.strip(), secrets.shared):
                return True
        elif name == b"x-signature":
            signature = signature or value
        elif name == b"x-timestamp":
            timestamp = timestamp or value
    if signature and secrets.signing and timestamp_fresh(timestamp, now):
        return Signed(signature, timestamp)
    return False


def signature_ok(signed: Signed, body: bytes, secrets: Secrets, now: float) -> bool:
    """Whether the raw body is what was signed. `now` is the time the headers came: a slow body does not age a proof."""
    return hmac_ok(signed.signature, signed.timestamp, body, secrets.signing, now)


def quick(raw: bytes) -> ToolCalls | None:
    """What `parse` would give for an ordinary tool-calls message, at a fraction of the cost; None for any other."""
    calls = vapi_quick.tool_calls(raw)
    return None if calls is None else ToolCalls(calls)


def parse(body: Any) -> Parsed:
    """What a decoded body asks for. Never raises, whatever JSON it is given."""
    if type(body) is not dict:
        return Ignored("")
    message = body.get("message")
    if type(message) is not dict:
        message = body  # not wrapped
    given = message.get("type")
    kind = given.replace("_", "-") if type(given) is str else ""
    if kind == "tool-calls" or not kind:
        entries = _entries(message)
        if entries or kind:
            return ToolCalls(_tool_calls(entries, ref(message)))
    if kind == "function-call" or not kind:
        call = message.get("functionCall")
        if type(call) is dict:
            read = _tool_call(call, _EMPTY, ref(message))
            return ToolCalls((read,), legacy=read.tool_call_id is None)
    if kind == "assistant-request":
        return AssistantRequest(ref(message))
    if kind in ("transfer-destination-request", "knowledge-base-request"):
        there = ref(message)
        return DestinationRequest(there) if kind[0] == "t" else KnowledgeRequest(there, _asked_last(message))
    if kind in ("status-update", "transfer-update", "end-of-call-report"):
        return _report(kind, message)
    return Ignored(given if type(given) is str else "", _under_way(message) if kind == HANG else "")


def ref(message: Mapping[str, Any]) -> CallRef:
    """The conversation a message belongs to; only what the platform itself signals."""
    call = _object(message, "call")
    monitor = call.get("monitor")
    return CallRef(
        platform=PLATFORM,
        call_id=reading.text(call.get("id")) or reading.text(_object(message, "chat").get("id")),
        caller=reading.phone(_number(message, "customer")) or reading.phone(_number(call, "customer")),
        lines=lines(reading.line(_number(message, "phoneNumber")), reading.line(_number(call, "phoneNumber"))),
        assistant=reading.text(_object(message, "assistant").get("id")) or reading.text(call.get("assistantId")),
        control_url=reading.url(monitor.get("controlUrl")) if type(monitor) is dict else None,
    )


def render_results(asked: ToolCalls, results: Sequence[ToolResult]) -> bytes:
    """The answer to tool calls: one single-line, non-empty string for each, in the order asked."""
    if asked.legacy:
        return orjson.dumps({"result": one_line(results[0])})
    answers = [
        {"toolCallId": call.tool_call_id, "name": call.name, "result": one_line(result)}
        for call, result in zip(asked.calls, results, strict=True)
    ]
    return orjson.dumps({"results": answers})


def render_arrival(answer: Admitted | Diverted | Declined) -> bytes:
    """The answer to a request for an assistant or a destination; `error` is spoken, so it is a sentence, no object."""
    if isinstance(answer, Admitted):
        overrides = {"variableValues": answer.variables}
        return orjson.dumps({"assistantId": answer.assistant, "assistantOverrides": overrides})
    if isinstance(answer, Diverted):
        return orjson.dumps({"destination": {"type": "number", "number": answer.number, "message": answer.say}})
    return orjson.dumps({"error": answer.say})


def render_knowledge(found: Sequence[Passage]) -> bytes:
    """The answer to a request for documents; none found is an empty list, and the model has nothing to go by."""
    documents = [{"content": p.content, "similarity": p.similarity, "uuid": p.id} for p in found]
    return orjson.dumps({"documents": documents})


def _asked_last(message: Mapping[str, Any]) -> str:
    """The caller's latest words, from either form of the transcript."""
    for key, words in (("messagesOpenAIFormatted", "content"), ("messages", "message")):
        listed = message.get(key)
        for entry in reversed(listed if type(listed) is list else []):
            said = _words_of(entry.get(words)) if type(entry) is dict and entry.get("role") == "user" else ""
            if said:
                return said[:QUESTION_MAX_CHARS]
    return ""


def _words_of(content: Any) -> str:
    """A message's words, which OpenAI's form also gives in parts; empty where there are none."""
    if type(content) is str:
        return content
    parts = [part.get("text") for part in content if type(part) is dict] if type(content) is list else []
    return " ".join(part for part in parts if type(part) is str)


def _under_way(message: Mapping[str, Any]) -> str:
    """Of the tools that were called last in the transcript, the first that has no result there."""
    listed = _object(message, "artifact").get("messages")
    answered = set()
    for entry in reversed(listed if type(listed) is list else []):
        role = entry.get("role") if type(entry) is dict else None
        if role == "tool_call_result":
            answered.add(reading.identity(entry.get("toolCallId")))
        if role == "tool_calls":
            calls = _tool_calls(_entries(entry), ref(message))
            return next((call.name for call in calls if call.name and call.tool_call_id not in answered), "")
    return ""


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = parent.get(key)
    return found if type(found) is dict else _EMPTY


def _number(parent: Mapping[str, Any], key: str) -> Any:
    found = parent.get(key)
    return found.get("number") if type(found) is dict else None


def _entries(message: Mapping[str, Any]) -> list[tuple[Any, Mapping[str, Any]]]:
    """Each tool call with what stands round it, from the first list that holds any."""
    for key in ("toolCallList", "toolCalls"):
        listed = message.get(key)
        if listed and type(listed) in (list, dict):
            return [(call, _EMPTY) for call in (listed if type(listed) is list else [listed])]
    listed = message.get("toolWithToolCallList")
    if listed and type(listed) in (list, dict):
        tools = listed if type(listed) is list else [listed]
        return [(tool.get("toolCall"), tool) if type(tool) is dict else (None, _EMPTY) for tool in tools]
    return []


def _tool_calls(entries: Sequence[tuple[Any, Mapping[str, Any]]], conversation: CallRef) -> tuple[ToolCall, ...]:
    calls = [_tool_call(call, around, conversation) for call, around in entries[:CALLS_MAX]]
    for call, around in entries[CALLS_MAX:]:
        read = _tool_call(call, around, conversation)
        calls.append(ToolCall(conversation, read.name, {}, read.tool_call_id, TOO_MANY))
    return tuple(calls)


def _tool_call(call: Any, around: Mapping[str, Any], conversation: CallRef) -> ToolCall:
    """One call in any of its shapes: nested under `function` or flat, `arguments` or `parameters`."""
    if type(call) is not dict:
        call = _EMPTY
    function = _object(call, "function")
    name = function.get("name") or call.get("name") or _object(around, "function").get("name") or around.get("name")
    given = function.get("arguments")
    for holder, key in ((function, "parameters"), (call, "arguments"), (call, "parameters")):
        if given is not None:
            break
        given = holder.get(key)
    identity = reading.identity(call.get("id"))
    if type(name) is not str:
        return ToolCall(conversation, "", {}, identity, NO_TOOL_NAMED)
    arguments, problem = reading.arguments(given)
    return ToolCall(conversation, name, arguments, identity, problem)


def _report(kind: str, message: Mapping[str, Any]) -> Begun | CallEvent:
    status = reading.text(message.get("status"))
    reason = reading.text(message.get("endedReason")) or reading.text(_object(message, "call").get("endedReason"))
    to = _object(message, "destination")
    number = reading.phone(to.get("number"))
    outside = number is not None or to.get("type") in ("number", "sip") or "sipUri" in to
    forwarding = kind == "status-update" and status == "forwarding" and (outside or not to)
    put_through = forwarding or (kind == "transfer-update" and outside)  # the latter also tells of other assistants
    event = CallEvent(ref(message), kind, status, reason, without_secrets(message), put_through, number)
    return Begun(event) if kind == "status-update" and status == "in-progress" else event
