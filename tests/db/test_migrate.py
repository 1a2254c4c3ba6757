"""Migrations: frozen, in step with the schema, and safe when several processes start at the same moment."""

import asyncio
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from app.db.migrate import HEAD, migrate
from app.db.opening import normalised, open_engine
from app.db.schema import metadata
from app.errors import ConfigurationError
from tests.processes import ROOT

VERSIONS = ROOT / "app" / "db" / "migrations" / "versions"
START = "import sys; from app.db.migrate import migrate; sys.stdin.readline(); migrate(sys.argv[1])"
PROCESSES = 4


def condition(index: Any) -> str:
    """The condition of a partial index, in the engine's own words."""
    return "".join(str(value) for name, value in index.get("dialect_options", {}).items() if name.endswith("_where"))


def keys_indexes_and_columns(connection: Connection) -> dict[str, object]:
    """What `compare_metadata` does not look at: primary keys, defaults, the columns and conditions of indexes."""
    found = inspect(connection)
    return {
        table: (
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (index["name"] or "", index["column_names"], condition(index)) for index in found.get_indexes(table)
            ),
            [(column["name"], str(column["type"]), column["default"]) for column in found.get_columns(table)],
        )
        for table in sorted(metadata.tables)
    }


def test_the_migrations_make_what_the_schema_describes(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    with engine.connect() as connection:
        options = {"compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
    engine.dispose()

    # The claim on time is written out by the migration alone: only PostgreSQL has such a constraint.
    assert [difference for difference in differences if "bookings_one_at_a_time" not in str(difference)] == []


def test_tables_made_by_migrations_and_by_the_schema_are_alike(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    with engine.connect() as connection:
        migrated = keys_indexes_and_columns(connection)
    with engine.begin() as connection:
        for table in metadata.tables:
            connection.execute(text(f"DROP TABLE {table}"))
        metadata.create_all(connection)
    with engine.connect() as connection:
        described = keys_indexes_and_columns(connection)
    engine.dispose()

    for name in metadata.tables:
        keys, indexes, columns = migrated[name]
        # The claim on time is PostgreSQL's own kind of constraint; the schema leaves it to the migration.
        own = [index for index in indexes if index[0] != "bookings_one_at_a_time"]
        assert (keys, own, columns) == described[name], name


def test_no_migration_reads_the_schema_that_will_change() -> None:
    for file in VERSIONS.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert "app.db.schema" not in source, file.name
        assert "create_all" not in source, file.name


def test_the_newest_migration_is_the_one_the_start_expects() -> None:
    assert max(file.name[:4] for file in VERSIONS.glob("*.py")) == HEAD


async def test_processes_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, empty_database_url,
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert [(process.returncode, error.decode()) for process, (_, error) in zip(processes, answers, strict=True)] == [
        (0, "")
    ] * PROCESSES
    engine = open_engine(empty_database_url, writes=False)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
        assert set(metadata.tables) <= set(inspect(connection).get_table_names())
    engine.dispose()


def test_appointments_from_before_there_was_a_reader_are_looked_at(empty_database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    engine = open_engine(normalised(empty_database_url), writes=True)
    columns = "id, reference, business, service, technician, calendar, event_id, customer_name, status"
    times = "starts, ends, blocked_from, blocked_to, hold_until, created_at, updated_at"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number, status in enumerate(("confirmed", "refused")):
            values = f"'{number}', '{number}', 'b', 's', 't', 'c', '{number}', 'n', '{status}', 1, 2, 1, 2, 0, 0, 0"
            connection.execute(text(f"INSERT INTO bookings ({columns}, {times}) VALUES ({values})"))  # noqa: S608 - ours
    migrate(empty_database_url)
    with engine.connect() as connection:
        watched = connection.execute(text("SELECT booking, starts, ends, next_look FROM read_backs")).fetchall()
    engine.dispose()

    assert [tuple(row) for row in watched] == [("0", 1, 2, 0.0)]


def test_money_that_was_set_aside_before_each_question_had_a_row_counts_as_spent(empty_database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    engine = open_engine(normalised(empty_database_url), writes=True)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0024")
        for day, reserved in (("2026-11-20", 7), ("2026-11-21", 0)):
            values = f"'acme', '{day}', {reserved}, 100"
            connection.execute(text(f"INSERT INTO model_spend VALUES ({values})"))  # noqa: S608 - ours
    migrate(empty_database_url)
    with engine.connect() as connection:
        accounts = connection.execute(text("SELECT day, reserved, settled FROM model_spend ORDER BY day")).fetchall()
    engine.dispose()

    assert [tuple(row) for row in accounts] == [("2026-11-20", 0, 107), ("2026-11-21", 0, 100)]


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(ConfigurationError, match=r"READBACK_DATABASE_URL: .*another version"):
        migrate(database_url)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////proc/none/readback.db"])
def test_a_database_that_cannot_be_had_is_one_sentence(url: str) -> None:
    with pytest.raises(ConfigurationError, match="READBACK_DATABASE_URL") as refused:
        migrate(url)

    assert "\n" not in str(refused.value)


def test_a_new_database_is_for_its_owner_only(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/readback.db")

    assert stat.S_IMODE((tmp_path / "readback.db").stat().st_mode) == 0o600
