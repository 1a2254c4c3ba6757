"""Rows that may follow their answer by a moment: bounded, grouped, flushed at stop. No promise is kept here."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from app.db.engine import Database, Transaction
from app.errors import ReadbackError

T = TypeVar("T")

FLUSH_AFTER_S = 0.05
MAX_ROWS = 20_000
MAX_ROWS_PER_FLUSH = 500


class Behind(Generic[T]):
    """Collects rows and hands them to `insert(transaction, rows)` in groups.

    When the database is down rows wait, up to `MAX_ROWS`; then the oldest are dropped and `on_lost(count)` is told.
    """

    def __init__(
        self,
        database: Database,
        insert: Callable[[Transaction, list[T]], None],
        on_lost: Callable[[int], None],
    ) -> None:
        self._database = database
        self._insert = insert
        self._on_lost = on_lost
        self._rows: deque[T] = deque()
        self._flusher: asyncio.Task[None] | None = None

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
        while self._rows:
            rows = [self._rows.popleft() for _ in range(min(len(self._rows), MAX_ROWS_PER_FLUSH))]
            try:
                await self._database.write(lambda transaction, rows=rows: self._insert(transaction, rows))  # type: ignore[misc]  # a default binds the loop variable
            except ReadbackError:
                self._rows.extendleft(reversed(rows))
                return

    async def _flush_later(self) -> None:
        try:
            while self._rows:
                waiting = len(self._rows)
                await asyncio.sleep(FLUSH_AFTER_S)
                await self.drain()
                if len(self._rows) >= waiting:
                    # The database is down; asking twenty times a second does not bring it back.
                    await asyncio.sleep(1.0)
        finally:
            self._flusher = None
