"""Pages of the dashboard in front of a million stored calls: when the first byte comes, and what a first load takes."""

import re
import time
from dataclasses import dataclass, field

import httpx
from sqlalchemy import text

from app.audit.log import record, seal
from app.db.engine import Transaction
from app.db.migrate import migrate
from app.db.once import committing
from infra.bench.asking import Bench
from infra.bench.booking import databases
from infra.bench.figures import percentile
from infra.bench.report import Goal, Table, number
from infra.bench.servers import Server, business
from tests.dashboard.crowd import weeks
from tests.dashboard.looking import PAGES
from tests.flows.running import ADMIN_TOKEN

MOST_MS, MOST_KB = 100.0, 150.0
DAYS = 35
RECORDS = 50_000
"""Rows of the audit log, each hashed; more take longer to write than they tell."""
A_COMMIT, CALLS_A_COMMIT = 10_000, 50_000
SETTLED_WITHIN_S = 60.0
CALLS = """
INSERT INTO calls (platform, call_id, business, admitted, first_seen)
WITH RECURSIVE c (n) AS (SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM c WHERE n < :last)
SELECT 'vapi', 'call-' || n, 'bench', TRUE, :now - n * 2.5 FROM c
"""
PARTS = re.compile(r'(?:src|href)="(/dashboard/static/[^"]+)"')


@dataclass
class Seen:
    """One page: milliseconds to the first byte of each load, and kB of a first load with all that belongs to it."""

    first_ms: list[float] = field(default_factory=list)
    kb: float = 0.0

    @property
    def p95(self) -> float:
        return percentile(sorted(self.first_ms), 0.95)


def pages(bench: Bench) -> Table:
    """Every page, one reader, on each database."""
    table = Table(
        "pages",
        f"the dashboard with {bench.plan.stored_calls} stored calls",
        ("page", "database", "p50 ms", "p95 ms", "worst ms", "first load kB"),
    )
    with databases(bench, table) as found:
        for name, server_url, _ in found:
            seen = _on(bench, name, server_url)
            for page, of in seen.items():
                ordered = sorted(of.first_ms)
                cells = (percentile(ordered, 0.5), of.p95, ordered[-1], of.kb)
                table.rows.append((page or "overview", name, *(number(cell, 1) for cell in cells)))
            slowest = max(seen, key=lambda page: seen[page].p95)
            largest = max(seen, key=lambda page: seen[page].kb)
            table.goals += [
                Goal(
                    f"any page of the dashboard, {name}: p95 of the first byte",
                    f"under {MOST_MS:g} ms",
                    f"{seen[slowest].p95:.0f} ms ({slowest or 'overview'})",
                    seen[slowest].p95 < MOST_MS,
                ),
                Goal(
                    f"any page of the dashboard, {name}: transferred on first load",
                    f"under {MOST_KB:g} kB",
                    f"{seen[largest].kb:.0f} kB ({largest or 'overview'})",
                    seen[largest].kb < MOST_KB,
                ),
            ]
            table.figures[name] = {page: [of.first_ms, of.kb] for page, of in seen.items()}
    table.notes.append(
        f"{bench.plan.page_loads} loads of each page in turn by one reader, jobs and watches at work; {RECORDS} rows "
        "of audit. First load: the page, styles and scripts, as they are transferred."
    )
    return table


def _on(bench: Bench, name: str, server_url: str) -> dict[str, Seen]:
    with bench.site() as stage:
        url = stage.database(server_url) if server_url else stage.file()
        bench.progress(f"pages on {name}: {bench.plan.stored_calls} calls")
        _fill(url, bench.plan.stored_calls, min(RECORDS, bench.plan.stored_calls))
        product = stage.product(business(2, "embedded"), database_url=url, READBACK_ADMIN_TOKEN=ADMIN_TOKEN)
        bench.progress(f"pages on {name}: looking")
        return _looked(product, bench.plan.page_loads)


def _fill(url: str, calls: int, records: int) -> None:
    migrate(url)
    now = time.time()
    for begin in range(0, calls, CALLS_A_COMMIT):
        with committing(url, seal) as transaction:
            asked = {"first": begin + 1, "last": min(calls, begin + CALLS_A_COMMIT), "now": now}
            transaction.connection.execute(text(CALLS), asked)
    with committing(url, seal) as transaction:
        weeks(transaction.connection, 1, DAYS, now)
    for begin in range(0, records, A_COMMIT):
        with committing(url, seal) as transaction:
            for place in range(begin, min(records, begin + A_COMMIT)):
                _noted(transaction, place, now - records + place)
    if not url.startswith("sqlite"):
        with committing(url, seal) as transaction:
            transaction.connection.execute(text("ANALYZE"))


def _noted(transaction: Transaction, place: int, at: float) -> None:
    told = {"platform": "vapi", "outcome": "ok", "tool": "check_availability"}
    record(transaction, "tool_call", business="bench", subject=f"call-{place}", at=at, **told)


def _looked(server: Server, loads: int) -> dict[str, Seen]:
    with httpx.Client(base_url=server.url, timeout=30, headers={"accept": "text/html"}) as reader:
        answer = reader.post("/dashboard/sign-in", data={"token": ADMIN_TOKEN, "by": "bench"})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise ValueError(f"nobody is let in: {answer.status_code}")
        until = time.monotonic() + SETTLED_WITHIN_S
        while "being looked at" in reader.get("/dashboard/volume").text and time.monotonic() < until:
            time.sleep(0.5)
        seen = {page: Seen() for page in PAGES}
        for page, of in seen.items():
            of.kb = _first_load_kb(reader, f"/dashboard/{page}".rstrip("/"))
        for _ in range(loads):
            for page, of in seen.items():
                since = time.perf_counter()
                with reader.stream("GET", f"/dashboard/{page}".rstrip("/")) as answer:
                    of.first_ms.append(1_000 * (time.perf_counter() - since))
                    answer.raise_for_status()
                    answer.read()
        return seen


def _first_load_kb(reader: httpx.Client, path: str) -> float:
    page, total = reader.get(path), 0
    for part in [path, *dict.fromkeys(PARTS.findall(page.text))]:
        with reader.stream("GET", part) as answer:
            total += sum(len(piece) for piece in answer.iter_raw())
    return total / 1_000
