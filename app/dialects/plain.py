"""Tool calls as plain JSON, for platforms and programs without a form of their own: an object in, a flat object out."""

from collections.abc import Sequence
from typing import Any, Final

from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading, signalled
from app.dialects.credentials import Proof, bearer_ok
from app.dialects.results import as_json
from app.dialects.signalled import Headers

PLATFORM: Final = "plain"


def authenticate(headers: Headers, keys: Sequence[bytes], _now: float) -> Proof:
    """Whether an `Authorization: Bearer` among the raw headers carries one of `keys`."""
    return any(name == b"authorization" and bearer_ok(value, keys) for name, value in headers)


def parse(name: str, body: Any, headers: Headers) -> ToolCall:
    """The call of tool `name`. Never raises, whatever JSON it is given.

    `body` is `{"call_id", "tool_call_id", "caller", "line", "arguments"}`, recognised by `arguments`, or the bare
    arguments, with who calls in headers. The caller in the envelope is trusted as the platform's signal: the route is
    authenticated. Not beside such headers: there the envelope may be a model's.
    """
    ref = signalled.ref(PLATFORM, headers)
    if type(body) is not dict or "arguments" not in body:
        arguments, problem = reading.arguments(body)
        return ToolCall(ref or CallRef(PLATFORM), name, arguments, None, problem)
    line = reading.line(body.get("line"))
    ref = ref or CallRef(
        platform=PLATFORM,
        call_id=reading.text(body.get("call_id")),
        caller=reading.phone(body.get("caller")),
        lines=(line,) if line else (),
    )
    arguments, problem = reading.arguments(body["arguments"])
    return ToolCall(ref, name, arguments, reading.identity(body.get("tool_call_id")), problem)


def render(result: ToolResult) -> bytes:
    """The result as one flat JSON object."""
    return as_json(result)
