"""An HTTP server on a real socket that writes down what it was sent and misbehaves as told."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Fault:
    """How one request goes wrong. `drip` sends the answer byte by byte and never ends; `reset` cuts the connection.
    `packed` is how the body is compressed already, as a header says.
    """

    status: int = 200
    wait_s: float = 0.0
    location: str | None = None
    retry_after: str = ""
    body: bytes = b"{}"
    packed: str = ""
    drip: bool = False
    reset: bool = False


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RecordingServer:
    """Use with `async with`. `faults` are used up one per request; `always` holds when there are none left."""

    def __init__(self, *faults: Fault, always: Fault | None = None) -> None:
        self.faults = deque(faults)
        self.always = always or Fault()
        self.requests: list[Recorded] = []
        self.connections = 0
        self.port = 0
        self._arrived = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for(self, requests: int, within_s: float = 5.0) -> list[Recorded]:
        """All requests so far, as soon as there are that many. Raises TimeoutError."""
        async with asyncio.timeout(within_s), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= requests)
        return self.requests

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        async with self._arrived:
            self.requests.append(Recorded(method, path, headers, body))
            self._arrived.notify_all()
        return await self.respond(self.requests[-1], writer)

    async def respond(self, request: Recorded, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection goes on."""
        return await self._answer(self.faults.popleft() if self.faults else self.always, writer)

    async def _answer(self, fault: Fault, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(fault.wait_s)
        if fault.reset:
            writer.transport.abort()
            return False
        length = 1_000_000 if fault.drip else len(fault.body)
        location = f"location: {fault.location}\r\n" if fault.location else ""
        location += f"retry-after: {fault.retry_after}\r\n" if fault.retry_after else ""
        location += f"content-encoding: {fault.packed}\r\n" if fault.packed else ""
        writer.write(f"HTTP/1.1 {fault.status} x\r\ncontent-length: {length}\r\n{location}\r\n".encode())
        while fault.drip:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(fault.body)
        await writer.drain()
        return True
