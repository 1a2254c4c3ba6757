"""What an apply would do to one record, and why it would not: the whole record is fetched, nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.provisioning.book import Baseline, Books, Place, baseline
from app.provisioning.classify import Field, State, classified
from app.provisioning.desired import Desired, Known, Record
from app.provisioning.fields import at, has_secret
from app.provisioning.merge import NOTHING, merged
from app.provisioning.platform import Document, GoneError, Key, Kind, Platform, PlatformError
from app.provisioning.rules import RULES, SERVER_SECRET, Rules, name_of
from app.provisioning.sealing import SealedError, Sealer
from app.provisioning.ways import way_back


class Take(StrEnum):
    """What is done about changes that are not ours."""

    REFUSE = "refuse"
    OURS = "ours"
    """What files ask for wins; what they do not name stays as somebody made it."""
    ADOPT = "adopt"
    """What is live becomes the baseline. Nothing is written to the platform."""


class AmbiguousError(PlatformError):
    """More than one record could be meant."""


@dataclass(frozen=True, slots=True)
class Live:
    """A record as it is now, sealed. `hides_secret`: it has one that the platform never shows."""

    record_id: str
    document: Document
    version: str
    hides_secret: bool

    def known(self) -> Known:
        """What other records refer to."""
        return Known(self.record_id, self.version)

    def writes_since(self, before: "Live") -> int:
        """How many times it was written since an earlier look; 0 where the platform numbers no versions of it."""
        numbered = self.version.isdecimal() and before.version.isdecimal()
        return int(self.version) - int(before.version) if numbered else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One record: how it is, what it is to become (`expected`), and what stands in the way (`problem`, in words)."""

    record: Record
    place: Place
    asked: Document
    live: Live | None
    base: Baseline | None
    found: tuple[Field, ...]
    expected: Document
    changes: tuple[Field, ...]
    problem: str = ""
    adopts: bool = False
    """Somebody said that what is live is right as it is."""

    @property
    def key(self) -> Key:
        return self.record.key

    @property
    def rules(self) -> Rules:
        return RULES[self.key.kind]

    @property
    def parts(self) -> Document:
        """What is handed in: every part that changes, whole, and what each change has to repeat."""
        if self.live is None:
            return self.expected
        names = dict.fromkeys(field.path[0] for field in self.changes)
        repeated = [name for name in self.rules.always if names and name in self.expected]
        return {name: self.expected.get(name) for name in [*repeated, *names]}

    @property
    def does_nothing(self) -> bool:
        """Whether there is nothing to write."""
        return self.live is not None and not self.changes


async def look(platform: Platform, sealer: Sealer, kind: Kind, record_id: str) -> Live:
    """One record as it is now. Raises `PlatformError`."""
    return seen(sealer, kind, await platform.read(kind, record_id))


def seen(sealer: Sealer, kind: Kind, record: Mapping[str, Any]) -> Live:
    """A record as the platform tells it, sealed."""
    sealed = sealer.sealed(record)
    version = str(record.get("latestVersion") or "")
    return Live(
        str(record.get("id") or ""), RULES[kind].stripped(sealed), version, bool(record.get("isServerUrlSecretSet"))
    )


class Planner:
    """Plans records one after the other; each may refer to those before it."""

    def __init__(self, platform: Platform, books: Books, sealer: Sealer, desired: Desired) -> None:
        self._platform = platform
        self._books = books
        self._sealer = sealer
        self._environment = desired.environment
        self._listed: dict[Kind, Sequence[Document]] = {}

    async def plan(self, record: Record, known: Mapping[Key, Known], take: Take) -> Plan:
        """What would be done to one record. Raises `PlatformError` when the platform does not tell."""
        place = Place(self._environment, record.key)
        base = await self._books.read(lambda c: baseline(c, place))
        live = await self._found(record, base)
        base = base and base.sealed(self._sealer)
        return planned(record, place, live, base, self._sealer.sealed(record.ask(known)), take)

    async def found_again(self, record: Record) -> Live | None:
        """The record by its name, asked anew: before it is made, and before that is tried again."""
        self._listed.pop(record.key.kind, None)
        return await self._by_name(record)

    async def _found(self, record: Record, base: Baseline | None) -> Live | None:
        record_id = record.record_id or (base.record_id if base else "")
        if not record_id:
            return await self._by_name(record)
        try:
            return await look(self._platform, self._sealer, record.key.kind, record_id)
        except GoneError:
            if record.record_id:
                raise
            return await self._by_name(record)

    async def _by_name(self, record: Record) -> Live | None:
        kind = record.key.kind
        if kind not in self._listed:
            self._listed[kind] = await self._platform.listed(kind)
        there = [item for item in self._listed[kind] if name_of(kind, item) == record.match]
        if len(there) > 1:
            ids = ", ".join(str(item.get("id")) for item in there)
            raise AmbiguousError(f"{len(there)} records have the name of {record.key}: {ids}; name one under ids")
        # A listing may be shorter than the record itself, which has to be handed in whole.
        return await look(self._platform, self._sealer, kind, str(there[0]["id"])) if there else None


def planned(
    record: Record, place: Place, live: Live | None, base: Baseline | None, asked: Document, take: Take
) -> Plan:
    """The plan for one record. Pure."""
    rules = RULES[record.key.kind]
    if live is None:
        problem = "" if record.may_be_made else "it is not at the platform, and is not made from here: it costs money"
        if base is not None and not problem and take is not Take.OURS:
            problem = "it was applied and is gone from the platform; --take ours makes it anew"
        plan = Plan(record, place, asked, None, base, (), _without_nothing(asked), (), problem)
        return plan if take is not Take.ADOPT else replace(plan, problem=problem or "there is nothing to adopt")
    before = base.asked if base else NOTHING
    found = classified(rules, base.document if base else None, live.document, asked, before)
    changes = _changes(found, take)
    expected = live.document if not changes else merged(rules, live.document, asked, before)
    if any(field.path[0] == SERVER_SECRET[0] for field in changes):
        # A server that is handed in has the secret that is in it, or none.
        expected = {name: value for name, value in expected.items() if name != rules.unseen_set}
    plan = Plan(record, place, asked, live, base, tuple(found), expected, changes, adopts=take is Take.ADOPT)
    return replace(plan, problem=_problem(plan, take))


def _changes(found: Sequence[Field], take: Take) -> tuple[Field, ...]:
    if take is Take.ADOPT:
        return ()
    return tuple(field for field in found if field.asked)


def _problem(plan: Plan, take: Take) -> str:
    if take is Take.ADOPT:
        return ""
    states = {field.state for field in plan.found}
    if take is Take.REFUSE and plan.base is None:
        return (
            "there is no baseline, so nobody knows who changed what; --adopt takes what is live, --take ours our files"
        )
    if take is Take.REFUSE and states & {State.DASHBOARD_AHEAD, State.BOTH_DIVERGED}:
        back = way_back(plan.place, plan.base.snapshot.id) if plan.base else "a rollback"
        return f"somebody changed it at the platform; --take ours, --adopt, or {back} says what is right"
    return _lost_secret(plan)


def _lost_secret(plan: Plan) -> str:
    """A secret that is never shown goes with its `server`, unless it is handed in again."""
    server = plan.parts.get("server") if plan.live and plan.live.hides_secret else None
    if isinstance(server, Mapping) and not server.get("secret") and not server.get("credentialId"):
        return "its server holds a secret that is not shown and would be lost; use a credential, or name the secret"
    return ""


def with_secret(
    rules: Rules, parts: Document, wanted: Mapping[str, Any], live: Live, asked: Mapping[str, Any]
) -> Document:
    """Parts of an old record to be handed in, with the secret in its server that no record shows.

    Raises `SealedError` where a secret would be lost that files did not name when it was applied last.
    """
    had = has_secret(rules, wanted)
    server = parts.get(SERVER_SECRET[0])
    if (
        not isinstance(server, Mapping)
        or at(rules, wanted, SERVER_SECRET)
        or not (live.hides_secret if had is None else had)
    ):
        return parts
    secret = at(rules, asked, SERVER_SECRET)
    if not secret:
        raise SealedError("its server holds a secret that is never shown, and no file names it")
    return {**parts, SERVER_SECRET[0]: {**server, SERVER_SECRET[1]: secret}}


def _without_nothing(asked: Mapping[str, Any]) -> Document:
    """What is asked of a record that is yet to be made: there is nothing to clear in it."""
    return {
        name: _without_nothing(value) if isinstance(value, Mapping) else value
        for name, value in asked.items()
        if value is not None
    }
