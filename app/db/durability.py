"""Commits that need not outlive the machine: everybody sees them at once, and a power cut may take the latest of them.

Such are answers of lookups and the count of calls, where waiting for the disk is most of what a caller would wait for.
What is committed after them takes them along, so nothing that lasts can rest on something that does not. The end of a
process takes none of them.
"""

from typing import Any

from sqlalchemy import Connection

_ALL_BEFORE = "SELECT pg_logical_emit_message(true, 'readback', 'kept')"
_A_ROW = "UPDATE alembic_version SET version_num = version_num"
_ROOM = """
SET LOCAL work_mem TO '64kB'; SET LOCAL temp_tablespaces TO '';
WITH room AS MATERIALIZED (SELECT repeat('x', 8000) FROM generate_series(1, 32)) SELECT count(*) FROM room
"""
"""More than fits in memory, so 256 kB are written beside the tables, and are gone at once: half a millisecond."""

_HASTY = "hasty"


def begins(connection: Connection, *, lasting: bool) -> None:
    """Before a transaction begins: whether its commit waits for the disk."""
    if connection.dialect.name == "sqlite":
        sqlite: Any = connection.connection.dbapi_connection
        sqlite.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
    else:
        connection.info[_HASTY] = not lasting


def begun(connection: Connection) -> str:
    """What PostgreSQL is told of it in the message that begins the transaction."""
    return "; SET LOCAL synchronous_commit TO off" if connection.info.pop(_HASTY, False) else ""


def with_all_before(connection: Connection) -> None:
    """Make this transaction one that leaves something behind, so that its commit puts all before it on the disk."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_ALL_BEFORE)
        return
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA user_version = {(version + 1) % 2**31}")


def row_written(connection: Connection) -> None:
    """Write a row and change nothing. A message to the log alone is taken by a PostgreSQL that takes no rows, and a row
    by one whose disk is full, while a page that is there has room for it: so new room is asked for as well.
    """
    with_all_before(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_A_ROW)
        connection.exec_driver_sql(_ROOM)
