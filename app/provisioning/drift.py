"""Is what is live still what was applied? Looked at on a timer; a difference pages with the command that mends it.

Records are listed, three requests for a whole account, and one that differs is read once more by itself before anybody
is woken. What was never applied is not said to be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from app import log, metrics
from app.clock import Clock
from app.db.engine import Transaction
from app.provisioning.apply import PAGE as UNSETTLED
from app.provisioning.apply import way_back
from app.provisioning.book import Baseline, Books, Place, Step, baseline, baselines, noted
from app.provisioning.diff import Difference, differences, harmful, told
from app.provisioning.plan import Live, look, seen
from app.provisioning.platform import GoneError, Key, Kind, Platform
from app.provisioning.rules import RULES
from app.provisioning.sealing import Sealer
from app.watch.pages import Page, raised, resolved

PAGE: Final = "settings_drift"
NO_BASELINE: Final = "settings_no_baseline"
MOST_TOLD: Final = 12
"""Lines of the difference in a page."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One record against its baseline. `gone`: the platform has no such record any more."""

    base: Baseline
    found: tuple[Difference, ...] = ()
    gone: bool = False

    @property
    def place(self) -> Place:
        return self.base.snapshot.place

    @property
    def holds(self) -> bool:
        """Whether nobody has to look."""
        return not self.gone and not harmful(self.found)

    def lines(self) -> list[str]:
        """What is different, as it was applied first and as it is now."""
        if self.gone:
            return ["the record is gone from the platform"]
        return [line for each in harmful(self.found) for line in told(each.path, each.wanted, each.seen)]

    def remedy(self) -> str:
        """The one command that restores it."""
        if self.gone:
            return f"`readback settings apply {self.place.key} --take ours --environment {self.place.environment}`"
        return way_back(self.place, self.base.snapshot.id)


async def drifts(platform: Platform, books: Books, sealer: Sealer, environment: str, now: float) -> list[Drift]:
    """Every record of an environment against its baseline. Raises `PlatformError` when the platform does not tell."""
    bases = await books.read(lambda c: baselines(c, environment))
    listed: dict[tuple[Kind, str], Live] = {}
    for kind in dict.fromkeys(base.snapshot.place.key.kind for base in bases):
        there = [seen(sealer, kind, record) for record in await platform.listed(kind)]
        listed |= {(kind, live.record_id): live for live in there}
    found = []
    for base in bases:
        if base.held_until > now:
            continue  # somebody is applying it just now
        drift = _against(base, listed.get((base.snapshot.place.key.kind, base.record_id)))
        found.append(drift if drift.holds else await _looked_again(platform, books, sealer, base, now))
    return [drift for drift in found if drift is not None]


async def _looked_again(platform: Platform, books: Books, sealer: Sealer, base: Baseline, now: float) -> Drift | None:
    """The record by itself, which a listing may have told in short; None when an apply came between."""
    place = base.snapshot.place
    try:
        live = await look(platform, sealer, place.key.kind, base.record_id)
    except GoneError:
        live = None
    stands = await books.read(lambda c: baseline(c, place))
    if stands is None or stands.snapshot.id != base.snapshot.id or stands.held_until > now:
        return None
    return _against(base, live)


def _against(base: Baseline, live: Live | None) -> Drift:
    if live is None:
        return Drift(base, gone=True)
    return Drift(base, tuple(differences(RULES[base.snapshot.place.key.kind], base.document, live.document)))


class DriftWatch:
    """Run as a timer. `wanted`: what files ask for in the watched environment; without a baseline it is not watched."""

    def __init__(
        self,
        *,
        platform: Platform,
        books: Books,
        sealer: Sealer,
        clock: Clock,
        environment: str,
        wanted: Sequence[Key] = (),
    ) -> None:
        self._platform = platform
        self._books = books
        self._sealer = sealer
        self._clock = clock
        self._environment = environment
        self._wanted = tuple(wanted)

    async def look(self) -> Sequence[Drift]:
        """Look once. Raises `PlatformError`: what cannot be seen is not said to hold, and the timer alarms."""
        now = self._clock.now()
        found = await drifts(self._platform, self._books, self._sealer, self._environment, now)
        without = await self._without_baseline()
        metrics.set_settings_drift(sum(not drift.holds for drift in found), len(without))
        await self._books.write(partial(self._tell, found=found, without=without, now=now))
        return found

    async def _without_baseline(self) -> list[Key]:
        known = {base.snapshot.place.key for base in await self._books.read(lambda c: baselines(c, self._environment))}
        return [key for key in self._wanted if key not in known]

    def _tell(self, transaction: Transaction, found: Sequence[Drift], without: Sequence[Key], now: float) -> None:
        for drift in found:
            self._tell_one(transaction, drift, now)
        if without:
            raised(transaction, _nothing_applied(self._environment, without), now=now)
        else:
            resolved(transaction, NO_BASELINE, self._environment, now=now)

    def _tell_one(self, transaction: Transaction, drift: Drift, now: float) -> None:
        key = str(drift.place)
        if drift.holds:
            resolved(transaction, PAGE, key, now=now)
            resolved(transaction, UNSETTLED, key, now=now)
        elif raised(transaction, page(drift), now=now):
            names = ", ".join(each.name for each in harmful(drift.found)) or "gone"
            noted(transaction, "drift", drift.place, Step("drift watch", now), fields=names)


def page(drift: Drift) -> Page:
    """What somebody is woken with: what is different, and the command."""
    lines = [log.redact(line) for line in drift.lines()]
    more = [f"and {len(lines) - MOST_TOLD} lines more"] if len(lines) > MOST_TOLD else []
    shown = "\n".join([*lines[:MOST_TOLD], *more])
    place = drift.place
    body = (
        f"Applied, and live now:\n{shown}\nIf nobody meant it: {drift.remedy()}. If somebody did: take it into the "
        f"files, then `readback settings apply {place.key} --adopt --environment {place.environment}`."
    )
    return Page(PAGE, str(place), f"Settings at the platform have changed: {place.key}", body)


def _nothing_applied(environment: str, without: Sequence[Key]) -> Page:
    names = ", ".join(str(key) for key in without)
    body = (
        f"Files ask for {names}, and nothing was ever applied of it, so nobody would notice a change. See `readback "
        f"settings plan --environment {environment}`, then apply it."
    )
    return Page(
        NO_BASELINE, environment, f"Settings at the platform are not watched: {len(without)} without baseline", body
    )
