"""Requests as bytes, made once from a recorded Vapi message; per request only the two ids are put in. Sends nothing."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent.parent.parent / "tests" / "payloads" / "vapi"
RECORDED = PAYLOADS / "01_tool_calls_single.json"
TOOL_ID = "call_Zk3pQm7RwB1sT9xYd2LfHc8V"
CALL_ID = "01a1c2d3-7f10-7a44-9c31-5b8e0d2f4a66"
CALLER = "+15555550142"
SLOT_ID = "@slot@"
"""Stands in a body for the slot id that the caller was offered."""
SECRET = "bench-secret-0123456789"  # noqa: S105 - of servers that live as long as the measurement

HOLES = re.compile(f"({re.escape(TOOL_ID)}|{re.escape(CALL_ID)}|{re.escape(CALLER)}|{SLOT_ID})".encode())

Question = dict[str, Any]
"""What to ask. `{"tool": name, "arguments": {...}}` or `{"payload": file}` for /vapi, `{"raw": {...}}` for any path."""


class Template:
    """One request with holes for ids. Ids put in have the length of the recorded ones; a slot id may have any."""

    def __init__(self, path: str, body: bytes) -> None:
        self._pieces = HOLES.split(body)
        self._tools = self._where(TOOL_ID)
        self._calls = self._where(CALL_ID)
        self._callers = self._where(CALLER)
        self._slots = self._where(SLOT_ID)
        self._bare = len(body) - len(SLOT_ID) * len(self._slots)
        self._start = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-vapi-secret: {SECRET}\r\nuser-agent: bench\r\naccept: */*\r\ncontent-length: "
        ).encode()
        self._first = self._pieces[0]
        self._pieces[0] = self._start + str(self._bare).encode() + b"\r\n\r\n" + self._first

    def wire(self, call: int, tool: int) -> bytes:
        """The request of tool call number `tool` in call number `call`."""
        pieces = self._filled(call, tool)
        return b"".join(pieces)

    def wire_for(self, slot: bytes, call: int, tool: int) -> bytes:
        """The same for a body that names a slot."""
        pieces = self._filled(call, tool)
        for at in self._slots:
            pieces[at] = slot
        length = self._bare + len(slot) * len(self._slots)
        pieces[0] = self._start + str(length).encode() + b"\r\n\r\n" + self._first
        return b"".join(pieces)

    def _filled(self, call: int, tool: int) -> list[bytes]:
        pieces = self._pieces[:]
        if self._tools:
            tool_id = b"call_%024d" % tool
            for at in self._tools:
                pieces[at] = tool_id
        if self._calls:
            call_id = b"01a1c2d3-7f10-7a44-9c31-%012d" % call
            for at in self._calls:
                pieces[at] = call_id
        if self._callers:
            caller = b"+1512%07d" % (call % 10_000_000)
            for at in self._callers:
                pieces[at] = caller
        return pieces

    def _where(self, text: str) -> list[int]:
        return [at for at, piece in enumerate(self._pieces) if piece == text.encode()]


def template(path: str, question: Question) -> Template:
    """The request that asks `question` on `path`."""
    if "raw" in question:
        return Template(path, _compact(question["raw"]))
    if "payload" in question:
        return Template(path, _compact(json.loads((PAYLOADS / question["payload"]).read_bytes())))
    return Template(path, _tool_call(question["tool"], question["arguments"]))


def freebusy(calendar: str, start: int, days: int = 1) -> Question:
    """The same thing asked of the stand-in directly; `start` in epoch seconds."""
    return {
        "raw": {
            "timeMin": datetime.fromtimestamp(start, UTC).isoformat(),
            "timeMax": datetime.fromtimestamp(start + days * 86_400, UTC).isoformat(),
            "items": [{"id": calendar}],
        }
    }


def _tool_call(tool: str, arguments: dict[str, Any]) -> bytes:
    """The recorded message, whole, with this tool and these arguments wherever the call stands in it."""
    message = json.loads(RECORDED.read_bytes())["message"]
    recorded = message["toolCallList"][0]["function"]["arguments"]
    kept = {name: recorded[name] for name in ("caller_number", "call_id")} if tool == "check_availability" else {}
    given = {**arguments, **kept}
    listed = message["toolWithToolCallList"][0]
    for call in (message["toolCalls"][0], message["toolCallList"][0], listed["toolCall"]):
        call["function"] = {"name": tool, "arguments": given}
    listed["function"]["name"] = tool
    shown = {"name": tool, "arguments": json.dumps(given)}
    message["artifact"]["messages"][-1]["toolCalls"][0]["function"] = shown
    message["artifact"]["messagesOpenAIFormatted"][-2]["tool_calls"][0]["function"] = shown
    return _compact({"message": message})


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
