"""Opening a database as this product wants it: which driver, which limits, and how a transaction begins."""

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from app.db.checkpoints import AT_LAST_PAGES
from app.db.durability import begun
from app.errors import ConfigurationError

WRITE_LOCK_KEY = 0x52454144
"""Advisory lock that orders all writers of one PostgreSQL database."""
WRITE_DEADLINE_S = 5.0
CONNECT_TIMEOUT_S = 3
FOREIGN_WRITER_WAIT_S = 5
"""For whoever else has the file locked, as a backup does."""
READER_THREADS = 4
CACHE_KB = 1_000
"""Pages that one SQLite connection keeps; the system keeps them all, and there are five connections."""
ASK_FOR_LOCK_EVERY_S = 0.001
LIMITS = {"statement_timeout": "5000", "lock_timeout": "5000", "idle_in_transaction_session_timeout": "10000"}
_LIMITS_LOCALLY = "".join(f"; SET LOCAL {name} TO {value}" for name, value in LIMITS.items())
_POOLED = "pooled"
NOTICES = {"tcp_user_timeout": 10_000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""A server that vanished without a word, as in a failover, is given up after some ten seconds: the system's own limits
are a quarter of an hour for what was sent, and two hours for who waits. Milliseconds, seconds, seconds, and how often.
"""


def normalised(url: str) -> str:
    """The URL with the driver we ship: pysqlite, or psycopg 3."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def open_engine(url: str, *, writes: bool, in_turn: bool = False) -> Engine:
    """An engine for one side. SQLite writers take the write lock at BEGIN, so that no transaction fails half-way.

    `in_turn`: callers wait for it. On PostgreSQL the lock that orders all writers is taken as well, in the same message
    as BEGIN; SQLite is asked for its own every millisecond.
    """
    url = normalised(url)
    if not url.startswith("sqlite"):
        options = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "readback", **NOTICES}
        size = 1 if writes else READER_THREADS
        engine = create_engine(
            url, connect_args=options, isolation_level="AUTOCOMMIT", pool_size=size, max_overflow=0, pool_pre_ping=False
        )
        sets_for_session(engine, LIMITS)
        event.listen(engine, "connect", _hears_nothing)
        if writes:
            lock = f"; SELECT pg_advisory_xact_lock({WRITE_LOCK_KEY})" if in_turn else ""
            _begins_with(engine, "BEGIN ISOLATION LEVEL READ COMMITTED", lock)
        return engine
    size = 1 if writes else READER_THREADS
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": FOREIGN_WRITER_WAIT_S}, pool_size=size, max_overflow=0
    )

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", f"cache_size=-{CACHE_KB}"):
            dbapi_connection.execute(f"PRAGMA {pragma}")
        if in_turn:
            dbapi_connection.execute(f"PRAGMA wal_autocheckpoint={AT_LAST_PAGES}")

    if in_turn:
        _begins_soon(engine)
    elif writes:
        _begins_with(engine, "BEGIN IMMEDIATE", "")
    return engine


def sets_for_session(engine: Engine, settings: Mapping[str, str]) -> None:
    """Settings of each connection to PostgreSQL. Behind a pooler they would be those of whoever gets it next, so there
    each transaction has to say them; and what was prepared over one is not there over the next, so nothing is.
    """
    said = "; ".join(f"SET {name} TO {value}" for name, value in settings.items())

    @event.listens_for(engine, "connect")
    def begin(driver: Any, record: Any) -> None:
        # A pooler answers for a process that is not the one which greets: it cannot know who will serve us.
        (serves,) = driver.execute("SELECT pg_backend_pid()").fetchone()
        record.info[_POOLED] = serves != driver.info.backend_pid
        if record.info[_POOLED]:
            driver.prepare_threshold = None
        else:
            driver.execute(said)
        driver.commit()


def _hears_nothing(connection: Any, _record: Any) -> None:
    """Behind a pooler it may be told what another connection listens for: kept for it, that would never end."""
    connection.add_notify_handler(lambda _: None)


def _begins_soon(engine: Engine) -> None:
    """Begin as soon as whoever writes has finished. SQLite's own waiting sleeps longer each time, up to 100 ms."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        sqlite: Any = connection.connection.dbapi_connection
        until = time.monotonic() + WRITE_DEADLINE_S
        sqlite.execute("PRAGMA busy_timeout=0")
        try:
            while _is_written(sqlite) and time.monotonic() < until:
                time.sleep(ASK_FOR_LOCK_EVERY_S)
            if not sqlite.in_transaction:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for an error that is told as any other
        finally:
            sqlite.execute("PRAGMA busy_timeout=5000")


def _is_written(sqlite: Any) -> bool:
    """Begin; True when somebody else holds the lock of writers, and nothing was begun."""
    try:
        sqlite.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def _begins_with(engine: Engine, statement: str, lock: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        limits = _LIMITS_LOCALLY if connection.info.get(_POOLED) else ""
        connection.exec_driver_sql(statement + limits + lock + begun(connection))


def must_be_there(url: str) -> None:
    """Raises `ConfigurationError` where SQLite would make the database by being asked."""
    file = database_file(url)
    if file and not Path(file).is_file():
        needs = "a command needs the variables that its server has, and starts in the same folder"
        raise ConfigurationError(f"READBACK_DATABASE_URL: there is no database {file}; {needs}.")


def database_file(url: str) -> str | None:
    """The path of a SQLite database, None for any other."""
    parsed = make_url(normalised(url))
    return parsed.database if parsed.drivername.startswith("sqlite") else None
