"""Which of two versions of an assistant a caller gets: decided from memory, on the way of no call.

A caller stays with a version over all calls, and whoever has the new one keeps it as its share grows. Whatever this
process does not know for certain is the stable version: a store that is away, a caller without number and call id.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app import log
from app.background import Background
from app.canary.book import ON_TRIAL, Canary, live
from app.clock import Clock
from app.db.behind import Behind
from app.db.bulk import BulkInsert
from app.db.engine import Database, Transaction
from app.db.schema import canary_calls
from app.errors import ReadbackError

CACHED_S: Final = 1.0
STALE_S: Final = 10.0
"""What was read longer ago is not known any more."""
READ_WITHIN_S: Final = 2.0
BUCKETS: Final = 10_000

_log = log.get(__name__)
_keep = BulkInsert(canary_calls, keep_first=True)


class Given(NamedTuple):
    """A call, and which version it was given."""

    platform: str
    call_id: str
    canary: str
    on_trial: bool
    percent: int
    at: float


class Arms:
    """This process's view of what is on trial. `secret` is the installation's, so that all processes choose alike."""

    def __init__(self, database: Database, secret: bytes, clock: Clock) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._live: Mapping[str, Canary] = {}
        self._read_at = float("-inf")
        self._behind: Behind[Given] = Behind(database, kept, _lost)
        self._loop = Background()

    def start(self) -> None:
        """Begin to follow what is on trial; until the first read everybody gets the stable version."""
        self._loop.begin(self._follow())

    async def stop(self) -> None:
        """Stop following, and write down what calls were given."""
        await self._loop.end()
        await self._behind.stop()

    async def read(self) -> bool:
        """Look once; False where the database did not answer, and what was read before is used until it is too old."""
        try:
            found = await self._database.read(live, READ_WITHIN_S)
        except ReadbackError as error:
            _log.warning("canaries_not_read", reason=str(error))
            return False
        self._live, self._read_at = {canary.business: canary for canary in found}, self._clock.monotonic()
        return True

    def assistant(self, business: str, stable: str, caller: str | None, call: tuple[str, str]) -> str:
        """The assistant for a call, `stable` where nothing is on trial. `call` is its platform and id, "" for none."""
        canary = self._live.get(business)
        if canary is None or canary.stable != stable or self._clock.monotonic() - self._read_at > STALE_S:
            return stable
        who = caller or call[1]
        new = canary.percent >= 100 or (bool(who) and self.bucket(canary.id, who) < canary.percent * BUCKETS // 100)
        if canary.state in ON_TRIAL and call[1]:
            self._behind.add(Given(*call, canary.id, new, canary.percent, self._clock.now()))
        return canary.assistant if new else stable

    def bucket(self, canary: str, who: str) -> int:
        """Where a caller stands, from 0 to 9,999: the same for good, another for every canary, guessed by nobody."""
        text = f"{canary}\0{who}".encode("utf-8", "replace")
        digest = hashlib.blake2b(text, digest_size=8, key=self._secret[: hashlib.blake2b.MAX_KEY_SIZE]).digest()
        return int.from_bytes(digest, "big") % BUCKETS

    async def _follow(self) -> None:
        while True:
            await self.read()
            await asyncio.sleep(CACHED_S)


def kept(transaction: Transaction, given: Sequence[Given]) -> None:
    """Note which version calls were given; asked twice, the first stands."""
    _keep(transaction.connection, [(*one, 0.0, "", "", "", 0, False, False) for one in given])


def _lost(count: int) -> None:
    _log.error("canary_calls_not_kept", calls=count)
