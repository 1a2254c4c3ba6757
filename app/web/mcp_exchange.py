"""One JSON-RPC message in, one answer out, through the official SDK of the Model Context Protocol.

The SDK knows both eras of the protocol: with a handshake (to 2025-11-25) and without (from 2026-07-28). It is given the
whole body and never hears that a client went away, so that a closed stream cancels nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as Listed
from starlette.types import Message, Scope

from app import log
from app.calls.model import Tool
from app.dialects import mcp
from app.dialects.parameters import parameters
from app.dialects.results import INTERNAL
from app.web.answer import Answer
from app.web.body import BODY_MAX_BYTES
from app.web.ports import Dispatching

HERE: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names under which this machine calls itself."""

_log = log.get("web.mcp")
logging.getLogger("mcp").setLevel(logging.ERROR)  # it tells of every request, and of what strangers sent


class Exchange:
    """Answers messages; `start` before the first one."""

    def __init__(
        self, tools: Sequence[Tool[Any]], dispatcher: Dispatching, version: str, public_url: str | None
    ) -> None:
        self._dispatcher = dispatcher
        self._listed = ListToolsResult(tools=[_listed(tool) for tool in tools])
        self._schemas = {tool.name: tool.input_schema for tool in self._listed.tools}
        server: Server[Any] = Server(
            "readback",
            version=version,
            title="Readback",
            get_tool_input_schema=self._schemas.get,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._manager = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=_hosts(public_url),
            max_request_body_size=BODY_MAX_BYTES,
        )
        self._ended = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The SDK's own tasks begin and end in one task of ours."""
        begun = asyncio.Event()
        self._life = asyncio.get_running_loop().create_task(self._live(begun))
        await begun.wait()

    async def aclose(self) -> None:
        self._ended.set()
        if self._life is not None:
            await self._life

    async def answer(self, scope: Scope, raw: bytes) -> Answer:
        """What the protocol answers to a POST with this body."""
        bodies = [raw]

        async def receive() -> Message:
            if bodies:
                return {"type": "http.request", "body": bodies.pop(), "more_body": False}
            await asyncio.Event().wait()
            raise RuntimeError("nothing comes after the body")

        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        await self._manager.handle_request(scope, receive, send)
        start, *parts = sent
        headers = tuple((name, value) for name, value in start["headers"] if name != b"content-length")
        content_type = next((value for name, value in headers if name == b"content-type"), b"text/plain")
        others = tuple((name, value) for name, value in headers if name != b"content-type")
        return Answer(b"".join(part.get("body", b"") for part in parts), start["status"], content_type, others)

    async def _live(self, begun: asyncio.Event) -> None:
        async with self._manager.run():
            begun.set()
            await self._ended.wait()

    async def _list(
        self, _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return self._listed

    async def _call(self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        headers = context.request.headers.raw if context.request is not None else ()
        call = mcp.parse(params.name, params.arguments, headers)
        log.bind(call_id=call.ref.call_id)
        try:
            [result] = await self._dispatcher.dispatch((call,))
        except Exception as error:  # noqa: BLE001  # past authentication a failure is said, not sent as a protocol error
            _log.error("tool call failed", exc_info=error)
            result = INTERNAL
        text, failed = mcp.render(result)
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)


def _listed(tool: Tool[Any]) -> Listed:
    """`read_only_hint` is what some clients choose by; no tool of ours makes two of what was asked for once."""
    hints = ToolAnnotations(read_only_hint=not tool.changes_state, idempotent_hint=True, open_world_hint=False)
    return Listed(
        name=tool.name, description=tool.description, input_schema=parameters(tool.arguments), annotations=hints
    )


def _hosts(public_url: str | None) -> TransportSecuritySettings:
    """Only our public name, and this machine's own: a page that a browser shows may not reach us under another."""
    public = urlsplit(public_url or "").netloc
    names = [*HERE, *([public] if public else [])]
    hosts = [form for name in names for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for scheme in ("https", "http") for host in hosts]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
