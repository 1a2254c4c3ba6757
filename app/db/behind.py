"""Rows that may follow their answer by a moment: bounded, grouped, flushed at stop. No promise is kept here."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from app import log
from app.db.engine import Database, DatabaseRefusedError, Transaction
from app.db.write_queue import nobody_waits
from app.errors import ReadbackError

T = TypeVar("T")

FLUSH_AFTER_S = 0.1
"""A commit costs as much as fifty rows, so they go together; what a kill takes of the log is at most this long."""
RETRY_AFTER_S = 1.0
FLUSH_WITHIN_S = 30.0
"""Nobody waits for these rows, so their fate can be waited for: rows given up too early would be written twice."""
MAX_ROWS = 20_000
MAX_ROWS_PER_FLUSH = 500
FEW_ROWS = 200
"""As many at once where no more than twice that many wait: callers are answered between two such writes."""

logger = log.get(__name__)


_every: "WeakSet[Behind[Any]]" = WeakSet()


def fullest() -> int:
    """Rows that wait in the fullest of this process."""
    return max((len(one._rows) for one in _every), default=0)


class Behind(Generic[T]):
    """Collects rows and hands them to `insert(transaction, rows)` in groups, in order.

    When the database is down rows wait, up to `MAX_ROWS`; then the oldest are dropped. A row that the database refuses
    is dropped without its neighbours. `on_lost(count)` is told of every row dropped.
    """

    def __init__(
        self,
        database: Database,
        insert: Callable[[Transaction, list[T]], object],
        on_lost: Callable[[int], None],
        *,
        lasting: bool = False,
    ) -> None:
        self._database = database
        self._insert = insert
        self._on_lost = on_lost
        self._lasting = lasting
        self._rows: deque[T] = deque()
        self._under_way: list[T] = []
        self._one_by_one = 0
        self._writing = asyncio.Lock()
        self._flusher: asyncio.Task[None] | None = None
        _every.add(self)

    def unwritten(self) -> list[T]:
        """Rows that are not written yet, those of a write that is under way among them."""
        return [*self._under_way, *self._rows]

    def add(self, row: T) -> None:
        """Take one row; costs about a microsecond and never waits."""
        self._rows.append(row)
        if len(self._rows) > MAX_ROWS:
            self._rows.popleft()
            self._on_lost(1)
        if self._flusher is None:
            self._flusher = asyncio.get_running_loop().create_task(self._flush_later())

    async def drain(self) -> None:
        """Write what is waiting; returns with rows left over only when the database is down."""
        async with self._writing:
            while self._rows and await self._write_some():
                pass

    async def stop(self) -> None:
        """Write what is waiting; what the database does not take now is lost, and counted."""
        await self.drain()
        if self._flusher is not None:
            self._flusher.cancel()
            self._flusher = None
        if self._rows:
            self._on_lost(len(self._rows))
            self._rows.clear()

    async def _write_some(self) -> bool:
        """Write one group; False when the database is down."""
        some = min(MAX_ROWS_PER_FLUSH, max(FEW_ROWS, len(self._rows) // 2))
        most = 1 if self._one_by_one else some
        rows = self._under_way = [self._rows.popleft() for _ in range(min(len(self._rows), most))]
        try:
            await self._database.write(lambda t: self._insert(t, rows), FLUSH_WITHIN_S, lasting=self._lasting)
        except DatabaseRefusedError as error:
            self._set_aside(rows, error)
        except ReadbackError:
            self._rows.extendleft(reversed(rows))
            return False
        except Exception as error:  # noqa: BLE001 - rows that cannot be written must not hold up the others
            self._set_aside(rows, error)
        else:
            self._one_by_one = max(0, self._one_by_one - len(rows))
        finally:
            self._under_way = []
        return True

    def _set_aside(self, rows: list[T], error: Exception) -> None:
        """Of a refused group, try each row alone; a row refused alone is dropped."""
        if len(rows) > 1:
            self._rows.extendleft(reversed(rows))
            self._one_by_one = len(rows)
            return
        self._one_by_one = max(0, self._one_by_one - 1)
        logger.error("row_refused", error=type(error.__cause__ or error).__name__)
        self._on_lost(1)

    async def _flush_later(self) -> None:
        nobody_waits()
        try:
            while self._rows:
                waiting = len(self._rows)
                # At the same moments as every other one of these, so that their rows share a commit.
                await asyncio.sleep(FLUSH_AFTER_S - asyncio.get_running_loop().time() % FLUSH_AFTER_S)
                await self.drain()
                if len(self._rows) >= waiting:
                    # The database is down; asking twenty times a second does not bring it back.
                    await asyncio.sleep(RETRY_AFTER_S)
        finally:
            self._flusher = None
