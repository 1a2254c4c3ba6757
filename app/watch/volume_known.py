"""What is usual on each line, learned once a day and kept: in between only what came lately has to be read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum, auto
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from app.watch.pieces import PIECE_WITHIN_S, RESTS, Reading, in_pieces
from app.watch.volume_counts import Rows, Series, unseen_hours, watched
from app.watch.volume_lines import READ_S, Learned, Watched, caught_up, learn, outdated, rows_of

MOST_LEARNED_AT_ONCE: Final = 1
"""Steps in one piece: each business has weeks of counts."""
MOST_LEARNED_ANEW: Final = 100
"""Businesses whose new day is learned in one look; the others' of yesterday serves meanwhile."""


class _Step(Enum):
    """Of learning a business: two pieces, for whoever calls meanwhile waits for one."""

    READ = auto()
    LEARN = auto()


class Known:
    """The profiles of all lines of these businesses, by business.

    `kept_s`: how far back is read what came lately. Who has not learned for longer does not know what came since then.
    """

    def __init__(self, database: Reading, businesses: Sequence[Watched], kept_s: float, rests: float = RESTS) -> None:
        self._database = database
        self._kept_s = kept_s
        self._rests = rests
        self._at = float("-inf")
        self._businesses = tuple(businesses)
        self._by_id = {one.business: one for one in self._businesses}
        self._known: dict[str, dict[Series, Learned]] = {}
        self._outdated: dict[str, None] = {}
        """Businesses of which something new is to be learned, the one that waits longest first."""

    async def learn(self, now: float) -> None:
        """Learn what was never learned, and some of what is out of date. Raises `DatabaseUnavailableError`."""
        if not 0.0 <= now - self._at <= self._kept_s:
            self._known.clear()
        self._at = now
        due = [one for one in self._businesses if one.business not in self._known]
        again = (self._by_id[business] for business in self._outdated if business in self._known)
        due += islice(again, MOST_LEARNED_ANEW)
        if not due:
            return
        away = await self._database.read(lambda c: unseen_hours(watched(c, int(now - READ_S), now)), PIECE_WITHIN_S)
        read: dict[str, Mapping[Series, tuple[Rows, int]]] = {}
        async for some in in_pieces(
            self._database,
            [(one, step) for one in due for step in _Step],
            MOST_LEARNED_AT_ONCE,
            lambda c, some: _learned(c, some, read, away, now),
            self._rests,
        ):
            self._known |= some
            for business in some:
                self._outdated.pop(business, None)

    def of(self, one: Watched, came: Mapping[Series, Rows], now: float) -> dict[Series, Learned]:
        """What is known of a business of which this came lately; what there is to be learned of it is noted."""
        known = self._known[one.business] = caught_up(self._known[one.business], came)
        if outdated(one, known, came, now):
            self._outdated.setdefault(one.business)
        return known


def _learned(
    connection: Connection,
    some: Iterable[tuple[Watched, _Step]],
    read: dict[str, Mapping[Series, tuple[Rows, int]]],
    away: Collection[int],
    now: float,
) -> dict[str, dict[Series, Learned]]:
    """What is learned in these steps; what is only read by then is kept in `read`."""
    found: dict[str, dict[Series, Learned]] = {}
    for one, step in some:
        if step is _Step.READ:
            read[one.business] = rows_of(connection, one, now)
        else:
            found[one.business] = learn(read.pop(one.business), one, away, now)
    return found
