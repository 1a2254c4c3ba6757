"""What one turn of the loop writes leaves in one piece, in order, and nothing waits for longer than that turn."""

import asyncio
import socket
from typing import Any

import pytest

from app.web.one_write import Joining
from tests.web.conftest import Serve
from tests.web.test_wire import GOOD, PATIENCE_S, TOOL_CALL, head, whole


class Wire(asyncio.Transport):
    """Notes what is done to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 4711)})
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("closed")

    def abort(self) -> None:
        self.done.append("aborted")

    def is_closing(self) -> bool:
        return "closed" in self.done

    def pause_reading(self) -> None:
        self.done.append("paused")

    def resume_reading(self) -> None:
        self.done.append("resumed")


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def joining(wire: Wire) -> Joining:
    return Joining(wire, asyncio.get_running_loop())


async def test_a_head_and_its_body_leave_as_one(wire: Wire, joining: Joining) -> None:
    joining.write(b"head ")
    joining.write(b"body")

    assert wire.done == [b"head body"]
    await asyncio.sleep(0)
    assert wire.done == [b"head body"]


async def test_what_stands_alone_leaves_when_the_turn_is_over(wire: Wire, joining: Joining) -> None:
    joining.write(b"100 continue")
    await asyncio.sleep(0)

    assert wire.done == [b"100 continue"]


@pytest.mark.parametrize("body", [b"", bytearray(b"body"), memoryview(b"body")])
async def test_a_body_of_any_kind_follows_its_head(wire: Wire, joining: Joining, body: Any) -> None:
    joining.write(b"head ")
    joining.write(body)

    assert wire.done == [b"head " + bytes(body)]


async def test_many_pieces_stay_in_order(wire: Wire, joining: Joining) -> None:
    pieces = [b"%d " % number for number in range(7)]
    for number, piece in enumerate(pieces):
        joining.write(piece)
        if number % 3 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert b"".join(one for one in wire.done if isinstance(one, bytes)) == b"".join(pieces)


async def test_nothing_written_is_nothing_kept(wire: Wire, joining: Joining) -> None:
    joining.write(b"")
    await asyncio.sleep(0)

    assert wire.done == []


async def test_what_is_kept_leaves_before_the_connection_closes(wire: Wire, joining: Joining) -> None:
    joining.write(b"head")
    joining.close()
    await asyncio.sleep(0)

    assert wire.done == [b"head", "closed"]
    assert joining.is_closing()


async def test_an_aborted_connection_writes_nothing_more(wire: Wire, joining: Joining) -> None:
    joining.write(b"head")
    joining.abort()
    await asyncio.sleep(0)

    assert wire.done == ["aborted"]


async def test_what_is_kept_for_who_is_gone_is_written_nowhere(wire: Wire, joining: Joining) -> None:
    """uvloop raises at a write on a connection that is lost, which nobody would catch behind the turn."""
    joining.write(b"head")
    wire.close()
    await asyncio.sleep(0)
    joining.close()

    assert b"head" not in wire.done


async def test_the_rest_is_the_connections_own(wire: Wire, joining: Joining) -> None:
    joining.pause_reading()
    joining.resume_reading()

    assert wire.done == ["paused", "resumed"]
    assert joining.get_extra_info("peername") == ("192.0.2.1", 4711)
    assert joining.get_extra_info("sslcontext") is None


async def test_a_client_gets_an_answer_in_one_piece(serve: Serve) -> None:
    port = await serve()
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setblocking(False)
        for _ in range(20):
            await loop.sock_sendall(client, whole(GOOD, TOOL_CALL))
            piece = await asyncio.wait_for(loop.sock_recv(client, 65_536), PATIENCE_S)
            top, _, body = piece.partition(b"\r\n\r\n")
            length = int(top.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            assert len(body) == length > 0


async def test_a_client_that_waits_for_leave_to_send_gets_it_at_once(serve: Serve) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", await serve())
    writer.write(head(GOOD, "Expect: 100-continue", f"Content-Length: {len(TOOL_CALL)}"))
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(TOOL_CALL)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()
