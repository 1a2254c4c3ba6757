"""Tells a person that no process answers callers any more, from one that only works: the dead cannot say it.

Who was stopped in order has taken its row away and is not missed, nor is one that was never there.
"""

import asyncio
from typing import Final

from sqlalchemy import Connection, select

from app import log
from app.background import Background
from app.clock import Clock
from app.db.engine import Database
from app.db.schema import serving_processes
from app.errors import ReadbackError
from app.watch.alarms import Alarms

KIND: Final = "web_down"
LOOK_EVERY_S: Final = 5.0
NOBODY_AFTER_S: Final = 60.0
UNSEEN_S: Final = 3 * LOOK_EVERY_S
"""Between two looks, after which this process was away itself, or the database in which all show up."""
MISSED_FOR_S: Final = 86_400.0
"""One that fell silent longer ago was given up, and pages nobody who starts a worker now."""

logger = log.get(__name__)
_s = serving_processes.c


class WebWatch:
    """A process lives while its beats go on, by this one's own watch; any number may look."""

    def __init__(self, database: Database, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._beats: dict[str, int] | None = None
        self._heard_at = 0.0
        self._looked_at = 0.0
        self._well = True
        self._loop = Background()

    def start(self) -> None:
        """Begin to look."""
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Look no more."""
        await self._loop.end()

    def alive(self) -> bool:
        """Whether nobody is missed, as far as was to be seen at the last look."""
        return self._well

    async def look(self) -> bool:
        """Look once; whether nobody is missed."""
        seen = await self._database.read(_seen)
        now, before = self._clock.monotonic(), self._beats
        self._beats = {process: beats for process, (beats, _) in seen.items()}
        blind = now - self._looked_at > UNSEEN_S
        self._looked_at = now
        if before is None or (blind and self._well):
            self._heard_at = now  # nobody could say anything that was heard here
        elif self._beats.items() - before.items():
            self._heard_at, self._well = now, True
            self._alarms.clear(KIND, "web")
        elif now - self._heard_at >= NOBODY_AFTER_S:
            wall = self._clock.now()
            if any(wall - at < MISSED_FOR_S for _, at in seen.values()):
                self._well = False
                self._ring()
        return self._well

    def _ring(self) -> None:
        body = (
            f"No process has answered callers for {NOBODY_AFTER_S:g} s, and the last did not stop in order: whoever "
            "calls or texts now gets no answer. Start `readback serve`, or look at what its log says."
        )
        self._alarms.ring(KIND, "web", "Nobody answers callers", body)

    async def _forever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                # Whatever it was, the next look is due: a watch that has ended notices nothing.
                logger.warning("web_not_seen", error=str(error), exc_info=not isinstance(error, ReadbackError))
            await asyncio.sleep(LOOK_EVERY_S)


def _seen(connection: Connection) -> dict[str, tuple[int, float]]:
    return {
        row.process: (row.beats, row.seen_at) for row in connection.execute(select(_s.process, _s.beats, _s.seen_at))
    }
