"""The doors with fakes behind them: asked in memory, or over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from app.web.one_write import OneWriteProtocol
from app.web.server import build
from tests.fakes.web import House
from tests.processes import TLS

Ask = Callable[..., Awaitable[httpx.Response]]
Serve = Callable[..., Awaitable[int]]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def ask(house: House) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """`ask(client="192.0.2.1", **otherwise)`: a client of one application for the whole test, from any address."""
    apps: dict[str, ASGIApp] = {}
    async with AsyncExitStack() as stack:

        def open_client(client: str = "192.0.2.1", **otherwise: Any) -> httpx.AsyncClient:
            key = repr(sorted(otherwise))
            if key not in apps:
                apps[key] = build(house.doors(**otherwise))
            made = httpx.AsyncClient(
                verify=TLS,
                transport=httpx.ASGITransport(apps[key], client=(client, 4711)),
                base_url="http://readback.test",
            )
            stack.push_async_callback(made.aclose)
            return made

        yield open_client


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """The application on a real port of this machine, served as in production."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            http=OneWriteProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server._serve([listener]))  # `serve` would take the signals from pytest
        while not server.started:  # noqa: ASYNC110  # uvicorn tells it by this flag alone
            await asyncio.sleep(0.005)
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


@pytest.fixture
async def serve(house: House) -> AsyncIterator[Serve]:
    """`await serve(**otherwise)`: the port of a real server."""
    async with AsyncExitStack() as stack:

        async def start(**otherwise: Any) -> int:
            return await stack.enter_async_context(listening(build(house.doors(**otherwise))))

        yield start
