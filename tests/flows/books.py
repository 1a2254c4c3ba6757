"""What a server has written, read back from its database: the audit log, the bookings, and whether they agree."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from app.audit.log import verify
from app.db.opening import normalised, open_engine
from app.db.schema import ACTIVE, audit, bookings, call_events, cap_counts, embedded_events, tool_calls

SETTLED_WITHIN_S = 60.0
POLL_S = 0.05
PATIENCE = 0.05
"""The share of what was waited already that is waited before the next look: it costs more than what it looks for."""
EMBEDDED = "embedded:"


def read(url: str, work: Callable[[Connection], Any]) -> Any:
    """`work` on a connection of our own that writes nothing."""
    engine = open_engine(normalised(url), writes=False)
    try:
        with engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


def rows(url: str, table: Any, *where: Any) -> list[dict[str, Any]]:
    """Every row of a table, as dictionaries."""
    found: list[dict[str, Any]] = read(url, lambda connection: _rows(connection, table, *where))
    return found


def _rows(connection: Connection, table: Any, *where: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).where(*where)).mappings()]


def booked(url: str, *where: Any) -> list[dict[str, Any]]:
    """Bookings that keep their time taken."""
    return rows(url, bookings, bookings.c.status.in_(ACTIVE), *where)


def events(url: str, call_id: str) -> list[dict[str, Any]]:
    return rows(url, call_events, call_events.c.call_id == call_id)


def counted(url: str) -> dict[str, int]:
    """Calls counted today, by scope."""
    found: dict[str, int] = {}
    for row in rows(url, cap_counts):
        found[row["scope"]] = found.get(row["scope"], 0) + row["used"]
    return found


async def refused(url: str, route: str, reason: str) -> list[dict[str, Any]]:
    """Audit rows about requests refused on this route for this reason, as soon as there are any."""
    found: list[dict[str, Any]] = await eventually(
        lambda: [
            data
            for row in rows(url, audit, audit.c.kind == "requests_refused", audit.c.subject == route)
            if (data := json.loads(row["data"]))["reason"] == reason
        ]
    )
    return found


async def eventually(look: Callable[[], Any], within_s: float = SETTLED_WITHIN_S) -> Any:
    """The first true answer of `look`; its last one when time is up."""
    began = time.monotonic()
    waited = 0.0
    while not (found := await asyncio.to_thread(look)) and waited < within_s:
        await asyncio.sleep(max(POLL_S, waited * PATIENCE))
        waited = time.monotonic() - began
    return found


async def audited(url: str, call_id: str, count: int = 1) -> list[dict[str, Any]]:
    """The audit rows of a call's tool calls, once there are `count`; what was asked and what came of it."""

    def look() -> list[dict[str, Any]]:
        found = rows(url, audit, audit.c.kind == "tool_call", audit.c.subject == call_id)
        return [json.loads(row["data"]) for row in found]

    await eventually(lambda: len(look()) >= count)
    return look()


async def unsound(url: str, within_s: float = SETTLED_WITHIN_S) -> list[str]:
    """What is half-written or contradicts itself, after whatever is under way has had time to finish."""
    await eventually(lambda: not read(url, _complaints), within_s)
    found: list[str] = await asyncio.to_thread(read, url, _complaints)
    return found


def _complaints(connection: Connection) -> list[str]:
    found = []
    verdict = verify(connection)
    if not verdict.holds:
        found.append(f"audit: {verdict.why}")
    active = _rows(connection, bookings, bookings.c.status.in_(ACTIVE))
    found += [f"booking {row['reference']} is still held" for row in active if row["status"] == "held"]
    found += [f"tool call {row['key']} has no result" for row in _rows(connection, tool_calls) if row["result"] is None]
    for one in active:
        for other in active:
            if one["id"] < other["id"] and _overlap(one, other):
                found.append(f"{one['reference']} and {other['reference']} overlap")
    return found + _against_the_calendar(connection, active)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["calendar"] == other["calendar"]
        and one["blocked_from"] < other["blocked_to"]
        and other["blocked_from"] < one["blocked_to"]
    )


def _against_the_calendar(connection: Connection, active: list[dict[str, Any]]) -> list[str]:
    """The embedded calendar holds exactly the confirmed bookings."""
    there = {
        (EMBEDDED + row["calendar"], row["id"], row["starts"], row["ends"])
        for row in _rows(connection, embedded_events, embedded_events.c.cancelled.is_(False))
    }
    wanted = {
        (row["calendar"], row["event_id"], row["starts"], row["ends"])
        for row in active
        if row["status"] == "confirmed" and row["calendar"].startswith(EMBEDDED)
    }
    return [f"{entry} is not on the calendar" for entry in wanted - there] + [
        f"{entry} is on the calendar and nobody's" for entry in there - wanted
    ]
