"""Statements compiled once say the same as those built anew each time, on either database."""

from sqlalchemy import bindparam, select

from app.db.opening import open_engine
from app.db.prepared import Prepared, PreparedUpdate
from app.db.schema import job_processes

FOUND = Prepared(select(job_processes).where(job_processes.c.process == bindparam("this")))


def test_each_choice_of_columns_is_set_in_the_one_row_that_is_meant(database_url: str) -> None:
    set_columns = PreparedUpdate(job_processes, job_processes.c.process)
    engine = open_engine(database_url, writes=True)
    with engine.begin() as connection:
        rows = [{"process": name, "beats": 1, "seen_at": 1.0} for name in ("a", "b")]
        connection.execute(job_processes.insert(), rows)

        for beats in (2, 3):
            assert set_columns(connection, "a", beats=beats).rowcount == 1
        set_columns(connection, "a", seen_at=2.0)
        set_columns(connection, "b", seen_at=3.0, beats=9)
        assert set_columns(connection, "nobody", beats=7).rowcount == 0

        found = [FOUND(connection, this=name).one()._mapping for name in ("a", "b")]
    engine.dispose()

    assert found == [
        {"process": "a", "beats": 3, "seen_at": 2.0},
        {"process": "b", "beats": 9, "seen_at": 3.0},
    ]
