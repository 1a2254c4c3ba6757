"""The one way to Redis: short deadlines, no retries, and nobody asks while it is away.

Redis holds nothing that is not also known elsewhere, so its absence is never an error to a caller: who asked is told
at once (`RedisAwayError`) and does without.

What is asked in one turn of the loop goes out together: a round trip of its own for every question cost a process more
than the lookup it was for, and in a crowd they waited for each other until Redis seemed away.
"""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app import log, metrics
from app.background import Background
from app.errors import ConfigurationError, ReadbackError
from app.watch.alarms import Alarms
from app.watch.calm import Calm

PAGE = "redis_down"
ASK_WITHIN_S = 0.05
"""What a caller waits, once; from then on nobody asks until the watch has found Redis well."""
LOOK_EVERY_S = 1.0
LOOK_PATIENCE = 5
"""The watch waits so many times longer than a caller before Redis counts as away."""
RING_AFTER_S = 5.0
"""One that was restarted, or held its breath, is back by then."""
LOOKS = 5
WATCH_LIVES_MS = 60_000
SOCKET_TIMEOUT_S = 1.0
"""Behind the deadlines above, for what nobody waits for any more."""
MOST_CONNECTIONS = 32
MOST_UNDER_WAY = 8
"""Round trips at once. Who comes while so many are under way shares the next one."""
MOST_TOGETHER = 128
"""Questions of one round trip."""
FAILURES = (RedisError, OSError, TimeoutError)

T = TypeVar("T")
Put = Callable[[Pipeline], object]
"""Puts its commands into the pipeline it is given."""
logger = log.get(__name__)


class RedisAwayError(ReadbackError):
    """Redis did not answer in time, or has lately not; nobody knows whether it did what was asked."""

    retryable = True


@dataclass(eq=False, slots=True)
class _Question:
    put: Put
    answered: "asyncio.Future[list[Any]]"
    commands: int = 0

    def told(self, answers: list[Any]) -> bool:
        """Hand over the answers, unless nobody waits any more; whether Redis did what it was asked."""
        refused = next((answer for answer in answers if isinstance(answer, Exception)), None)
        if refused is not None:
            self.failed(RedisAwayError(type(refused).__name__))
        elif not self.answered.done():
            self.answered.set_result(answers)
        return refused is None

    def failed(self, error: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


class RedisConnection:
    """A bounded pool under a breaker. One watch per process looks whether Redis is well, so no caller has to try.

    The first failure of anybody opens the breaker, and only the watch closes it: an outage costs a caller one deadline
    at most in each pause between two looks. `secret` keeps the names of one installation apart from those of another.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        alarms: Alarms,
        *,
        ask_within_s: float = ASK_WITHIN_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.client: Redis = Redis.from_pool(_pool(url, max(SOCKET_TIMEOUT_S, ask_within_s)))
        self._secret = secret
        self._alarms = alarms
        self._ask_within_s = ask_within_s
        self._look_every_s = look_every_s
        self._away = False
        self._calm = Calm(time.monotonic())
        self._loop = Background()
        self._veiled_installation = self.veiled("installation")
        self._waiting: deque[_Question] = deque()
        self._departing = False
        self._under_way: dict[asyncio.Task[None], list[_Question]] = {}

    @property
    def away(self) -> bool:
        """Whether asking is of no use now."""
        return self._away

    async def start(self) -> None:
        """Look once, then begin to watch."""
        await self._look()
        self._loop.begin(self._watch())

    async def close(self) -> None:
        """Let go of every connection."""
        await self._loop.end()
        self._away = True
        for question in (*self._waiting, *(each for together in self._under_way.values() for each in together)):
            question.failed(RedisAwayError("nobody asks any more"))
        self._waiting.clear()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        with contextlib.suppress(*FAILURES):
            await self.client.aclose()

    async def ask(self, put: Put) -> list[Any]:
        """What Redis answers to each command that `put` puts, which go out in their order and over one connection.

        Raises `RedisAwayError`: at once while it is away, else after the deadline, or where Redis refuses one of them.
        """
        if self._away:
            raise RedisAwayError("Redis is away")
        question = _Question(put, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        self._depart_soon()
        return await question.answered

    async def state(self) -> Literal["ok", "down"]:
        """`down` while nobody asks it; callers are served without it."""
        return "down" if self._away else "ok"

    def name(self, *parts: str) -> str:
        """A key or channel of this installation."""
        return ":".join(("readback", self._veiled_installation, *parts))

    def veiled(self, text: str) -> str:
        """`text` as a digest that only this installation can make: addresses of people do not go to Redis."""
        return hmac.new(self._secret, f"redis {text}".encode(), hashlib.blake2b).hexdigest()[:24]

    def _depart_soon(self) -> None:
        if self._waiting and not self._departing and len(self._under_way) < MOST_UNDER_WAY:
            self._departing = True
            asyncio.get_running_loop().call_soon(self._depart)

    def _depart(self) -> None:
        self._departing = False
        if not self._waiting:
            return
        together = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
        task = asyncio.get_running_loop().create_task(self._carry(together))
        self._under_way[task] = together
        task.add_done_callback(self._arrived)
        self._depart_soon()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._depart_soon()

    async def _carry(self, questions: list[_Question]) -> None:
        """One round trip for all of them. A failure opens the breaker, and who waits for the next one is told too."""
        began = asyncio.get_running_loop().time()
        outcome = "error"
        try:
            answers = await _within(self._exchanged(questions), self._ask_within_s)
            done = [question.told([next(answers) for _ in range(question.commands)]) for question in questions]
            if all(done):
                outcome = "ok"
            else:
                self._lost("a command was refused", [])
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are owed an end
            self._lost(type(error).__name__, questions)
        finally:
            metrics.observe_upstream("redis", outcome, asyncio.get_running_loop().time() - began)

    async def _exchanged(self, questions: list[_Question]) -> Iterator[Any]:
        async with self.client.pipeline(transaction=False) as pipeline:
            for question in questions:
                before = len(pipeline.command_stack)
                try:
                    question.put(pipeline)
                except Exception as error:  # noqa: BLE001 - whose it is; nobody else is to suffer for it
                    del pipeline.command_stack[before:]
                    question.failed(error)
                question.commands = len(pipeline.command_stack) - before
            return iter(await pipeline.execute(raise_on_error=False))

    def _lost(self, why: str, questions: list[_Question]) -> None:
        self._away = True
        logger.warning("redis_lost", error=why)
        for question in (*questions, *self._waiting):
            question.failed(RedisAwayError(why))
        self._waiting.clear()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_every_s)
            await self._look()

    async def _look(self) -> None:
        """A write, because a server that is full or a replica answers a ping as well."""
        try:
            looking = self.client.set(self.name("watch"), b"1", px=WATCH_LIVES_MS)
            await _within(looking, self._ask_within_s * LOOK_PATIENCE)
        except FAILURES as error:
            self._away = True
            self._calm.trouble(time.monotonic())
            self._alarms.ring(
                PAGE,
                "redis",
                "Redis is away",
                "Callers are served without it: every process reads calendars for itself and asks the database what "
                f"others answered, which is slower ({type(error).__name__}). Check that it runs and takes writes, and "
                "can be reached from every machine.",
                after_s=RING_AFTER_S,
            )
            return
        if self._away:
            logger.info("redis_back")
        self._away = False
        if not self._alarms.withdraw(PAGE, "redis") and self._calm.is_over(time.monotonic()):
            self._alarms.clear(PAGE, "redis", own=True)


def _pool(url: str, within_s: float) -> BlockingConnectionPool:
    """Raises `ConfigurationError` for an option behind `?` that the library does not know, or cannot read."""
    try:
        # The library's own default of retries costs seconds where a deadline of 50 ms was asked for.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=within_s,
            socket_timeout=within_s,
            socket_connect_timeout=within_s,
            retry=Retry(NoBackoff(), 0),
        )
        pool.connection_kwargs["decode_responses"] = False  # what comes back is read as bytes, whatever the URL wishes
        pool.connection_class(**pool.connection_kwargs)  # where options are looked at; nothing is connected yet
    except (TypeError, ValueError, RedisError):
        raise ConfigurationError(
            "READBACK_REDIS_URL has an option behind ? that is unknown or has a wrong value."
        ) from None
    return pool


async def _within(work: Awaitable[T], seconds: float) -> T:
    """What the work comes to. Raises TimeoutError; time in which our own loop was too busy to look is one look only."""
    task = asyncio.ensure_future(work)
    try:
        for _ in range(LOOKS):
            await asyncio.wait({task}, timeout=seconds / LOOKS)
            if task.done():
                return task.result()
        raise TimeoutError(f"it took longer than {seconds * 1000:.0f} ms")
    finally:
        if not task.done():
            task.add_done_callback(_looked_at)
            task.cancel()


def _looked_at(task: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more, and what became of it is no news."""
    if not task.cancelled():
        task.exception()
