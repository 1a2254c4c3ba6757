"""Looks every minute whether each line's volume is its usual one, and pages where it is certainly not.

What it knows of a line is in the database, and so is that it looked: neither a restart nor another process forgets a
page, and a time in which nobody looked is not taken for a silence.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select

from app import metrics
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import pages
from app.log import masked_phone
from app.watch.judgement import AHEAD_S, FURTHEST_S, Seen, State, Verdict, Watch, judged
from app.watch.pages import NOT_RESOLVED, SUPERSEDED, Page, raised, resolved, reworded, superseded
from app.watch.pieces import in_pieces
from app.watch.volume_counts import Rows, Series, looked, read_recent, watched
from app.watch.volume_everywhere import see_to
from app.watch.volume_known import Known
from app.watch.volume_lines import WHOLE, Decision, Watched, by_business, decide, windows_begin
from app.watch.volume_pages import Again, Memory, Party, Steps, Up, floods, silences
from app.watch.volume_words import FLOOD, KINDS, SILENCE, body, is_about_all, name, named, title

EVERY_S: Final = 60.0
MOST_DECIDED_AT_ONCE: Final = 5
"""Businesses in one piece."""
MOST_SHOWN_AT_ONCE: Final = 100
"""Lines whose metrics are set in one turn of the loop: the first time each takes a while."""
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
        self._memory = Memory()

    async def look(self) -> list[Decision]:
        """Decide about every line, and see to the pages."""
        now = self._clock.now()
        jumped = self._jumped(now)
        await self._known.learn(now)
        now = self._clock.now()  # the first time, learning takes minutes, and calls come meanwhile
        watch, recent, opened = await self._database.read(lambda c: self._seen(c, now, jumped))
        decisions: list[Decision] = []
        async for made in in_pieces(
            self._database,
            self._businesses,
            MOST_DECIDED_AT_ONCE,
            lambda _, some: self._decided(some, recent, watch, now),
        ):
            decisions += made
        changed = await self._database.write(lambda t: self._kept(t, decisions, opened, watch, now))
        if changed:
            self._told()
        await self._show(decisions)
        return decisions

    def _jumped(self, now: float) -> bool:
        """Whether the wall clock went by otherwise than the steady one since the last look."""
        steady, before = self._clock.monotonic(), self._before
        self._before = (now, steady)
        return before is not None and abs((now - before[0]) - (steady - before[1])) > JUMP_S

    def _seen(
        self, connection: Connection, now: float, jumped: bool
    ) -> tuple[Watch, dict[str, dict[Series, Rows]], list[Up]]:
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

    def _kept(
        self, transaction: Transaction, decisions: Iterable[Decision], opened: Sequence[Up], watch: Watch, now: float
    ) -> bool:
        """Keep that somebody looked, raise what is certain and resolve what is over; whether a page changed."""
        looked(transaction.connection, now)
        by_business: dict[str, list[Decision]] = {one.business: [] for one in opened}
        for decision in decisions:
            by_business.setdefault(decision.watched.business, []).append(decision)
        changed = False
        for business, mine in by_business.items():
            up = [one for one in opened if one.business == business]
            if up or any(one.verdict.state in KINDS for one in mine):
                changed |= self._seen_to(transaction, mine, up, watch, now)
            self._memory.note(mine, {one.key for one in up})
        made = {one.business: by_business.get(one.business, ()) for one in self._businesses}
        return see_to(transaction, made, lambda one, since: silent_since(one, since, watch, now), now) or changed

    def _seen_to(
        self, transaction: Transaction, mine: Sequence[Decision], up: Sequence[Up], watch: Watch, now: float
    ) -> bool:
        """The pages about one business."""
        if not mine:
            return taken(transaction, Steps(resolved=list(up)), now)

        def again(one: Decision, since: float) -> bool:
            return silent_since(one, since, watch, now)

        over = called_over(transaction.connection, mine, again, now)
        of_kind = {kind: {one.key: one for one in up if one.kind == kind} for kind in (SILENCE, FLOOD)}
        told = silences(mine, of_kind[SILENCE], over, self._memory, again, now)
        changed = taken(transaction, told, now)
        return taken(transaction, floods(mine, of_kind[FLOOD], over), now) or changed

    async def _show(self, decisions: Iterable[Decision]) -> None:
        """Two lines that look alike without most of their digits show the worse of both."""
        worst: dict[tuple[str, str], Verdict] = {}
        for one in decisions:
            name = (one.watched.business, one.line if one.line in ("", WHOLE) else masked_phone(one.line))
            if name not in worst or _rank(one.verdict) < _rank(worst[name]):
                worst[name] = one.verdict
        for number, ((business, line), verdict) in enumerate(worst.items(), start=1):
            metrics.set_volume(business, line, SHOWN[verdict.state])
            if number % MOST_SHOWN_AT_ONCE == 0:
                await asyncio.sleep(0)


def silent_since(one: Decision, since: float, watch: Watch, now: float) -> bool:
    """Whether a line's silence would be certain had it begun at that moment only."""
    if one.profile is None:
        return False
    verdict = judged(one.profile, Seen(max(one.verdict.since, since)), watch, now, share=one.verdict.share)
    return verdict.state is State.SILENT


def called_over(connection: Connection, mine: Sequence[Decision], again: Again, now: float) -> set[str]:
    """Keys of the decisions of whose very silence, or flood of some hours, a person said that it is over.

    Who says so of all lines together says it of each for as long as chance may keep it still from then on.
    """
    acute = [one for one in mine if one.verdict.state in KINDS]
    if not acute:
        return set()
    p, business = pages.c, acute[0].watched.business
    asked = select(p.kind, p.key, p.body, p.raised_at, p.changed_at).where(
        p.kind.in_((SILENCE, FLOOD)),
        p.key.in_({business, *(one.key for one in acute)}),
        p.status == "resolved",
        p.resolution.not_in(("", SUPERSEDED)),
    )
    rows = connection.execute(asked).all()
    return {one.key for one in acute if any(_says_so(row, one, again, now) for row in rows)}


def taken(transaction: Transaction, steps: Steps, now: float) -> bool:
    """Take these steps; whether a page was raised or has ended."""
    done = [resolved(transaction, up.kind, up.key, now=now) for up in steps.resolved]
    done += [superseded(transaction, up.kind, up.key, now=now) for up in steps.superseded]
    for up, party in steps.reworded:
        reworded(transaction, up.kind, up.key, _page(party, now, several=True), now=now)
    done += [raised(transaction, _page(party, now), now=now) for party in steps.raised]
    return any(done)


def _says_so(row: Any, one: Decision, again: Again, now: float) -> bool:
    """Whether this page, which a person said is over, was about what was decided."""
    kind = KINDS[one.verdict.state]
    since = one.verdict.since if kind == SILENCE else now - TOLD_AGAIN_S
    if row.kind != kind or row.raised_at <= since:
        return False
    if row.key != one.watched.business:
        return bool(row.key == one.key)
    if not is_about_all(row.body):
        return name(one) in named(row.body)
    return one.line == WHOLE or kind == FLOOD or not again(one, row.changed_at)


def _page(party: Party, now: float, *, several: bool = False) -> Page:
    """`several`: the page was about several, and goes on though one of them may be left."""
    first = party[0]
    key = first.key if len(party) == 1 and not several else first.watched.business
    return Page(KINDS[first.verdict.state], key, title(party), body(party, now), first.watched.business)


def _opened(connection: Connection) -> list[Up]:
    p = pages.c
    asked = select(p.kind, p.key, p.business, p.raised_at, p.body)
    return [Up(*row) for row in connection.execute(asked.where(NOT_RESOLVED, p.kind.in_((SILENCE, FLOOD))))]


def _rank(verdict: Verdict) -> int:
    return _WORST_FIRST.index(verdict.state)
