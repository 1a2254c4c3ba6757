"""Whether Redis answers. One try, no retry: the library's own default would take seconds to say no."""

from typing import Literal

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

TIMEOUT_S = 0.25


class RedisProbe:
    """A connection that is only asked whether it lives."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )

    async def state(self) -> Literal["ok", "down"]:
        """`ok`, or `down`; never raises."""
        try:
            await self._redis.ping()
        except (RedisError, OSError):
            return "down"
        return "ok"

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()
