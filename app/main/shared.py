"""What several processes share through Redis. Loaded only where there is one."""

from collections.abc import Sequence

from app.adapters.redis_answers import Given, RedisAnswers
from app.adapters.redis_buckets import RedisBuckets
from app.adapters.redis_connection import RedisConnection
from app.adapters.redis_days import RedisDays
from app.watch.alarms import Alarms


class Shared:
    """The parts that stand on one connection."""

    def __init__(self, url: str, secret: bytes, alarms: Alarms) -> None:
        self.connection = RedisConnection(url, secret, alarms)

    def days(self, addresses: Sequence[str], ttl_s: float) -> RedisDays:
        """What calendars told lately."""
        return RedisDays(self.connection, addresses, ttl_s)

    def answers(self, given: Given) -> RedisAnswers:
        """What was answered lately."""
        return RedisAnswers(self.connection, given)

    def buckets(self) -> RedisBuckets:
        """How many requests of each source were refused."""
        return RedisBuckets(self.connection)
