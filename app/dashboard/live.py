"""Pages as they change, sent to whoever has one open. One look serves all who see the same; nobody looks for nobody.

A slow reader misses what is out of date already; nothing is queued for anybody.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app import log
from app.dashboard.gate import Gate
from app.dashboard.session import Session
from app.errors import ReadbackError

MOST_AT_ONCE: Final = 40
MOST_OF_SESSION: Final = 4
EVERY_S: Final = 2.0
SHARE_OF_TIME: Final = 0.2
"""A page that takes long to make is made less often: no more of the time than this goes into one."""
BEAT_S: Final = 15.0
"""A sign of life for proxies and readers, and a look whether the session is still one."""
FULL: Final = b"event: end\ndata: full\n\n"
SEVERAL: Final = b"event: end\ndata: several\n\n"
OVER: Final = b"event: end\ndata: over\n\n"
AWAY: Final = b"event: records\ndata: away\n\n"
HERE: Final = b"event: records\ndata: here\n\n"

Look = Callable[[str, Mapping[str, str]], Awaitable[str]]
"""The live part of the page at a path with a query, its forms with `Live.place_of_token`."""

_log = log.get("dashboard")


@dataclass(slots=True)
class _Seen:
    """One page as it looks now, and who waits for its next change. Looks are numbered as they begin."""

    path: str
    query: Mapping[str, str]
    readers: int = 0
    part: str = ""
    digest: str = ""
    begun: int = 0
    looked: int = 0
    away: bool = False
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


class Live:
    """`look` makes the part of a page that is live."""

    def __init__(self, look: Look, gate: Gate) -> None:
        self._look = look
        self._gate = gate
        self._open: Counter[str] = Counter()
        self._seen: dict[tuple[object, ...], _Seen] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.place_of_token = secrets.token_hex(32)  # no text of a stranger's can hold it

    @property
    def open(self) -> int:
        """How many are looking."""
        return self._open.total()

    def for_one(self, session: Session, part: str) -> str:
        """A part as this session gets it."""
        return part.replace(self.place_of_token, self._gate.form_token(session))

    async def stream(self, session: Session, path: str, query: Mapping[str, str], *, has: str) -> AsyncIterator[bytes]:
        """What is sent to one reader, until they go, their session ends, or the server stops. `has`: a `digest`."""
        if self._stopped or self.open >= MOST_AT_ONCE:
            yield FULL
            return
        if self._open[session.id] >= MOST_OF_SESSION:
            yield SEVERAL
            return
        self._open[session.id] += 1
        seen, time = self._joined(path, query), asyncio.get_running_loop().time
        try:
            first, checked, away = seen.begun, time(), False
            while not self._stopped:
                news = seen.news
                if seen.away is not away:  # else a page that nobody can look at would still call itself live
                    away = seen.away
                    yield AWAY if away else HERE
                if seen.looked > first and seen.digest != has:  # never older than the page that the reader has
                    has = seen.digest
                    yield event(has, self.for_one(session, seen.part))
                if time() - checked >= BEAT_S:
                    if not await self._still(session):
                        yield OVER
                        return
                    checked = time()
                    yield b": still here\n\n"
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await news.wait()
        finally:
            seen.readers -= 1
            self._open[session.id] -= 1
            if not self._open[session.id]:
                del self._open[session.id]

    def stop(self) -> None:
        """Let every reader go: they would hold up the end of the server."""
        self._stopped = True
        for seen in self._seen.values():
            seen.tell()

    async def stopped(self) -> None:
        """Have nothing running any more."""
        self.stop()
        for looking in self._looking:
            looking.cancel()
        if self._looking:
            await asyncio.wait(self._looking)

    def _joined(self, path: str, query: Mapping[str, str]) -> _Seen:
        key = (path, *sorted(query.items()))
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = _Seen(path, query)
            looking = asyncio.get_running_loop().create_task(self._look_on(key, seen), name=f"dashboard live {path}")
            self._looking.add(looking)
            looking.add_done_callback(self._looked)
        seen.readers += 1
        seen.joined.set()
        return seen

    async def _look_on(self, key: tuple[object, ...], seen: _Seen) -> None:
        try:
            time, somebody_new = asyncio.get_running_loop().time, False
            while seen.readers and not self._stopped:
                began, somebody_new = time(), somebody_new or seen.joined.is_set()
                seen.joined.clear()
                seen.begun = number = seen.begun + 1
                try:
                    part = await self._look(seen.path, seen.query)
                except ReadbackError as error:
                    _log.warning("live page not looked at", path=seen.path, reason=type(error).__name__)
                    if not seen.away:
                        seen.away = True
                        seen.tell()
                else:
                    seen.looked, was_away, seen.away = number, seen.away, False
                    if was_away or part != seen.part or somebody_new:
                        seen.part, seen.digest, somebody_new = part, digest(part), False
                        seen.tell()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(EVERY_S, (time() - began) / SHARE_OF_TIME)):
                        await seen.joined.wait()
        finally:
            del self._seen[key]

    def _looked(self, looking: asyncio.Task[None]) -> None:
        self._looking.discard(looking)
        if not looking.cancelled() and looking.exception() is not None:
            _log.error("live page failed", page=looking.get_name(), exc_info=looking.exception())

    async def _still(self, session: Session) -> bool:
        """Whether the session may go on; while that cannot be known it does, and sees that nothing can be read."""
        try:
            return await self._gate.still(session)
        except ReadbackError:
            return True


def digest(part: str) -> str:
    """By which a reader who comes again says what it has."""
    return hashlib.sha256(part.encode()).hexdigest()[:16]


def event(identity: str, text: str) -> bytes:
    """One message, each line of the text in its own."""
    lines = "\n".join(f"data: {line}" for line in text.splitlines() or [""])
    return f"id: {identity}\n{lines}\n\n".encode()
