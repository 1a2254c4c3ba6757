"""Head and body of an answer leave in one write: uvicorn writes them one after the other, and each write is a call of
the system, a packet and a wake-up of the other side. On the way of every tool call that is a tenth of its cost.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's own, on a transport that joins what is written in one turn of the loop."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, on the joining transport."""
        super().connection_made(Joining(transport, self.loop))


class Joining(asyncio.Transport):
    """Keeps a first write until the second of the same turn, or until the turn is over; then both leave as one."""

    __slots__ = ("_kept", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write `data` after what is kept, or keep it for the rest of this turn."""
        if self._kept:
            whole, self._kept = self._kept + data, b""
            self._transport.write(whole)
        elif data:
            self._kept = bytes(data)
            self._loop.call_soon(self._let_go)

    def close(self) -> None:
        """Close, after what is kept."""
        self._let_go()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what is kept is lost like all that is not sent."""
        self._kept = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it closes."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Take nothing from the other side."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take from the other side again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""
        return self._transport.get_extra_info(name, default)

    def _let_go(self) -> None:
        kept, self._kept = self._kept, b""
        if kept and not self._transport.is_closing():  # whom it was for is gone, and uvloop's own takes no write then
            self._transport.write(kept)
