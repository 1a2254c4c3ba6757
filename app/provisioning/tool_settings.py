"""Settings of a platform's function tools, made from the very tools that are served: neither can lag behind the other.

Timeouts follow from our own deadlines, and repetitions from our idempotency: the same tool call gets the same answer.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.calls.model import Tool
from app.errors import ConfigurationError
from app.provisioning.platform import Document

LONGEST_DESCRIPTION: Final = 999
"""Of a function; past it the platform's models silently do worse."""
LONGEST_PARAMETER: Final = 300
LONGEST_SPOKEN: Final = 1_000
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

LEAST_TIMEOUT_S: Final = 10
BEYOND_DEADLINE_S: Final = 4
"""The way there and back, and a slow start: our honest "not yet" must come before the platform gives up."""
DELAYED_AFTER_MS: Final = 2_500
LEAST_TIMING_MS: Final = 100
TRUSTED: Final = {"caller_number": "{{ customer.number }}", "call_id": "{{ call.id }}"}
"""Laid over whatever a model says; a tool must not have an argument of that name."""

BACKOFF: Final = {
    "type": "exponential",
    "maxRetries": 2,
    "baseDelaySeconds": 1,
    "excludedStatusCodes": [400, 401, 403, 404, 413, 422],
}
"""A repetition carries the same tool call id, so it gets the stored answer and books nothing twice. What is refused
for good is refused again: not repeated."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What a caller hears before a result is there: at the start, when it takes long, and when none came."""

    start: str
    delayed: str
    failed: str


LOOKUP: Final = Speech(
    "One moment, let me look.",
    "Still looking, one moment.",
    "I can't look that up right now. Please try again in a moment.",
)
CHANGE: Final = Speech(
    "One moment, I'm taking care of that.",
    "Almost there, one moment.",
    "I can't confirm that right now, so please don't count on it yet. Shall I have someone call you back?",
)
"""A platform that gave up does not know what was done, so nothing is said to have failed."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What follows for the platform from our own deadline of a tool call, in milliseconds."""

    tool_ms: int

    @property
    def timeout_s(self) -> int:
        """How long the platform has to wait for us."""
        return max(LEAST_TIMEOUT_S, math.ceil(self.tool_ms / 1000) + BEYOND_DEADLINE_S)

    @property
    def delayed_ms(self) -> int:
        """When the caller hears that it takes longer: after our own filler would have come, before we give up."""
        return max(LEAST_TIMING_MS, min(DELAYED_AFTER_MS, self.tool_ms // 2))


def speech_of(tool: Tool[Any], own: Mapping[str, str]) -> Speech:
    """What is said around a tool; `own` has what a file says instead."""
    usual = CHANGE if tool.changes_state else LOOKUP
    said = Speech(own.get("start", usual.start), own.get("delayed", usual.delayed), own.get("failed", usual.failed))
    for text in (said.start, said.delayed, said.failed):
        if len(text) > LONGEST_SPOKEN:
            raise ConfigurationError(f"speech of {tool.name}: a text is longer than {LONGEST_SPOKEN} characters.")
    return said


def server_settings(url: str, timeout_s: int, credential: str | None) -> Document:
    """Where the platform reaches us; `credential` is the id of what it proves itself with."""
    server: Document = {"url": url, "timeoutSeconds": timeout_s, "backoffPlan": dict(BACKOFF)}
    return server | ({"credentialId": credential} if credential else {})


def tool_settings(tool: Tool[Any], server: Document, said: Speech, deadlines: Deadlines) -> Document:
    """A tool as the platform has to know it. Raises `ConfigurationError` for what it would not take."""
    _check(tool)
    return {
        "type": "function",
        "async": False,
        "function": {
            "name": tool.name,
            "description": tool.description,
            "strict": False,
            "parameters": parameters(tool),
        },
        "parameters": [{"key": key, "value": value} for key, value in TRUSTED.items()],
        "messages": [
            {"type": "request-start", "content": said.start, "blocking": False},
            {"type": "request-response-delayed", "content": said.delayed, "timingMilliseconds": deadlines.delayed_ms},
            {"type": "request-failed", "content": said.failed, "role": "assistant", "endCallAfterSpokenEnabled": False},
        ],
        "server": server,
    }


def parameters(tool: Tool[Any]) -> Document:
    """What a tool takes, as the plain JSON Schema that models are good at: no titles, no references, no `null`."""
    schema = tool.arguments.model_json_schema()
    definitions = schema.get("$defs", {})
    properties = {name: _plain(prop, definitions) for name, prop in schema.get("properties", {}).items()}
    return {"type": "object", "properties": properties, "required": list(schema.get("required", []))}


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Document:
    flat = dict(schema)
    if "$ref" in flat:
        flat = {**definitions[flat.pop("$ref").rpartition("/")[2]], **flat}
    choices = [choice for choice in flat.pop("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1:
        flat = {**_plain(choices[0], definitions), **flat}
    elif choices:
        flat["anyOf"] = [_plain(choice, definitions) for choice in choices]
    if flat.get("default", ...) is None:
        del flat["default"]
    if isinstance(flat.get("items"), Mapping):
        flat["items"] = _plain(flat["items"], definitions)
    about = schema.get("description")  # of the parameter, not of the type that it refers to
    return {name: value for name, value in flat.items() if name not in ("title", "description")} | (
        {"description": about} if about else {}
    )


def _check(tool: Tool[Any]) -> None:
    if not NAME.fullmatch(tool.name):
        raise ConfigurationError(f"{tool.name!r} cannot be the name of a tool at the platform.")
    if len(tool.description) > LONGEST_DESCRIPTION:
        raise ConfigurationError(f"The description of {tool.name} has over {LONGEST_DESCRIPTION} characters.")
    for name, field in tool.arguments.model_fields.items():
        if name in TRUSTED:
            raise ConfigurationError(f"{tool.name} has an argument {name}, which the platform would overwrite.")
        if len(field.description or "") > LONGEST_PARAMETER:
            raise ConfigurationError(f"The description of {tool.name}.{name} has over {LONGEST_PARAMETER} characters.")


def only(tools: Iterable[Tool[Any]], names: Iterable[str]) -> list[Tool[Any]]:
    """The tools of these names. Raises `ConfigurationError` for one that is not served."""
    served = {tool.name: tool for tool in tools}
    for name in names:
        if name not in served:
            raise ConfigurationError(f"There is no tool {name}; there are: {', '.join(served)}.")
    return [served[name] for name in names]
