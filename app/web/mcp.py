"""`POST /mcp`: the tools for whoever speaks the Model Context Protocol, without sessions, in both eras of it.

Authentication and size are settled here, before the protocol; what speaks it is the official SDK. That is loaded beside
the event loop when the first client that may come in comes: nobody else waits or pays for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.types import Lifespan, Receive, Scope

from app.dialects import plain
from app.dialects.credentials import encoded
from app.web.answer import Answer
from app.web.ports import Doors
from app.web.tools import proven

if TYPE_CHECKING:
    from app.web.mcp_exchange import Exchange

PATH: Final = "/mcp"


class Mcp:
    """The route's work."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._secrets = encoded(doors.tools_secrets)
        self._starting: asyncio.Task[Exchange] | None = None

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The protocol's own answer. Raises UnauthorizedError and what reading a body raises."""
        proof = plain.authenticate(scope["headers"], self._secrets, self._doors.clock.now())
        raw = await proven(scope, receive, proof, self._doors.body_deadline_s)
        return await (await self._exchange()).answer(scope, raw)

    def within(self, doors: Doors) -> Lifespan[Starlette]:
        """The application's life as handed in, with the end of what was started here before its own end."""

        @asynccontextmanager
        async def life(app: Starlette) -> AsyncIterator[Any]:
            if doors.lifespan is None:
                yield
                await self._stop()
                return
            async with doors.lifespan(app) as state:
                try:
                    yield state
                finally:
                    await self._stop()

        return life

    async def _exchange(self) -> "Exchange":
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(_started(self._doors))
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

    def _started(self, task: "asyncio.Task[Exchange]") -> None:
        """One that failed is begun anew by the next client."""
        if task.cancelled() or task.exception() is not None:
            self._starting = None

    async def _stop(self) -> None:
        if self._starting is not None:
            await (await self._starting).aclose()


async def _started(doors: Doors) -> "Exchange":
    exchange = await asyncio.to_thread(_loaded, doors)
    await exchange.start()
    return exchange


def _loaded(doors: Doors) -> "Exchange":
    from app.web.mcp_exchange import Exchange  # noqa: PLC0415 - a second and 28 MB that only clients of MCP need

    return Exchange(doors.tools, doors.dispatcher, doors.version, doors.public_url)
