"""The one way to Redis: short deadlines, no retries, and nobody asks while it is away.

Redis holds nothing that is not also known elsewhere, so its absence is never an error to a caller: who asked is told
at once (`RedisAwayError`) and does without.
"""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
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
SOCKET_TIMEOUT_S = 1.0
"""Behind the deadlines above, for what nobody waits for any more."""
MOST_CONNECTIONS = 32
FAILURES = (RedisError, OSError, TimeoutError)

T = TypeVar("T")
logger = log.get(__name__)


class RedisAwayError(ReadbackError):
    """Redis did not answer in time, or has lately not; nobody knows whether it did what was asked."""

    retryable = True


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
        with contextlib.suppress(*FAILURES):
            await self.client.aclose()

    async def ask(self, work: Callable[[Redis], Awaitable[T]]) -> T:
        """What `work` gets from Redis. Raises `RedisAwayError`: at once while it is away, else after the deadline."""
        if self._away:
            raise RedisAwayError("Redis is away")
        began = asyncio.get_running_loop().time()
        try:
            answer = await _within(work(self.client), self._ask_within_s)
        except FAILURES as error:
            self._away = True
            metrics.observe_upstream("redis", "error", asyncio.get_running_loop().time() - began)
            logger.warning("redis_lost", error=type(error).__name__)
            raise RedisAwayError(type(error).__name__) from error
        metrics.observe_upstream("redis", "ok", asyncio.get_running_loop().time() - began)
        return answer

    async def state(self) -> Literal["ok", "down"]:
        """`down` while nobody asks it; callers are served without it."""
        return "down" if self._away else "ok"

    def name(self, *parts: str) -> str:
        """A key or channel of this installation."""
        return ":".join(("readback", self.veiled("installation"), *parts))

    def veiled(self, text: str) -> str:
        """`text` as a digest that only this installation can make: addresses of people do not go to Redis."""
        return hmac.new(self._secret, f"redis {text}".encode(), hashlib.blake2b).hexdigest()[:24]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_every_s)
            await self._look()

    async def _look(self) -> None:
        """A write, because a server that is full or a replica answers a ping as well."""
        try:
            looking = self.client.set(self.name("watch"), b"1", px=60_000)
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
