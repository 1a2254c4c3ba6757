"""Servers for the flows. One on SQLite is shared by the flows of a file that only talk to it; others start their own.

Not by all files: a server that is not asked still costs some percent of a core, in each worker.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.businesses import ZENITH, acme, written
from tests.flows.running import Process, environment


@pytest.fixture(scope="module")
def acme_server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One business, embedded calendars, SQLite."""
    yield from _served(tmp_path_factory.mktemp("acme"), migrated_sqlite, acme())


@pytest.fixture(scope="module")
def two_businesses(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Acme and Zenith, each on a line of its own."""
    yield from _served(tmp_path_factory.mktemp("two"), migrated_sqlite, acme(), ZENITH)


def _served(folder: Path, template: Path, *businesses: str) -> Iterator[Process]:
    for path in template.parent.glob("readback.db*"):
        shutil.copy(path, folder / path.name)
    url = f"sqlite:///{folder}/readback.db"
    with Process(environment(url, written(folder, *businesses)), folder / "log") as server:
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts servers of this test alone: `start(database_url, *business texts, variable=value)`."""
    started: list[Process] = []

    def start_one(database_url: str, *businesses: str, wait: bool = True, **variables: str) -> Process:
        file = written(tmp_path, *(businesses or (acme(),)))
        log = tmp_path / f"log-{len(started)}"
        server = Process(environment(database_url, file, **variables), log)
        started.append(server)
        server.start(wait=wait)
        return server

    yield start_one
    for server in started:
        server.stop()
    for server in started:
        assert server.leaks() == []
