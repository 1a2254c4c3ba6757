"""Judges what is on trial, over all processes: counts calls that have ended, and moves it up, back, or not at all.

What was counted is kept with the canary in the same commit, so a restart goes on where the last look ended, and two
who judge at once count nothing twice. Time counts only between two looks that follow each other: an hour in which
nobody looked, or by which a clock jumped, has not passed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, func, select, tuple_, update

from app import log, metrics
from app.canary.book import ON_TRIAL, PAGE, Canary, Known, Said, State, by_id, changed, live, looked, written
from app.canary.evidence import Count, Evidence, with_stable, with_trial, without
from app.canary.fates import UNHEARD, Fate, fates
from app.canary.guards import GUARDS
from app.canary.steps import Judged, Seen, Verdict, after, judged
from app.canary.words import body, title
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.schema import canary_calls
from app.watch.figure_counts import samples
from app.watch.figure_sums import Counted
from app.watch.pages import Page, raised

EVERY_S: Final = 15.0
GAP_S: Final = 120.0
"""Two looks further apart do not follow each other."""
COVERED_S: Final = 600.0
COVERED: Final = 0.9
"""Of the last ten minutes, in this share somebody must have counted for anything to be known."""
MOST_COUNTED: Final = 4_000
"""Calls counted at one look; one that goes on with half as many behind it is waited for no longer."""
MOST_MARKED: Final = 500
JUDGE: Final = "readback"
"""Who moved it, where no person did."""

_c = canary_calls.c
_TALLIED: Final[Sequence[Column[Any]]] = (_c.platform, _c.call_id, _c.on_trial, _c.percent, _c.ended, _c.bad)
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the database gives."""

    canaries: Sequence[Canary]
    fates: Mapping[str, Sequence[Fate]]
    covered: float | None


def look(connection: Connection, now: float) -> Look:
    """Read what is on trial and how its calls fare. Blocking."""
    there = live(connection)
    on_trial = [canary for canary in there if canary.state in ON_TRIAL]
    if not on_trial:
        return Look(there, {}, None)
    covered = Counted(samples(connection, now - COVERED_S, now), now).covered(COVERED_S)
    return Look(there, {canary.id: fates(connection, canary.id, now) for canary in on_trial}, covered)


class CanaryWatch:
    """Run as a timer, every `EVERY_S`. `stable` is each business's assistant by its file; `told` hears of pages."""

    def __init__(
        self,
        database: Database,
        stable: Mapping[str, str],
        clock: Clock,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._stable = stable
        self._clock = clock
        self._told = told
        self._shown: Collection[str] = ()

    async def look(self) -> Mapping[str, Judged]:
        """Judge all of them once; by business."""
        now = self._clock.now()
        found = await self._database.read(lambda c: look(c, now))
        verdicts = {}
        for canary in found.canaries:
            if canary.state in ON_TRIAL:
                judge = partial(self._judged, seen=canary, found=found, now=now)
                verdicts[canary.business] = await self._database.write(judge)
        if any(one.verdict is Verdict.BACK for one in verdicts.values()):
            self._told()
        await self._show()
        return verdicts

    async def _show(self) -> None:
        there = {canary.business: canary.percent for canary in await self._database.read(live)}
        for business in (*there, *(gone for gone in self._shown if gone not in there)):
            metrics.set_canary(business, there.get(business, 0))
        self._shown = tuple(there)

    def _judged(self, transaction: Transaction, seen: Canary, found: Look, now: float) -> Judged:
        canary = by_id(transaction.connection, seen.id)
        if canary is None or canary.state not in ON_TRIAL:
            return Judged(Verdict.STAY, "a person was faster")
        if why := self._over(canary):
            changed(transaction, canary, State.ENDED, Said(JUDGE, why), now=now)
            return Judged(Verdict.STAY, why)
        _noted(transaction, found.fates.get(canary.id, ()), now)
        kept, known = _counted(transaction, canary)
        blind = _blind(found.covered)
        watched_s = canary.watched_s + (0.0 if blind else _passed(canary.looked_at, now))
        seen_now = Seen(
            figures=known.figures,
            calls=known.calls,
            unheard=known.unheard,
            owed=_owed(transaction.connection, canary.id),
            watched_s=watched_s,
            broke=broken(transaction.connection, canary.id),
            blind=blind,
        )
        verdict = judged(canary.percent, seen_now, held=canary.state is State.HELD)
        waits_for = verdict.why if verdict.verdict is Verdict.STAY else ""
        canary = looked(transaction, canary, written(kept, known), waits_for, watched_s, now)
        _follow(transaction, canary, known, verdict, now)
        return verdict

    def _over(self, canary: Canary) -> str:
        """Why there is nothing to judge any more; empty while there is."""
        if canary.business not in self._stable:
            return "the business is in no file any more, or has no assistant there"
        if self._stable[canary.business] != canary.stable:
            return "the business file names another assistant first"
        return ""


def broken(connection: Connection, canary: str) -> Mapping[str, int]:
    """How often each thing that is not borne has happened in calls on trial."""
    rows = connection.execute(
        select(_c.broke, func.count()).where(_c.canary == canary, _c.broke != "").group_by(_c.broke)
    )
    counts: Counter[str] = Counter()
    for broke, many in rows:
        counts[broke.partition(":")[0]] += many
    return counts


def _noted(transaction: Transaction, found: Sequence[Fate], now: float) -> None:
    """Keep how calls stand, unless somebody has found them done meanwhile."""
    for fate in (fate for fate in found if fate.news):
        this = update(canary_calls).where(_c.platform == fate.platform, _c.call_id == fate.call_id, _c.done.is_(False))
        values = {"ended": fate.ended, "bad": " ".join(fate.bad), "broke": fate.broke, "owed": fate.owed}
        transaction.connection.execute(this.values(**values, done=fate.done))
    _marked(transaction, [(fate.platform, fate.call_id) for fate in found], looked_at=now)


def _counted(transaction: Transaction, canary: Canary, most: int = MOST_COUNTED) -> tuple[Known, Known]:
    """What is counted for good, and what is known now. In the order in which calls came, which tells of no ends.

    For good, up to the first that goes on. Beyond it, what goes on is taken for the best that it can still be for the
    version on trial: so nobody waits for it, and a version whose calls last longer looks no worse for that. Where
    `most` wait to be counted, it is taken for that for good in the first half of them.
    """
    waiting = select(*_TALLIED).where(_c.canary == canary.id, _c.counted.is_(False))
    rows = transaction.connection.execute(waiting.order_by(_c.at, _c.platform, _c.call_id).limit(most)).fetchall()
    given_up = most // 2 if len(rows) == most else 0
    tally, kept, counted = _Tally(canary), None, list[tuple[str, str]]()
    for number, row in enumerate(rows):
        if not row.ended and number >= given_up:
            kept = kept or tally.known()
        if kept is None:
            counted.append((row.platform, row.call_id))
        tally.add(row, goes_on=kept is not None)
    for start in range(0, len(counted), MOST_MARKED):
        _marked(transaction, counted[start : start + MOST_MARKED], counted=True)
    now = tally.known()
    return kept or now, now


class _Tally:
    """Counts calls one by one, on from what is known of a canary."""

    def __init__(self, canary: Canary) -> None:
        known = canary.known
        self._percent, self._calls, self._unheard = canary.percent, known.calls, known.unheard
        self._figures = {guard.name: known.figures.get(guard.name, Evidence()) for guard in GUARDS}
        self._stable, self._stable_bad = 0, Counter[str]()
        """Calls of the stable version since the last one on trial: only that one weighs them."""
        self._going_on = Counter[bool]()

    def add(self, row: Row[Any], *, goes_on: bool) -> None:
        """One more call. `goes_on`: one that has not ended may still end, and is in no count until it does."""
        here = row.on_trial and row.percent == self._percent
        if row.ended == UNHEARD:
            self._unheard += here
            return
        bad: Collection[str] = row.bad.split()
        if row.ended:
            self._calls += here
        else:
            bad = () if row.on_trial else tuple(self._figures)
            self._going_on[row.on_trial] += goes_on
            self._unheard += here and not goes_on
        if not row.on_trial:
            self._stable += 1
            self._stable_bad.update(bad)
            return
        self._weigh()
        self._figures = {name: with_trial(one, name in bad) for name, one in self._figures.items()}

    def known(self) -> Known:
        """What is known of the calls so far."""
        self._weigh()
        going_on = self._going_on
        figures = {name: without(one, going_on[False], going_on[True]) for name, one in self._figures.items()}
        return Known(figures, self._calls, self._unheard)

    def _weigh(self) -> None:
        if self._stable:
            many, bad = self._stable, self._stable_bad
            self._figures = {name: with_stable(one, Count(many, bad[name])) for name, one in self._figures.items()}
            self._stable, self._stable_bad = 0, Counter()


def _marked(transaction: Transaction, keys: Sequence[tuple[str, str]], **values: Any) -> None:
    """Note the same of many calls in one statement: bookings wait meanwhile."""
    if keys:
        these = update(canary_calls).where(tuple_(_c.platform, _c.call_id).in_(keys))
        transaction.connection.execute(these.values(**values))


def _owed(connection: Connection, canary: str) -> int:
    """Read-backs owed to bookings of calls on trial."""
    open_ones = select(func.coalesce(func.sum(_c.owed), 0))
    return int(
        connection.execute(open_ones.where(_c.canary == canary, _c.done.is_(False), _c.on_trial.is_(True))).scalar_one()
    )


def _blind(covered: float | None) -> str:
    if covered is None:
        return "nobody is counting"
    return f"counted for only {covered:.0%} of the last ten minutes" if covered < COVERED else ""


def _passed(before: float, now: float) -> float:
    """The time since the look before, where the two follow each other."""
    return now - before if 0.0 <= now - before <= GAP_S else 0.0


def _follow(transaction: Transaction, canary: Canary, known: Known, verdict: Judged, now: float) -> None:
    """Do what was decided."""
    if verdict.verdict is Verdict.BACK:
        changed(transaction, canary, State.ROLLED_BACK, Said(JUDGE, verdict.why), now=now)
        page = Page(PAGE, canary.id, title(canary), body(canary, known, verdict.why), canary.business)
        raised(transaction, page, now=now)
        _log.error("canary_rolled_back", business=canary.business, assistant=canary.assistant, reason=verdict.why)
    elif verdict.verdict is Verdict.UP:
        there = canary.percent >= 100
        state = State.PROMOTED if there else State.RUNNING
        changed(transaction, canary, state, Said(JUDGE, verdict.why), percent=after(canary.percent), now=now)
        _log.info("canary_raised", business=canary.business, percent=after(canary.percent), promoted=there)
