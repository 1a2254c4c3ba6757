"""What is told apart at a start: a database that is away comes back, a wrong setting stays wrong."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import ArgumentError, OperationalError

from app.db.away import DatabaseAwayError, told_apart
from app.db.migrate import migrate
from app.db.opening import open_engine
from app.db.secrets import shared_secret
from app.errors import ConfigurationError

HOST = 'connection failed: connection to server at "127.0.0.1", port 5432 failed:'
FATAL = f"{HOST} FATAL: "
AWAY = [
    f"{HOST} Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
    'connection is bad: connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory',
    "failed to resolve host 'db.example': [Errno -3] Temporary failure in name resolution",
    "connection timeout expired",
    f"{HOST} timeout expired",
    f"{HOST} server closed the connection unexpectedly",
    f"{HOST} No route to host",
    f"{FATAL} the database system is starting up",
    f"{FATAL} the database system is shutting down",
    f"{FATAL} the database system is not yet accepting connections",
    f'{FATAL} database "readback" is not currently accepting connections',
    f"{FATAL} sorry, too many clients already",
    f"{FATAL} remaining connection slots are reserved for roles with the SUPERUSER attribute",
]
WRONG = [
    f'{FATAL} password authentication failed for user "readback"',
    f'{FATAL} database "starting up" does not exist',
    f'{FATAL} role "nobody" does not exist',
    f'{FATAL} no pg_hba.conf entry for host "127.0.0.1", user "x", database "x", no encryption',
    'connection is bad: invalid sslmode value: "bogus"',
    'connection is bad: root certificate file "/timeout" does not exist',
    f"{HOST} server does not support SSL, but SSL was required",
    f"{FATAL} Passwort-Authentifizierung fehlgeschlagen",
]


@pytest.mark.parametrize(("words", "away"), [(it, True) for it in AWAY] + [(it, False) for it in WRONG])
def test_a_refused_connection_is_told_apart_by_its_words(words: str, away: bool) -> None:
    with pytest.raises(ConfigurationError) as told, told_apart():
        raise OperationalError("", None, psycopg.OperationalError(words))

    assert (type(told.value) is DatabaseAwayError) is away
    assert str(told.value).startswith("READBACK_DATABASE_URL: the database cannot be used (")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.errors.AdminShutdown("x"), True),
        (psycopg.errors.LockNotAvailable("x"), True),
        (psycopg.errors.ReadOnlySqlTransaction("x"), True),
        (psycopg.errors.InsufficientPrivilege("timeout expired"), False),
    ],
)
def test_a_statement_is_told_apart_by_its_state(error: psycopg.Error, away: bool) -> None:
    with pytest.raises(ConfigurationError) as told, told_apart():
        raise OperationalError("", None, error)

    assert (type(told.value) is DatabaseAwayError) is away


@pytest.mark.parametrize(("name", "away"), [("SQLITE_BUSY_SNAPSHOT", True), ("SQLITE_CORRUPT", False)])
def test_a_file_that_somebody_holds_is_away_and_a_broken_one_is_not(name: str, away: bool) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorname = name
    with pytest.raises(ConfigurationError) as told, told_apart():
        raise OperationalError("", None, error)

    assert (type(told.value) is DatabaseAwayError) is away


def test_what_no_database_said_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError) as told, told_apart():
        raise ArgumentError("x")

    assert type(told.value) is ConfigurationError


def test_whoever_asks_first_is_told_so() -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    for ask in (migrate, lambda url: shared_secret(url, "installation")):
        with pytest.raises(DatabaseAwayError):
            ask(url)


def test_a_database_that_is_not_there_on_a_server_that_is_was_named_wrongly(postgres_url: str) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as told:
        migrate(f"{postgres_url}_of_nobody")

    assert type(told.value) is ConfigurationError


@pytest.mark.parametrize("what", ["anchors", "jobs"])
def test_a_file_that_was_moved_away_is_no_reason_for_an_empty_one(tmp_path: Path, what: str) -> None:
    file = tmp_path / "a.db"
    migrate(f"sqlite:///{file}")
    beside = tmp_path / f"a.db.{what}"
    beside.write_text("x")
    file.rename(tmp_path / "elsewhere.db")
    with pytest.raises(DatabaseAwayError, match=rf"a\.db is gone, and .*a\.db\.{what} tell of one\. Put it back"):
        migrate(f"sqlite:///{file}")
    assert not file.exists()
    (tmp_path / "elsewhere.db").rename(file)
    migrate(f"sqlite:///{file}")
    beside.unlink()
    file.unlink()
    migrate(f"sqlite:///{file}")


def test_heads_on_another_disk_tell_of_a_database_whose_folder_is_not_mounted(tmp_path: Path) -> None:
    file, anchors = tmp_path / "unmounted" / "a.db", tmp_path / "heads"
    anchors.write_text("x")
    with pytest.raises(DatabaseAwayError, match=r"a\.db is gone, and .*heads tell of one\. Put it back"):
        migrate(f"sqlite:///{file}", anchors)
    assert not file.exists()
    anchors.unlink()
    migrate(f"sqlite:///{file}", anchors)


@pytest.mark.parametrize(
    ("name", "away"),
    [("SQLITE_FULL", True), ("SQLITE_IOERR_WRITE", True), ("SQLITE_READONLY", True), ("SQLITE_CORRUPT", False)],
)
def test_a_disk_that_takes_nothing_now_is_waited_for(name: str, away: bool) -> None:
    error = sqlite3.OperationalError("disk")
    error.sqlite_errorname = name
    with pytest.raises(ConfigurationError) as told, told_apart():
        raise OperationalError("", None, error)
    assert (type(told.value) is DatabaseAwayError) is away


def test_what_postgresql_hints_at_is_said_as_well(postgres_url: str) -> None:
    refused = "DO $$ BEGIN RAISE 'permission denied' USING HINT = 'Grant CREATE.'; END $$"
    engine = open_engine(postgres_url, writes=False)
    with pytest.raises(ConfigurationError) as told, told_apart(), engine.connect() as connection:
        connection.exec_driver_sql(refused)
    engine.dispose()

    assert str(told.value) == "READBACK_DATABASE_URL: the database cannot be used (permission denied: Grant CREATE)."
