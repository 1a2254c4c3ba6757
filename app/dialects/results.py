"""A tool's result as the JSON a platform carries to its model; a result that cannot be written still says something."""

from typing import Final

from app.calls.model import ToolResult
from app.errors import Code

INTERNAL: Final = ToolResult(
    ok=False,
    say="Something went wrong on our side, so I could not do that. Please try again in a moment.",
    code=Code.INTERNAL,
)
"""For what went wrong outside the dispatch of a tool, which has its own words."""

# JSON leaves these as they are, yet half the world splits lines at them.
_LINE_BREAKS: Final = {0x85: " ", 0x2028: " ", 0x2029: " "}


def as_json(result: ToolResult) -> bytes:
    """One JSON object, UTF-8, on one line."""
    return result.as_json()


def one_line(result: ToolResult) -> str:
    """The same as text that no reader breaks into lines."""
    line = as_json(result).decode()
    return line if line.isascii() else line.translate(_LINE_BREAKS)
