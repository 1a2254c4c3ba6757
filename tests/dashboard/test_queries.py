"""No page walks a table that grows with calls: the database's own plan says so for every statement a page makes."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from app.db.opening import open_engine
from tests.dashboard.filled import fill
from tests.dashboard.looking import PAGES, dashboard
from tests.flows.running import ADMIN_TOKEN

GROW = (
    "audit", "calls", "call_events", "tool_calls", "bookings", "texts_in", "text_outbox", "embedded_events", "pages",
    "tasks", "reviews", "dead_letters", "volume", "inferences", "ended_sessions", "ground_truth",
)  # fmt: skip
WALKED = re.compile(rf"\bSCAN (?:{'|'.join(GROW)})\b(?! USING (?:COVERING )?INDEX)")
QUERIES = (
    "bookings?show=doubted", "bookings?reference=K7M4QX", "bookings?after=5e9_x", "dead-letters?after=1.0_x",
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
            walked += [(step.detail, statement) for step in plan if WALKED.search(step.detail)]
    assert len(asked) > 20
    assert walked == []
