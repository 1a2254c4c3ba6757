"""The pages in the database that wait behind others, and those they may wait behind."""

from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, select, update

from app.db.engine import Transaction
from app.db.schema import pages
from app.watch.escalation import as_data, from_data
from app.watch.following import FIGURES_S, named_in
from app.watch.pages import HELD, NOT_RESOLVED, OVER, Kept, kept_of

MOST_LOOKED_AT: Final = 500
_p = pages.c


def in_the_way(connection: Connection, now: float) -> list[Kept]:
    """Pages that are up, the first one raised first, and those that ended a while ago, the last one first."""
    up = select(pages).where(NOT_RESOLVED, _p.told != HELD).order_by(_p.raised_at).limit(MOST_LOOKED_AT)
    ended = select(pages).where(OVER, _p.changed_at > now - FIGURES_S).order_by(_p.changed_at.desc())
    return [kept_of(row) for query in (up, ended.limit(MOST_LOOKED_AT)) for row in connection.execute(query)]


def waiting(connection: Connection) -> list[Kept]:
    """Pages that wait behind another, the first one raised first."""
    query = select(pages).where(NOT_RESOLVED, _p.told == HELD, _p.status == "open")
    return [kept_of(row) for row in connection.execute(query.order_by(_p.raised_at, _p.id).limit(MOST_LOOKED_AT))]


def named(transaction: Transaction, page_id: str, these: Sequence[Kept], *, now: float) -> None:
    """People have read of them in the words of the page with this id."""
    for one in these:
        mine = (_p.id == one.id, _p.told == HELD, _p.status == "open")
        row = transaction.connection.execute(select(_p.receivers).where(*mine)).first()
        if row is not None:
            reach = from_data(orjson.loads(row.receivers)) | named_in(page_id, now)
            values = {"receivers": orjson.dumps(as_data(reach)).decode()}
            transaction.connection.execute(update(pages).where(*mine).values(**values))
