"""The processes that work on jobs: each says again and again that it lives, and one of them at a time leads."""

import asyncio
import contextlib
import uuid
from collections.abc import Mapping

from sqlalchemy import Connection, delete, select, update

from app import log
from app.background import Background
from app.clock import Clock
from app.db.bulk import BulkInsert
from app.db.engine import Database, Transaction
from app.db.liveness import Heard
from app.db.schema import job_leases, job_processes
from app.errors import ReadbackError

BEAT_S = 3.0
SILENT_S = 15.0
"""After so long without a sign of life a process counts as dead."""
LEASE_S = 15.0
LEASE = "timers"

_insert_process = BulkInsert(job_processes, keep_first=True)
_insert_lease = BulkInsert(job_leases, keep_first=True)
_p, _l = job_processes.c, job_leases.c

logger = log.get(__name__)


class Member:
    """This process among those that work. `name` is unlike any other process's, a restarted one's included."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.name = uuid.uuid4().hex[:16]
        self.known = asyncio.Event()
        """Set once the others can see this process; before that it must not begin any work."""
        self._database = database
        self._clock = clock
        self._leads_until = 0.0
        self._heard = Heard(SILENT_S)
        self._loop = Background()

    def start(self) -> None:
        """Begin to show up."""
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Leave: what this process had begun and not finished is taken over at once, and another one leads."""
        if not await self._loop.end():
            return
        self._leads_until = 0.0
        with contextlib.suppress(ReadbackError):  # it is noticed a little later
            await self._database.write(lambda transaction: _left(transaction, self.name))

    def leads(self) -> bool:
        """Whether this process leads now."""
        return self._clock.monotonic() < self._leads_until

    async def living(self) -> set[str]:
        """Names of the processes that live, this one included."""
        beats = await self._database.read(_beats)
        now = self._clock.monotonic()
        self._heard.hear(beats, now)
        return self._heard.living(now) | {self.name}

    async def beat(self) -> None:
        """Show that this process lives; take or keep the lead if nobody else has it."""
        begun, now = self._clock.monotonic(), self._clock.now()
        silent = self._heard.silent(begun)
        leads, beats = await self._database.write(lambda transaction: _shown(transaction, self.name, now, silent))
        self._heard.hear(beats, self._clock.monotonic())  # also who follows: a new leader need not begin to listen
        if leads != self.leads():
            logger.info("leads" if leads else "follows", process=self.name)
        self._leads_until = begun + LEASE_S if leads else 0.0
        self.known.set()

    async def _forever(self) -> None:
        while True:
            try:
                await self.beat()
            except Exception as error:
                # Whatever it was: one who falls silent for good has all its work done a second time by others.
                logger.warning("not_shown", error=str(error), exc_info=not isinstance(error, ReadbackError))
            await asyncio.sleep(BEAT_S)


def forget(transaction: Transaction, names: set[str]) -> None:
    """Strike dead processes off the list; one that lives after all puts itself back."""
    if names:
        transaction.connection.execute(delete(job_processes).where(_p.process.in_(names)))


def _shown(transaction: Transaction, name: str, now: float, silent: Mapping[str, int]) -> tuple[bool, dict[str, int]]:
    """`silent` has the last count of beats of those who were not heard for too long, as far as this process knows."""
    connection = transaction.connection
    seen = update(job_processes).where(_p.process == name).values(beats=_p.beats + 1, seen_at=now)
    if not connection.execute(seen).rowcount:
        _insert_process(connection, [(name, 1, now)])
    # A lease of the dead ends by their silence too: by clocks that were set back it would last for hours.
    beats = _beats(connection)
    dead = [one for one, count in silent.items() if one != name and beats.get(one, count) == count]
    mine = (_l.holder == name) | (_l.until < now) | _l.holder.in_(dead)
    taken = update(job_leases).where(_l.name == LEASE, mine).values(holder=name, until=now + LEASE_S)
    if not connection.execute(taken).rowcount:
        _insert_lease(connection, [(LEASE, name, now + LEASE_S)])
    holder: str = connection.execute(select(_l.holder).where(_l.name == LEASE)).scalar_one()
    return holder == name, beats


def _left(transaction: Transaction, name: str) -> None:
    forget(transaction, {name})
    transaction.connection.execute(delete(job_leases).where(_l.holder == name))


def _beats(connection: Connection) -> dict[str, int]:
    return {row.process: row.beats for row in connection.execute(select(_p.process, _p.beats))}
