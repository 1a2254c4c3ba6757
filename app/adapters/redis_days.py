"""Days of the calendars in Redis, so that many processes ask a calendar once, and word of what changed to all of them.

Ages are told by Redis's own clock, not by those of the machines. A calendar's mark is replaced when it changes: what
was read under an older mark is not believed, however late it is written.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import orjson
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from app import log, metrics
from app.adapters.redis_connection import FAILURES, RedisAwayError, RedisConnection
from app.background import Background
from app.booking.calendar import Busy
from app.booking.shared_days import Key, Shared, Ticket

MARK_LIVES_S = 2 * 86_400
"""Longer than any day that was read under it."""
MOST_UNDER_WAY = 64
LISTEN_AGAIN_S = 1.0
TELL_AGAIN_S = 0.1
STOP_WITHIN_S = 1.0
QUIET_S = 15.0
"""After so much silence the subscription is tried: one that was cut without a word would stay silent for ever."""

logger = log.get(__name__)


class RedisDays:
    """`SharedDays` for `addresses`, kept for `ttl_s`. What another process drops is told to `on_dropped`."""

    def __init__(self, connection: RedisConnection, addresses: Sequence[str], ttl_s: float) -> None:
        self._connection = connection
        self._ttl_ms = max(1, int(ttl_s * 1000))
        self._veiled = {address: connection.veiled(address) for address in addresses}
        self._addresses = {veiled: address for address, veiled in self._veiled.items()}
        self._channel = connection.name("dropped")
        self._me = secrets.token_hex(8)
        self._under_way: set[asyncio.Task[None]] = set()
        self._dropping: dict[str, None] = {}
        self._dropper: asyncio.Task[None] | None = None
        self._loop = Background()

    def start(self, on_dropped: Callable[[str], None]) -> None:
        """Begin to listen to the others."""
        self._loop.begin(self._listen(on_dropped))

    async def stop(self) -> None:
        """Say what is still to be said, and listen no more."""
        await self._loop.end()
        if waiting := [*self._under_way, *filter(None, [self._dropper])]:
            _, late = await asyncio.wait(waiting, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def find(self, keys: Sequence[Key]) -> Shared:
        addresses = list(dict.fromkeys(address for address, _ in keys))
        names = [*map(self._mark, addresses), *(self._day(key) for key in keys)]

        def look(redis: Pipeline) -> None:
            redis.mget(names)
            redis.time()  # last: what changes in between counts as changed, and nothing as younger than it is

        try:
            values, (seconds, microseconds) = await self._connection.ask(look)
        except RedisAwayError:
            return Shared()
        at_us = seconds * 1_000_000 + microseconds
        marks = {address: value or b"" for address, value in zip(addresses, values, strict=False)}
        days = {}
        for key, value in zip(keys, values[len(addresses) :], strict=True):
            found = _read(value, marks[key[0]], at_us) if value else None
            metrics.count_cache("shared availability", "hit" if found else "miss")
            if found:
                days[key] = found
        return Shared(days, Ticket(at_us, marks))

    def give(self, ticket: Ticket, days: Mapping[Key, Busy]) -> None:
        if len(self._under_way) < MOST_UNDER_WAY and not self._connection.away:
            task = asyncio.get_running_loop().create_task(self._give(ticket, days))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def drop(self, address: str) -> None:
        self._dropping[address] = None
        if self._dropper is None:
            self._dropper = asyncio.get_running_loop().create_task(self._drop_all())

    async def _give(self, ticket: Ticket, days: Mapping[Key, Busy]) -> None:
        def put(redis: Pipeline) -> None:
            for key, busy in days.items():
                value = orjson.dumps([ticket.at_us, ticket.marks[key[0]].decode(), busy])
                redis.set(self._day(key), value, px=self._ttl_ms)

        with contextlib.suppress(RedisAwayError):
            await self._connection.ask(put)

    async def _drop_all(self) -> None:
        """What cannot be said now is said as soon as Redis is back: no more of it than there are calendars."""
        try:
            while addresses := list(self._dropping):
                self._dropping.clear()
                try:
                    await self._connection.ask(partial(self._tell, addresses))
                except RedisAwayError:
                    self._dropping.update(dict.fromkeys(addresses))
                    await asyncio.sleep(TELL_AGAIN_S)
        finally:
            self._dropper = None

    def _tell(self, addresses: Sequence[str], redis: Pipeline) -> None:
        """A new mark first: who hears of it and looks again must not find what was read before."""
        for address in addresses:
            redis.set(self._mark(address), secrets.token_hex(8), ex=MARK_LIVES_S)
            redis.publish(self._channel, f"{self._me} {self._veil(address)}")

    async def _listen(self, on_dropped: Callable[[str], None]) -> None:
        """Word of the others, for ever. While it cannot be had, a read grows no older than it may be in any case."""
        while True:
            try:
                await self._hear(on_dropped)
            except FAILURES as error:
                logger.info("redis_subscription_lost", error=type(error).__name__)
            await asyncio.sleep(LISTEN_AGAIN_S)

    async def _hear(self, on_dropped: Callable[[str], None]) -> None:
        quiet = False
        async with self._connection.client.pubsub() as pubsub:
            await pubsub.subscribe(self._channel)
            while True:
                heard = await pubsub.get_message(timeout=QUIET_S)
                if heard is None:
                    if quiet:
                        raise RedisError("the subscription is silent")
                    await pubsub.ping()
                elif heard["type"] == "subscribe":
                    # What was said before we listened is lost: nothing that was read by then is certain.
                    for address in self._veiled:
                        on_dropped(address)
                elif heard["type"] == "message":
                    who, _, veiled = heard["data"].decode(errors="replace").partition(" ")
                    if who != self._me and veiled in self._addresses:
                        on_dropped(self._addresses[veiled])
                quiet = heard is None

    def _mark(self, address: str) -> str:
        return self._connection.name("mark", self._veil(address))

    def _day(self, key: Key) -> str:
        return self._connection.name("day", self._veil(key[0]), str(key[1]))

    def _veil(self, address: str) -> str:
        return self._veiled.get(address) or self._connection.veiled(address)


def _read(value: bytes, mark: bytes, now_us: int) -> tuple[float, Busy] | None:
    """Age and busy time of a stored day; None when its calendar changed since, or it is not to be understood."""
    try:
        at_us, marked, busy = orjson.loads(value)
        if marked.encode() != mark or at_us > now_us:
            return None
        return (now_us - at_us) / 1_000_000, tuple((start, end) for start, end in busy)
    except (ValueError, TypeError, AttributeError):
        return None
