"""How Bland calls a custom tool: a request by the template it was given, flat, with a bearer and no envelope.

Source: docs.bland.ai/api-v1/post/tools and /tutorials/custom-tools (August 2026). The template fills in who calls from
what the platform knows, under names that no argument has; the model fills only what is written `{{input...}}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading
from app.dialects.credentials import Proof, bearer_ok
from app.dialects.results import as_json
from app.dialects.signalled import Headers

PLATFORM: Final = "bland"


def authenticate(headers: Headers, keys: Sequence[bytes], _now: float) -> Proof:
    """Whether an `Authorization: Bearer` carries one of `keys`."""
    return any(name == b"authorization" and bearer_ok(value, keys) for name, value in headers)


def parse(name: str, body: Any, _headers: Headers) -> ToolCall:
    """The call of tool `name`. Never raises, whatever JSON it is given."""
    arguments, problem = reading.arguments(body)
    told: Mapping[str, Any] = body if type(body) is dict else {}
    line = reading.line(told.get("line"))
    ref = CallRef(
        platform=PLATFORM,
        call_id=reading.text(told.get("call_id")),
        caller=reading.phone(told.get("caller")),
        lines=(line,) if line else (),
    )
    return ToolCall(ref, name, arguments, None, problem)


def render(result: ToolResult) -> bytes:
    """The result as one flat JSON object, whose fields the tool's `response` hands to the agent by name."""
    return as_json(result)
