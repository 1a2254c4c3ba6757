"""The pages in the database that wait behind others, and those they may wait behind."""

from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, select, update

from app.db.engine import Transaction
from app.db.schema import pages
from app.watch.escalation import WITHIN, Reach, as_data, from_data
from app.watch.following import FIGURES_S, NAMED_S, SHOWN
from app.watch.pages import HELD, NOT_RESOLVED, OVER, Kept, kept_of

MOST_LOOKED_AT: Final = 500
_p = pages.c


def in_the_way(connection: Connection, now: float) -> list[Kept]:
    """Pages that are up, and those that ended by themselves a while ago; the first one raised first."""
    up = select(pages).where(NOT_RESOLVED, _p.told != HELD).order_by(_p.raised_at).limit(MOST_LOOKED_AT)
    ended = select(pages).where(OVER, _p.changed_at > now - FIGURES_S, _p.resolution == "").limit(MOST_LOOKED_AT)
    return [kept_of(row) for query in (up, ended) for row in connection.execute(query)]


def waiting(connection: Connection) -> list[Kept]:
    """Pages that wait behind another, the first one raised first."""
    query = select(pages).where(NOT_RESOLVED, _p.told == HELD, _p.status == "open")
    return [kept_of(row) for row in connection.execute(query.order_by(_p.raised_at, _p.id).limit(MOST_LOOKED_AT))]


def named(transaction: Transaction, these: Sequence[Kept], *, now: float) -> None:
    """People have read of them in the words of another page."""
    for one in these:
        mine = (_p.id == one.id, _p.told == HELD, _p.status == "open")
        row = transaction.connection.execute(select(_p.receivers).where(*mine)).first()
        if row is not None:
            reach = from_data(orjson.loads(row.receivers)) | {WITHIN: Reach(SHOWN, reached_at=now)}
            values = {"receivers": orjson.dumps(as_data(reach)).decode(), "next_at": now + NAMED_S}
            transaction.connection.execute(update(pages).where(*mine).values(**values))
