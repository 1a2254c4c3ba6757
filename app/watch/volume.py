"""Looks every minute whether each line's volume is its usual one, and pages where it is certainly not.

What it knows of a line is in the database, and so is that it looked: neither a restart nor another process forgets a
page, and a time in which nobody looked is not taken for a silence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, select

from app import metrics
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import pages
from app.log import masked_phone
from app.watch.judgement import AHEAD_S, FURTHEST_S, State, Verdict, Watch
from app.watch.pages import NOT_RESOLVED, SUPERSEDED, Page, raised, resolved, superseded
from app.watch.pieces import in_pieces
from app.watch.volume_counts import Rows, Series, looked, read_recent, watched
from app.watch.volume_known import Known
from app.watch.volume_lines import WHOLE, Decision, Watched, by_business, decide, windows_begin
from app.watch.volume_words import FLOOD, KINDS, SILENCE, body, title

EVERY_S: Final = 60.0
MOST_DECIDED_AT_ONCE: Final = 20
"""Businesses in one piece."""
RECENT_S: Final = 3_600
"""How far back a look reads what came, before the longest window of a flood."""
JUMP_S: Final = 120.0
TOLD_AGAIN_S: Final = 6 * 3_600.0
"""A flood that a person called over is paged again only after so long."""
SHOWN: Final = {
    State.NORMAL: 0,
    State.SILENT: 1,
    State.FLOOD: 2,
    State.UNKNOWN: 3,
    State.LEARNING: 4,
    State.TOO_QUIET: 5,
}
"""States as the metric has them."""
Opened = Mapping[tuple[str, str], tuple[str, float]]
"""Pages of ours that are not resolved, by kind and key: the business, and when they were raised."""
_WORST_FIRST: Final = (State.SILENT, State.FLOOD, State.UNKNOWN, State.LEARNING, State.TOO_QUIET, State.NORMAL)


class VolumeWatch:
    """Run as a timer, every `EVERY_S`. `told` hears that pages were committed."""

    def __init__(
        self, database: Database, businesses: Sequence[Watched], clock: Clock, told: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._businesses = tuple(businesses)
        self._clock = clock
        self._told = told
        self._known = Known(database, self._businesses, RECENT_S)
        self._before: tuple[float, float] | None = None
        self._silences: dict[str, tuple[str, float]] = {}
        """By the key of a page: the channel that is silent, and when it last got something."""

    async def look(self) -> list[Decision]:
        """Decide about every line, and see to the pages."""
        now = self._clock.now()
        jumped = self._jumped(now)
        await self._known.learn(now)
        watch, recent, opened = await self._database.read(lambda c: self._seen(c, now, jumped))
        decisions: list[Decision] = []
        async for made in in_pieces(
            self._database,
            self._businesses,
            MOST_DECIDED_AT_ONCE,
            lambda _, some: self._decided(some, recent, watch, now),
        ):
            decisions += made
        changed = await self._database.write(lambda t: self._kept(t, decisions, opened, now))
        if changed:
            self._told()
        self._show(decisions)
        return decisions

    def _jumped(self, now: float) -> bool:
        """Whether the wall clock went by otherwise than the steady one since the last look."""
        steady, before = self._clock.monotonic(), self._before
        self._before = (now, steady)
        return before is not None and abs((now - before[0]) - (steady - before[1])) > JUMP_S

    def _seen(
        self, connection: Connection, now: float, jumped: bool
    ) -> tuple[Watch, dict[str, dict[Series, Rows]], Opened]:
        watch = watched(connection, int(now - FURTHEST_S), now, jumped=jumped)
        # Whoever reads this is looking; only a look from the future has something to say here.
        watch = replace(watch, until=max(now, watch.until))
        recent = by_business(read_recent(connection, windows_begin(now) - RECENT_S, now + AHEAD_S), self._businesses)
        return watch, recent, _opened(connection)

    def _decided(
        self, some: Iterable[Watched], recent: Mapping[str, Mapping[Series, Rows]], watch: Watch, now: float
    ) -> list[Decision]:
        made: list[Decision] = []
        for one in some:
            came = recent[one.business]
            made += decide(one, self._known.of(one, came, now), came, watch, now)
        return made

    def _kept(self, transaction: Transaction, decisions: Iterable[Decision], opened: Opened, now: float) -> bool:
        """Keep that somebody looked, raise what is certain and resolve what is over; whether a page changed."""
        looked(transaction.connection, now)
        by_key = {decision.key: decision for decision in decisions}
        silent = {key for key, one in by_key.items() if one.line == WHOLE and one.verdict.state is State.SILENT}
        changed = False
        for key, decision in by_key.items():
            state = decision.verdict.state
            covered = state is State.SILENT and decision.line != WHOLE and decision.watched.business in silent
            if state in KINDS and not covered and (KINDS[state], key) not in opened:
                changed |= _raise(transaction, decision, now)
            if covered and (SILENCE, key) in opened:
                changed |= superseded(transaction, SILENCE, key, now=now)
        for key, decision in by_key.items():
            if decision.verdict.state is State.SILENT:
                self._silences[key] = decision.channel, decision.verdict.since
            elif (SILENCE, key) not in opened:
                self._silences.pop(key, None)
        for (kind, key), page in sorted(opened.items()):
            if _over(kind, page, by_key.get(key), self._silences.get(key)):
                changed |= resolved(transaction, kind, key, now=now)
        return changed

    def _show(self, decisions: Iterable[Decision]) -> None:
        """Two lines that look alike without most of their digits show the worse of both."""
        worst: dict[tuple[str, str], Verdict] = {}
        for one in decisions:
            name = (one.watched.business, one.line if one.line in ("", WHOLE) else masked_phone(one.line))
            if name not in worst or _rank(one.verdict) < _rank(worst[name]):
                worst[name] = one.verdict
        for (business, line), verdict in worst.items():
            metrics.set_volume(business, line, SHOWN[verdict.state])


def _raise(transaction: Transaction, decision: Decision, now: float) -> bool:
    """Page, unless a person has said of this very silence that it is over."""
    kind, key = KINDS[decision.verdict.state], decision.key
    since = decision.verdict.since if kind == SILENCE else now - TOLD_AGAIN_S
    by_a_person = (pages.c.resolution != "", pages.c.resolution != SUPERSEDED)
    said = select(pages.c.id).where(pages.c.kind == kind, pages.c.key == key, pages.c.raised_at > since, *by_a_person)
    if transaction.connection.execute(said.limit(1)).first() is not None:
        return False
    page = Page(kind, key, title(decision), body(decision, now), decision.watched.business)
    return raised(transaction, page, now=now)


def _opened(connection: Connection) -> Opened:
    p = pages.c
    asked = select(p.kind, p.key, p.business, p.raised_at).where(NOT_RESOLVED, p.kind.in_((SILENCE, FLOOD)))
    return {(row.kind, row.key): (row.business, row.raised_at) for row in connection.execute(asked)}


def _over(
    kind: str, page: tuple[str, float], decision: Decision | None, silence: tuple[str, float] | None = None
) -> bool:
    """Whether a page's cause is gone; where nothing is known, it is not.

    A silence ends when something comes. That less of it was to be expected is no end: the clock was put back, or its
    line's usual weeks are forgotten.
    """
    business, raised_at = page
    if decision is None or decision.watched.business != business:
        return True
    state = decision.verdict.state
    if state is State.UNKNOWN or KINDS.get(state) == kind:
        return False
    if kind != SILENCE:
        return True
    if silence is None:
        return max(decision.came.values(), default=0.0) > raised_at
    channel, since = silence
    return decision.came.get(channel, 0.0) > since


def _rank(verdict: Verdict) -> int:
    return _WORST_FIRST.index(verdict.state)
