"""Statements on the way of a booking, compiled once: most of what SQLAlchemy costs is building the same one again."""

from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, update
from sqlalchemy.sql.expression import Executable

from app.db.raw_statements import Found, Statement


class Prepared:
    """One statement with named places (`bindparam`). No lists in it: those are expanded only when it is executed."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[Statement, dict[str, Any], list[str] | None]] = {}

    def __call__(self, connection: Connection, **values: Any) -> Found:
        """Execute it in the caller's transaction. Values for places it does not have are left out."""
        name = connection.dialect.name
        if name not in self._compiled:
            compiled = self._statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]  # every statement has it
            order = getattr(compiled, "positiontup", None)
            self._compiled[name] = (Statement(str(compiled)), dict(compiled.params), order)
        statement, fixed, order = self._compiled[name]
        given = fixed | values
        if order is None:
            return statement(connection, {place: given[place] for place in fixed})
        return statement(connection, tuple([given[place] for place in order]))


class PreparedUpdate:
    """Sets columns of the row that one column finds. Which columns is said each time; each choice is compiled once."""

    def __init__(self, table: Table, key: Column[Any]) -> None:
        self._table = table
        self._key = key
        self._statements: dict[tuple[str, ...], Prepared] = {}

    def __call__(self, connection: Connection, this: Any, **values: Any) -> Found:
        """Execute it in the caller's transaction, for the row whose key is `this`."""
        names = tuple(values)
        statement = self._statements.get(names)
        if statement is None:
            places = {name: bindparam(f"new_{name}", type_=self._table.c[name].type) for name in names}
            found = update(self._table).where(self._key == bindparam("this_row")).values(places)
            statement = self._statements[names] = Prepared(found)
        return statement(connection, this_row=this, **{f"new_{name}": value for name, value in values.items()})
