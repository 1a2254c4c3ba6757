"""An allowance that several processes draw on holds over all of them."""

import asyncio
import time

import pytest

from app.adapters.redis_buckets import RedisBuckets
from app.adapters.redis_connection import RedisAwayError
from tests.fakes.redis import connection_to

HARDLY = 0.001
"""Tokens a second: none comes back while a test runs."""


async def test_processes_share_one_burst_and_no_more(redis_url: str) -> None:
    connections = [connection_to(redis_url) for _ in range(3)]
    every = [RedisBuckets(connection) for connection in connections]
    taken = await asyncio.gather(*(every[n % 3].take("192.0.2.1", 30, HARDLY) for n in range(60)))
    assert taken.count(None) == 30
    assert all(wait_s > 0 for wait_s in taken if wait_s is not None)
    assert await every[0].take("192.0.2.2", 30, HARDLY) is None
    for connection in connections:
        await connection.close()


async def test_what_was_taken_comes_back(redis_url: str) -> None:
    connection = connection_to(redis_url)
    buckets = RedisBuckets(connection)
    assert [await buckets.take("a", 1, HARDLY) for _ in range(2)] == [None, 1000]
    began, taken, tries = time.monotonic(), 0, 0
    while taken < 4 and (tries := tries + 1) < 10_000:
        taken += await buckets.take("b", 1, 20.0) is None
    assert taken == 4
    assert time.monotonic() - began > 3 / 20 - 0.01  # the first was there, and each other took its time
    await connection.close()


async def test_a_full_bucket_is_forgotten_and_none_names_its_source(redis_url: str) -> None:
    connection = connection_to(redis_url)
    await RedisBuckets(connection).take("192.0.2.1", 30, 0.5)
    [key] = await connection.client.keys("*")
    assert b"192.0.2.1" not in key
    assert 0 < await connection.client.ttl(key) <= 61
    await connection.close()


async def test_without_redis_it_says_that_it_cannot_tell() -> None:
    connection = connection_to("redis://127.0.0.1:1/0")
    with pytest.raises(RedisAwayError):
        await RedisBuckets(connection).take("192.0.2.1", 30, 0.5)
    await connection.close()
