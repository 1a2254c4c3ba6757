"""Bring the tables to this version at start; several processes may start at once and one of them does it."""

import errno
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from app.db.away import DatabaseAwayError, told_apart
from app.db.opening import database_file, normalised, open_engine
from app.errors import ConfigurationError

HEAD = "0026"
"""Newest revision; known here so that an ordinary start need not load Alembic."""
MIGRATION_LOCK_KEY = 0x4D494752
GUEST_LOCK_KEY = 0x47554553
ASK_EVERY_S = 0.1
FILE_MODE = 0o600
LEFT_BESIDE = ("anchors", "jobs")
"""Files that stand beside a database in use, by how their names end."""
_FOR_NOW = frozenset((errno.EROFS, errno.ENOSPC, errno.EIO))
"""What a disk says that is full, or mounted without writing."""
WAIT_S = 120
"""For a process that is migrating already."""
_PATIENTLY = (
    f"; SET LOCAL statement_timeout TO '{WAIT_S}s'; SET LOCAL lock_timeout TO '{WAIT_S}s'"
    "; SET LOCAL idle_in_transaction_session_timeout TO 0"
)
"""In a transaction that holds a lock: the usual limits would give up on a neighbour that takes longer than a write may.
A lock of the session would stay, behind a pooler, with the pooler's connection.
"""


def migrate(url: str, anchors: Path | None = None) -> None:
    """Create or upgrade the tables. `anchors`: the file with heads of its audit log, where that has a place of its own.

    Raises `DatabaseAwayError`, and `ConfigurationError` when it is wrong or newer.
    """
    file = database_file(url)
    if file:
        _make_room(Path(file), anchors)
    engine = open_engine(normalised(url), writes=True)
    try:
        with told_apart(), _alone(engine, file):
            current = _current(engine)
            if current == HEAD:
                return
            _upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def one_at_a_time(url: str) -> Iterator[None]:
    """While inside, nobody else is: processes that start together bring up tables that are not ours one by one.

    On PostgreSQL it asks again and again instead of waiting in one statement: an index that is built concurrently waits
    for every statement under way, and would wait for the one that waits for it. Raises `TimeoutError`.
    """
    engine = open_engine(normalised(url), writes=False)
    try:
        file = database_file(url)
        if file:
            with _alone(engine, file):
                yield
            return
        with engine.connect() as connection:
            until = time.monotonic() + WAIT_S
            while not _held(connection, GUEST_LOCK_KEY):
                if time.monotonic() > until:
                    raise TimeoutError("another process is bringing up its tables")
                time.sleep(ASK_EVERY_S)
            yield
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()


def _held(connection: Connection, key: int) -> bool:
    """Whether the lock could be had; if so, it is held in a transaction that is left open."""
    connection.exec_driver_sql("BEGIN")
    if connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}):
        # In a message without places for values, which also ends the look of the one before: an index waits for that.
        connection.exec_driver_sql(f"SELECT 1{_PATIENTLY}")
        return True
    connection.exec_driver_sql("ROLLBACK")
    return False


def _make_room(file: Path, anchors: Path | None) -> None:
    signs = [Path(f"{file}.{what}") for what in LEFT_BESIDE] + ([anchors] if anchors else [])
    left = [str(sign) for sign in signs if sign.exists()]
    if left and not file.exists():  # an empty one in its place would be taken for the truth
        raise DatabaseAwayError(
            f"READBACK_DATABASE_URL: {file} is gone, and {' and '.join(left)} tell of one. Put it back; to begin with "
            "an empty one, move these away as well."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        Path(f"{file}.migrating").touch()
        file.touch(mode=FILE_MODE)  # names, numbers and secrets: what SQLite puts beside it is as private as this
    except OSError as error:
        kind = DatabaseAwayError if error.errno in _FOR_NOW else ConfigurationError
        raise kind(f"READBACK_DATABASE_URL: {file} cannot be written ({error.strerror}).") from error


@contextmanager
def _alone(engine: Engine, file: str | None) -> Iterator[None]:
    if file:
        with Path(f"{file}.migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    # On a connection of its own, as the upgrade below runs in its own transaction.
    aside = open_engine(str(engine.url.render_as_string(hide_password=False)), writes=False)
    try:
        with aside.connect() as connection:
            connection.exec_driver_sql(f"BEGIN{_PATIENTLY}; SELECT pg_advisory_xact_lock({MIGRATION_LOCK_KEY})")
            yield
            connection.exec_driver_sql("COMMIT")
    finally:
        aside.dispose()


def version(connection: Connection) -> str | None:
    """The version of the tables; None without any."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return version(connection)


def _upgrade(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - needed once in a database's life, 20 MB otherwise
    from alembic.config import Config  # noqa: PLC0415 - as above
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigurationError(
                f"READBACK_DATABASE_URL: the database belongs to another version ({error})."
            ) from error
