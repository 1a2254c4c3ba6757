"""Tool calls by the Model Context Protocol: what a call is and what its result says. The wire is the official SDK's.

Nothing in the protocol names the conversation; platforms do in headers. A request that is sent again has a new JSON-RPC
id, so that id is none to go by.
"""

from typing import Any, Final

from app.calls.model import CallRef, ToolCall, ToolResult
from app.dialects import reading, signalled
from app.dialects.results import as_json
from app.dialects.signalled import Headers

PLATFORM: Final = "mcp"
CALLS: Final = (b"x-call-id", b"x-chat-id", b"x-session-id")
"""As Vapi sends them."""


def parse(name: str, arguments: Any, headers: Headers) -> ToolCall:
    """The call of tool `name`. Never raises."""
    given, problem = reading.arguments(arguments)
    ref = signalled.ref(PLATFORM, headers, CALLS) or CallRef(PLATFORM)
    return ToolCall(ref, name, given, None, problem)


def render(result: ToolResult) -> tuple[str, bool]:
    """The text for the model, the flat object; and whether it is an error, one that the model may read and repair."""
    return as_json(result).decode(), not result.ok
