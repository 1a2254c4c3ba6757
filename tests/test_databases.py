"""The suite's own databases: each test has one to itself, with the tables in it."""

import os
from pathlib import Path

import psycopg
import pytest
import redis

from app.db.migrate import migrate
from tests import servers
from tests.conftest import TEMPORARY_VARIABLE


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_migrated_database_is_fresh_for_every_test(database_url: str, time: str) -> None:
    migrate(database_url)
    if database_url.startswith("postgresql"):
        with psycopg.connect(database_url) as connection:
            connection.execute("create table left_behind (id int)")


def test_an_empty_database_can_be_migrated(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate(empty_database_url)


def test_redis_is_empty_for_every_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_a_server_of_its_own_is_preferred_to_one_that_runs_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(servers.POSTGRES_VARIABLE, raising=False)
    monkeypatch.setattr(servers, "_may_create_databases", lambda _: True)
    monkeypatch.setattr(servers, "_own_postgres", lambda: ("postgresql://own", servers.nothing_to_stop))
    assert servers.postgres()[0] == "postgresql://own"

    def refused() -> None:
        raise servers.UnavailableError("nothing is installed")

    monkeypatch.setattr(servers, "_own_postgres", refused)
    assert servers.postgres()[0] in servers._likely_postgres_urls()


def test_its_own_server_waits_for_no_disk(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        told = {name: connection.execute(f"show {name}").fetchone() for name in ("fsync", "autovacuum")}
        mine = connection.execute("select current_user").fetchone()
    assert mine != ("readback",) or told == {"fsync": ("off",), "autovacuum": ("off",)}


def test_what_a_test_keeps_lies_in_memory_where_there_is_room(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    wanted = os.environ.get(TEMPORARY_VARIABLE)
    if wanted and not pytestconfig.option.basetemp:
        assert tmp_path.is_relative_to(wanted)
