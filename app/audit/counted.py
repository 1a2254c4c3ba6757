"""How often what happened in a stretch of time, without walking the whole log: rows are in the order they happened."""

from typing import Final

from sqlalchemy import Connection, func, select

from app.audit.log import head
from app.db.schema import audit

SLACK_S: Final = 300.0
"""How much earlier than the row before it one may say that it happened: it was written when its commit came."""

_a = audit.c


def counted(connection: Connection, since: float, until: float, business: str = "") -> dict[str, int]:
    """Rows by kind from `since` to `until`, the most frequent first; of one business, those of nobody's included."""
    first = first_after(connection, since - SLACK_S)
    last = first_after(connection, until + SLACK_S)
    query = select(_a.kind, func.count()).where(_a.seq >= first, _a.seq <= last, _a.at >= since, _a.at <= until)
    if business:
        query = query.where(_a.business.in_(("", business)))
    rows = connection.execute(query.group_by(_a.kind)).fetchall()
    return dict(sorted(((kind, int(times)) for kind, times in rows), key=lambda pair: (-pair[1], pair[0])))


def first_after(connection: Connection, at: float) -> int:
    """The number of the first row from then on, found by halving; one past the last when there is none."""
    low, high = 1, head(connection).seq + 1
    while low < high:
        middle = (low + high) // 2
        then = connection.execute(select(_a.at).where(_a.seq >= middle).order_by(_a.seq).limit(1)).scalar()
        if then is None or then >= at:
            high = middle
        else:
            low = middle + 1
    return low
