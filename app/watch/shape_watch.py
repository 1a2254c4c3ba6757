"""Keeps the versions of upstreams' shapes, and rings once for each that is not as it is read.

An upstream that lacks a field in one answer of several is one alarm, not one for each: it ends when every process has
seen right answers only for a while.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, select, update

from app import log
from app.db.engine import Database, Transaction
from app.db.schema import upstream_shapes
from app.errors import ReadbackError
from app.watch.alarms import Alarms
from app.watch.shapes import Seen, taken

LOOK_EVERY_S: Final = 15.0
CALM_S: Final = 3_600.0
"""Without one wrong answer, after which right ones end the alarm. An upstream changes over servers, not all at once."""
MOST_KEPT: Final = 200
"""Versions of one shape; the one longest unseen makes way."""
LASTS_S: Final = 86_400.0
"""Of which no wrong answer came for so long, nobody asks any more, or it is well."""
ALARM: Final = "contract_drift"

_log = log.get(__name__)
_u = upstream_shapes.c
_HOW_MANY = select(func.count()).select_from(upstream_shapes)
_LAST_WRONG = func.max(case((_u.problem != "", _u.last_seen)))
_LAST = select(_LAST_WRONG, func.max(case((_u.problem == "", _u.last_seen))))

Name = tuple[str, str]
"""Upstream and path of a shape."""


class ShapeWatch:
    """One for each process, since each talks to upstreams itself."""

    def __init__(self, database: Database, alarms: Alarms, every_s: float = LOOK_EVERY_S) -> None:
        self._database = database
        self._alarms = alarms
        self._every_s = every_s
        self._wrong: set[Name] = set()

    async def forever(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.look()

    async def look(self) -> None:
        """Take what was seen: ring, keep the versions, and clear what is calm. Never raises."""
        seen = taken()
        for wrong in {each.shape.key: each for each in reversed(seen) if each.problem}.values():
            self._ring(wrong)
            self._wrong.add(_name(wrong))
        asked = self._wrong | {_name(each) for each in seen}
        if not asked:
            return
        try:
            calm = await self._database.write(lambda transaction: _kept(transaction, seen, asked))
        except ReadbackError as error:
            _log.warning("shapes_not_kept", versions=len(seen), reason=str(error))
            return
        self._wrong -= calm
        for name in calm:
            self._alarms.clear(ALARM, " ".join(name))

    def _ring(self, wrong: Seen) -> None:
        shape = wrong.shape
        body = (
            f"{wrong.problem}. Seen: {wrong.version or 'no field that we know'}. What cannot be read counts as not "
            f"known, never as free or done. See what {shape.upstream} has changed, and run `readback doctor`."
        )
        self._alarms.ring(ALARM, shape.key, f"{shape.upstream} answers in another shape: {shape.path}", body)


def lasting(connection: Connection, now: float) -> int:
    """How many shapes are wrong now: lately wrong, and not right for a while since."""
    rows = connection.execute(_LAST.group_by(_u.upstream, _u.path).having(now - LASTS_S < _LAST_WRONG))
    return sum(not _calm(wrong, right, now - CALM_S) for wrong, right in rows)


def wrong_since(connection: Connection, moment: float) -> set[str]:
    """What the alarms are about, of the shapes that were wrong at any time since then."""
    rows = connection.execute(select(_u.upstream, _u.path).where(_u.problem != "", _u.last_seen >= moment).distinct())
    return {" ".join(row) for row in rows}


def _kept(transaction: Transaction, seen: Sequence[Seen], asked: set[Name]) -> set[Name]:
    """Keep what was seen; those of `asked` that are calm."""
    connection = transaction.connection
    for each in seen:
        there = update(upstream_shapes).where(_of(_name(each)), _u.version == each.kept_as)
        if not connection.execute(there.values(last_seen=each.at)).rowcount:
            _make_room(connection, _name(each))
            key = {"upstream": each.shape.upstream, "path": each.shape.path, "version": each.kept_as}
            values = {**key, "problem": each.problem, "first_seen": each.at, "last_seen": each.at}
            connection.execute(insert(upstream_shapes).values(**values))
    before = time.time() - CALM_S
    return {name for name in asked if _is_calm(connection, name, before)}


def _make_room(connection: Connection, name: Name) -> None:
    if connection.execute(_HOW_MANY.where(_of(name))).scalar_one() >= MOST_KEPT:
        oldest = select(_u.version).where(_of(name)).order_by(_u.last_seen).limit(1).scalar_subquery()
        connection.execute(delete(upstream_shapes).where(_of(name), _u.version == oldest))


def _is_calm(connection: Connection, name: Name, before: float) -> bool:
    """Whether it was last wrong before that, in any process, and right since."""
    wrong, right = connection.execute(_LAST.where(_of(name))).one()
    return _calm(wrong, right, before)


def _calm(wrong: float | None, right: float | None, before: float) -> bool:
    return right is not None and (wrong is None or (wrong < before and wrong < right))


def _name(seen: Seen) -> Name:
    return seen.shape.upstream, seen.shape.path


def _of(name: Name) -> ColumnElement[bool]:
    return (_u.upstream == name[0]) & (_u.path == name[1])
