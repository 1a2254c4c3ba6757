"""Whether Redis lives, said at once either way."""

import asyncio
import time

import pytest

from app.adapters.redis_probe import TIMEOUT_S, RedisProbe


async def test_a_redis_that_answers_is_ok(redis_url: str) -> None:
    probe = RedisProbe(redis_url)
    assert await probe.state() == "ok"
    assert await probe.state() == "ok"
    await probe.close()


async def test_one_that_refuses_is_down_at_once() -> None:
    probe = RedisProbe("redis://127.0.0.1:1/0")
    began = time.monotonic()
    assert await probe.state() == "down"
    assert time.monotonic() - began < TIMEOUT_S + 0.5
    await probe.close()


@pytest.mark.parametrize("reply", [b"", b"-LOADING Redis is loading\r\n", b"nonsense\r\n"])
async def test_one_that_is_silent_or_unwell_is_down_soon(reply: bytes) -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(reply)
        while await reader.read(100):
            pass
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    probe = RedisProbe(f"redis://127.0.0.1:{port}/0")
    began = time.monotonic()
    assert await probe.state() == "down"
    assert time.monotonic() - began < 2 * TIMEOUT_S + 0.5
    await probe.close()
    await asyncio.wait_for(gone.wait(), 2)
    server.close()
