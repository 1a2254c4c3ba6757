"""The pages in the database that wait behind others, and those they may wait behind."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, select, update

from app.db.engine import Transaction
from app.db.schema import pages
from app.watch.escalation import Reach, as_data, from_data
from app.watch.following import FIGURES_S, named_in, place
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
            _note(transaction, one.id, from_data(orjson.loads(row.receivers)) | named_in(page_id, now))


def told_with(transaction: Transaction, page_id: str, these: Sequence[str], *, now: float) -> bool:
    """The page with this id tells of these, too, from now on; whether it told of one of them not yet."""
    new = {one: reach for one, reach in _reach(transaction, these).items() if place(page_id) not in reach}
    for one, reach in new.items():
        _note(transaction, one, reach | named_in(page_id, now))
    return bool(new)


def told_apart(transaction: Transaction, page_id: str, these: Sequence[str], *, now: float) -> None:
    """It tells of these no more: what nobody has taken rings by itself."""
    for one, reach in _reach(transaction, these).items():
        if reach.pop(place(page_id), None) is not None:
            _note(transaction, one, reach)
            transaction.connection.execute(
                update(pages).where(_p.id == one, _p.status == "open").values(next_at=now, tries=0)
            )


def _reach(transaction: Transaction, these: Sequence[str]) -> dict[str, dict[str, Reach]]:
    rows = transaction.connection.execute(select(_p.id, _p.receivers).where(_p.id.in_(these), NOT_RESOLVED))
    return {row.id: from_data(orjson.loads(row.receivers)) for row in rows}


def _note(transaction: Transaction, page_id: str, reach: Mapping[str, Reach]) -> None:
    values = {"receivers": orjson.dumps(as_data(reach)).decode()}
    transaction.connection.execute(update(pages).where(_p.id == page_id).values(**values))
