"""Refused requests leave rows in the audit log, few of them however many were refused."""

import asyncio

from sqlalchemy import Connection, select

from app.audit.refusals import RefusedRequests
from app.db.schema import audit
from tests.fakes.clock import FakeClock
from tests.fakes.databases import executed, opened, soon


def noted(connection: Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(select(audit.c.kind, audit.c.subject, audit.c.data).order_by(audit.c.seq))
    return [(row.kind, row.subject, row.data) for row in rows]


async def test_many_refusals_are_one_row_for_each_route_and_reason(database_url: str) -> None:
    async with opened(database_url) as database:
        refused = RefusedRequests(database, FakeClock(), gather_s=0.05)
        for _ in range(1_000):
            refused.note("/vapi", "unauthorized")
        refused.note("/vapi", "body too large")
        await refused.stop()

        rows = await database.read(noted)

    assert rows == [
        ("requests_refused", "/vapi", '{"reason":"unauthorized","times":1000}'),
        ("requests_refused", "/vapi", '{"reason":"body too large","times":1}'),
    ]


async def test_they_are_written_down_without_being_asked_and_again_when_the_database_is_back(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        refused = RefusedRequests(database, FakeClock(), gather_s=0.02)
        refused.note("/vapi", "not json")
        await soon(lambda: executed(sqlite_url, "SELECT count(*) FROM audit") == [(1,)])
        await database.stop()
        refused.note("/vapi", "not json")
        await asyncio.sleep(0.1)
        await refused.stop()  # nowhere to write, and nothing raised

        assert len(refused._counts) == 1
