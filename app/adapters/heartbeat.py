"""Calls an outside address while every loop of this process is alive, so that somebody outside notices its silence.

A process cannot report its own death. It sends nothing about itself: the call is the message.
"""

import asyncio
import time
from typing import Final

import httpx

from app import log, metrics
from app.adapters.outcomes import outcome_of
from app.adapters.trust import authorities
from app.background import Background
from app.db.engine import Database
from app.errors import ReadbackError
from app.watch.loops import Loops

DEADLINE_S: Final = 8.0

_log = log.get(__name__)


class Heartbeat:
    """A loop. `url` None: it only watches the others. The address is a capability, so it is never shown."""

    def __init__(self, url: str | None, every_s: float, loops: Loops, database: Database) -> None:
        self._url = url
        self._every_s = every_s
        self._loops = loops
        self._database = database
        self._wrote = loops.register("database_writer", 3 * every_s)
        self._client = httpx.AsyncClient(
            timeout=DEADLINE_S, follow_redirects=False, trust_env=False, verify=authorities()
        )
        self._loop = Background()

    def start(self) -> None:
        """Begin on the running loop, the first beat at once."""
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """No more beats."""
        await self._loop.end()
        await self._client.aclose()

    async def beat(self) -> bool:
        """One beat: True when every loop is alive and the address, if there is one, took it."""
        try:
            await self._database.prove()
            self._wrote()
        except ReadbackError as error:
            _log.warning("heartbeat_database_silent", reason=str(error))
        if late := self._loops.late():
            _log.error("heartbeat_withheld", loops=late)
            return False
        return self._url is None or await self._call(self._url)

    async def _call(self, url: str) -> bool:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(DEADLINE_S):
                status = (await self._client.get(url)).status_code
        except (httpx.HTTPError, TimeoutError) as error:
            metrics.observe_upstream("heartbeat", "error", time.perf_counter() - started)
            _log.warning("heartbeat_not_taken", reason=type(error).__name__)
            return False
        metrics.observe_upstream("heartbeat", outcome_of(status), time.perf_counter() - started)
        if not 200 <= status < 300:
            _log.warning("heartbeat_not_taken", status=status)
        return 200 <= status < 300

    async def _forever(self) -> None:
        while True:
            await self.beat()
            await asyncio.sleep(self._every_s)
