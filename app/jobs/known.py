"""Which entries were ever handed over to the engine: whoever carries one again, and however often, it is done once.

The engine knows an entry by its id as long as it lies there by itself. Of those that go in one load it knows the load.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import Connection

from app.jobs.entry import Entry

TABLE = "readback_entries"


class Known:
    """A table of our own beside the engine's. `schema` is where that is on PostgreSQL."""

    def __init__(self, schema: str) -> None:
        self._schema = schema

    def prepare(self, connection: Connection) -> None:
        """Make the table, unless it is there."""
        table = self._table(connection)
        for statement in (
            f"CREATE TABLE IF NOT EXISTS {table} "
            "(id VARCHAR(400) PRIMARY KEY, hand_over VARCHAR(32) NOT NULL, made_at DOUBLE PRECISION NOT NULL)",
            f"CREATE INDEX IF NOT EXISTS {TABLE}_hand_over ON {table} (hand_over)",
            f"CREATE INDEX IF NOT EXISTS {TABLE}_made_at ON {table} (made_at)",
        ):
            connection.exec_driver_sql(statement)

    def new_among(self, connection: Connection, entries: Sequence[Entry], now: float) -> list[Entry]:
        """Those that nobody has handed over before, each once; from this commit on they are known."""
        by_id = {entry.id: entry for entry in entries}
        if not by_id:
            return []
        table, mark, this = self._table(connection), _mark(connection), uuid.uuid4().hex
        # In one order for everybody, as two that insert the same rows wait for each other.
        rows = [(identity, this, now) for identity in sorted(by_id)]
        keep = f"INSERT INTO {table} (id, hand_over, made_at) VALUES ({mark}, {mark}, {mark}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own
        connection.exec_driver_sql(keep, rows)
        ours = connection.exec_driver_sql(f"SELECT id FROM {table} WHERE hand_over = {mark}", (this,)).scalars()  # noqa: S608 - as above
        return [by_id[identity] for identity in ours]

    def forget(self, connection: Connection, before: float) -> None:
        """Forget those of before a moment, epoch seconds."""
        table, mark = self._table(connection), _mark(connection)
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE made_at < {mark}", (before,))  # noqa: S608 - as above

    def _table(self, connection: Connection) -> str:
        return f"{self._schema}.{TABLE}" if connection.dialect.name == "postgresql" else TABLE


def _mark(connection: Connection) -> str:
    return "%s" if connection.dialect.name == "postgresql" else "?"
