"""Databases for every test that wants one, fresh each time. What cannot be tested here is said loudly, and fails CI."""

import compileall
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
import redis
from psycopg import sql

from app.audit.anchors import usual_file
from app.db.migrate import migrate
from tests import nursery, servers


@dataclass
class _Run:
    """What this run of the suite found or started; workers inherit it through the environment."""

    stops: list[Callable[[], None]] = field(default_factory=list)


RUN = pytest.StashKey[_Run]()
SOURCES = tuple(Path(__file__).parents[1] / name for name in ("app", "tools", "tests", "infra"))
FLOWS = Path(__file__).parent / "flows"
ALSO_WAITING = ("test_processes.py", "test_bench.py", "test_house.py", "test_main.py")
LEFT_OUT_VARIABLE = "READBACK_TEST_LEFT_OUT"
"""What could not be had, as `name: why` lines."""
NO_PROMTOOL = "promtool is not installed: whether Prometheus takes the alert rules was not tried"
TEMPORARY_VARIABLE = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest makes the folders of tests."""
FOLDER_VARIABLE = "TMPDIR"
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
ROOM_BYTES = 4 * 2**30
NO_CHROMIUM = "chromium is not installed: no page was opened in a browser"


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    run = config.stash[RUN] = _Run()
    _compile_once()
    in_memory = os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES
    usual = str(IN_MEMORY) if in_memory else tempfile.gettempdir()  # a database of a second need not wait for a disk
    os.environ.setdefault(TEMPORARY_VARIABLE, usual)
    shared = ExitStack()
    shared.enter_context(nursery.place())
    shared.enter_context(_temporary_folder_of_this_run())
    run.stops.append(shared.close)
    left_out = []
    for name, variable, find in (
        ("postgresql", servers.POSTGRES_VARIABLE, servers.postgres),
        ("redis", servers.REDIS_VARIABLE, servers.redis_server),
    ):
        try:
            os.environ[variable], stop = find()
            run.stops.append(stop)
        except servers.UnavailableError as why:
            os.environ.pop(variable, None)
            left_out.append(f"{name}: {why}")
    os.environ[LEFT_OUT_VARIABLE] = "\n".join(left_out)


def _compile_once() -> None:
    """Where nothing is compiled to stay, each worker and each process of the product would compile all of it anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for sources in SOURCES:
        compileall.compile_dir(sources, quiet=2)


@contextmanager
def _temporary_folder_of_this_run() -> Iterator[None]:
    """What processes of one machine leave there for each other is gone with the run; what failed is kept elsewhere."""
    with tempfile.TemporaryDirectory(prefix="readback-run-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may be somebody else, with a folder in it
        with patch.dict(os.environ, {FOLDER_VARIABLE: folder}), patch.object(tempfile, "tempdir", folder):
            yield


def pytest_collection() -> None:
    """Nothing that is collected here goes again: to look through it for what did costs each worker a second."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits begins first, on every worker, so that none is left alone with it in the end."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    waiting = [item for item in items if item.path.is_relative_to(FLOWS) or item.path.name in ALSO_WAITING]
    if workers < 2 or not waiting:
        return
    chosen = set(waiting)
    busy = [item for item in items if item not in chosen]
    share = -(-len(busy) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in (*waiting[worker::workers], *busy[worker * share : (worker + 1) * share])
    ]


def pytest_unconfigure(config: pytest.Config) -> None:
    for stop in reversed(config.stash.get(RUN, _Run()).stops):
        stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get(LEFT_OUT_VARIABLE) and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in os.environ.get(LEFT_OUT_VARIABLE, "").splitlines():
        terminalreporter.section("LEFT OUT OF THIS RUN", red=True, bold=True)
        terminalreporter.line(f"Everything that needs {line}", red=True)
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    for missing in (NO_PROMTOOL, NO_CHROMIUM):
        if any(missing in why for why in skipped):
            terminalreporter.section("LEFT OUT OF THIS RUN", yellow=True, bold=True)
            terminalreporter.line(missing, yellow=True)


def _needed(variable: str, name: str) -> str:
    url = os.environ.get(variable)
    if not url:
        why = next((line for line in os.environ[LEFT_OUT_VARIABLE].splitlines() if line.startswith(name)), name)
        pytest.skip(why)
    return url


@pytest.fixture(scope="session")
def worker_name() -> str:
    """Distinguishes what parallel workers, and parallel runs, create."""
    return f"{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


FORM = """
select n.nspname, c.relname, c.relkind::text, c.relnatts, c.relchecks, c.relacl::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
union all select 'trigger', tgname, tgenabled::text, 0, 0, '' from pg_trigger
union all select 'version', version_num, '', 0, 0, '' from public.alembic_version
union all select 'setting', setconfig::text, '', 0, 0, '' from pg_db_role_setting s
    join pg_database d on d.oid = s.setdatabase and d.datname = current_database()
order by 1, 2, 3
"""
"""Everything there is in a database, and its form; other than in the template, it is not used again."""
EMPTIED = """
do $$ declare one record; begin
    set session_replication_role = replica;
    for one in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
            and relname <> 'alembic_version' loop
        execute format('delete from %I', one.relname);
    end loop;
    for one in select sequencename from pg_sequences where schemaname = 'public' and last_value is not null loop
        execute format('alter sequence %I restart', one.sequencename);
    end loop;
end $$
"""
"""In place of `truncate`, which makes every file of every table anew. No trigger keeps a row of the audit log."""


class PostgresDatabases:
    """Databases of one worker: empty ones, and copies of one that is migrated already.

    To make one and to drop it costs a tenth of a second of the disk; one whose tables are as they were is used again,
    without its rows.
    """

    def __init__(self, server: str, prefix: str) -> None:
        self._server = server
        self._connection = psycopg.connect(server, autocommit=True)
        self._prefix = prefix
        self._numbers = count(1)
        self._template: str | None = None
        self._form: list[Any] = []
        self._used: list[str] = []

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self._create("template1")

    def migrated(self) -> str:
        """The URL of a new database with this version's tables."""
        if self._template is None:
            url = self.empty()
            migrate(url)
            with psycopg.connect(url) as connection:
                self._form = connection.execute(FORM).fetchall()
            self._template = url.rsplit("/", 1)[1]
            self._cut_off(self._template)  # nobody may be connected to a template
        return self._used.pop() if self._used else self._create(self._template)

    def give_back(self, url: str) -> None:
        """Have a migrated database used again; it is dropped if a test has changed more than rows."""
        self._cut_off(url.rsplit("/", 1)[1])
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                if connection.execute(FORM).fetchall() == self._form:
                    connection.execute(EMPTIED)
                    usual_file(url).unlink(missing_ok=True)  # else the next server misses the audit log it tells of
                    self._used.append(url)
                    return
        except psycopg.Error:
            pass  # it is gone, or we may not do that here
        self.drop(url)

    def drop(self, url: str) -> None:
        """Remove a database with everybody who is still connected to it."""
        name = sql.Identifier(url.rsplit("/", 1)[1])
        self._connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        usual_file(url).unlink(missing_ok=True)

    def close(self) -> None:
        for url in self._used:
            self.drop(url)
        if self._template:
            self.drop(servers.with_database(self._server, self._template))
        self._connection.close()

    def _cut_off(self, name: str) -> None:
        """End every connection to it, also those that take a moment to go after they were closed."""
        gone = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s"
        self._connection.execute(gone, [name])

    def _create(self, template: str) -> str:
        name = f"readback_test_{self._prefix}_{next(self._numbers)}"
        statement = sql.SQL("create database {} template {}")
        self._connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return servers.with_database(self._server, name)


@pytest.fixture(scope="session")
def postgres_databases(worker_name: str) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(_needed(servers.POSTGRES_VARIABLE, "postgresql"), worker_name)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with this version's tables, to be copied."""
    file = tmp_path_factory.mktemp("template") / "readback.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database of this test alone."""
    file = tmp_path / "readback.db"
    for path in migrated_sqlite.parent.glob("readback.db*"):
        shutil.copy(path, tmp_path / path.name)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database of this test alone."""
    url = postgres_databases.migrated()
    yield url
    postgres_databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database of this test alone, once on each engine."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without tables, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    url = databases.empty()
    yield url
    databases.drop(url)


@pytest.fixture
def redis_url() -> Iterator[str]:
    """An empty Redis database that no other worker uses, emptied again afterwards."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    number = 15 - int(worker) % 15
    url = f"{_needed(servers.REDIS_VARIABLE, 'redis').rstrip('/')}/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()
