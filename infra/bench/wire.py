"""A minimal HTTP/1.1 client on asyncio's raw protocols, so that what asks costs less than what answers."""

import asyncio
import re
from collections.abc import Callable
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LOST = 0
"""The status of a request whose connection went away before the answer was whole."""


class Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way; `done(connection, status, body)` per answer."""

    __slots__ = ("_buffer", "_transport", "_whole", "asked", "at", "done", "number", "opened", "sent_at", "waiting")

    def __init__(self, done: "Callable[[Connection, int, bytes], None]") -> None:
        self.done = done
        self.number = 0
        self.asked = 0
        self.at = 0
        self.sent_at = 0.0
        self.waiting = False
        self.opened = False
        self._buffer = b""
        self._whole = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by type
        self.opened = True

    def connection_lost(self, _: Exception | None) -> None:
        self.opened = False
        self._transport = None
        if self.waiting:
            self.waiting = False
            self.done(self, LOST, b"")

    def send(self, wire: bytes) -> None:
        self.waiting = True
        if self._transport is None:
            self.waiting = False
            self.done(self, LOST, b"")
        else:
            self._transport.write(wire)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._whole:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            length = LENGTH.search(data, 0, end)
            self._whole = end + 4 + (int(length[1]) if length else 0)
        if len(data) < self._whole:
            self._buffer = data
            return
        self._buffer = b""
        self._whole = 0
        self.waiting = False
        self.done(self, int(data[9:12]), data)

    def close(self) -> None:
        self.waiting = False
        if self._transport is not None:
            self._transport.abort()


class Client:
    """The same connection for those who wait for their answers one by one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: Connection | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def ask(self, wire: bytes, within_s: float) -> tuple[int, bytes]:
        """Status and answer (head and body). Raises TimeoutError; a lost connection is status 0."""
        if self._connection is None or not self._connection.opened:
            await self.open()
        self._answer = asyncio.get_running_loop().create_future()
        if self._connection is not None:
            self._connection.send(wire)
        return await asyncio.wait_for(self._answer, within_s)

    async def open(self) -> None:
        """Connect ahead of the first question."""
        self._connection = await connected(self._port, self._done)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _done(self, _: Connection, status: int, answer: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, answer))


async def connected(port: int, done: Callable[[Connection, int, bytes], None]) -> Connection:
    """A new connection to a server on this machine."""
    _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(done), "127.0.0.1", port)
    return connection
