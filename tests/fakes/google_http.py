"""A small HTTP server on asyncio and httptools, lean enough not to be what a benchmark measures."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qsl

import httptools

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@dataclass(slots=True)
class Request:
    """One request as it came; `path` still percent-encoded."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    operation: str = ""
    calendar: str = ""
    event_id: str = ""
    connection: int = 0


@dataclass(slots=True)
class Answer:
    """One answer; `headers` are added to the usual ones."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json; charset=UTF-8"

    def wire(self) -> bytes:
        """As it goes over the wire."""
        head = f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}\r\n"
        if self.status != 204:
            head += f"content-type: {self.content_type}\r\ncontent-length: {len(self.body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (head + "\r\n").encode() + (b"" if self.status == 204 else self.body)


@dataclass(slots=True)
class _Parts:
    url: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    body: list[bytes] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One client connection; hands each whole request to `receive` and lets it answer when it likes."""

    _count = 0

    def __init__(self, receive: Callable[[Request, "Connection"], None], open_ones: set["Connection"]) -> None:
        Connection._count += 1
        self.number = Connection._count
        self._receive = receive
        self._open_ones = open_ones
        self._parser = httptools.HttpRequestParser(self)
        self._parts = _Parts()
        self._transport: asyncio.Transport | None = None
        self._drips: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by type
        self._open_ones.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_ones.discard(self)
        self._transport = None
        if self._drips is not None:
            self._drips.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_message_begin(self) -> None:
        self._parts = _Parts()

    def on_url(self, url: bytes) -> None:
        self._parts.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._parts.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._parts.body.append(body)

    def on_message_complete(self) -> None:
        parts = self._parts
        path, _, query = parts.url.decode("latin-1").partition("?")
        method, body = self._parser.get_method().decode(), b"".join(parts.body)
        if method == "POST" and "x-http-method-override" in parts.headers:
            method, query = parts.headers["x-http-method-override"], body.decode()
        asked = dict(parse_qsl(query, keep_blank_values=True))
        self._receive(Request(method, path, asked, parts.headers, body, connection=self.number), self)

    def send(self, answer: Answer) -> None:
        if self._transport is not None:
            self._transport.write(answer.wire())

    def drip(self, answer: Answer, seconds: float) -> None:
        """Send the head, then one byte of the body every `seconds`."""
        self._drips = asyncio.ensure_future(self._drip(answer.wire(), seconds))

    async def _drip(self, wire: bytes, seconds: float) -> None:
        head = wire.index(b"\r\n\r\n") + 4
        pieces = [wire[:head], *(wire[at : at + 1] for at in range(head, len(wire)))]
        for piece in pieces:
            if self._transport is None:
                return
            self._transport.write(piece)
            await asyncio.sleep(seconds)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Close so that the client sees a reset, not an end."""
        if self._transport is None:
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
