"""The doors over a real socket: large bodies, slow bodies, bodies nobody waits for, and clients that go away."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.web.body import BODY_MAX_BYTES
from tests.dialects.test_vapi import PAYLOADS
from tests.fakes.web import House

Serve = Callable[..., Awaitable[int]]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

TOOL_CALL = (PAYLOADS / "01_tool_calls_single.json").read_bytes()
GOOD, BAD = "Bearer vapi-secret", "Bearer wrong"
PATIENCE_S = 3.0
"""How long a test waits for what has to come at once."""


def head(authorization: str, *more: str, path: str = "/vapi") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        f"Authorization: {authorization}",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def whole(authorization: str, body: bytes) -> bytes:
    return head(authorization, f"Content-Length: {len(body)}") + body


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(PATIENCE_S):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


def sized(length: int) -> bytes:
    """A tool-calls message of exactly this many bytes."""
    message = json.loads(TOOL_CALL)
    message["message"]["artifact"]["padding"] = ""
    bare = len(json.dumps(message))
    message["message"]["artifact"]["padding"] = "x" * (length - bare)
    return json.dumps(message).encode()


async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send like a client that reads its answer only afterwards, and forgives a closed connection."""
    try:
        writer.write(data)
        await writer.drain()
    except ConnectionError:
        pass


async def test_ten_megabytes_are_read_and_answered(serve: Serve, house: House) -> None:
    async with connected(await serve()) as (reader, writer):
        body = sized(BODY_MAX_BYTES)
        assert len(body) == BODY_MAX_BYTES
        await send(writer, whole(GOOD, body))
        status, _, told = await answer(reader)
        assert status == 200
        assert json.loads(told)["results"]
        assert len(house.dispatcher.calls) == 1


@pytest.mark.parametrize("size", [BODY_MAX_BYTES + 1, 11 * 2**20])
async def test_more_is_refused_when_it_is_announced(serve: Serve, house: House, size: int) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, whole(GOOD, b"x" * size))
        status, headers, told = await answer(reader)
        assert (status, told) == (413, b'{"error":"body too large"}')
        assert headers["connection"] == "close"
        assert not house.dispatcher.calls


async def test_announcing_too_much_is_refused_before_it_is_sent(serve: Serve) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(GOOD, f"Content-Length: {11 * 2**20}"))
        assert (await answer(reader))[0] == 413


async def test_more_is_refused_when_it_comes_in_chunks_without_an_announcement(serve: Serve, house: House) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(GOOD, "Transfer-Encoding: chunked"))
        for _ in range(11):
            await send(writer, b"100000\r\n" + b"x" * 2**20 + b"\r\n")
        status, headers, _ = await answer(reader)
        assert (status, headers["connection"]) == (413, "close")
        assert not house.dispatcher.calls


async def test_a_body_in_chunks_is_read(serve: Serve, house: House) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(GOOD, "Transfer-Encoding: chunked"))
        for start in range(0, len(TOOL_CALL), 1_000):
            part = TOOL_CALL[start : start + 1_000]
            await send(writer, b"%x\r\n" % len(part) + part + b"\r\n")
            await asyncio.sleep(0.001)
        await send(writer, b"0\r\n\r\n")
        assert (await answer(reader))[0] == 200
        assert len(house.dispatcher.calls) == 1


@pytest.mark.parametrize("length", [f"Content-Length: {len(TOOL_CALL)}", "Transfer-Encoding: chunked"])
async def test_a_body_that_never_completes_is_given_up(serve: Serve, house: House, length: str) -> None:
    async with connected(await serve(body_deadline_s=0.1)) as (reader, writer):
        await send(writer, head(GOOD, length) + b"5\r\n{   ")
        status, headers, told = await answer(reader)
        assert (status, told) == (408, b'{"error":"body too slow"}')
        assert headers["connection"] == "close"
        assert not house.dispatcher.calls


async def test_a_byte_now_and_then_buys_no_time(serve: Serve) -> None:
    async with connected(await serve(body_deadline_s=0.2)) as (reader, writer):
        await send(writer, head(GOOD, f"Content-Length: {len(TOOL_CALL)}"))
        answering = asyncio.ensure_future(answer(reader))
        while not answering.done():
            await send(writer, b" ")
            await asyncio.wait({answering}, timeout=0.02)
        assert answering.result()[0] == 408


@pytest.mark.parametrize(
    "length", ["Content-Length: 5000", f"Content-Length: {9 * 2**20}", "Transfer-Encoding: chunked"]
)
async def test_a_bad_bearer_is_refused_without_waiting_for_the_body(serve: Serve, length: str) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(BAD, length))
        status, _, told = await answer(reader)
        assert (status, told) == (401, b'{"error":"unauthorized"}')


@pytest.mark.parametrize("path", ["/vapi", "/tools/check_availability"])
async def test_a_stranger_with_a_large_body_can_still_read_his_refusal(serve: Serve, path: str) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(BAD, f"Content-Length: {11 * 2**20}", path=path) + b"x" * 11 * 2**20)
        status, headers, told = await answer(reader)
        assert (status, told) == (401, b'{"error":"unauthorized"}')
        assert headers["connection"] == "close"
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""


async def test_a_stranger_who_keeps_sending_is_cut_off(serve: Serve) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(BAD, "Transfer-Encoding: chunked"))
        assert (await answer(reader))[0] == 401
        async with asyncio.timeout(PATIENCE_S * 2):
            while not reader.at_eof():
                await send(writer, b"10000\r\n" + b"x" * 2**16 + b"\r\n")
                try:
                    await asyncio.wait_for(reader.read(1), 0.001)
                except TimeoutError:
                    pass
                except ConnectionError:
                    break


async def test_after_a_refusal_the_connection_serves_the_next_request(serve: Serve, house: House) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, whole(BAD, TOOL_CALL) + whole(GOOD, TOOL_CALL) + whole(GOOD, b"{") + whole(GOOD, TOOL_CALL))
        assert [(await answer(reader))[0] for _ in range(4)] == [401, 200, 400, 200]
        assert len(house.dispatcher.calls) == 2


async def test_a_refused_body_that_comes_late_is_not_taken_for_a_request(serve: Serve) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(BAD, f"Content-Length: {len(TOOL_CALL)}"))
        assert (await answer(reader))[0] == 401
        await send(writer, TOOL_CALL + whole(GOOD, TOOL_CALL))
        assert (await answer(reader))[0] == 200


async def test_a_client_that_leaves_does_not_stop_what_it_started(serve: Serve, house: House) -> None:
    house.dispatcher.seconds = 0.1
    async with connected(await serve()) as (_, writer):
        await send(writer, whole(GOOD, TOOL_CALL))
        await asyncio.wait_for(house.dispatcher.started.wait(), PATIENCE_S)
    await asyncio.wait_for(house.dispatcher.finished.wait(), PATIENCE_S)


async def test_half_a_request_starts_nothing(serve: Serve, house: House) -> None:
    port = await serve()
    async with connected(port) as (_, writer):
        await send(writer, head(GOOD, f"Content-Length: {len(TOOL_CALL)}") + TOOL_CALL[:-1])
        await asyncio.sleep(0.05)
    async with connected(port) as (reader, writer):
        await send(writer, whole(GOOD, b"{}"))
        assert (await answer(reader))[0] == 200
    assert not house.dispatcher.calls


async def test_an_expecting_client_is_told_to_go_on_only_when_welcome(serve: Serve) -> None:
    port = await serve()
    for authorization, expected in ((GOOD, b"HTTP/1.1 100 Continue\r\n"), (BAD, b"HTTP/1.1 401 Unauthorized\r\n")):
        async with connected(port) as (reader, writer):
            await send(writer, head(authorization, f"Content-Length: {len(TOOL_CALL)}", "Expect: 100-continue"))
            assert await asyncio.wait_for(reader.readline(), PATIENCE_S) == expected


@pytest.mark.parametrize("length", ["-1", "1e3", "ten", ""])
async def test_a_length_that_is_no_number_is_not_served(serve: Serve, house: House, length: str) -> None:
    async with connected(await serve()) as (reader, writer):
        await send(writer, head(GOOD, f"Content-Length: {length}") + TOOL_CALL)
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 400")
        assert not house.dispatcher.calls
