"""A Redis of the test's own that can be killed and started again, and one that takes everything and never answers."""

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest
import redis

from app.adapters.redis_connection import RedisConnection
from tests.fakes.alarms import FakeAlarms
from tests.processes import free_port

STARTED_WITHIN_S = 30.0
PATIENT_S = 10.0
"""Where the deadline is not what is looked at, a busy machine must not make Redis seem away."""
SECRET = b"installation"


def connection_to(url: str, alarms: FakeAlarms | None = None, *, patient: bool = True, **more: Any) -> RedisConnection:
    """A connection that looks often, not yet started."""
    options: dict[str, Any] = {"look_every_s": 0.05} | ({"ask_within_s": PATIENT_S} if patient else {}) | more
    secret = options.pop("secret", SECRET)
    return RedisConnection(url, secret, alarms or FakeAlarms(), **options)  # type: ignore[arg-type]  # it rings alike


class OwnRedis:
    """`redis-server` on a port that stays the same; it forgets everything with each end."""

    def __init__(self) -> None:
        if not shutil.which("redis-server"):
            pytest.skip("redis-server is not installed")
        self._folder = tempfile.mkdtemp(prefix="readback-redis-")
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        if self._process is not None:
            return
        options = {"port": self._port, "bind": "127.0.0.1", "save": "", "dir": self._folder}
        self._process = subprocess.Popen(
            ["redis-server", *(part for key, value in options.items() for part in (f"--{key}", str(value)))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + STARTED_WITHIN_S
        while not self._answers():
            assert time.monotonic() < until, "redis-server does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class BlackHole:
    """Takes connections and what comes over them."""

    def __init__(self) -> None:
        self.connections = 0
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        while await reader.read(1000):
            pass
        writer.close()

    async def close(self) -> None:
        """Drop every connection."""
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def black_hole() -> AsyncIterator[BlackHole]:
    hole = BlackHole()
    server = await asyncio.start_server(hole.serve, "127.0.0.1", 0)
    hole.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    yield hole
    server.close()
    await hole.close()
