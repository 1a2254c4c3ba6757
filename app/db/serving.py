"""Whether this process alone answers callers on its database; then nobody else can be asked what it was asked.

Every serving process shows up in a table, so that a worker notices when none is left. Whether one is alone is said by
the file itself on SQLite (`engine`). On PostgreSQL each looks at the table once a second; one that is alone by its last
look is sure of it for a moment. For that moment it may look up anew what a newcomer has answered: that harms nobody,
while a newcomer that let it pass would keep callers waiting after every crash. In doubt there is company: after a start
until a killed one has been silent for long enough, and whenever the table was not read lately.
"""

import asyncio
import contextlib
import uuid
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from app import log
from app.background import Background
from app.clock import Clock
from app.db.bulk import BulkInsert
from app.db.engine import Database, Transaction
from app.db.liveness import Heard
from app.db.prepared import PreparedUpdate
from app.db.schema import serving_processes
from app.db.write_queue import nobody_waits
from app.errors import ReadbackError

LOOK_EVERY_S: Final = 1.0
BEAT_EVERY_S: Final = 3.0
SURE_FOR_S: Final = 2.5
"""From before a look that found nobody."""
SILENT_S: Final = 15.0
"""After so long without a sign of life a process answers nobody any more."""

_insert = BulkInsert(serving_processes, keep_first=True)
_s = serving_processes.c
_shown = PreparedUpdate(serving_processes, _s.process)
_gone = delete(serving_processes).where(_s.process == bindparam("this"), _s.beats == bindparam("last"))

_log = log.get(__name__)


class Serving:
    """This process among those that answer callers. Before `start`, and in a process that never starts it, there is
    company.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.name = uuid.uuid4().hex[:16]
        self._database = database
        self._clock = clock
        self._heard = Heard(SILENT_S)
        self._beats = 0
        self._beat_at = float("-inf")
        self._sure_until = float("-inf")
        self._loop = Background()

    @property
    def alone(self) -> bool:
        """Whether no other process can be asked what this one was asked a moment ago."""
        if self._database.is_sqlite:
            return not self._database.shared
        return self._clock.monotonic() < self._sure_until

    async def start(self) -> None:
        """Show up before the first call comes. Raises `DatabaseUnavailableError`."""
        await self.look()
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Leave; the others notice within a second."""
        if not await self._loop.end():
            return
        self._sure_until = float("-inf")
        with contextlib.suppress(ReadbackError):  # they notice by its silence
            await self._database.write(lambda transaction: _left(transaction, self.name, self._beats))

    async def look(self) -> None:
        """Who else is there; and every few seconds, that this process is. Raises `DatabaseUnavailableError`."""
        begun = self._clock.monotonic()
        if begun - self._beat_at >= BEAT_EVERY_S:
            # Shown first, then looked: of two that start at once, the later finds the earlier.
            await self._database.write(lambda transaction: self._show(transaction, begun), lasting=False)
            self._beats, self._beat_at = self._beats + 1, begun
        self._heard.hear(await self._database.read(_all), self._clock.monotonic())
        others = self._heard.living(begun) - {self.name}
        self._sure_until = float("-inf") if others else begun + SURE_FOR_S

    def _show(self, transaction: Transaction, begun: float) -> None:
        connection, now = transaction.connection, self._clock.now()
        for name, last in self._heard.silent(begun).items():
            if name != self.name:
                _left(transaction, name, last)
        if not _shown(connection, self.name, beats=self._beats + 1, seen_at=now).rowcount:
            _insert(connection, [(self.name, self._beats + 1, now)])

    async def _forever(self) -> None:
        nobody_waits()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a process that falls silent for good counts as dead
                _log.warning("neighbours_not_seen", error=str(error), exc_info=not isinstance(error, ReadbackError))


def _left(transaction: Transaction, name: str, last: int) -> None:
    """Strike off a process, unless it has said something since."""
    transaction.connection.execute(_gone, {"this": name, "last": last})


def _all(connection: Connection) -> dict[str, int]:
    return {row.process: row.beats for row in connection.execute(select(_s.process, _s.beats))}
