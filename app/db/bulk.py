"""Many rows into one table at the driver's own speed; half the cost of asking SQLAlchemy for each row's parameters."""

from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
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
        self._statements: dict[tuple[bool, int], Statement] = {}

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert `rows` in the caller's transaction; how many were new."""
        numbered, new = connection.dialect.name == "postgresql", 0
        for some in _portions(rows):
            values = tuple(chain.from_iterable(some))
            new += self._statement(numbered, len(some))(connection, values).rowcount
        return new

    def _statement(self, numbered: bool, rows: int) -> Statement:
        statement = self._statements.get((numbered, rows))
        if statement is None:
            marks = (f"${place}" if numbered else "?" for place in count(1))
            places = (f"({', '.join(islice(marks, self._columns))})" for _ in range(rows))
            sql = self._head + ", ".join(places) + self._end
            statement = self._statements[numbered, rows] = Statement(sql, numbered=numbered)
        return statement


def _portions(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    done = 0
    while left := len(rows) - done:
        size = min(MOST_AT_ONCE, 1 << left.bit_length() - 1)
        yield rows[done : done + size]
        done += size
