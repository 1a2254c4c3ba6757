"""The same lookup asked of another process: it gets the answer that was given first.

In company an answer is kept where all processes look before it is given. That is a fast store where there is one, and
the database where there is none, or where the store is away or not sure to hold everything.
"""

from collections.abc import Sequence
from typing import Protocol

from app.calls import ledger
from app.calls.answer import Answer, kept_first
from app.calls.model import ToolResult
from app.db.engine import Database
from app.db.serving import Serving
from app.errors import ReadbackError

REMEMBER_S = 3_600.0
"""A call is over by then, and with it the platform's retries."""
KEEP_WITHIN_S = 0.25
"""For the database's part in a lookup, which can be answered without it."""


class NotSureError(ReadbackError):
    """The store cannot say whether there is such an answer; the database can."""

    retryable = True


class Remembered(Protocol):
    """Answers of the last `REMEMBER_S`, as JSON, by the key of their delivery. Fast, and not the truth."""

    async def find(self, key: str) -> bytes | None:
        """The answer; None when there certainly is none. Raises `NotSureError`."""

    async def first(self, key: str, answer: bytes) -> bytes:
        """Keep an answer unless there is one: the one that stands. Raises `NotSureError`."""


class Replays:
    """Answers of lookups, shared by the processes on one database. With `store` None the database alone has them.

    Without `serving` there may always be others on PostgreSQL.
    """

    def __init__(self, database: Database, store: Remembered | None = None, serving: Serving | None = None) -> None:
        self._database = database
        self._store = store
        self._serving = serving

    @property
    def in_company(self) -> bool:
        """Whether a replay may reach another process. A fast store is kept complete for whoever comes."""
        return self._database.shared and (self._store is not None or self._serving is None or not self._serving.alone)

    @property
    def look_first(self) -> bool:
        """Whether to look for an answer before making one. Only a fast store is worth it: a lookup made once more
        harms nobody, and what was answered first stands all the same.
        """
        return self.in_company and self._store is not None

    async def recent(self, since: float) -> Sequence[tuple[str, ToolResult]]:
        """Answers given since `since`, oldest first. Raises `DatabaseUnavailableError`."""
        return await self._database.read(lambda c: ledger.recent(c, since))

    async def find(self, key: str) -> ToolResult | None:
        """The answer this delivery got elsewhere; None when there is none, or nobody can tell now.

        A lookup can be made again; a store that is away must not stop it.
        """
        try:
            if self._store is not None:
                try:
                    before = await self._store.find(key)
                    return ledger.loaded(before) if before is not None else None
                except NotSureError:
                    pass
            return await self._database.read(lambda c: ledger.answered(c, key), KEEP_WITHIN_S)
        except ReadbackError:
            return None

    async def first(self, answer: Answer, result: ToolResult) -> ToolResult:
        """Keep an answer before it is given; the one that stands, which an earlier delivery may have got."""
        answer.result = result
        if self._store is not None and answer.key:
            try:
                mine = result.as_json()
                stands = await self._store.first(answer.key, mine)
            except NotSureError:
                pass
            else:
                if stands != mine:
                    answer.result = ledger.loaded(stands)
                return answer.result
        try:
            kept = await self._database.write(lambda t: kept_first(t, answer), KEEP_WITHIN_S, lasting=False)
        except ReadbackError:
            return result  # kept as soon as the database is back
        answer.stored = True
        return kept
