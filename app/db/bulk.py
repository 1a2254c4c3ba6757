"""Many rows into one table at the driver's own speed; half the cost of asking SQLAlchemy for each row's parameters."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table

from app.db.raw_statements import Statement

MOST_AT_ONCE = 256
"""Rows of one statement; a power of two. SQLite takes 32,766 values in one, PostgreSQL 65,535."""


class BulkInsert:
    """Inserts rows given as tuples in the order of the table's columns.

    With `keep_first`, a row whose key is there already is left out. Rows go in statements of 1, 2, 4 ... at once:
    SQLite's driver hands over the interpreter for each one, and a row each would do so in the middle of others' calls.
    """

    def __init__(self, table: Table, *, keep_first: bool = False) -> None:
        self._columns = len(table.columns)
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        # Nothing in here comes from outside: table and column names of our own schema, and places for values.
        self._head = f"INSERT INTO {table.name} ({names}) VALUES "  # noqa: S608 - as said above
        self._end = " ON CONFLICT DO NOTHING" if keep_first else ""
        self._statements: dict[tuple[str, int], Statement] = {}

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert `rows` in the caller's transaction; how many were new."""
        mark, new = "%s" if connection.dialect.name == "postgresql" else "?", 0
        for some in _portions(rows):
            values = tuple(chain.from_iterable(some))
            new += self._statement(mark, len(some))(connection, values).rowcount
        return new

    def _statement(self, mark: str, rows: int) -> Statement:
        statement = self._statements.get((mark, rows))
        if statement is None:
            places = f"({', '.join([mark] * self._columns)})"
            statement = self._statements[mark, rows] = Statement(self._head + ", ".join([places] * rows) + self._end)
        return statement


def _portions(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    done = 0
    while left := len(rows) - done:
        size = min(MOST_AT_ONCE, 1 << left.bit_length() - 1)
        yield rows[done : done + size]
        done += size
