"""Walks the whole audit log in the background, a little at a time, so that nobody waits and no call is held up."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from app import log
from app.audit.anchors import DamagedAnchorsError, noted
from app.audit.log import GENESIS, Head, head, unfit
from app.clock import Clock
from app.db.engine import Database
from app.db.schema import audit
from app.errors import ReadbackError

STEP_ROWS: Final = 1_000
PAUSE_S: Final = 0.02
"""Between two steps, for whoever waits for the database or the interpreter."""
NEVER, WALKING, HOLDS, BROKEN, STOPPED = "never looked at", "walking", "holds", "broken", "not finished"

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How far the walk has come. `rows` were looked at, of `total`; `at`: when it ended, epoch seconds, 0 before."""

    word: str = NEVER
    rows: int = 0
    total: int = 0
    anchors: int = 0
    why: str = ""
    at: float = 0.0


class Chain:
    """One walk at a time; `file` holds heads that were noted outside the database."""

    def __init__(self, database: Database, file: Path, clock: Clock) -> None:
        self.state = State()
        self._database = database
        self._file = file
        self._clock = clock
        self._walk: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Walk, unless somebody is walking."""
        if self._walk is None or self._walk.done():
            self.state = State(WALKING)
            self._walk = asyncio.get_running_loop().create_task(self._walked(), name="audit chain")

    async def stop(self) -> None:
        """Leave a walk where it is."""
        if self._walk is not None:
            self._walk.cancel()
            await asyncio.wait({self._walk})

    async def _walked(self) -> None:
        try:
            anchors = await asyncio.to_thread(noted, self._file)
            newest = await self._database.read(head)
            self.state = replace(self.state, total=newest.seq, anchors=len(anchors))
            why = await self._problem(newest, dict(anchors))
        except DamagedAnchorsError as damaged:
            self._end(BROKEN, str(damaged))
        except ReadbackError as error:
            _log.warning("audit log not walked to its end", reason=str(error))
            self._end(STOPPED, "the database does not answer")
        else:
            self._end(BROKEN if why else HOLDS, why)

    async def _problem(self, newest: Head, anchors: dict[int, str]) -> str:
        """Walk up to the row that was the newest; what is wrong, or nothing."""
        at = Head(0, GENESIS)
        while at.seq < newest.seq:
            at, why = await self._database.read(lambda c, at=at: _step(c, at, newest.seq, anchors))  # type: ignore[misc]  # the default only binds it
            self.state = replace(self.state, rows=at.seq)
            if why:
                return why
            await asyncio.sleep(PAUSE_S)
        gone = [seq for seq in anchors if seq > newest.seq]  # they were noted before the head was read
        return f"row {min(gone)} was anchored and is gone: the end was cut off" if gone else ""

    def _end(self, word: str, why: str) -> None:
        self.state = replace(self.state, word=word, why=why, at=self._clock.now())


def _step(connection: Connection, after: Head, last: int, anchors: Mapping[int, str]) -> tuple[Head, str]:
    asked = select(audit).where(audit.c.seq > after.seq, audit.c.seq <= last).order_by(audit.c.seq).limit(STEP_ROWS)
    at = after
    rows = connection.execute(asked).fetchall()
    if not rows:
        return at, f"row {at.seq + 1} is missing"
    for row in rows:
        why = unfit(row, at.seq + 1, at.hash)
        if not why and anchors.get(row.seq, row.hash) != row.hash:
            why = f"row {row.seq} is not the one that was anchored"
        if why:
            return at, why
        at = Head(row.seq, row.hash)
    return at, ""
