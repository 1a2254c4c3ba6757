"""Statements on the way of a booking, compiled once: most of what SQLAlchemy costs is building the same one again."""

from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql.expression import Executable


class Prepared:
    """One statement with named places (`bindparam`). No lists in it: those are expanded only when it is executed."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, dict[str, Any], list[str] | None]] = {}

    def __call__(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it in the caller's transaction. Values for places it does not have are left out."""
        name = connection.dialect.name
        if name not in self._compiled:
            compiled = self._statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]  # every statement has it
            self._compiled[name] = (str(compiled), dict(compiled.params), getattr(compiled, "positiontup", None))
        sql, fixed, order = self._compiled[name]
        given = fixed | values
        if order is None:
            return connection.exec_driver_sql(sql, {place: given[place] for place in fixed})
        return connection.exec_driver_sql(sql, tuple([given[place] for place in order]))
