"""Real databases brought into bad days: a writer held up, a file locked by another process, a server that goes away."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection

from app.audit.log import seal
from app.db.engine import Database, DatabaseUnavailableError, Seal, Transaction
from app.db.opening import WRITE_LOCK_KEY, database_file

T = TypeVar("T")
PATIENT_S = 15.0
"""Where no other deadline is named: three seconds of a busy machine are no sign of a database that is away."""

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


class PatientDatabase(Database):
    """As the product's own, for tests of what is done with a database and not of how long it takes."""

    async def write(self, work: Callable[[Transaction], T], within_s: float = PATIENT_S, *, lasting: bool = True) -> T:
        return await super().write(work, within_s, lasting=lasting)

    async def read(self, work: Callable[[Connection], T], within_s: float = PATIENT_S) -> T:
        return await super().read(work, within_s)


@asynccontextmanager
async def opened(url: str, sealing: Seal = seal) -> AsyncIterator[Database]:
    """A started database, stopped afterwards."""
    database = PatientDatabase(url, sealing)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


@asynccontextmanager
async def held_up(database: Database) -> AsyncIterator[threading.Event]:
    """While inside, the writer is busy with somebody's work; what is asked for meanwhile becomes one batch."""
    begun, release = threading.Event(), threading.Event()

    def wait(_: Transaction) -> None:
        begun.set()
        assert release.wait(20)

    holding = asyncio.create_task(database.write(wait, 20.0))
    await asyncio.to_thread(begun.wait)
    try:
        yield release
    finally:
        release.set()
        await holding


@contextmanager
def locked_by_another_process(url: str) -> Iterator[None]:
    """While inside, nobody else can write: a foreign process holds the lock of all writers."""
    file = database_file(url)
    if file is None:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK_KEY])
            yield
            connection.rollback()
        return
    process = subprocess.Popen(
        [sys.executable, "-c", LOCK, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        process.communicate("\n")


@contextmanager
def without_room() -> Iterator[None]:
    """While inside, no file of this process grows: a write of SQLite fails as on a full disk, a read does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def cut_off(url: str) -> None:
    """What a restart of the PostgreSQL server does to everybody who is connected."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def executed(url: str, *statements: str) -> list[Any]:
    """Run statements on a connection of the test's own; the rows of the last one."""
    file = database_file(url)
    if file is None:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows
    finally:
        connection.close()


async def soon(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait until something holds; fails when it does not come to."""
    for _ in range(int(within_s / 0.005)):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("did not come to hold")


class Refusing:
    """In the place of a database's `write`: refuses what is written once `since()` holds, until it is `back`."""

    def __init__(self, database: Database, since: Callable[[], bool]) -> None:
        self.write = database.write
        self._since = since
        self.back = False
        self.refused = 0

    async def __call__(self, work: Any, within_s: float = 15.0, *, lasting: bool = True) -> Any:
        if not self.back and self._since():
            self.refused += 1
            raise DatabaseUnavailableError("away")
        return await self.write(work, within_s, lasting=lasting)
