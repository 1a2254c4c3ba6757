"""What became of calls, from rows that are there anyhow: reports, the audit log's tool calls, transfers, bookings.

Reads only, and never on the way of a call. A call counts once its report has come and what is written a moment later
is there; one that nobody reported on in half an hour counts as unheard, however it went.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, and_, select

from app.canary.guards import CHANGES, GUARDS, NO_SUCH_ASSISTANT, UNKNOWN_TOOL, Ended, Used
from app.canary.steps import MISMATCH, NO_ASSISTANT
from app.db.schema import audit, bookings, call_events, canary_calls, transfers
from app.watch.end_reasons import end_class

MOST_AT_ONCE: Final = 300
"""Calls looked at together, those first that nobody has looked at for longest."""
SETTLED_S: Final = 15.0
"""After a report, until the rows that follow a call by a moment are there."""
UNHEARD_S: Final = 1_800.0
UNHEARD: Final = "unheard"
REPORTS: Final = ("end-of-call-report", "status-update:ended")
UNSETTLED: Final = ("held", "pending")
WRITTEN: Final = "written"

_c, _e, _a, _b, _t = canary_calls.c, call_events.c, audit.c, bookings.c, transfers.c


@dataclass(frozen=True, slots=True)
class Fate:
    """One call as it stands. `ended`: its end's class, `UNHEARD`, or empty while it goes on; `bad`: guards it failed.

    `broke`: what is not borne, with about what; `owed`: read-backs of its changes; `done`: nothing more can come;
    `news`: its row says something else.
    """

    platform: str
    call_id: str
    ended: str
    bad: tuple[str, ...]
    broke: str
    owed: int
    done: bool
    news: bool


@dataclass(slots=True)
class _Found:
    """What tables have about the calls of one look."""

    ends: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    used: dict[tuple[str, str], list[Used]] = field(default_factory=lambda: defaultdict(list))
    transferred: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    mismatches: dict[str, float] = field(default_factory=dict)


def fates(connection: Connection, canary: str, now: float) -> list[Fate]:
    """How the calls of a canary stand of which more may come."""
    open_ones = select(canary_calls).where(_c.canary == canary, _c.done.is_(False))
    rows = connection.execute(open_ones.order_by(_c.looked_at, _c.at).limit(MOST_AT_ONCE)).fetchall()
    found = _found(connection, rows) if rows else _Found()
    return [_fate(row, found, now) for row in rows]


def _found(connection: Connection, rows: Sequence[Row[Any]]) -> _Found:
    found, ids = _Found(), [row.call_id for row in rows]
    for event in connection.execute(
        select(_e.platform, _e.call_id, _e.ended_reason, _e.at).where(_e.call_id.in_(ids), _e.kind.in_(REPORTS))
    ):
        key = (event.platform, event.call_id)
        before = found.ends.get(key, (event.at, ""))
        found.ends[key] = (min(before[0], event.at), before[1] or event.ended_reason or "")
    tool_calls = select(_a.subject, _a.data).where(and_(_a.subject.in_(ids), _a.kind == "tool_call"))
    for called in connection.execute(tool_calls.order_by(_a.seq)):
        data = orjson.loads(called.data)
        used = Used(data["tool"], data["outcome"], data.get("reference") or "")
        found.used[data["platform"], called.subject].append(used)
    keys = [_key(row) for row in rows]
    found.transferred = set(connection.execute(select(_t.call_key).where(_t.call_key.in_(keys))).scalars())
    references = {reference for used in found.used.values() for reference in changed(used)}
    _read_backs(connection, found, sorted(references))
    return found


def _read_backs(connection: Connection, found: _Found, references: Sequence[str]) -> None:
    if not references:
        return
    asked = select(_b.reference, _b.status, _b.verification).where(_b.reference.in_(references))
    for row in connection.execute(asked):
        if row.verification == WRITTEN or row.status in UNSETTLED:
            found.owed.add(row.reference)
    mismatch = and_(_a.subject.in_(references), _a.kind == "read_back_mismatch")
    for told in connection.execute(select(_a.subject, _a.at).where(mismatch)):
        found.mismatches[told.subject] = max(told.at, found.mismatches.get(told.subject, 0.0))


def changed(used: Sequence[Used]) -> list[str]:
    """References of the appointments that tool calls made or changed, or may have."""
    return sorted({one.reference for one in used if one.tool in CHANGES and one.reference})


def _fate(row: Row[Any], found: _Found, now: float) -> Fate:
    key = (row.platform, row.call_id)
    reported_at, reason = found.ends.get(key, (0.0, ""))
    used = found.used.get(key, [])
    owed = sum(reference in found.owed for reference in changed(used))
    broke = _broke(row, reason, used, found.mismatches)
    ended, bad = row.ended, tuple(row.bad.split())
    if not ended and reported_at and now >= reported_at + SETTLED_S:
        kind = end_class(reason)
        call = Ended(reason, kind, used, to_person=_key(row) in found.transferred)
        ended, bad = kind.value, tuple(guard.name for guard in GUARDS if guard.bad(call))
    elif not ended and now >= row.at + UNHEARD_S:
        ended = UNHEARD
    done = bool(ended) and not owed
    news = (row.ended, row.bad, row.broke, row.owed, row.done) != (ended, " ".join(bad), broke, owed, done)
    return Fate(row.platform, row.call_id, ended, bad, broke, owed, done, news)


def _broke(row: Row[Any], reason: str, used: Sequence[Used], mismatches: Mapping[str, float]) -> str:
    """What is not borne, of a call on trial; what it was found to have broken stays so."""
    if row.broke or not row.on_trial:
        return str(row.broke)
    for reference in changed(used):
        if mismatches.get(reference, 0.0) > row.at:
            return f"{MISMATCH}:{reference}"
    if any(one.outcome == UNKNOWN_TOOL for one in used):
        return UNKNOWN_TOOL
    return NO_ASSISTANT if any(part in reason.lower() for part in NO_SUCH_ASSISTANT) else ""


def _key(row: Row[Any]) -> str:
    return f"{row.platform}:{row.call_id}"
