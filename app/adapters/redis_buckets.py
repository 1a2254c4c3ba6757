"""Allowances that all processes draw on: one token bucket for each source, in Redis and by its clock."""

from app.adapters.redis_connection import RedisConnection

TAKE = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local burst, per_s = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(known[1]) or burst
left = math.min(burst, left + math.max(0, at - (tonumber(known[2]) or at)) * per_s)
local wait_s = 0
if left < 1 then wait_s = math.ceil((1 - left) / per_s) else left = left - 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', string.format('%.6f', at))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / per_s) + 1)
return wait_s
"""


class RedisBuckets:
    """A bucket of `burst` that refills `per_s`; one that is full again is forgotten."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    async def take(self, source: str, burst: int, per_s: float) -> int | None:
        """One token: None when there was one, else whole seconds to wait. Raises `RedisAwayError`."""
        name = self._connection.name("refusals", self._connection.veiled(source))
        [wait_s] = await self._connection.ask(lambda redis: redis.eval(TAKE, 1, name, burst, per_s))
        return int(wait_s) or None
