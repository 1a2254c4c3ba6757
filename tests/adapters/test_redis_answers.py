"""A replayed lookup that reaches another process: the first answer, whatever became of Redis in between."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from app.adapters.redis_answers import RedisAnswers
from app.adapters.redis_connection import RedisConnection
from app.calls import ledger
from app.calls.model import ToolResult
from app.calls.replays import NotSureError
from tests.calls.reception import Reception, Script, audited, look_up, reception
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, held_up, soon
from tests.fakes.redis import OwnRedis, connection_to

KEPT = "SELECT count(*) FROM tool_calls WHERE result IS NOT NULL"


class Process:
    """One process: its dispatcher and its own way to Redis."""

    def __init__(self, reception: Reception, connection: RedisConnection, answers: RedisAnswers) -> None:
        self.reception, self.connection, self.answers = reception, connection, answers

    async def look_up(self, what: str = "x", id: str = "t1") -> ToolResult:
        [result] = await self.reception.ask(look_up(what, id))
        return result

    async def complete(self) -> None:
        """Until Redis has every answer; asking is what makes somebody fill it."""
        for _ in range(2_000):
            try:
                await self.answers.find("nobody's")
            except NotSureError:
                await soon(lambda: self.answers._filling is None)
            else:
                return
        raise AssertionError("Redis was never filled")


@asynccontextmanager
async def process(url: str, redis_url: str, script: Script, alarms: FakeAlarms | None = None) -> AsyncIterator[Process]:
    connection = connection_to(redis_url, alarms)
    await connection.start()
    made: list[Reception] = []

    async def given(seconds: float) -> list[tuple[str, ToolResult]]:
        return await made[0].database.read(lambda c: ledger.recent(c, FakeClock().now() - seconds))

    answers = RedisAnswers(connection, given)
    async with reception(url, script, remembered=answers) as here:
        made.append(here)
        here.database.shared = True
        yield Process(here, connection, answers)
        await answers.stop()
    await connection.close()


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Callable[..., object]]:
    """`await start(redis_url)`: one more process; all of them run the same tools."""
    script = Script()
    async with AsyncExitStack() as stack:

        async def begin(redis_url: str) -> Process:
            return await stack.enter_async_context(process(database_url, redis_url, script))

        yield begin


async def test_the_answer_of_one_process_is_the_answer_of_all(
    start: Callable[..., object], redis_url: str, database_url: str
) -> None:
    one, other = await start(redis_url), await start(redis_url)  # type: ignore[misc]  # an async function
    await one.complete()
    async with held_up(one.reception.database):  # nobody's writes get anywhere meanwhile: it is Redis that has it
        first = await one.look_up()
        assert await other.look_up() == first
        assert executed(database_url, KEPT) == [(0,)]
    await soon(lambda: executed(database_url, KEPT) == [(1,)])
    assert one.reception.script.runs == ["x"]


async def test_of_two_that_answer_at_once_one_answer_stands(
    start: Callable[..., object], redis_url: str, database_url: str
) -> None:
    one, other = await start(redis_url), await start(redis_url)  # type: ignore[misc]  # as above
    assert await one.answers.first("key", b"mine") == b"mine"
    assert await other.answers.first("key", b"theirs") == b"mine"
    assert await other.answers.find("key") == b"mine"


async def test_while_redis_is_away_the_database_answers(start: Callable[..., object], database_url: str) -> None:
    one, other = [await start("redis://127.0.0.1:1/0") for _ in range(2)]  # type: ignore[misc]  # as above
    first = await one.look_up()
    assert executed(database_url, KEPT) == [(1,)]  # before it was given
    assert await other.look_up() == first
    assert one.reception.script.runs == ["x"]


async def test_a_redis_that_lost_everything_is_filled_before_it_is_believed(
    start: Callable[..., object], redis_url: str, database_url: str
) -> None:
    one, other = await start(redis_url), await start(redis_url)  # type: ignore[misc]  # as above
    await one.complete()
    before = await one.look_up("x", "before")
    await soon(lambda: executed(database_url, KEPT) == [(1,)])
    await one.connection.client.flushdb()
    assert await other.look_up("x", "before") == before  # from the database
    await other.complete()
    third = await start(redis_url)  # type: ignore[misc]  # as above
    third.reception.dispatcher._recent.clear()  # what it learnt at its start
    async with held_up(third.reception.database):
        assert await third.look_up("x", "before") == before  # from Redis
    assert one.reception.script.runs == ["x"]


async def test_answers_given_while_redis_was_gone_are_found_when_it_is_back(
    start: Callable[..., object], database_url: str
) -> None:
    with OwnRedis() as server:
        one, other = [await start(server.url) for _ in range(2)]  # type: ignore[misc]  # as above
        await one.complete()
        server.kill()
        meanwhile = await one.look_up("x", "meanwhile")
        server.start()
        await soon(lambda: not one.connection.away and not other.connection.away)
        assert await other.look_up("x", "meanwhile") == meanwhile
        await one.complete()
        await other.complete()
    assert one.reception.script.runs == ["x"]


async def test_who_gave_answers_that_redis_never_saw_says_so_to_everybody(
    start: Callable[..., object], redis_url: str, database_url: str
) -> None:
    cut_off, other = [await start(redis_url) for _ in range(2)]  # type: ignore[misc]  # as above
    await other.complete()
    cut_off.connection._away = True  # until its watch looks again
    meanwhile = await cut_off.look_up("x", "meanwhile")
    await soon(lambda: not cut_off.connection.away and cut_off.answers._filling is None)
    assert await other.look_up("x", "meanwhile") == meanwhile
    assert cut_off.reception.script.runs == ["x"]


async def test_who_died_while_filling_it_does_not_keep_others_from_it(
    start: Callable[..., object], redis_url: str
) -> None:
    one = await start(redis_url)  # type: ignore[misc]  # as above
    await one.connection.client.set(one.connection.name("answers"), "dead", px=200)
    with pytest.raises(NotSureError):
        await one.answers.find("nobody's")
    await one.complete()


async def test_every_lookup_is_audited_all_the_same(
    start: Callable[..., object], redis_url: str, database_url: str
) -> None:
    one = await start(redis_url)  # type: ignore[misc]  # as above
    await one.complete()
    for number in range(5):
        await one.look_up("x", f"t{number}")
    await soon(lambda: len(audited(database_url)) == 5)
