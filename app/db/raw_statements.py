"""One statement of the driver's own, without what SQLAlchemy does around each: half the time of those that callers wait
for. Connections, transactions and errors stay SQLAlchemy's.
"""

from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound


class Found:
    """What a statement brought: its rows, whose columns are attributes, and how many it found or changed."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        """Every row."""
        return self._rows

    def first(self) -> Any | None:
        """The first row, if there is any."""
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """The row there must be. Raises `NoResultFound`."""
        if not self._rows:
            raise NoResultFound("a row was expected, and there is none")
        return self._rows[0]

    def scalar(self) -> Any | None:
        """The first column of the first row, if there is any."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the row there must be. Raises `NoResultFound`."""
        return self.one()[0]


class Statement:
    """One text of SQL with the driver's own places for values, and the shape of the rows it brings.

    `numbered`: its places are PostgreSQL's own ($1, $2), so that psycopg need not look through a long text for them.
    """

    __slots__ = ("_numbered", "_row", "_sql")

    def __init__(self, sql: str, *, numbered: bool = False) -> None:
        self._sql = sql
        self._numbered = numbered
        self._row: Any = None

    def __call__(self, connection: Connection, values: Mapping[str, Any] | Sequence[Any]) -> Found:
        """Execute it in the caller's transaction. Raises what SQLAlchemy would."""
        raw: Any = connection.connection.dbapi_connection
        cursor = connection.dialect.loaded_dbapi.RawCursor(raw) if self._numbered else raw.cursor()
        try:
            cursor.execute(self._sql, values)
            if cursor.description is None:
                return Found((), cursor.rowcount)
            rows = cursor.fetchall()
            if self._row is None:
                self._row = _row_of([column[0] for column in cursor.description])
            return Found([self._row._make(row) for row in rows], cursor.rowcount)
        except connection.dialect.loaded_dbapi.Error as error:
            _raised(connection, self._sql, error, cursor)
        finally:
            cursor.close()


def _row_of(names: Sequence[str]) -> Any:
    found: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # its names are known only now
    return type("Row", (found,), {"__slots__": (), "_mapping": property(found._asdict)})


def _raised(connection: Connection, sql: str, error: Any, cursor: Any) -> NoReturn:
    """A driver's error as SQLAlchemy tells it; a connection that is lost is given up for good."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    told: Any = DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
    if lost:
        connection.invalidate(error)
    raise told from error
