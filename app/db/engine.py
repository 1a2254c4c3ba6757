"""The database as the rest sees it: reads, writes that commit in groups, and rows that may follow a moment later.

All writes of a process go through one thread and one connection, several callers' work in one commit, the failure of
one its own; what no caller waits for lets them go first. On PostgreSQL a write first takes one advisory lock, so
writers of all processes queue as they do on SQLite: the audit chain needs that order anyway, and no two transactions
can then deadlock over overlapping claims.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from app import metrics
from app.db import durability
from app.db.batching import alike, done
from app.db.checkpoints import Checkpoints
from app.db.opening import READER_THREADS, WRITE_DEADLINE_S, database_file, normalised, open_engine
from app.db.presence import Presence
from app.db.write_queue import Group, Waiting
from app.errors import OverloadedError, ReadbackError

T = TypeVar("T")
Seal = Callable[[Connection, list[Any]], None]
"""Writes what was recorded."""

READ_DEADLINE_S = 3.0
MAX_QUEUED_WRITES = 5_000
FOREIGN_WRITER_CHECK_S = 1.0
NOTICED_WITHIN_S = 1.3
"""After a newcomer has written; longer than everybody else's pause between two looks."""


class DatabaseUnavailableError(ReadbackError):
    """The database did not do it, or did not say in time that it did."""

    retryable = True


class DatabaseRefusedError(DatabaseUnavailableError):
    """The database would not do this however often it is asked: a value too long, a row that is there already."""

    retryable = False


class _OneFailedError(Exception):
    """The work of one of several failed; nothing of any is kept yet."""


@dataclass(slots=True)
class Transaction:
    """One caller's part of a commit. `records` are sealed into the same commit, after everybody's work.

    `topics` say what the commit leaves for others to do; who listens for one is told after the commit.
    """

    connection: Connection
    records: list[Any] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Transaction], Any]
    future: asyncio.Future[Any]
    outcome: Any = None
    error: BaseException | None = None
    topics: set[str] | None = None
    lasting: bool = True


class Database:
    """One database. `seal(connection, records)` writes what transactions recorded, just before each commit."""

    def __init__(self, url: str, seal: Seal, *, shared: bool = False) -> None:
        self.url = normalised(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._file = database_file(self.url)
        self._opened: tuple[int, int] | None = None
        self._ending = False
        self._seal = seal
        self._writer = open_engine(self.url, writes=True, in_turn=True)
        self._reader = open_engine(self.url, writes=False)
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="db-read")
        self._waiting: Waiting[_Job] = Waiting()
        self.reading = 0
        self._queued = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False
        self._data_version: int | None = None
        self._listeners: dict[str, Callable[[], None]] = {}
        self._presence = Presence(self._file) if self._file else None
        self._checkpoints = Checkpoints(self._file)
        self.shared = shared or not self.is_sqlite
        """Whether another process may be writing too. SQLite starts alone unless told, and notices company."""
        self.refuses = False
        """Whether a commit failed for want of the database, or was not known in time, and none has kept a row since."""

    async def start(self) -> None:
        """Start the writer; the tables must be there already."""
        self._loop = asyncio.get_running_loop()
        self._opened = _identity(self._file)
        # From here on: what others write between this look and our first own write must not go unnoticed.
        await asyncio.to_thread(self._look_for_company)
        if self._presence is not None and await asyncio.to_thread(self._presence.enter):
            self.shared = True
            await asyncio.to_thread(self._announce)
        self._checkpoints.start()
        self._thread = threading.Thread(target=self._write_forever, name="db-write", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finish queued writes, then let go of every connection. Writes asked for later are refused at once."""
        self._stopped = True
        if self._thread is not None:
            self._waiting.end()
            await asyncio.to_thread(self._thread.join, WRITE_DEADLINE_S)
            self._thread = None
        await asyncio.to_thread(self._checkpoints.stop, WRITE_DEADLINE_S)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._writer.dispose()
        self._reader.dispose()
        if self._presence is not None:
            self._presence.leave()

    @property
    def queued(self) -> int:
        """Writes that wait or are under way."""
        return self._queued

    def is_there(self) -> bool:
        """Whether the database's file is still where it was, and no other in its place: one that was moved away or
        deleted takes writes until it is closed, and nobody finds them again.
        """
        if self._file is None:
            return True
        now = _identity(self._file)
        return now is not None and self._opened in (None, now)

    def ends(self) -> None:
        """The process is about to stop: once the database has failed a write, no other is tried, each for seconds."""
        self._ending, self.refuses = True, False

    def listen(self, topic: str, told: Callable[[], None]) -> None:
        """Have `told` called on the loop after every commit of this process that left something under `topic`."""
        self._listeners[topic] = told

    async def write(
        self, work: Callable[[Transaction], T], within_s: float = WRITE_DEADLINE_S, *, lasting: bool = True
    ) -> T:
        """Run `work` in a transaction and return its result once that is committed.

        It may be run twice, the first time for nothing, so all it does is in the transaction and in what it returns.
        What is not `lasting` may be lost where the machine loses power, and waits for no disk.
        Raises what `work` raised (its part is undone), `OverloadedError` before anything ran, and
        `DatabaseUnavailableError` when the commit failed or was not known in time: then it may still happen.
        """
        if self._loop is None or self._stopped:
            raise DatabaseUnavailableError("the database is not started, or stopped already")
        if self._ending:
            self._not_again()
            within_s = min(within_s, WRITE_DEADLINE_S)
        if self._queued >= MAX_QUEUED_WRITES:
            raise OverloadedError("too many database writes are waiting")
        job = _Job(work, self._loop.create_future(), lasting=lasting)
        self._queued += 1
        self._waiting.put(job)
        try:
            # Not `wait_for`: on Python 3.11 it swallows a cancellation that meets a finished future.
            async with asyncio.timeout(within_s):
                return cast(T, await job.future)
        except TimeoutError:
            self.refuses = self.refuses or within_s >= WRITE_DEADLINE_S
            raise DatabaseUnavailableError("the database did not commit in time") from None

    async def prove(self, within_s: float = WRITE_DEADLINE_S) -> None:
        """Write something for certain, which an empty transaction does not. Raises as `write` does."""
        try:
            await self.write(lambda transaction: durability.row_written(transaction.connection), within_s)
        except DatabaseUnavailableError:
            self.refuses = True
            raise
        self.refuses = False

    async def read(self, work: Callable[[Connection], T], within_s: float = READ_DEADLINE_S) -> T:
        """Run `work` on a read connection, off the loop."""
        running = asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)
        self.reading += 1
        try:
            async with asyncio.timeout(within_s):
                return await running
        except TimeoutError:
            raise DatabaseUnavailableError("the database did not answer in time") from None
        finally:
            self.reading -= 1

    def _read(self, work: Callable[[Connection], T]) -> T:
        for attempt in (1, 2):
            try:
                with self._reader.connect() as connection:
                    return work(connection)
            except DBAPIError as error:
                # A server that restarted leaves dead connections in the pool; a read may simply ask again.
                if attempt == 2 or not error.connection_invalidated:
                    raise DatabaseUnavailableError(type(error).__name__) from error
            except SQLAlchemyError as error:
                raise DatabaseUnavailableError(type(error).__name__) from error
        raise AssertionError("unreachable")

    def _write_forever(self) -> None:
        # Connected before anybody asks: the first call of the day has 50 ms to be counted.
        with suppress(SQLAlchemyError), self._writer.connect():
            pass
        while True:
            group = self._waiting.take(FOREIGN_WRITER_CHECK_S)
            if group.works:
                self._commit(group)
            elif self._waiting.ended:
                return
            else:
                self._look_for_company()

    def _commit(self, group: Group[_Job]) -> None:
        waiting, begun = group.works, group.works
        lasting = any(job.lasting for job in group.works)
        try:
            if not self.is_there():
                raise DatabaseUnavailableError("the database's file is gone")
            self._not_again()
            with self._begun(lasting=lasting) as connection:
                self._check_company(connection)
                # Who gave up before we began is owed nothing, and must not find it done later.
                waiting = [job for job in group.works if not job.future.cancelled()]
                try:
                    begun, records = self._run(connection, waiting, group, apart=False)
                except _OneFailedError:
                    # Somebody's trouble is rare, so only then is everybody's work set apart, and done once more.
                    connection.rollback()
                    connection.begin()
                    begun, records = self._run(connection, waiting, group, apart=True)
                if records:
                    self._seal(connection, records)
                connection.commit()
                self._checkpoints.committed()
                if records:  # a commit that changes nothing needs no disk, and succeeds on a full one
                    self.refuses = False
                    metrics.count_audit_rows(len(records))
        except BaseException as error:  # noqa: BLE001 - whatever broke the commit is every waiting caller's answer
            unavailable = DatabaseUnavailableError(f"{_named(error)}: not committed")
            unavailable.__cause__ = error
            self.refuses = isinstance(error, DatabaseUnavailableError | SQLAlchemyError) and not _is_of_its_work(error)
            for job in begun:
                job.error = job.error or unavailable
        left = waiting[len(begun) :] if begun is not group.works else []
        self._waiting.again(left)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, [job for job in group.works if job not in left])

    def _not_again(self) -> None:
        if self._ending and self.refuses:
            raise DatabaseUnavailableError("it failed another write, and the process ends")

    def _run(
        self, connection: Connection, waiting: list[_Job], group: Group[_Job], *, apart: bool
    ) -> tuple[list[_Job], list[Any]]:
        """Everybody's work, or as much of a patient group as there is time for; with what they recorded.

        `apart`: in a savepoint each, so that what fails undoes nobody else's.
        """
        records: list[Any] = []
        singly = apart or group.patient
        for number, some in enumerate([[job] for job in waiting] if singly else alike(waiting, lambda job: job.work)):
            if number and group.patient and self._waiting.hurries():
                return waiting[:number], records
            if apart:
                connection.exec_driver_sql("SAVEPOINT one")  # hides the one before, which nobody goes back to any more
            transaction = Transaction(connection)
            try:
                outcomes = done([job.work for job in some], transaction)
            except BaseException as error:
                if len(waiting) > 1 and not apart:
                    raise _OneFailedError from error
                some[0].error = translated(error)
                if not apart:
                    raise
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one")
                continue
            for job, outcome in zip(some, outcomes, strict=True):
                job.outcome, job.error, job.topics = outcome, None, transaction.topics
            records += transaction.records
        return waiting, records

    def _deliver(self, batch: list[_Job]) -> None:
        self._queued -= len(batch)
        for job in batch:
            if job.future.done():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.outcome)
        self._tell(batch)

    def _tell(self, batch: list[_Job]) -> None:
        topics = {topic for job in batch if job.topics and job.error is None for topic in job.topics}
        for topic in topics & self._listeners.keys():
            self._listeners[topic]()

    def _begun(self, *, lasting: bool) -> Connection:
        """The writer's connection in a transaction, which is undone when it is closed without a commit."""
        for attempt in (1, 2):
            connection = self._writer.connect()
            try:
                durability.begins(connection, lasting=lasting)
                connection.begin()
            except DBAPIError as error:
                connection.close()
                # A server that restarted leaves a dead connection; nothing was done on it yet.
                if attempt == 2 or not error.connection_invalidated:
                    raise
            else:
                return connection
        raise AssertionError("unreachable")

    def _check_company(self, connection: Connection) -> None:
        if self.shared:
            return
        version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        if self._data_version is not None and version != self._data_version:
            self.shared = True
        self._data_version = version

    def _announce(self) -> None:
        """Write something, so that who thought to be alone notices, and wait until they must have."""
        with suppress(SQLAlchemyError), self._writer.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {(version + 1) % 2**31}")
        time.sleep(NOTICED_WITHIN_S)

    def _look_for_company(self) -> None:
        if self.shared:
            return
        try:
            with self._writer.connect() as connection:
                self._check_company(connection)
        except SQLAlchemyError:
            # Nobody waits for this look; the next write meets the same trouble and reports it.
            self._data_version = None


def _identity(file: str | None) -> tuple[int, int] | None:
    """Which file it is, whatever its name is now; None when there is none."""
    try:
        found = Path(file).stat() if file else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _is_of_its_work(error: BaseException) -> bool:
    """Whether the database would not do this however often it is asked."""
    return isinstance(error, DataError | IntegrityError | ProgrammingError)


def _named(error: BaseException) -> str:
    """The error's name, with the driver's words where these are of the database and not of what was written."""
    if isinstance(error, ReadbackError):
        return str(error)
    words = str(error.orig).strip().splitlines() if isinstance(error, OperationalError) else []
    return ": ".join([type(error).__name__, *words[:1]])


def translated(error: BaseException) -> BaseException:
    """A driver's error as ours; any other as it is."""
    if isinstance(error, SQLAlchemyError):
        refused = _is_of_its_work(error)
        ours = (DatabaseRefusedError if refused else DatabaseUnavailableError)(_named(error))
        ours.__cause__ = error
        return ours
    return error
