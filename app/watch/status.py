"""What the public may know: incidents without names and businesses, held in memory so that it can be read when nothing
else can. Nobody who looks costs a read of the database.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from app import log
from app.clock import Clock
from app.db.engine import Database, DatabaseUnavailableError
from app.db.schema import incident_updates, incidents
from app.errors import ReadbackError
from app.watch.incidents import Impact, Incident, State, with_updates

HISTORY_DAYS: Final = 90
REFRESH_EVERY_S: Final = 2.0
STALE_AFTER_S: Final = 30.0
"""Without a look that succeeded, whatever keeps it from succeeding."""
MOST_OPEN: Final = 20
MOST_RESOLVED: Final = 60
"""Shown at once; older ones are left out."""
MOST_LINES: Final = 20
MOST_CHARACTERS: Final = 10_000
"""Of one incident; what is left out is counted, and the newest line is always there."""
MINUTE_S: Final = 60

_i = incidents.c

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said. `at` in epoch seconds."""

    at: float
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One incident in public; `for_some`: not everybody is affected. Lines are the oldest first, `earlier` counts
    those that are left out.
    """

    id: str
    title: str
    parts: tuple[str, ...]
    impact: Impact
    state: State
    for_some: bool
    opened_at: float
    changed_at: float
    lines: tuple[Line, ...]
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """What is known, as of a minute. `as_of` None: nothing was ever read; not `reached`: nothing newer can be read."""

    open: tuple[Notice, ...] = ()
    resolved: tuple[Notice, ...] = ()
    as_of: int | None = None
    reached: bool = False


class Board:
    """Keeps the copy fresh in the background. `feed`: the id by which feed readers know this installation.

    `known` is what was told before this process; `keep`, which may block, is given each new copy that was read.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        feed: str,
        *,
        known: Copy | None = None,
        keep: Callable[[Copy], None] = lambda _: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.feed = feed
        self._database = database
        self._clock = clock
        self._keep = keep
        self._beat = beat
        self._copy = known or Copy()
        self._said = -1
        """Updates there were when the copy was read; none is ever changed or deleted."""
        self._read_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def copy(self) -> Copy:
        """The copy, which says so itself when it is old. The same object for as long as nothing has changed."""
        if self._copy.reached and self._clock.monotonic() - self._read_at > STALE_AFTER_S:
            self._show(self._copy.open, self._copy.resolved, self._copy.as_of, reached=False)
        return self._copy

    async def start(self) -> None:
        """Look once, so that the first who asks is told something, and go on looking."""
        await self.refresh()
        self._looking = asyncio.get_running_loop().create_task(self._look_forever(), name="status")

    async def stop(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def refresh(self) -> None:
        """Look once; when the database does not answer, what was known stays, and says so."""
        now = self._clock.now()
        since = now - HISTORY_DAYS * 86_400
        try:
            if not await asyncio.to_thread(self._database.is_there):
                raise DatabaseUnavailableError("the database's file is gone")
            said, found = await self._database.read(lambda connection: _read(connection, since, self._said))
        except ReadbackError as error:
            if self._copy.reached:
                _log.warning("status not refreshed", reason=str(error))
            self._show(self._copy.open, self._copy.resolved, self._copy.as_of, reached=False)
            return
        self._said, self._read_at = said, self._clock.monotonic()
        notices = (*self._copy.open, *self._copy.resolved) if found is None else tuple(map(_notice, found))
        still = tuple(notice for notice in notices if notice.state is not State.RESOLVED)
        over = tuple(n for n in notices if n.state is State.RESOLVED and n.changed_at >= since)
        before = self._copy
        self._show(still, over, int(now) // MINUTE_S * MINUTE_S, reached=True)
        if self._copy is not before:
            await asyncio.to_thread(self._keep, self._copy)

    def _show(self, still: tuple[Notice, ...], over: tuple[Notice, ...], as_of: int | None, *, reached: bool) -> None:
        copy = Copy(still, over, as_of, reached)
        if copy != self._copy:
            self._copy = copy

    async def _look_forever(self) -> None:
        while True:
            self._beat()
            await asyncio.sleep(REFRESH_EVERY_S)
            await self.refresh()


def _read(connection: Connection, since: float, known: int) -> tuple[int, list[Incident] | None]:
    """How many updates there are, and the incidents if that is not what is known. Counted first: what comes between
    is seen by the next look.
    """
    said = int(connection.execute(select(func.count()).select_from(incident_updates)).scalar_one())
    if said == known:
        return said, None
    still = select(incidents).where(_i.state != State.RESOLVED.value).order_by(_i.opened_at.desc()).limit(MOST_OPEN)
    over = select(incidents).where(_i.state == State.RESOLVED.value, _i.changed_at >= since)
    rows = [
        *connection.execute(still),
        *connection.execute(over.order_by(_i.changed_at.desc()).limit(MOST_RESOLVED)),
    ]
    return said, with_updates(connection, rows)


def _notice(incident: Incident) -> Notice:
    lines = _newest([Line(one.at, one.state, one.words) for one in incident.updates])
    return Notice(
        id=incident.id,
        title=incident.title,
        parts=incident.parts,
        impact=incident.impact,
        state=incident.state,
        for_some=bool(incident.business),
        opened_at=incident.opened_at,
        changed_at=incident.changed_at,
        lines=lines,
        earlier=len(incident.updates) - len(lines),
    )


def _newest(lines: Sequence[Line]) -> tuple[Line, ...]:
    room = MOST_CHARACTERS
    for kept, line in enumerate(reversed(lines)):
        room -= len(line.words)
        if kept and (kept >= MOST_LINES or room < 0):
            return tuple(lines[-kept:])
    return tuple(lines)
