"""Statements of the driver's own: rows as they are asked for, errors as SQLAlchemy tells them."""

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound, ProgrammingError

from app.db.engine import DatabaseRefusedError, Transaction
from app.db.raw_statements import Found, Statement
from tests.fakes.databases import opened


def found(connection: Connection, sql: str, *values: object) -> Found:
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    return Statement(sql.replace("?", mark))(connection, values)


async def test_rows_are_read_by_their_columns_and_changes_counted(database_url: str) -> None:
    def work(transaction: Transaction) -> None:
        here = transaction.connection
        here.exec_driver_sql("CREATE TEMPORARY TABLE things (id TEXT PRIMARY KEY, number INTEGER)")
        assert found(here, "INSERT INTO things VALUES (?, ?), (?, ?)", "a", 1, "b", 2).rowcount == 2
        assert found(here, "UPDATE things SET number = 3 WHERE id = ?", "z").rowcount == 0
        asked = found(here, "SELECT id, number FROM things WHERE number > ? ORDER BY id", 0)
        assert [(row.id, row.number) for row in asked] == [("a", 1), ("b", 2)]
        assert [dict(row._mapping) for row in asked.all()][1] == {"id": "b", "number": 2}
        assert (asked.first()[0], asked.scalar(), asked.scalar_one()) == ("a", "a", "a")
        nothing = found(here, "SELECT id FROM things WHERE number > ?", 9)
        assert (nothing.first(), nothing.scalar(), list(nothing)) == (None, None, [])
        with pytest.raises(NoResultFound):
            nothing.one()
        here.exec_driver_sql("DROP TABLE things")

    async with opened(database_url) as database:
        await database.write(work)


@pytest.mark.parametrize(
    ("sql", "error"),
    [("INSERT INTO things VALUES ('a')", IntegrityError), ("SELECT nothing FROM nowhere", DBAPIError)],
)
async def test_an_error_is_told_as_ever_and_undoes_nobody_elses_work(
    database_url: str, sql: str, error: type[DBAPIError]
) -> None:
    told: list[BaseException] = []

    def work(transaction: Transaction) -> None:
        transaction.connection.exec_driver_sql("CREATE TEMPORARY TABLE things (id TEXT PRIMARY KEY)")
        found(transaction.connection, "INSERT INTO things VALUES (?)", "a")
        try:
            found(transaction.connection, sql)
        except DBAPIError as raised:
            told.append(raised)
            raise

    async with opened(database_url) as database:
        with pytest.raises(Exception, match="Error") as raised:
            await database.write(work)
        assert isinstance(told[0], error)
        assert not told[0].connection_invalidated
        assert isinstance(raised.value, DatabaseRefusedError) is isinstance(told[0], IntegrityError | ProgrammingError)
        assert await database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()) == 1


async def test_a_connection_that_is_lost_is_given_up_and_another_one_asked(postgres_url: str) -> None:
    alive = Statement("SELECT 1")
    async with opened(postgres_url) as database:
        pids = Statement("SELECT pg_backend_pid() AS pid")
        mine = await database.read(lambda c: pids(c, {}).scalar_one())
        await database.write(lambda t: t.connection.exec_driver_sql(f"SELECT pg_terminate_backend({mine})") and None)
        assert await database.read(lambda c: alive(c, {}).scalar_one()) == 1
