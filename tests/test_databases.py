"""The suite's own databases: each test has one to itself, with the tables in it."""

import psycopg
import pytest
import redis

from app.db.migrate import migrate


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
