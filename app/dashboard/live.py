"""The overview as it changes, sent to whoever has it open. One look serves them all; nobody looks for nobody.

A slow reader misses what is out of date already; nothing is queued for anybody.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from app import log
from app.dashboard.gate import Gate
from app.dashboard.session import Session
from app.errors import ReadbackError

MOST_AT_ONCE: Final = 40
MOST_OF_SESSION: Final = 4
EVERY_S: Final = 2.0
BEAT_S: Final = 15.0
"""A sign of life for proxies and readers, and a look whether the session is still one."""
AGAIN_MS: Final = 3_000
"""How long a reader waits before it comes again."""

_log = log.get("dashboard")


class Live:
    """`look` makes the part of the page that is live."""

    def __init__(self, look: Callable[[], Awaitable[str]], gate: Gate) -> None:
        self._look = look
        self._gate = gate
        self._open: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._part = ""
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def open(self) -> int:
        """How many are looking."""
        return self._open.total()

    async def stream(self, session: Session) -> AsyncIterator[bytes]:
        """What is sent to one reader, until they go, their session ends, or the server stops."""
        if self._stopped or self.open >= MOST_AT_ONCE or self._open[session.id] >= MOST_OF_SESSION:
            yield b"event: full\ndata: \n\n"
            return
        self._open[session.id] += 1
        try:
            yield b"retry: %d\n\n" % AGAIN_MS
            sent = ""
            self._begin()
            while not self._stopped:
                news, part = self._news, self._part
                if part != sent:
                    sent = part
                    yield event("overview", part)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await news.wait()
                    continue
                if not await self._still(session):
                    yield event("over", "")
                    return
                yield b": still here\n\n"
        finally:
            self._open[session.id] -= 1
            if not self._open[session.id]:
                del self._open[session.id]

    def stop(self) -> None:
        """Let every reader go: they would hold up the end of the server."""
        self._stopped = True
        self._tell()

    async def stopped(self) -> None:
        """Have nothing running any more."""
        self.stop()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def _begin(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_on(), name="dashboard live")

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _look_on(self) -> None:
        while self.open and not self._stopped:
            try:
                part = await self._look()
            except ReadbackError as error:
                _log.warning("live page not looked at", reason=type(error).__name__)
            else:
                if part != self._part:
                    self._part = part
                    self._tell()
            await asyncio.sleep(EVERY_S)

    async def _still(self, session: Session) -> bool:
        """Whether the session may go on; while that cannot be known it does, and sees that nothing can be read."""
        try:
            return await self._gate.still(session)
        except ReadbackError:
            return True


def event(name: str, text: str) -> bytes:
    """One event, each line of the text in its own."""
    data = "\n".join(f"data: {line}" for line in text.splitlines() or [""])
    return f"event: {name}\n{data}\n\n".encode()
