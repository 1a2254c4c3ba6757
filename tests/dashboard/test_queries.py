"""No page walks a table that grows with calls: the database's own plan says so for every statement a page makes."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.db.opening import open_engine
from app.db.schema import metadata
from tests.dashboard.filled import fill
from tests.dashboard.looking import PAGES, dashboard
from tests.flows.running import ADMIN_TOKEN

GROW = (
    "audit", "calls", "call_events", "tool_calls", "bookings", "texts_in", "text_outbox", "embedded_events", "pages",
    "tasks", "reviews", "dead_letters", "volume", "inferences", "ended_sessions", "ground_truth",
)  # fmt: skip
WALKED = re.compile(rf"\bSCAN (?:{'|'.join(GROW)})\b(?: USING (?:COVERING )?INDEX (\w+))?")
PARTIAL = {
    index.name
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
"""Indexes that hold only what is open: going through one is going through what is shown."""
IN_ORDER = {"bookings_recent", "reviews_newest"}
"""Indexes that are gone along from their newest end, by statements that stop at so many rows."""
QUERIES = (
    "bookings?show=doubted", "bookings?show=doubted&after=5e9_x", "bookings?show=unsettled", "tasks?after=1.0_x",
    "reviews?after=1.0_x", "bookings?reference=K7M4QX", "bookings?after=5e9_x", "dead-letters?after=1.0_x",
    "pages?after=1.0_nx", "pages?show=ended", "pages?show=ended&after=1.0_x",
    "audit?subject=K7M4QX", "audit?kind=page_raised&business=acme", "audit?before=3", "audit?until=2026-01-01T00:00",
)  # fmt: skip


async def test_every_statement_of_every_page_goes_by_an_index(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    asked: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            asked[statement] = parameters

    async with dashboard(sqlite_url, tmp_path) as server:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            for path in (*(path or "overview" for path in PAGES), *QUERIES):
                assert (await server.get(f"/api/{path}", ADMIN_TOKEN)).status_code == 200
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    walked = []
    with open_engine(sqlite_url, writes=False).connect() as connection:
        for statement, parameters in asked.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            walked += [(step.detail, statement) for step in plan if walks(step.detail, statement, plan)]
    assert len(asked) > 20
    assert walked == []


def walks(step: str, statement: str, plan: Sequence[Any]) -> bool:
    """Whether a step goes through a whole table, be it along an index."""
    found = WALKED.search(step)
    if found is None or found[1] in PARTIAL:
        return False
    sorts = any("TEMP B-TREE" in one.detail for one in plan)
    return found[1] not in IN_ORDER or " LIMIT " not in statement or sorts


@pytest.mark.parametrize(
    ("statement", "through"),
    [
        ("SELECT count(*) FROM bookings", True),
        ("SELECT business, count(*) FROM bookings GROUP BY business", True),
        ("SELECT id FROM bookings ORDER BY updated_at", True),
        ("SELECT id FROM bookings ORDER BY updated_at, status LIMIT 5", True),
        ("SELECT id FROM bookings ORDER BY updated_at LIMIT 5", False),
        ("SELECT id FROM bookings WHERE reference = 'K7M4QX'", False),
        ("SELECT id FROM pages WHERE status <> 'resolved'", False),
    ],
)
def test_a_walk_along_an_index_is_a_walk(sqlite_url: str, statement: str, through: bool) -> None:
    fill(sqlite_url)
    with open_engine(sqlite_url, writes=False).connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    assert any(walks(step.detail, statement, plan) for step in plan) == through
