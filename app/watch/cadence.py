"""Pages when nobody has written an update of an incident in time: whoever waits outside is owed one.

When the next one is due stands in the incident's row, so a restart forgets nothing.
"""

from typing import Any, Final

from sqlalchemy import Connection, select, update

from app.audit.log import record
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import incidents
from app.watch.incidents import PAGE, State, due_at
from app.watch.pages import Page, is_taken, raised, superseded

LOOK_EVERY_S: Final = 15.0
MOST_AT_ONCE: Final = 100

_i = incidents.c


class Cadence:
    """Run as a timer. The page ends with the next update; taken, or taken away, it comes again after one cadence."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def look(self) -> int:
        """Look once; how many updates are missing since the look before. Raises a `ReadbackError`."""
        now = self._clock.now()
        if not await self._database.read(lambda connection: _due(connection, now)):
            return 0
        return await self._database.write(lambda transaction: missed(transaction, now=now))


def missed(transaction: Transaction, *, now: float) -> int:
    """Page about each incident whose update is due; how many there were."""
    rows = _due(transaction.connection, now)
    for row in rows:
        state = State(row.state)
        following = due_at(state, row.every_minutes, now)
        transaction.connection.execute(update(incidents).where(_i.id == row.id).values(due_at=following))
        minutes = max(1, int((now - row.changed_at) // 60))
        record(transaction, PAGE, business=row.business, subject=row.id, at=now, state=state.value, minutes=minutes)
        if is_taken(transaction, PAGE, row.id):  # and nothing was said all the same
            superseded(transaction, PAGE, row.id, now=now)
        raised(transaction, _page(row, state, minutes), now=now)
    return len(rows)


def _page(row: Any, state: State, minutes: int) -> Page:
    body = (
        f'Nobody has said anything about the incident "{row.title}" ({state}) for {minutes} minutes. Whoever waits '
        f"outside is owed a word, also when there is nothing new: `readback incident update {row.id[:8]} --words ...`."
    )
    return Page(PAGE, row.id, f"Incident without an update: {row.title}", body, row.business)


def _due(connection: Connection, now: float) -> list[Any]:
    open_ones = select(incidents).where(_i.state != State.RESOLVED.value, _i.due_at <= now)
    return list(connection.execute(open_ones.order_by(_i.due_at).limit(MOST_AT_ONCE)))
