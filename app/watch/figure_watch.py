"""Evaluates every service figure over all processes, and pages once for each that is raised. Run as a timer.

How figures stand is in the database: a restart neither forgets an alarm nor raises it anew. Every page is raised and
resolved in the commit that notes the state.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from app import metrics
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.watch.figure_book import Book, Key, noted, opened
from app.watch.figure_counts import AHEAD_S
from app.watch.figure_day import DAY_S, Day
from app.watch.figure_wider import readings_of
from app.watch.figure_words import body, title
from app.watch.figures import COVERED, Figure, Material, Owner, Reading, Sight, Standing, State, judged
from app.watch.pages import OURSELVES, Page, is_raised, raised, resolved

PAGE: Final = "figure"
JUMP_S: Final = 120.0
TOLD_AGAIN_S: Final = 6 * 3_600.0
"""What a person called over and is still raised is paged again only after so long."""
FORGOTTEN_S: Final = 86_400.0
"""A raised figure of which nothing came for so long is over: that tool, upstream or business is not used any more."""
NOT_SEEN: Final = f"{OURSELVES}nothing came for a day"
SHOWN: Final = {State.FINE: 0, State.RAISED: 1, State.UNKNOWN: 2, State.FEW: 2}
"""States as the metric has them."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one look at the database gives: the book, the values of each figure, and how well each was seen."""

    book: Book
    readings: Mapping[Key, Reading]
    covered: Mapping[str, float | None]


def read(
    connection: Connection, figures: Sequence[Figure], now: float, read_back_after_s: float, day: Day | None = None
) -> Read:
    """Read every figure once. Blocking. `day`: of who looks again and again, so that not all is read each time."""
    counted = (day or Day()).counted(connection, now)
    given = Material(counted, connection, now, DAY_S, read_back_after_s)
    readings = {(figure.name, of): reading for figure in figures for of, reading in readings_of(figure, given).items()}
    return Read(opened(connection), readings, {figure.name: counted.covered(figure.span_s) for figure in figures})


def stand(figure: Figure, of: str, found: Read, now: float) -> Standing:
    """How one figure stands now, after how it stood."""
    key = (figure.name, of)
    sight = Sight(found.covered[figure.name], found.book.last, found.book.jumped_at)
    return judged(figure, found.readings.get(key), found.book.standings.get(key), sight, now)


class FigureWatch:
    """Run as a timer, every `EVERY_S`. `told` hears that pages were committed."""

    def __init__(
        self,
        database: Database,
        figures: Sequence[Figure],
        clock: Clock,
        *,
        read_back_after_s: float,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._figures = {figure.name: figure for figure in figures}
        self._clock = clock
        self._read_back_after_s = read_back_after_s
        self._told = told
        self._day = Day()
        self._before: tuple[float, float] | None = None
        self._jumped_at = 0.0
        """When the clock jumped, until that is in the database."""

    async def look(self) -> Mapping[Key, Standing]:
        """Evaluate all of them once."""
        now = self._clock.now()
        self._notice_a_jump(now)
        figures = tuple(self._figures.values())
        found = await self._database.read(lambda c: read(c, figures, now, self._read_back_after_s, self._day))
        if found.book.last > now + AHEAD_S or found.book.jumped_at > now:
            self._jumped_at = now
        found = replace(found, book=replace(found.book, jumped_at=self._jumped_at or found.book.jumped_at))
        keys = found.readings.keys() | found.book.standings.keys()
        now_stand = {key: stand(self._figures[key[0]], key[1], found, now) for key in keys if key[0] in self._figures}
        paged, gone = await self._database.write(lambda t: self._kept(t, found, now_stand, now))
        self._jumped_at = 0.0
        if paged:
            self._told()
        for key, standing in now_stand.items():
            state = State.UNKNOWN if standing.raised and key in gone else standing.state
            metrics.set_figure(*key, SHOWN[state])
        return now_stand

    def _notice_a_jump(self, now: float) -> None:
        """The wall clock may have gone by otherwise than the steady one since the last look."""
        steady, before = self._clock.monotonic(), self._before
        self._before = (now, steady)
        if before is not None and abs((now - before[0]) - (steady - before[1])) > JUMP_S:
            self._jumped_at = now

    def _kept(
        self, transaction: Transaction, found: Read, now_stand: Mapping[Key, Standing], now: float
    ) -> tuple[bool, Collection[Key]]:
        """Note how they stand, with the pages; whether there were any, and what is forgotten."""
        before = found.book.standings
        changed: dict[Key, Standing] = {}
        gone = [key for key in before if key not in now_stand]
        paged = [resolved(transaction, PAGE, page_key(key), now=now) for key in gone]
        for key, standing in now_stand.items():
            was = before.get(key)
            unread = key not in found.readings
            if was is not None and unread and (not was.raised or self._is_long_ago(key, was, now)):
                gone.append(key)
                paged.append(resolved(transaction, PAGE, page_key(key), now=now, by=NOT_SEEN if was.raised else ""))
                continue
            with_it = now_stand.get((self._figures[key[0]].told_with, key[1]))
            if not (standing.raised and with_it is not None and with_it.raised):
                told, standing = self._told_of(transaction, key, was, standing, now)
                paged.append(told)
            if _differs(was, standing):
                changed[key] = replace(standing, at=was.at) if was is not None and unread else standing
        have_rows = {name for name, _ in before.keys() | changed.keys()}
        unseen = sum((found.covered[name] or 0.0) < COVERED for name in self._figures.keys() - have_rows)
        noted(transaction, changed, gone, now=now, jumped_at=found.book.jumped_at, unseen=unseen)
        return any(paged), gone

    def _is_long_ago(self, key: Key, was: Standing, now: float) -> bool:
        """Where samples are needed they have been looked for over all of a day."""
        return self._figures[key[0]].least > 0 or now - was.at > FORGOTTEN_S

    def _told_of(
        self, transaction: Transaction, key: Key, was: Standing | None, now_is: Standing, now: float
    ) -> tuple[bool, Standing]:
        """Raise or end its page; whether there was one to carry, and the standing with when a person was told."""
        figure, name = self._figures[key[0]], page_key(key)
        if not now_is.raised:
            return (was is not None and was.raised and resolved(transaction, PAGE, name, now=now)), now_is
        again = was is not None and was.raised and now - was.told_at < TOLD_AGAIN_S
        if figure.told_by or again or (now_is.why and was is not None) or is_raised(transaction, PAGE, name):
            return False, now_is
        business = key[1] if figure.owner is Owner.BUSINESS else ""
        page = Page(PAGE, name, title(figure, key[1], now_is), body(figure, key[1], now_is), business)
        return raised(transaction, page, now=now), replace(now_is, told_at=now)


def page_key(key: Key) -> str:
    """The key of its page."""
    return f"{key[0]}:{key[1]}" if key[1] else key[0]


def _differs(was: Standing | None, now_is: Standing) -> bool:
    """Whether it has to be written: never while it is well and nothing counts towards an alarm."""
    if was is None or now_is.raised:
        return was is not None or now_is.state is not State.UNKNOWN
    return (was.state, was.over, was.told_at) != (now_is.state, now_is.over, now_is.told_at)
