"""What each platform has to be told about our tools, from the same list and the same arguments that are served.

Pure: a tool and an address in, the platform's own JSON out. There is no secret in it; where one belongs stands a word
in capitals. Vapi's own are made where they are kept up to date too, in `app/provisioning`. Sources: the platforms' API
references as of August 2026.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from app.calls.model import Tool
from app.dialects.parameters import described, parameters

REPLACE: Final = "REPLACE_ME"
LEAST_PATIENCE_MS: Final = 10_000
BEYOND_DEADLINE_MS: Final = 4_000
"""What a platform waits beyond our own deadline, so that it is never the platform that gives up."""
DELAYED_AFTER_MS: Final = 2_500
DELAYED: Final = "Still on it, one moment please."

SPOKEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "check_availability": "Let me look at the calendar.",
        "book_appointment": "One moment while I book that.",
        "find_appointments": "Let me look that up.",
        "reschedule_appointment": "One moment while I move that.",
        "cancel_appointment": "One moment while I cancel that.",
        "request_callback": "One moment while I arrange that.",
        "transfer_to_person": "One moment please.",
        "send_confirmation": "One moment while I note that.",
        "answer_question": "Let me look that up.",
    }
)
"""What the caller hears while a tool works."""

BLAND_NAMES: Final[Mapping[str, str]] = MappingProxyType({"transfer_to_person": "ConnectToPerson"})
"""Bland refuses names that hold a word of its own, such as Transfer."""
FACTS: Final = (
    "outcome",
    "reference",
    "start",
    "end",
    "technician",
    "slots",
    "appointments",
    "due",
    "destination",
    "quote",
)
"""What results say besides `ok`, `code` and `say` that an agent needs for the next step."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are reached (without a slash at the end), and how long one of our answers takes at most."""

    url: str
    deadline_ms: int

    @property
    def patience_ms(self) -> int:
        """How long a platform should wait for an answer."""
        return max(LEAST_PATIENCE_MS, self.deadline_ms + BEYOND_DEADLINE_MS)


Settings = Callable[[Tool[Any], Place], dict[str, Any]]


def retell(tool: Tool[Any], place: Place) -> dict[str, Any]:
    """A custom function. Retell signs its requests, so there is no secret to set."""
    return {
        "type": "custom",
        "name": tool.name,
        "description": tool.description,
        "url": f"{place.url}/retell/{tool.name}",
        "method": "POST",
        "args_at_root": False,
        "speak_during_execution": True,
        "execution_message_type": "static_text",
        "execution_message_description": SPOKEN[tool.name],
        "speak_after_execution": True,
        "enable_typing_sound": True,
        "timeout_ms": place.patience_ms,
        "parameters": parameters(tool.arguments),
    }


def elevenlabs(tool: Tool[Any], place: Place) -> dict[str, Any]:
    """A webhook tool. Who calls goes into headers, where the model has no say; POST, for the default is GET."""
    schema = parameters(tool.arguments)
    properties = {
        name: {"type": p["type"], "description": p["description"]} for name, p in schema["properties"].items()
    }
    return {
        "type": "webhook",
        "name": tool.name,
        "description": tool.description,
        "response_timeout_secs": place.patience_ms // 1000,
        "pre_tool_speech": "force" if tool.changes_state else "auto",
        "execution_mode": "immediate",
        **({"interruption_mode": "disable_during_tool"} if tool.changes_state else {}),
        "tool_call_sound": "typing",
        "tool_call_sound_behavior": "auto",
        "tool_error_handling_mode": "passthrough",
        "api_schema": {
            "url": f"{place.url}/elevenlabs/{tool.name}",
            "method": "POST",
            "content_type": "application/json",
            "request_headers": {
                "Authorization": {"secret_id": REPLACE},
                "X-Call-Id": {"variable_name": "system__conversation_id"},
                "X-Caller": {"variable_name": "system__caller_id"},
                "X-Line": {"variable_name": "system__called_number"},
            },
            "request_body_schema": {"type": "object", "properties": properties, "required": schema["required"]},
        },
    }


def bland(tool: Tool[Any], place: Place) -> dict[str, Any]:
    """A custom tool. What the template does not name is not sent, and what `response` does not name is not heard."""
    told = described(tool)
    named = BLAND_NAMES.get(tool.name) or "".join(word.capitalize() for word in tool.name.split("_"))
    return {
        "name": named,
        "description": tool.description,
        "speech": SPOKEN[tool.name],
        "url": f"{place.url}/bland/{tool.name}",
        "method": "POST",
        "headers": {"Authorization": f"Bearer {REPLACE}", "Content-Type": "application/json"},
        "body": {name: f"{{{{input.{name}}}}}" for name in told}
        | {"call_id": "{{call_id}}", "caller": "{{phone_number}}", "line": "{{to}}"},
        "input_schema": {
            "type": "object",
            "example": {"speech": SPOKEN[tool.name]},
            "properties": {"speech": "string"} | told,
        },
        "response": {name: f"$.{name}" for name in ("ok", "say", "code", *FACTS)},
        "timeout": place.patience_ms,
    }


def telnyx(tool: Tool[Any], place: Place) -> dict[str, Any]:
    """A webhook tool. Telnyx signs its requests, so there is no secret to set; who calls goes into headers."""
    return {
        "type": "webhook",
        "webhook": {
            "name": tool.name,
            "description": tool.description,
            "url": f"{place.url}/telnyx/{tool.name}",
            "method": "POST",
            "async": False,
            "timeout_ms": place.patience_ms,
            "headers": [
                {"name": "X-Call-Id", "value": "{{call_control_id}}"},
                {"name": "X-Caller", "value": "{{telnyx_end_user_target}}"},
                {"name": "X-Line", "value": "{{telnyx_agent_target}}"},
            ],
            "body_parameters": parameters(tool.arguments),
            "messages": [
                {"type": "request_start", "content": SPOKEN[tool.name]},
                {"type": "request_response_delayed", "content": DELAYED, "timing_ms": DELAYED_AFTER_MS},
            ],
        },
    }


def mcp_server(place: Place, tools: Sequence[Tool[Any]]) -> dict[str, Any]:
    """A server, whose tools the client lists by itself; named here so that they can be allowed by name."""
    return {
        "name": "readback",
        "transport": "streamable-http",
        "url": f"{place.url}/mcp",
        "headers": {"Authorization": f"Bearer {REPLACE}"},
        "timeout_ms": place.patience_ms,
        "allowed_tools": [tool.name for tool in tools],
    }


BY_PLATFORM: Final[Mapping[str, Settings]] = MappingProxyType(
    {"retell": retell, "elevenlabs": elevenlabs, "bland": bland, "telnyx": telnyx}
)
PLATFORMS: Final = (*BY_PLATFORM, "mcp")


def settings(platform: str, tools: Sequence[Tool[Any]], place: Place) -> list[dict[str, Any]]:
    """Everything that one of `PLATFORMS` has to be told, in the order of the tools."""
    if platform == "mcp":
        return [mcp_server(place, tools)]
    return [BY_PLATFORM[platform](tool, place) for tool in tools]
