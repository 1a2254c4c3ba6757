"""Answers of every form arrive whole and in order where head and body are joined, on the loop that serves, too."""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import pytest
import uvloop

from tests.web.conftest import listening

MUCH = 3 * 2**20
PIECE = 2**16
PIECES = 400
"""More than the buffers of the system take: 26 MB."""
PATIENCE_S = 10.0

Scenario = Callable[[], Awaitable[None]]


@pytest.fixture(params=["asyncio", "uvloop"])
def on(request: pytest.FixtureRequest) -> Callable[[Scenario], None]:
    """Runs a story on the loop of that name; what the loop complains of fails it."""

    def run(story: Scenario) -> None:
        complaints: list[dict[str, Any]] = []

        async def told() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(PATIENCE_S):
                await story()

        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.SelectorEventLoop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(told())
        assert complaints == []

    return run


class App:
    """Answers by path; `sent`: pieces of the stream that were taken so far."""

    def __init__(self) -> None:
        self.sent = 0
        self.more = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        number = scope["path"].rpartition("/")[2]
        if scope["path"].startswith("/stream"):
            await self._stream(send)
        elif scope["path"].startswith("/live"):
            await self._live(receive, send)
        elif number in ("204", "304"):
            await send({"type": "http.response.start", "status": int(number), "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            body = number.encode() * (MUCH if scope["path"].startswith("/much") else 1)
            length = (b"content-length", str(len(body)).encode())
            await send({"type": "http.response.start", "status": 200, "headers": [length]})
            await send({"type": "http.response.body", "body": body})

    async def _stream(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": b"x" * PIECE, "more_body": True})
            self.sent += 1
        await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await self.more.wait()
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()


def asked(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


async def head(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    top = await reader.readuntil(b"\r\n\r\n")
    return int(top.split()[1]), top.lower()


@contextmanager
def closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()


def test_answers_to_what_was_asked_at_once_keep_their_order_and_their_ends(on: Callable[[Scenario], None]) -> None:
    paths = ["/a/1", "/a/204", "/a/2", "/a/304", "/much/3", "/a/4"]

    async def story() -> None:
        async with listening(App()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2 * PIECE)
            with closing(writer):
                writer.write(asked("/a/9", "HEAD") + b"".join(asked(path) for path in paths))
                assert (await head(reader))[0] == 200, "the head alone"
                for path in paths:
                    status, top = await head(reader)
                    number = path.rpartition("/")[2]
                    if number in ("204", "304"):
                        assert status == int(number)
                        continue
                    length = int(top.partition(b"content-length: ")[2].split(b"\r\n")[0])
                    assert await reader.readexactly(length) == number.encode() * length
                    assert length == (MUCH if path.startswith("/much") else 1)

    on(story)


def test_who_reads_slowly_is_waited_for_and_gets_all_of_it(on: Callable[[Scenario], None]) -> None:
    async def story() -> None:
        app = App()
        async with listening(app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2 * PIECE)
            with closing(writer):
                writer.write(asked("/stream"))
                before = -1
                while app.sent != before:  # until nothing more is taken
                    before = app.sent
                    await asyncio.sleep(0.2)
                assert app.sent < PIECES, "it is not all kept in memory"
                await head(reader)
                got = 0
                while size := int(await reader.readline(), 16):
                    assert await reader.readexactly(size + 2) == b"x" * size + b"\r\n"
                    got += size
                assert got == PIECES * PIECE

    on(story)


@pytest.mark.parametrize("reset", [False, True])
def test_a_stream_begins_at_once_and_its_end_is_seen(on: Callable[[Scenario], None], reset: bool) -> None:
    async def story() -> None:
        app = App()
        async with listening(app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(asked("/live"))
            assert (await head(reader))[0] == 200, "before anything is to be told"
            app.more.set()
            assert await reader.readline() == b"9\r\n"
            assert await reader.readexactly(11) == b"data: 1\n\n\r\n"
            if reset:
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            writer.close()
            await app.gone.wait()

    on(story)


def test_who_asked_before_a_stop_gets_all_of_a_long_answer(on: Callable[[Scenario], None]) -> None:
    async def story() -> None:
        async with listening(App()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2 * PIECE)
            writer.write(asked("/much/7"))
            await head(reader)
            reading = asyncio.ensure_future(reader.read(-1))
        assert await reading == b"7" * MUCH
        writer.close()

    on(story)
