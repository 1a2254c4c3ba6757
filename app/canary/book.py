"""Canaries in the database: every change in one transaction, with its record in the audit log.

A business has one that is live, however many start one at the same moment: an index sees to that.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, insert, select, update

from app.audit.log import record
from app.canary.evidence import Evidence, as_data, from_data
from app.canary.steps import STEPS, after
from app.db.engine import Transaction
from app.db.schema import canaries
from app.errors import ReadbackError
from app.redaction import redact

MOST_LISTED: Final = 500
WHY_CHARS: Final = 1_000
PAGE: Final = "canary_rolled_back"

_c = canaries.c


class State(StrEnum):
    """Where a canary is in its life."""

    RUNNING = "running"
    HELD = "held"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    ENDED = "ended"


ON_TRIAL: Final = (State.RUNNING, State.HELD)
LIVE: Final = (*ON_TRIAL, State.PROMOTED)
"""States in which callers get it."""


class Said(NamedTuple):
    """Who wants a change, and why."""

    by: str
    why: str = ""


class CanaryError(ReadbackError):
    """There is no such canary, or it cannot be changed so."""


@dataclass(frozen=True, slots=True)
class Known:
    """What has been counted: evidence by figure, and calls on trial at the present step, heard of and unheard."""

    figures: Mapping[str, Evidence]
    calls: int = 0
    unheard: int = 0


@dataclass(frozen=True, slots=True)
class Canary:
    """One version on trial. `since`: when its step began; `watched_s`: time under watch at it.

    `waits_for`: why it did not go up at the last look; `evidence`: `known` and `seen` as JSON.
    """

    id: str
    business: str
    stable: str
    assistant: str
    percent: int
    state: State
    why: str
    changed_by: str
    started_at: float
    since: float
    changed_at: float
    looked_at: float
    watched_s: float
    waits_for: str
    evidence: str

    @property
    def known(self) -> Known:
        """What has been counted for good."""
        return _read(orjson.loads(self.evidence))

    @property
    def seen(self) -> Known:
        """What the last look knew: the same, and calls that ended while one before them went on."""
        data = orjson.loads(self.evidence)
        return _read(data.get("seen", data))


def written(known: Known, seen: Known | None = None) -> str:
    """What has been counted, as its column has it."""
    return orjson.dumps(_plain(known) | ({"seen": _plain(seen)} if seen else {})).decode()


def live(connection: Connection) -> list[Canary]:
    """Every one that callers get."""
    return [_canary(row) for row in connection.execute(select(canaries).where(_c.state.in_(LIVE)))]


def newest(connection: Connection, business: str) -> Canary | None:
    """The latest of a business, live or over."""
    found = select(canaries).where(_c.business == business).order_by(_c.started_at.desc(), _c.id).limit(1)
    row = connection.execute(found).first()
    return None if row is None else _canary(row)


def by_id(connection: Connection, canary: str) -> Canary | None:
    """One, whatever its state."""
    row = connection.execute(select(canaries).where(_c.id == canary)).first()
    return None if row is None else _canary(row)


def listed(connection: Connection, most: int = MOST_LISTED) -> list[Canary]:
    """All of them, newest first."""
    return [_canary(row) for row in connection.execute(select(canaries).order_by(_c.started_at.desc()).limit(most))]


def started(transaction: Transaction, business: str, versions: tuple[str, str], said: Said, *, now: float) -> Canary:
    """Put a version on trial at the first step; `versions` are the stable one and the new. Raises `CanaryError`."""
    stable, assistant = versions
    before = _live_of(transaction.connection, business)
    if before is not None and not (before.state is State.PROMOTED and before.assistant == stable):
        raise CanaryError(
            f"{business} has a canary: {before.assistant} is {before.state.replace('_', ' ')} at {before.percent} "
            "percent. Roll it back first, or, once it is promoted, put it first in vapi_assistants."
        )
    if before is not None:
        changed(transaction, before, State.ENDED, Said(said.by, "another one was started"), now=now)
    values: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "business": business,
        "stable": stable,
        "assistant": assistant,
        "percent": STEPS[0].percent,
        "state": State.RUNNING.value,
        "why": _in_short(said.why),
        "changed_by": said.by[:128],
        "started_at": now,
        "since": now,
        "changed_at": now,
        "looked_at": now,
        "watched_s": 0.0,
        "waits_for": "",
        "evidence": written(Known({})),
    }
    transaction.connection.execute(insert(canaries).values(**values))
    made = _canary_of(values)
    _noted(transaction, made, was="", now=now)
    return made


def changed(
    transaction: Transaction,
    before: Canary,
    state: State,
    said: Said,
    *,
    percent: int | None = None,
    now: float,
) -> Canary:
    """Another state or share, with who wanted it and why."""
    values: dict[str, Any] = {
        "state": state.value,
        "why": _in_short(said.why),
        "changed_by": said.by[:128],
        "changed_at": now,
    }
    if percent is not None and percent != before.percent:
        known = Known(before.known.figures)
        values |= {"percent": percent, "since": now, "watched_s": 0.0, "waits_for": "", "evidence": written(known)}
    transaction.connection.execute(update(canaries).where(_c.id == before.id).values(**values))
    made = by_id(transaction.connection, before.id) or before
    _noted(transaction, made, was=before.state, now=now)
    return made


def held(transaction: Transaction, business: str, said: Said, *, now: float) -> Canary:
    """Keep it where it is until a person says otherwise. Raises `CanaryError`."""
    return changed(transaction, on_trial(transaction.connection, business), State.HELD, said, now=now)


def stepped(transaction: Transaction, business: str, percent: int | None, said: Said, *, now: float) -> Canary:
    """Give it another share, by default the next, and have it judged on. Raises `CanaryError`."""
    there = on_trial(transaction.connection, business)
    share = after(there.percent) if percent is None else percent
    if not 1 <= share <= 100:
        raise CanaryError("A share is a whole number from 1 to 100.")
    return changed(transaction, there, State.RUNNING, said, percent=share, now=now)


def promoted(transaction: Transaction, business: str, said: Said, *, now: float) -> Canary:
    """Everybody gets it. Raises `CanaryError`."""
    there = on_trial(transaction.connection, business)
    return changed(transaction, there, State.PROMOTED, said, percent=100, now=now)


def rolled_back(transaction: Transaction, business: str, said: Said, *, now: float) -> Canary:
    """Nobody gets it any more, from the next call on. Raises `CanaryError`."""
    there = _live_of(transaction.connection, business)
    if there is None:
        raise CanaryError(f"{business} has no canary that callers get.")
    return changed(transaction, there, State.ROLLED_BACK, said, now=now)


def on_trial(connection: Connection, business: str) -> Canary:
    """The one that is running or held. Raises `CanaryError`."""
    there = _live_of(connection, business)
    if there is None or there.state not in ON_TRIAL:
        raise CanaryError(f"{business} has no canary on trial.")
    return there


def looked(
    transaction: Transaction, canary: Canary, evidence: str, waits_for: str, watched_s: float, now: float
) -> Canary:
    """Note what a look at it found; `evidence` as `written` gives it."""
    values: dict[str, Any] = {
        "evidence": evidence,
        "waits_for": waits_for[:WHY_CHARS],
        "watched_s": watched_s,
        "looked_at": now,
    }
    transaction.connection.execute(update(canaries).where(_c.id == canary.id).values(**values))
    return replace(canary, **values)


def _live_of(connection: Connection, business: str) -> Canary | None:
    found: Sequence[Any] = connection.execute(
        select(canaries).where(_c.business == business, _c.state.in_(LIVE))
    ).fetchall()
    return _canary(found[0]) if found else None


def _noted(transaction: Transaction, now_is: Canary, *, was: str, now: float) -> None:
    about = {"was": str(was), "state": now_is.state.value, "percent": now_is.percent, "assistant": now_is.assistant}
    by = {"stable": now_is.stable, "by": now_is.changed_by, "why": now_is.why}
    record(transaction, "canary_changed", business=now_is.business, subject=now_is.id, at=now, **about, **by)


def _plain(known: Known) -> dict[str, Any]:
    figures = {name: as_data(found) for name, found in known.figures.items()}
    return {"figures": figures, "calls": known.calls, "unheard": known.unheard}


def _read(data: Mapping[str, Any]) -> Known:
    figures = {name: from_data(one) for name, one in data["figures"].items()}
    return Known(figures, data["calls"], data["unheard"])


def _in_short(why: str) -> str:
    return redact(why)[:WHY_CHARS]


def _canary(row: Any) -> Canary:
    return _canary_of(dict(row._mapping))


def _canary_of(values: Mapping[str, Any]) -> Canary:
    given = {field.name: values[field.name] for field in fields(Canary)}
    return Canary(**given | {"state": State(given["state"])})
