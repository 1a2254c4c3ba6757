"""Is what is live still what was applied? Looked at on a timer; a difference pages with the command that mends it.

Records are listed, three requests for a whole account, and one that differs is read once more by itself before anybody
is woken. What was never applied, or cannot be read, is not said to be right; it hides nothing of the others.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from app import log, metrics
from app.clock import Clock
from app.db.engine import Transaction
from app.provisioning.apply import PAGE as UNSETTLED
from app.provisioning.book import Baseline, Books, Place, Step, baseline, baselines, forgotten, noted
from app.provisioning.diff import Difference, differences, harmful, told
from app.provisioning.holds import HELD_S, Holds
from app.provisioning.plan import Live, look, seen
from app.provisioning.platform import GoneError, Key, Kind, Platform, PlatformError, RefusedError
from app.provisioning.rules import RULES
from app.provisioning.sealing import Sealer
from app.provisioning.ways import command, made_anew, way_back
from app.watch.pages import Page, raised, resolved

PAGE: Final = "settings_drift"
NO_BASELINE: Final = "settings_no_baseline"
MOST_TOLD: Final = 12
"""Lines of the difference in a page."""


class UnseenError(PlatformError):
    """Some records could not be read; what was seen of the others is told."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One record against its baseline. `gone`: the platform has no such record any more; `unseen`: why nobody knows.

    `applying`: it is not as it was applied the last time, for somebody is applying it just now. `asked`: whether files
    ask for it, as far as is known.
    """

    base: Baseline
    found: tuple[Difference, ...] = ()
    gone: bool = False
    unseen: str = ""
    applying: bool = False
    asked: bool = True

    @property
    def place(self) -> Place:
        return self.base.snapshot.place

    @property
    def holds(self) -> bool:
        """Whether it is known to be as it was applied."""
        return not (self.gone or self.unseen or self.applying or harmful(self.found))

    @property
    def drifted(self) -> bool:
        """Whether it is known not to be as it was applied."""
        return not (self.holds or self.unseen or self.applying)

    def lines(self) -> list[str]:
        """What is different, as it was applied first and as it is now."""
        if self.applying:
            return ["it is being applied just now"]
        if self.unseen:
            return [f"it cannot be read: {self.unseen}"]
        if self.gone:
            return ["the record is gone from the platform"]
        return [line for each in harmful(self.found) for line in told(each.path, each.wanted, each.seen)]

    def remedy(self) -> str:
        """The one command that restores it."""
        if self.gone:
            return command("apply", self.place, " --take ours") if self.asked else command("forget", self.place)
        return way_back(self.place, self.base.snapshot.id)

    def afterwards(self) -> str:
        """What is left to do then, in words; empty where nothing is."""
        return made_anew(self.place) if self.gone and self.asked else ""


async def drifts(
    platform: Platform,
    books: Books,
    sealer: Sealer,
    environment: str,
    now: float,
    wanted: Collection[Key] | None = None,
) -> list[Drift]:
    """Every record of an environment against its baseline, those too that the platform does not tell of.

    `wanted` is what files ask for, None where nobody knows.
    """
    bases = [base.sealed(sealer) for base in await books.read(lambda c: baselines(c, environment))]
    found = []
    for kind in dict.fromkeys(base.snapshot.place.key.kind for base in bases):
        listed, unseen = await _listed(platform, sealer, kind)
        for base in bases:
            if base.snapshot.place.key.kind is not kind:
                continue
            drift = Drift(base, unseen=unseen) if unseen else _against(base, listed.get(base.record_id))
            again = not drift.holds and not unseen
            found.append(await _looked_again(platform, books, sealer, base, now) if again else drift)
    return found if wanted is None else [replace(drift, asked=drift.place.key in wanted) for drift in found]


async def forget(books: Books, holds: Holds, place: Place, step: Step) -> bool:
    """Watch a record no longer, and end its pages; False when it has no baseline. Raises `HeldError`."""

    def work(transaction: Transaction) -> bool:
        for kind in (PAGE, UNSETTLED):
            resolved(transaction, kind, str(place), now=step.at, by=step.by)
        return forgotten(transaction, place, step)

    async with holds.alone(place):
        return await books.write(work)


async def _listed(platform: Platform, sealer: Sealer, kind: Kind) -> tuple[dict[str, Live], str]:
    """Records by their ids; or why nothing is told at all, and asking for each would only take as long again."""
    try:
        there = [seen(sealer, kind, record) for record in await platform.listed(kind)]
    except RefusedError:
        return {}, ""  # each is read by itself
    except PlatformError as error:
        return {}, str(error)
    return {live.record_id: live for live in there}, ""


async def _looked_again(platform: Platform, books: Books, sealer: Sealer, base: Baseline, now: float) -> Drift:
    """The record by itself, which a listing may have told in short, unless an apply came between."""
    place = base.snapshot.place
    try:
        live = await look(platform, sealer, place.key.kind, base.record_id)
    except GoneError:
        live = None
    except PlatformError as error:
        return Drift(base, unseen=str(error))
    stands = await books.read(lambda c: baseline(c, place))
    if stands is None or stands.snapshot.id != base.snapshot.id or stands.held_until > now:
        return Drift(base, applying=True)
    return _against(base, live)


def _against(base: Baseline, live: Live | None) -> Drift:
    if live is None:
        return Drift(base, gone=True)
    return Drift(base, tuple(differences(RULES[base.snapshot.place.key.kind], base.document, live.document)))


class DriftWatch:
    """Run as a timer. `wanted`: what files ask for in the watched environment, None where nobody has named any.

    What is wanted and has no baseline is not watched.
    """

    def __init__(
        self,
        *,
        platform: Platform,
        books: Books,
        sealer: Sealer,
        clock: Clock,
        environment: str,
        wanted: Collection[Key] | None = None,
    ) -> None:
        self._platform = platform
        self._books = books
        self._sealer = sealer
        self._clock = clock
        self._environment = environment
        self._wanted = wanted

    async def look(self, again_s: float = HELD_S) -> Sequence[Drift]:
        """Look once; again at what was being applied, which a process that has died holds no longer by then.

        Raises `UnseenError` in the end: what cannot be seen is not said to hold, and the timer alarms.
        """
        found = await self._look()
        if any(drift.applying for drift in found):
            await asyncio.sleep(again_s)
            found = await self._look()
        if unseen := [f"{drift.place.key}: {drift.unseen}" for drift in found if drift.unseen]:
            raise UnseenError(f"{len(unseen)} cannot be read; {'; '.join(unseen[:MOST_TOLD])}")
        return found

    async def _look(self) -> Sequence[Drift]:
        now = self._clock.now()
        found = await drifts(self._platform, self._books, self._sealer, self._environment, now, self._wanted)
        without = await self._without_baseline()
        metrics.set_settings_drift(sum(drift.drifted for drift in found), len(without))
        await self._books.write(partial(self._tell, found=found, without=without, now=now))
        return found

    async def _without_baseline(self) -> list[Key]:
        known = {base.snapshot.place.key for base in await self._books.read(lambda c: baselines(c, self._environment))}
        return [key for key in self._wanted or () if key not in known]

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
        elif drift.drifted and raised(transaction, page(drift), now=now):
            names = ", ".join(each.name for each in harmful(drift.found)) or "gone"
            noted(transaction, "drift", drift.place, Step("drift watch", now), fields=names)


def page(drift: Drift) -> Page:
    """What somebody is woken with: what is different, and the command."""
    lines = [log.redact(line) for line in drift.lines()]
    more = [f"and {len(lines) - MOST_TOLD} lines more"] if len(lines) > MOST_TOLD else []
    shown = "\n".join([*lines[:MOST_TOLD], *more])
    place = drift.place
    body = f"Applied, and live now:\n{shown}\n{_what_to_do(drift)}"
    return Page(PAGE, str(place), f"Settings at the platform have changed: {place.key}", body)


def _what_to_do(drift: Drift) -> str:
    place = drift.place
    if drift.gone and not drift.asked:
        return f"Files do not ask for it any more, so it can be forgotten: {drift.remedy()}."
    meant = f"take it out of the files, then {command('forget', place)}"
    if not drift.gone:
        meant = f"take it into the files, then {command('apply', place, ' --adopt')}"
    words = f"If nobody meant it: {drift.remedy()}. {drift.afterwards()}".rstrip()
    return f"{words} If somebody did: {meant}."


def _nothing_applied(environment: str, without: Sequence[Key]) -> Page:
    names = ", ".join(str(key) for key in without)
    body = (
        f"Files ask for {names}, and nothing was ever applied of it, so nobody would notice a change. See `readback "
        f"settings plan --environment {environment}`, then apply it."
    )
    return Page(
        NO_BASELINE, environment, f"Settings at the platform are not watched: {len(without)} without baseline", body
    )
