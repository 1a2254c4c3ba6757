"""Redis, well and away: what it costs a caller is counted, and its end rings once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from redis.asyncio.client import Pipeline

from app.adapters.redis_connection import MOST_TOGETHER, RedisAwayError, RedisConnection
from app.errors import ConfigurationError
from tests.fakes.alarms import FakeAlarms
from tests.fakes.databases import soon
from tests.fakes.redis import OwnRedis, black_hole, connection_to

ASKED = 200


@asynccontextmanager
async def connected(url: str, alarms: FakeAlarms, **more: Any) -> AsyncIterator[RedisConnection]:
    made = connection_to(url, alarms, **more)
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize("option", ["db=x", "nobody_knows=1", "socket_timeout=soon", "protocol=9"])
async def test_an_option_that_is_wrong_is_one_sentence_without_the_password(option: str) -> None:
    with pytest.raises(ConfigurationError, match="READBACK_REDIS_URL has an option") as told:
        connection_to(f"redis://:secret@127.0.0.1:6379/?{option}")
    assert "secret" not in str(told.value)


@pytest.fixture
def alarms() -> FakeAlarms:
    return FakeAlarms()


async def refused(connection: RedisConnection, times: int = ASKED) -> int:
    """How many of so many questions were turned away."""
    count = 0
    for _ in range(times):
        try:
            await connection.ask(lambda redis: redis.get("anything"))
        except RedisAwayError:
            count += 1
    return count


async def test_who_asks_gets_the_answer(redis_url: str, alarms: FakeAlarms) -> None:
    async with connected(redis_url, alarms) as connection:
        await connection.ask(lambda redis: redis.set("a", "1"))
        assert await connection.ask(lambda redis: redis.get("a")) == [b"1"]
        assert await connection.ask(lambda redis: (redis.incr("a"), redis.get("b"), redis.get("a"))) == [2, None, b"2"]
        assert await connection.state() == "ok"
    assert alarms.rung == []


async def test_bytes_come_back_whatever_the_address_wishes(redis_url: str, alarms: FakeAlarms) -> None:
    async with connected(f"{redis_url}?decode_responses=true", alarms) as connection:
        assert await connection.ask(lambda redis: (redis.set("a", "1"), redis.get("a"))) == [True, b"1"]


async def test_what_is_asked_in_one_turn_goes_out_together_and_each_gets_its_own_answer(
    redis_url: str, alarms: FakeAlarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(redis_url, alarms, look_every_s=60.0) as connection:
        trips, pipeline = [], connection.client.pipeline
        monkeypatch.setattr(connection.client, "pipeline", lambda **more: trips.append(1) or pipeline(**more))
        asked = 20 * MOST_TOGETHER
        answers = await asyncio.gather(*(connection.ask(partial(_echo, number)) for number in range(asked)))
        assert answers == [[str(number).encode()] for number in range(asked)]
        assert len(trips) == 20


async def test_who_gives_up_and_who_is_refused_cost_their_neighbours_nothing(
    redis_url: str, alarms: FakeAlarms
) -> None:
    async with connected(redis_url, alarms, look_every_s=60.0) as connection:
        await connection.ask(lambda redis: redis.set("a", "not a number"))
        before, gone, refused, after = asked = [
            asyncio.ensure_future(connection.ask(put))
            for put in (partial(_echo, 1), partial(_echo, 2), lambda redis: redis.incr("a"), partial(_echo, 3))
        ]
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait(asked)
        assert (before.result(), after.result()) == ([b"1"], [b"3"])
        assert isinstance(refused.exception(), RedisAwayError)


def _echo(number: int, redis: Pipeline) -> None:
    redis.echo(str(number))


async def test_a_port_that_refuses_is_known_before_the_first_caller(alarms: FakeAlarms) -> None:
    async with connected("redis://127.0.0.1:1/0", alarms) as connection:
        assert await connection.state() == "down"
        assert await refused(connection) == ASKED
    assert alarms.kinds() == ["redis_down"]


async def test_one_that_never_answers_costs_the_watch_alone(alarms: FakeAlarms) -> None:
    async with black_hole() as hole, connected(hole.url, alarms, patient=False, look_every_s=60.0) as connection:
        assert hole.connections == 1
        assert await refused(connection) == ASKED
        assert hole.connections == 1
        assert await connection.state() == "down"
    assert alarms.kinds() == ["redis_down"]


async def test_one_that_falls_silent_costs_one_deadline(alarms: FakeAlarms) -> None:
    async with black_hole() as hole:
        # Not started: as if Redis had been well when the watch last looked.
        connection = connection_to(hole.url, alarms, patient=False)
        assert await refused(connection) == ASKED
        assert hole.connections == 1
        await connection.close()


@pytest.mark.parametrize("turns", range(6))
async def test_who_waits_for_an_answer_at_the_end_is_told_that_there_is_none(alarms: FakeAlarms, turns: int) -> None:
    async with black_hole() as hole:
        connection = connection_to(hole.url, alarms)
        asked = [asyncio.ensure_future(connection.ask(partial(_echo, 1))) for _ in range(20 * MOST_TOGETHER)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await connection.close()
        await asyncio.sleep(0.05)
        assert not connection._under_way
        assert {type(error) for error in await asyncio.gather(*asked, return_exceptions=True)} == {RedisAwayError}


async def test_what_redis_will_not_do_counts_as_away_too(redis_url: str, alarms: FakeAlarms) -> None:
    async with connected(redis_url, alarms, look_every_s=60.0) as connection:
        await connection.ask(lambda redis: redis.set("a", "not a number"))
        with pytest.raises(RedisAwayError):
            await connection.ask(lambda redis: redis.incr("a"))
        assert connection.away


async def test_an_error_of_our_own_is_not_held_against_redis(redis_url: str, alarms: FakeAlarms) -> None:
    def wrong(redis: Pipeline) -> None:
        redis.set("a", "2")
        raise KeyError("ours")

    async with connected(redis_url, alarms) as connection:
        await connection.ask(lambda redis: redis.set("a", "1"))
        with pytest.raises(KeyError):
            await connection.ask(wrong)
        assert await connection.ask(lambda redis: redis.get("a")) == [b"1"]
        assert not connection.away


async def test_it_goes_and_comes_back_and_each_outage_rings_once(alarms: FakeAlarms) -> None:
    with OwnRedis() as server:
        async with connected(server.url, alarms) as connection:
            for outage in (1, 2):
                await connection.ask(lambda redis: redis.set("a", "1"))
                server.kill()
                await soon(lambda: connection.away)
                await soon(lambda outage=outage: len(alarms.rung) == outage)
                assert await refused(connection) == ASKED
                server.start()
                await soon(lambda: not connection.away)
            await connection.ask(lambda redis: redis.ping())
    assert alarms.kinds() == ["redis_down"] * 2


async def test_one_that_is_back_within_a_moment_wakes_nobody(alarms: FakeAlarms) -> None:
    with OwnRedis() as server:
        async with connected(server.url, alarms) as connection:
            server.kill()
            await soon(lambda: connection.away)
            server.start()
            await soon(lambda: not connection.away)
        assert alarms.withdrawn == ["redis_down"]


async def test_a_process_that_reaches_it_does_not_end_what_one_rang_that_does_not(redis_url: str) -> None:
    together = FakeAlarms()  # as if both had one database
    async with connected(redis_url, together) as well, connected("redis://127.0.0.1:1/0", together):
        together.lasts()
        before = len(together.rung)
        for _ in range(20):
            await well._look()
    assert len(together.rung) == before == 1
    assert together.kinds() == ["redis_down"]


async def test_a_server_that_takes_no_writes_is_no_use(alarms: FakeAlarms) -> None:
    with OwnRedis() as server:
        async with connected(server.url, alarms) as connection:
            await connection.client.config_set("maxmemory", "1")
            await soon(lambda: alarms.kinds() == ["redis_down"])
            assert connection.away


async def test_installations_on_one_redis_do_not_meet(alarms: FakeAlarms) -> None:
    one, other = (connection_to("redis://127.0.0.1:1/0", alarms, secret=secret) for secret in (b"one", b"other"))
    assert one.name("a") != other.name("a")
    assert one.veiled("google:dana@acme.example") != other.veiled("google:dana@acme.example")
    assert "dana" not in one.veiled("google:dana@acme.example")
