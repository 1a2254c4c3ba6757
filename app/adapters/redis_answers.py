"""Answers of lookups in Redis, where a replay that reaches another process finds them without a database's commit.

The database gets them a moment later and stays the truth. "There is no such answer" is said only while Redis surely has
all of them: after it lost its data, or was out of anybody's reach, it is filled from the database first.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from redis.asyncio.client import Pipeline

from app import log
from app.adapters.redis_connection import RedisAwayError, RedisConnection
from app.calls.model import ToolResult
from app.calls.replays import REMEMBER_S, NotSureError
from app.errors import ReadbackError

REMEMBER_MS = int(REMEMBER_S * 1000)
FILL_WITHIN_MS = 30_000
"""Whoever began to fill Redis and has not finished by then is dead, and another may begin."""
AT_ONCE = 200
LOOK_AGAIN_S = 0.1
OVERLAP_S = 30.0
"""More than the clocks of processes differ, and than a call is old before it is answered."""
COMPLETE = b"complete"

FIRST = """
local before = redis.call('GET', KEYS[1])
if before then return before end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""
FINISH = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end"

logger = log.get(__name__)
Given = Callable[[float], Awaitable[Sequence[tuple[str, ToolResult]]]]


class RedisAnswers:
    """`Remembered` in Redis. `given(seconds)` reads what was answered in the last so many from the database."""

    def __init__(self, connection: RedisConnection, given: Given) -> None:
        self._connection = connection
        self._given = given
        self._state = connection.name("answers")
        """Absent, the mark of who is filling Redis, or `COMPLETE`."""
        self._unkept_since: float | None = None
        """Since when (loop time) this process may have given answers that Redis never saw."""
        self._filling: asyncio.Task[None] | None = None

    async def find(self, key: str) -> bytes | None:
        try:
            [(found, state)] = await self._connection.ask(lambda redis: redis.mget(self._name(key), self._state))
        except RedisAwayError as error:
            self._missed()
            raise NotSureError("Redis is away") from error
        if found is not None:
            return bytes(found)
        if state != COMPLETE or self._unkept_since is not None:
            self._fill()
            raise NotSureError("Redis may not have every answer")
        return None

    async def first(self, key: str, answer: bytes) -> bytes:
        try:
            name = self._name(key)
            [stands] = await self._connection.ask(lambda redis: redis.eval(FIRST, 1, name, answer, REMEMBER_MS))
        except RedisAwayError as error:
            self._missed()
            raise NotSureError("Redis is away") from error
        return bytes(stands)

    async def stop(self) -> None:
        """Leave off filling; another process begins anew."""
        if self._filling is not None:
            self._filling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._filling

    def _missed(self) -> None:
        """What is answered now goes to the database alone; it is brought to Redis as soon as that can be reached."""
        if self._unkept_since is None:
            self._unkept_since = asyncio.get_running_loop().time()
        self._fill()

    def _fill(self) -> None:
        if self._filling is None:
            self._filling = asyncio.get_running_loop().create_task(self._fill_from_database())

    async def _fill_from_database(self) -> None:
        mine, since = secrets.token_hex(8), None
        try:
            while self._connection.away:  # noqa: ASYNC110 - its watch tells it by this flag
                await asyncio.sleep(LOOK_AGAIN_S)
            since, self._unkept_since = self._unkept_since, None
            age_s = await self._begin(mine, since)
            if age_s is None:
                return
            given = await self._given(age_s)
            for begin in range(0, len(given), AT_ONCE):
                await self._connection.ask(partial(self._put, given[begin : begin + AT_ONCE]))
            await self._connection.ask(lambda redis: redis.eval(FINISH, 1, self._state, mine, COMPLETE))
            logger.info("redis_filled", answers=len(given))
        except ReadbackError as error:
            if since is not None:
                self._unkept_since = since
            logger.info("redis_not_filled", error=str(error))
        finally:
            self._filling = None

    async def _begin(self, mine: str, since: float | None) -> float | None:
        """Of how many seconds the answers are to be brought; None when somebody else is at it, or it has been done.

        Who holds answers that only the database has makes everybody ask there until they are in Redis as well.
        """
        if since is None:
            [taken] = await self._connection.ask(lambda redis: redis.set(self._state, mine, px=FILL_WITHIN_MS, nx=True))
            return REMEMBER_S if taken else None
        [before] = await self._connection.ask(lambda redis: redis.set(self._state, mine, px=FILL_WITHIN_MS, get=True))
        missed_s = asyncio.get_running_loop().time() - since + OVERLAP_S
        return min(missed_s, REMEMBER_S) if before == COMPLETE else REMEMBER_S

    def _put(self, answers: Sequence[tuple[str, ToolResult]], redis: Pipeline) -> None:
        for key, result in answers:
            redis.set(self._name(key), result.as_json(), px=REMEMBER_MS, nx=True)

    def _name(self, key: str) -> str:
        return self._connection.name("answer", key)
