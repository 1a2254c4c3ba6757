"""The public status page of a process that serves: fed from its database, and answered when that is away."""

import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from starlette.applications import Starlette

from app.db.companion_files import beside
from app.main.server import Server
from app.settings import Settings
from app.watch.status import Board
from app.watch.status_kept import Keep, Told
from app.web.ports import Doors

GAP_S: Final = 60.0


def doors_with_status(server: Server) -> Doors:
    """The doors of the server, with its status page; the page's copy is kept fresh for as long as the server runs."""
    beat = server.loops.register("status", GAP_S)
    feed, keep = feed_id(server.secret), kept_status(server.settings)
    board = Board(
        server.database,
        server.clock,
        feed,
        known=keep.read().known,
        keep=lambda copy: keep.write(Told(feed, copy)),
        beat=beat,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with server.lifespan(app):
            await board.start()
            try:
                yield
            finally:
                await board.stop()

    return replace(server.doors(), status=board, lifespan=lifespan)


def kept_status(settings: Settings) -> Keep:
    """Where this installation keeps what the public was told last."""
    return Keep(beside(settings.database_url, "status", "status"))


def feed_id(secret: bytes) -> str:
    """The feed's id: this installation's own for good, wherever it is reached, and nothing can be learnt from it."""
    return uuid.UUID(bytes=hmac.new(secret, b"status feed", hashlib.sha256).digest()[:16], version=4).urn
