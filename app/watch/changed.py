"""What was changed on purpose in a stretch of time, one line each, from the audit log: most trouble follows a change.

Who did it is not told, nor any text of a customer's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from app.audit.counted import SLACK_S, first_after
from app.db.schema import audit

Told = Callable[[str, Mapping[str, Any]], str]

_a = audit.c


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a time, in one line."""

    at: float
    text: str


def changed(connection: Connection, since: float, until: float, business: str = "", *, most: int) -> list[Event]:
    """Changes of everybody, or of one business and of nobody's, the first `most` in the order of the log."""
    first = first_after(connection, since - SLACK_S)
    last = first_after(connection, until + SLACK_S)
    query = select(_a.at, _a.kind, _a.subject, _a.data).where(
        _a.seq >= first, _a.seq <= last, _a.at >= since, _a.at <= until, _a.kind.in_(_TOLD)
    )
    if business:
        query = query.where(_a.business.in_(("", business)))
    rows = connection.execute(query.order_by(_a.seq).limit(most))
    return [Event(row.at, _TOLD[row.kind](row.subject, orjson.loads(row.data))) for row in rows]


def _why(data: Mapping[str, Any], name: str = "why") -> str:
    return f": {data[name]}" if data.get(name) else ""


def _flag(subject: str, data: Mapping[str, Any]) -> str:
    return f"flag {subject} changed from {data.get('was')} to {data.get('percent')} %{_why(data)}"


def _canary(_: str, data: Mapping[str, Any]) -> str:
    return f"canary {data.get('state')} at {data.get('percent')} %{_why(data)}"


def _start(subject: str, data: Mapping[str, Any]) -> str:
    return f"{subject} started, version {data.get('version')}"


def _forced(_: str, data: Mapping[str, Any]) -> str:
    return f"start forced, {len(data.get('unconfirmed', ()))} limits unconfirmed{_why(data, 'reason')}"


def _cap(subject: str, data: Mapping[str, Any]) -> str:
    return f"{subject} changed from {data.get('was') or 'none'} to {data.get('cap') or 'none'}"


def _limit(subject: str, data: Mapping[str, Any]) -> str:
    return f"limit {subject} confirmed as {data.get('value')}"


def _settings(what: str) -> Told:
    return lambda subject, _: f"settings {what}, {subject}"


_TOLD: Final[Mapping[str, Told]] = {
    "flag_changed": _flag,
    "canary_changed": _canary,
    "process_started": _start,
    "production_forced": _forced,
    "cap_changed": _cap,
    "limit_confirmed": _limit,
    "settings_applied": _settings("applied"),
    "settings_made": _settings("made"),
    "settings_adopted": _settings("adopted"),
    "settings_restored": _settings("restored"),
    "settings_rolled_back": _settings("rolled back"),
    "settings_in_doubt": _settings("in doubt"),
}
