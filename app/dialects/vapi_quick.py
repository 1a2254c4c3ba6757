"""The ordinary tool-calls message, read in one pass: only the tenth of it that is used is ever built.

Whatever is not of exactly that shape is left to the patient reading in `vapi`, which gives the same for this one.
"""

from typing import Any, Final

import msgspec

from app.calls.model import CallRef, ToolCall
from app.dialects import reading

PLATFORM: Final = "vapi"
CALLS_MAX: Final = 32
"""Tool calls of one message that are carried out; a model asks for two or three. The rest is answered, not run."""


class _Function(msgspec.Struct):
    name: str
    arguments: Any


class _Call(msgspec.Struct):
    function: _Function
    id: str


class _Numbered(msgspec.Struct):
    number: str | None = None


class _Named(msgspec.Struct):
    id: str | None = None


class _Monitor(msgspec.Struct, rename="camel"):
    control_url: str | None = None


class _Conversation(msgspec.Struct, rename="camel"):
    id: str | None = None
    customer: _Numbered | None = None
    phone_number: _Numbered | None = None
    assistant_id: str | None = None
    monitor: _Monitor | None = None


class _Message(msgspec.Struct, rename="camel"):
    type: str
    tool_call_list: list[_Call]
    call: _Conversation | None = None
    chat: _Named | None = None
    customer: _Numbered | None = None
    phone_number: _Numbered | None = None
    assistant: _Named | None = None


class _Envelope(msgspec.Struct):
    message: _Message


_decode = msgspec.json.Decoder(_Envelope).decode
_NO_CONVERSATION: Final = _Conversation()


def tool_calls(raw: bytes) -> tuple[ToolCall, ...] | None:
    """The tool calls of an ordinary message; None when it has to be read patiently."""
    try:
        message = _decode(raw).message
        if not raw.isascii():
            raw.decode()  # what is skipped is not looked at, and a body that is no text is refused
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    listed = message.tool_call_list
    if message.type != "tool-calls" or not 0 < len(listed) <= CALLS_MAX:
        return None
    conversation = _ref(message)
    calls = []
    for call in listed:
        function = call.function
        if not function.name or function.arguments is None:
            return None
        arguments, problem = reading.arguments(function.arguments)
        calls.append(ToolCall(conversation, function.name, arguments, reading.identity(call.id), problem))
    return tuple(calls)


def _ref(message: _Message) -> CallRef:
    call = message.call or _NO_CONVERSATION
    return CallRef(
        PLATFORM,
        reading.text(call.id) or (reading.text(message.chat.id) if message.chat else None),
        _caller(message.customer) or _caller(call.customer),
        lines(_line(message.phone_number), _line(call.phone_number)),
        (reading.text(message.assistant.id) if message.assistant else None) or reading.text(call.assistant_id),
        reading.url(call.monitor.control_url) if call.monitor else None,
    )


def _caller(customer: _Numbered | None) -> str | None:
    return reading.phone(customer.number) if customer else None


def _line(phone_number: _Numbered | None) -> str | None:
    return reading.line(phone_number.number) if phone_number else None


def lines(message: str | None, call: str | None) -> tuple[str, ...]:
    """Numbers that may name the business: the message's own, then the call's."""
    if message is None:
        return () if call is None else (call,)
    return (message,) if call is None or call == message else (message, call)
