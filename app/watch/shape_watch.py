"""Keeps the versions of upstreams' shapes, and rings once for each that is not as it is read."""

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, insert, select, update

from app import log
from app.db.engine import Database, Transaction
from app.db.schema import upstream_shapes
from app.errors import ReadbackError
from app.watch.alarms import Alarms
from app.watch.shapes import Seen, taken

LOOK_EVERY_S: Final = 15.0
MOST_KEPT: Final = 200
"""Versions of one shape; more are looked at, and not kept."""
ALARM: Final = "contract_drift"

_log = log.get(__name__)
_u = upstream_shapes.c
_HOW_MANY = select(func.count()).select_from(upstream_shapes)


class ShapeWatch:
    """One for each process, since each talks to upstreams itself."""

    def __init__(self, database: Database, alarms: Alarms, every_s: float = LOOK_EVERY_S) -> None:
        self._database = database
        self._alarms = alarms
        self._every_s = every_s

    async def forever(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.look()

    async def look(self) -> None:
        """Take what was seen: ring, clear, and keep the versions. Never raises."""
        seen = taken()
        if not seen:
            return
        for key, last in {each.shape.key: each for each in seen}.items():
            wrong = next((each for each in seen if each.shape.key == key and each.problem), None)
            if wrong is None:
                self._alarms.clear(ALARM, key)
            else:
                self._ring(wrong)
            _log.debug("shape_seen", shape=key, version=last.version)
        try:
            await self._database.write(lambda transaction: _kept(transaction, seen))
        except ReadbackError as error:
            _log.warning("shapes_not_kept", versions=len(seen), reason=str(error))

    def _ring(self, wrong: Seen) -> None:
        shape = wrong.shape
        body = (
            f"{wrong.problem}. Seen: {wrong.version or 'no field that we know'}. What cannot be read counts as not "
            f"known, never as free or done. See what {shape.upstream} has changed, and run `readback doctor`."
        )
        self._alarms.ring(ALARM, shape.key, f"{shape.upstream} answers in another shape: {shape.path}", body)


def _kept(transaction: Transaction, seen: Sequence[Seen]) -> None:
    for each in seen:
        key = {"upstream": each.shape.upstream, "path": each.shape.path, "version": each.version}
        there = (
            update(upstream_shapes)
            .where(_of(each), _u.version == each.version)
            .values(last_seen=each.at, problem=each.problem)
        )
        if not transaction.connection.execute(there).rowcount:
            if transaction.connection.execute(_HOW_MANY.where(_of(each))).scalar_one() >= MOST_KEPT:
                continue
            values = {**key, "problem": each.problem, "first_seen": each.at, "last_seen": each.at}
            transaction.connection.execute(insert(upstream_shapes).values(**values))


def _of(seen: Seen) -> ColumnElement[bool]:
    return (_u.upstream == seen.shape.upstream) & (_u.path == seen.shape.path)
