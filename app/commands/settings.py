"""`readback settings`: plan, apply, verify and roll back what a voice platform is set to, and see who changed it.

The key of the platform is that of one account. No secret is shown, not even a changed one.
"""

import asyncio
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from app.clock import SystemClock
from app.commands.answers import DOES_NOT_HOLD, HOLDS, complain, moment, operator, say, utc
from app.commands.settings_words import done_told, done_words, drift_told, drift_words, plan_told, plan_words
from app.commands.tables import bring_up
from app.db.once import looking
from app.errors import ConfigurationError
from app.main.provisioning import OnceBooks, desired, platform, sealer
from app.provisioning.apply import Applier
from app.provisioning.book import Baseline, Place, Step, baseline, snapshots
from app.provisioning.desired import Desired, Known
from app.provisioning.drift import drifts, forget
from app.provisioning.ends import Done, End
from app.provisioning.holds import HeldError, Holds
from app.provisioning.plan import Plan, Planner, Take
from app.provisioning.platform import GoneError, Key, Kind, PlatformError
from app.provisioning.sealing import Sealer
from app.settings import Settings, from_environment

T = TypeVar("T")


def add(commands: Any) -> None:
    parser = commands.add_parser("settings", help="plan, apply, verify or roll back settings at the voice platform")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, run in (
        ("plan", _plan),
        ("apply", _apply),
        ("verify", _verify),
        ("rollback", _rollback),
        ("drift", _drift),
        ("snapshots", _snapshots),
        ("forget", _forget),
    ):
        action = actions.add_parser(name, help=(run.__doc__ or "").splitlines()[0], description=run.__doc__)
        action.set_defaults(run=run)
        action.add_argument("--json", action="store_true", help="answer with one JSON document")
        action.add_argument("--environment", help="which account; READBACK_PLATFORM_ENVIRONMENT otherwise")
        if run in (_rollback, _snapshots, _forget):
            action.add_argument("record", type=_key, help="as in tool/check_availability")
        elif run is not _drift:
            action.add_argument(
                "records", nargs="*", type=_key, help="as in tool/check_availability; none is all of them"
            )
        if run in (_plan, _apply):
            _add_take(action)
        if run in (_apply, _rollback, _forget):
            action.add_argument("--by", default=operator(), help="who does it; kept in the audit log")
        if run is _rollback:
            action.add_argument("--to", default="", metavar="SNAPSHOT", help="its id; the one before the last apply")


def _add_take(action: ArgumentParser) -> None:
    either = action.add_mutually_exclusive_group()
    either.add_argument(
        "--take",
        choices=[Take.OURS.value],
        help="have our files win over changes by others, and over records without baseline",
    )
    either.add_argument("--adopt", action="store_true", help="take what is live as the baseline; nothing is written")


def _plan(asked: Namespace) -> int:
    """Show what an apply would change, field by field, and write nothing: 1 when it would be refused.

    States: clean, local-ahead (our files changed), dashboard-ahead (somebody changed it at the platform),
    both-diverged, no-baseline.
    """
    plans = _with_platform(asked, lambda work: work.plans())
    if plans is None:
        return DOES_NOT_HOLD
    say(asked, [plan_told(plan) for plan in plans], "\n".join(line for plan in plans for line in plan_words(plan)))
    return DOES_NOT_HOLD if any(plan.problem for plan in plans) else HOLDS


def _apply(asked: Namespace) -> int:
    """Bring records to what files ask for, each read back and compared: 1 when any is not as it should be.

    Tools come first, then assistants, then phone numbers; the first that does not hold ends it.
    """
    ends = _with_platform(asked, lambda work: work.apply())
    return _ended(asked, ends)


def _verify(asked: Namespace) -> int:
    """Compare what is live with what files ask for: 1 when any of it differs, was added to, or was never applied."""
    plans = _with_platform(asked, lambda work: work.plans())
    if plans is None:
        return DOES_NOT_HOLD
    holds = all(plan.does_nothing and not plan.problem for plan in plans)
    lines = [line for plan in plans for line in plan_words(plan)]
    say(asked, {"holds": holds, "records": [plan_told(plan) for plan in plans]}, "\n".join(lines))
    return HOLDS if holds else DOES_NOT_HOLD


def _rollback(asked: Namespace) -> int:
    """Put one record back to a snapshot, whole, and have that as its baseline: 1 when it is not as it was."""
    ends = _with_platform(asked, lambda work: work.rollback(asked.record, asked.to))
    return _ended(asked, ends)


def _drift(asked: Namespace) -> int:
    """Compare what is live with what was applied: 1 when anything was changed since, or nothing was ever applied."""
    found = _with_platform(asked, lambda work: work.drift())
    if found is None:
        return DOES_NOT_HOLD
    drifted, missing = found
    holds = not missing and all(drift.holds for drift in drifted) and bool(drifted)
    lines = [line for drift in drifted for line in drift_words(drift)]
    lines += [f"{key}: no baseline; it was never applied, so nobody would notice a change" for key in missing]
    told = {"holds": holds, "records": [*map(drift_told, drifted)], "without_baseline": [str(key) for key in missing]}
    say(asked, told, "\n".join(lines) or "Nothing was ever applied.")
    return HOLDS if holds else DOES_NOT_HOLD


def _snapshots(asked: Namespace) -> int:
    """What is kept of one record, the newest first: 1 when there is nothing."""
    chosen = from_environment()
    place = Place(asked.environment or chosen.platform_environment, asked.record)
    seals = sealer(chosen)
    with looking(chosen.database_url) as connection:
        kept = [one.sealed(seals) for one in snapshots(connection, place)]
    told = [{"id": one.id, "at": utc(one.at), "why": one.why, "by": one.by, "document": one.document} for one in kept]
    lines = [f"{one.id}  {moment(one.at)}  {one.why}, by {one.by}" for one in kept]
    say(asked, told, "\n".join(lines) or "No snapshot is kept of it.")
    return HOLDS if kept else DOES_NOT_HOLD


def _forget(asked: Namespace) -> int:
    """Watch one record no longer, and end its pages: 1 while files ask for it and it is there.

    For what was deleted at the platform on purpose, or is not ours any more. The record and its snapshots stay.
    """
    ends = _with_platform(asked, lambda work: work.forget(asked.record))
    return _ended(asked, ends)


class _Work:
    """One run of a command against the platform."""

    def __init__(self, asked: Namespace, chosen: Settings, records: Any, seals: Sealer) -> None:
        self._asked = asked
        self._environment = asked.environment or chosen.platform_environment
        self._chosen = chosen
        self._books = OnceBooks(chosen.database_url)
        self._platform = records
        self._seals = seals

    @property
    def _applier(self) -> Applier:
        return Applier(
            platform=self._platform,
            books=self._books,
            sealer=self._seals,
            clock=SystemClock(),
            by=self._asked.by,
        )

    async def plans(self) -> list[Plan]:
        """Every record's plan; those after a new one are planned as if it were there."""
        wanted, planner = self._desired()
        known: dict[Key, Known] = {}
        found = []
        for record in wanted.records:
            plan = await planner.plan(record, known, self._take())
            known[record.key] = _expected(plan)
            found.append(plan)
        chosen = self._named(wanted)
        return [plan for plan in found if plan.key in chosen]

    async def apply(self) -> list[Done]:
        """Every record in turn, until one does not hold."""
        wanted, planner = self._desired()
        chosen, known = self._named(wanted), dict[Key, Known]()
        unsettled: set[Key] = set()
        ends = []
        for record in wanted.records:
            plan = await planner.plan(record, known, self._take())
            known[record.key] = plan.live.known() if plan.live else Known("")
            if record.key not in chosen:
                unsettled |= set() if plan.does_nothing and not plan.problem else {record.key}
                continue
            if plan.live is None and self._take() is Take.ADOPT:
                ends.append(Done(record.key, End.UNCHANGED, "it is not at the platform, so there is nothing to adopt"))
                continue
            if (waits := unsettled.intersection(record.needs)) and not plan.adopts:
                plan = replace(plan, problem=f"{min(waits)} is not as files ask for; apply it first")
            done = await self._applier.apply(plan, planner)
            ends.append(done)
            if not done.holds:
                break
            if done.live is not None:
                known[record.key] = done.live.known()
        return ends

    async def rollback(self, key: Key, to: str) -> list[Done]:
        """One record, back to a snapshot."""
        self._meet_secrets()
        place = Place(self._environment, key)
        kept = await self._books.read(lambda c: snapshots(c, place))
        base = await self._books.read(lambda c: baseline(c, place))
        since = [one.id for one in kept].index(base.snapshot.id) if base else 0
        fits = [one for one in kept if one.id.startswith(to)] if to else [o for o in kept[since:] if o.why == "before"]
        if not fits or (to and len(fits) > 1):
            which = f"snapshot {to}" if to else "snapshot from before an apply"
            return [Done(key, End.REFUSED, f"there is no {which}; see `readback settings snapshots {key}`")]
        return [await self._applier.restore(fits[0])]

    async def drift(self) -> tuple[Sequence[Any], list[Key]]:
        """What differs from what was applied, and what files ask for that never was."""
        wanted = [record.key for record in self._desired()[0].records]
        found = await drifts(self._platform, self._books, self._seals, self._environment, time.time(), wanted)
        known = {drift.place.key for drift in found}
        return found, [key for key in wanted if key not in known]

    async def forget(self, key: Key) -> list[Done]:
        """One record, from now on nobody's."""
        place = Place(self._environment, key)
        base = await self._books.read(lambda c: baseline(c, place))
        if base is None:
            return [Done(key, End.REFUSED, "nothing was ever applied of it")]
        asked = key in {record.key for record in self._desired()[0].records}
        if asked and await self._is_there(base):
            return [Done(key, End.REFUSED, f"it is there, and {self._chosen.platform.name} asks for it")]
        clock = SystemClock()
        try:
            await forget(self._books, Holds(self._books, clock), place, Step(self._asked.by, clock.now()))
        except HeldError as error:
            return [Done(key, End.REFUSED, str(error))]
        return [Done(key, End.FORGOTTEN, "nobody notices any more what becomes of it")]

    async def _is_there(self, base: Baseline) -> bool:
        try:
            await self._platform.read(base.snapshot.place.key.kind, base.record_id)
        except GoneError:
            return False
        return True

    def _desired(self) -> tuple[Desired, Planner]:
        wanted = desired(self._chosen, self._environment, self._seals)
        return wanted, Planner(self._platform, self._books, self._seals, wanted)

    def _meet_secrets(self) -> None:
        """Have the seals know the secrets that files name. A file that is wrong keeps nobody from rolling back."""
        try:
            self._desired()
        except ConfigurationError as error:
            complain(f"{error} Rolled back without the secrets that it names.")

    def _take(self) -> Take:
        if getattr(self._asked, "adopt", False):
            return Take.ADOPT
        return Take(getattr(self._asked, "take", None) or Take.REFUSE)

    def _named(self, wanted: Desired) -> set[Key]:
        there = {record.key for record in wanted.records}
        named = set(self._asked.records)
        if unknown := sorted(named - there):
            raise ConfigurationError(
                f"{unknown[0]} is not in {self._chosen.platform.name}; `readback settings plan` lists all."
            )
        return named or there


def _with_platform(asked: Namespace, work: Callable[[_Work], Awaitable[T]]) -> T | None:
    """Run against the platform; None when it does not tell, after saying so."""
    chosen = from_environment()
    bring_up(chosen)

    async def run() -> T:
        async with platform(chosen) as records:
            return await work(_Work(asked, chosen, records, sealer(chosen)))

    try:
        return asyncio.run(run())
    except PlatformError as error:
        complain(f"{str(error).rstrip('.')}.")
        return None


def _ended(asked: Namespace, ends: Sequence[Done] | None) -> int:
    if ends is None:
        return DOES_NOT_HOLD
    say(asked, [done_told(done) for done in ends], "\n".join(line for done in ends for line in done_words(done)))
    return HOLDS if all(done.holds for done in ends) else DOES_NOT_HOLD


def _expected(plan: Plan) -> Known:
    """What others refer to once the plan is carried out."""
    if plan.live is None:
        return Known(f"(id of {plan.key})", "(first version)" if plan.key.kind is Kind.TOOL else "")
    known = plan.live.known()
    return Known(known.id, f"(version after {known.version})") if plan.changes and known.version else known


def _key(text: str) -> Key:
    """A record out of its name. Raises `ArgumentTypeError`."""
    kind, _, name = text.partition("/")
    if kind not in list(Kind) or not name:
        raise ArgumentTypeError(f"{text} is no record: it must be one of {', '.join(Kind)}, a slash, and a name")
    return Key(Kind(kind), name)
