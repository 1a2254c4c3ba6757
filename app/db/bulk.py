"""Many rows into one table at the driver's own speed; half the cost of asking SQLAlchemy for each row's parameters."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


class BulkInsert:
    """Inserts rows given as tuples in the order of the table's columns.

    With `keep_first`, a row whose key is there already is left out.
    """

    def __init__(self, table: Table, *, keep_first: bool = False) -> None:
        columns = [f'"{column.name}"' for column in table.columns]
        end = " ON CONFLICT DO NOTHING" if keep_first else ""
        # Nothing in here comes from outside: table and column names of our own schema, and places for values.
        self._statements = {
            mark: f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))}){end}"  # noqa: S608 - as said above
            for mark in ("?", "%s")
        }

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert `rows` in the caller's transaction."""
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        connection.exec_driver_sql(self._statements[mark], list(rows))
