"""Limits in the database: what people confirmed, and the points of use that a forecast is made of."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from app.audit.log import record
from app.db.engine import Transaction
from app.db.schema import limit_confirmations, limit_points
from app.errors import ReadbackError
from app.watch.amounts import amount, says_nothing
from app.watch.limits import Confirmed, Limit, Point

VALUE_CHARS: Final = 200
BY_CHARS: Final = 80
KEPT_S: Final = 2 * 86_400.0
APART_S: Final = 300.0
"""Between two points that are kept; the present one is always handed in."""

_c, _p = limit_confirmations.c, limit_points.c


class ConfirmationError(ReadbackError):
    """What was to be confirmed cannot be."""


def confirmations(connection: Connection) -> dict[str, Confirmed]:
    """What was confirmed last, by limit."""
    rows = connection.execute(select(limit_confirmations))
    return {row.name: Confirmed(row.value, row.by, row.at) for row in rows}


def confirmed(transaction: Transaction, limit: Limit, value: str, *, by: str, now: float) -> Confirmed:
    """Note what a person read. Raises `ConfirmationError` for what cannot be the value of this limit."""
    value, by = _in_short(value), _in_short(by)
    if not value or len(value) > VALUE_CHARS:
        raise ConfirmationError(f"The value must have 1 to {VALUE_CHARS} characters.")
    if not by or len(by) > BY_CHARS:
        raise ConfirmationError(f"Who confirms it must have 1 to {BY_CHARS} characters.")
    read = amount(value, limit.unit) if limit.unit else None
    if says_nothing(value) if not limit.unit else read is None or not limit.may_be(read):
        raise ConfirmationError(f"The value of {limit.name} {_wanted(limit)}.")
    values = {"value": value, "by": by, "at": now}
    there = update(limit_confirmations).where(_c.name == limit.name).values(**values)
    if not transaction.connection.execute(there).rowcount:
        transaction.connection.execute(insert(limit_confirmations).values(name=limit.name, **values))
    record(transaction, "limit_confirmed", subject=limit.name, at=now, value=value, by=by)
    return Confirmed(value, by, now)


def points(connection: Connection, since: float) -> dict[str, list[Point]]:
    """Points of every limit since then, oldest first."""
    found: dict[str, list[Point]] = {}
    for row in connection.execute(select(limit_points).where(_p.at >= since).order_by(_p.at)):
        found.setdefault(row.name, []).append(Point(row.at, row.used))
    return found


def pointed(transaction: Transaction, used: Mapping[str, float], now: float) -> None:
    """Keep one point of each, unless the last one was kept a moment ago; forget the oldest."""
    connection = transaction.connection
    connection.execute(delete(limit_points).where((_p.at < now - KEPT_S) | (_p.at > now)))
    fresh = set(connection.execute(select(_p.name).where(_p.at > now - APART_S)).scalars())
    rows: Sequence[dict[str, object]] = [
        {"name": name, "at": now, "used": value} for name, value in used.items() if name not in fresh
    ]
    if rows:
        connection.execute(insert(limit_points), rows)


def _wanted(limit: Limit) -> str:
    """What would be a value of it."""
    if not limit.unit:
        return f"must say in a few words what the panel shows of this: {limit.bounds}"
    most = f" and at most {limit.at_most:,.12g}" if math.isfinite(limit.at_most) else ""
    end = ", or be unlimited" if limit.endless else ""
    return f"must begin with a number of {limit.unit} above 0{most}, as in 10000, 10,000 or 10k{end}"


def _in_short(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
