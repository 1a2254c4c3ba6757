"""What lasts and has a watch of its own, for the first page: read where the watch keeps it, so that it is told whatever
a person did with its page. Of limits and of settings that is the page itself, which their watch raises at every look.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from app.db.schema import pages
from app.provisioning import drift
from app.watch import limit_watch, shape_watch, synthetic
from app.watch.pages import NOT_RESOLVED

CALLS_SEEN: Final = 4
"""Synthetic calls back from now that still say something; later ones would have come if anybody made them."""

_p = pages.c


@dataclass(frozen=True, slots=True)
class Lasting:
    """Limits near their end, platform records not as applied, whether our own calls fail, shapes that are wrong."""

    limits: int = 0
    settings: int = 0
    calls_fail: bool = False
    shapes: int = 0


def read(connection: Connection, now: float, synthetic_every_s: float) -> Lasting:
    """How it is now. `synthetic_every_s`: 0 where we make no calls of our own."""
    kinds = (limit_watch.PAGE, drift.PAGE)
    up = select(_p.kind, func.count().label("number")).where(NOT_RESOLVED, _p.kind.in_(kinds)).group_by(_p.kind)
    raised = {row.kind: row.number for row in connection.execute(up)}
    since = now - CALLS_SEEN * synthetic_every_s
    return Lasting(
        limits=raised.get(limit_watch.PAGE, 0),
        settings=raised.get(drift.PAGE, 0),
        calls_fail=synthetic_every_s > 0 and synthetic.fail(connection, since),
        shapes=shape_watch.lasting(connection, now),
    )
