"""Background work that a process leaves to others: it looks whether anybody does it.

A web process answers callers as well as ever while nobody reads back what it books, so it must know, and say so.
"""

import asyncio
from typing import Final

from sqlalchemy import Connection, func, select

from app import log
from app.background import Background
from app.clock import Clock
from app.db.engine import Database
from app.db.schema import job_outbox, job_processes
from app.errors import ReadbackError
from app.watch.alarms import Alarms

LOOK_EVERY_S: Final = 5.0
NOBODY_AFTER_S: Final = 60.0
"""Without a sign of any worker, or with a job so long overdue and not taken, a person is told; a deploy takes less."""
UNSEEN_S: Final = 3 * LOOK_EVERY_S
"""Between two looks, after which this process was away itself, or the database in which workers show up."""

logger = log.get(__name__)


class Elsewhere:
    """What stands in the place of `Jobs` in a process with `READBACK_JOBS=off`; any number of them may look.

    A worker is alive while its beats go on, by this process's own watch: clocks of other machines are not compared.
    What was due while nobody could work is late by as much, and no page's matter while the first in line is taken.
    """

    def __init__(self, database: Database, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._beats: dict[str, int] = {}
        self._first_due: float | None = None
        self._heard_at = self._taken_at = self._looked_at = clock.monotonic()
        self._well = True
        self._seen = False
        """Whether a beat was heard that was not there at the first look: that may have been of the dead."""
        self._loop = Background()

    def start(self) -> None:
        """Begin to look."""
        self._heard_at = self._taken_at = self._looked_at = self._clock.monotonic()
        self._loop.begin(self._forever())

    async def stop(self, _grace_s: float) -> None:
        """Look no more."""
        await self._loop.end()

    def alive(self) -> bool:
        """Whether somebody does the work, as far as was to be seen at the last look."""
        return self._well and self._loop.runs

    def works(self) -> bool | None:
        """Whether somebody does the work; None while nobody was heard, and it is too soon to miss anybody."""
        return self.alive() if self._seen or not self._well else None

    async def look(self) -> bool:
        """Look once; whether all is well."""
        beats, first_due = await self._database.read(_work)
        now = self._clock.monotonic()
        blind = self._well and now - self._looked_at > UNSEEN_S  # nobody could say anything that was heard here
        if blind or any(self._beats.get(worker) != count for worker, count in beats.items()):
            self._heard_at = now
        if blind or first_due is None or self._first_due is None or first_due > self._first_due:
            self._taken_at = now
        self._seen = self._seen or any(count > self._beats.get(worker, count) for worker, count in beats.items())
        self._beats, self._first_due, self._looked_at = beats, first_due, now
        silent = now - self._heard_at >= NOBODY_AFTER_S
        late = first_due is not None and self._clock.now() - first_due >= NOBODY_AFTER_S
        overdue = late and now - self._taken_at >= NOBODY_AFTER_S
        self._well = not (silent or overdue)
        if self._well:
            self._alarms.clear("jobs_down", "workers")
        else:
            self._ring("No worker has shown up" if silent else "The first job that waits is overdue")
        return self._well

    def _ring(self, what: str) -> None:
        body = (
            f"{what} for {NOBODY_AFTER_S:g} s: appointments are not read back, reminders and CRM copies wait, none is "
            "lost. Start `readback work`, or look at what its log says; READBACK_JOBS=off leaves this work to it."
        )
        self._alarms.ring("jobs_down", "workers", "Nobody does the background work", body)

    async def _forever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                # Whatever it was, the next look is due: a watch that has ended notices nothing.
                logger.warning("workers_not_seen", error=str(error), exc_info=not isinstance(error, ReadbackError))
            await asyncio.sleep(LOOK_EVERY_S)


def _work(connection: Connection) -> tuple[dict[str, int], float | None]:
    """The beats of every worker, and when the first job was due that nobody has taken."""
    beats = {
        row.process: row.beats for row in connection.execute(select(job_processes.c.process, job_processes.c.beats))
    }
    return beats, connection.execute(select(func.min(job_outbox.c.due))).scalar_one()
