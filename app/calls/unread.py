"""Reads a report that said of no call once more, where its dead letter is replayed: after an update it may be read.

A platform that calls its call by another name would lose every report otherwise, with the 200 that it is owed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import delete, select

from app.calls.events import CallEvent, CallEvents, unread
from app.db.engine import Database, Transaction
from app.db.schema import call_events
from app.errors import ReadbackError


class StillUnreadError(ReadbackError):
    """What was read again says of no call still."""


class ReadAgain:
    """The job of such a letter. `read` is the platform's own way to read a message."""

    def __init__(self, database: Database, events: CallEvents, read: Callable[[Any], object]) -> None:
        self._database = database
        self._events = events
        self._read = read

    async def __call__(self, data: Mapping[str, Any]) -> None:
        """Take it in as if it had just come. Raises StillUnreadError, and what a database raises."""
        which = unread(str(data["platform"]), str(data["report"]))
        found = await self._database.read(lambda c: c.execute(select(call_events.c.body).where(which)).scalar())
        if found is None:
            return  # it was taken in before
        parsed = self._read(orjson.loads(found))
        event = getattr(parsed, "event", parsed)
        if not isinstance(event, CallEvent) or event.ref.call_id is None:
            raise StillUnreadError("it says of no call still")

        def taken(transaction: Transaction) -> None:
            self._events.taken_in(transaction, event)
            transaction.connection.execute(delete(call_events).where(which))

        await self._database.write(taken)
