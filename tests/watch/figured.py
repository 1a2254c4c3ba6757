"""A house whose service figures are fed from their real sources: counters of a process, and rows that others write."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, insert, update

from app import metrics
from app.booking.business import Businesses
from app.booking.verdicts import MISMATCH, VERIFIED
from app.calls.events import CallEvent, CallEvents
from app.calls.model import CallRef
from app.db.engine import Database, Transaction
from app.db.schema import bookings, calls, dead_letters, inferences, read_backs
from app.jobs.dead_letters import Letter, bury
from app.watch.figure_book import Key, opened
from app.watch.figure_counts import Counting
from app.watch.figure_list import FIGURES
from app.watch.figure_sums import EVERY_S
from app.watch.figure_watch import FigureWatch
from app.watch.figures import Figure, Standing
from app.watch.pages import Kept, listed
from tests.booking.acme import acme
from tests.fakes.alarms import FakeAlarms
from tests.fakes.clock import FakeClock

AFTER_S: Final = 300.0
HOUR_S: Final = 3_600.0
SLOW_S: Final = 9.0
ENDS: Final = {
    "customer-ended-call": 1,
    "assistant-request-returned-no-assistant": 3,
    "call.start.error-subscription-frozen": 1,
    "call.in-progress.error-vapifault": 5,
    "call.forwarding.no-answer": 5,
    "silence-timed-out": 11,
    "the-moon-was-full": 8,
}
"""Reports about calls, of each class too many."""


class JumpingClock(FakeClock):
    """One whose wall time can be set."""

    def jump(self, seconds: float) -> None:
        self._now += seconds


class House:
    """One process that counts and evaluates; `restarted` is another over the same database."""

    def __init__(self, database: Database, clock: JumpingClock | None = None, figures: tuple[Figure, ...] = FIGURES):
        self.database = database
        self.clock = clock or JumpingClock()
        self.counting = Counting(database, self.clock)
        self.watch = FigureWatch(database, figures, self.clock, read_back_after_s=AFTER_S)

    def restarted(self) -> "House":
        return House(self.database, self.clock)

    async def look(self, after_s: float = EVERY_S) -> Mapping[Key, Standing]:
        """Time passes, the process writes what it counted, and somebody evaluates."""
        self.clock.advance(after_s)
        assert await self.counting.keep()
        return await self.watch.look()

    async def raised(self, after_s: float = EVERY_S) -> set[str]:
        return {name for (name, _), standing in (await self.look(after_s)).items() if standing.raised}

    async def pages(self) -> dict[str, str]:
        """Status by key, of every page there ever was."""
        found: list[Kept] = await self.database.read(lambda c: listed(c, all_of_them=True))
        return {kept.page.key: kept.status for kept in reversed(found)}

    async def open(self) -> list[Kept]:
        """Pages that nobody has ended."""
        return await self.database.read(listed)

    async def standings(self) -> Mapping[Key, Standing]:
        return (await self.database.read(opened)).standings


# --- what feeds them --------------------------------------------------------------------------------------------------


def answered_badly(times: int = 60, tool: str = "check_availability") -> None:
    """Tool calls: slow ones, half of them wrong on our side, half not known yet."""
    for _ in range(times):
        metrics.observe_tool(tool, "internal", SLOW_S)
        metrics.observe_tool(tool, "still_checking", SLOW_S)


def everything_counted_badly() -> None:
    """Whatever a process counts, at its worst."""
    answered_badly()
    for _ in range(120):
        metrics.observe_upstream("google", "unreachable", SLOW_S)
    for _ in range(3):
        metrics.count_hang("book_appointment")
    for _ in range(400):
        metrics.count_cache("availability", "miss")
        metrics.count_refusal("/vapi", "unauthorized")


def everything_counted_well() -> None:
    """An ordinary day."""
    for _ in range(300):
        metrics.observe_tool("check_availability", "ok", 0.02)
        metrics.observe_upstream("google", "ok", 0.1)
        metrics.count_cache("availability", "hit")
        metrics.count_cache("availability", "miss")
        metrics.count_taken("/vapi")
    metrics.count_refusal("/vapi", "unauthorized")
    metrics.count_refusal("/vapi", "client gone")


async def every_row_bad(database: Database, clock: FakeClock) -> None:
    """Whatever stands in tables, at its worst."""
    now = clock.now()
    await database.write(lambda t: _rows(t, now))
    await reported(database, clock, [f"{reason} {n}" for reason, many in ENDS.items() for n in range(many)])


async def reported(database: Database, clock: FakeClock, ends: Sequence[str]) -> None:
    """Reports about calls whose id is the reason for which they ended, and a number."""
    events = CallEvents(database, Businesses({"acme": acme()}), FakeAlarms(), clock)
    reports = (CallEvent(CallRef("vapi", end), "end-of-call-report", None, end.split()[0], {}) for end in ends)
    await asyncio.gather(*(events.store(report) for report in reports))


def _rows(transaction: Transaction, now: float) -> None:
    connection = transaction.connection
    for number in range(4):
        state = MISMATCH if number else "written"
        written = {"id": f"b{number}", "reference": f"R{number}", "business": "acme", "status": "confirmed"}
        row = filled(bookings, **written, verification=state, updated_at=now - AFTER_S - 1_000.0)
        connection.execute(insert(bookings).values(**row))
        connection.execute(insert(read_backs).values(**filled(read_backs, booking=f"b{number}")))
    bury(transaction, Letter("read_back", "b1", "acme", "it never answers"), now=now - 2 * HOUR_S)
    for number in range(24):
        outcome = "ok" if number % 2 else "down"
        asked = {"id": f"i{number}", "business": "acme", "conversation": f"c{number % 12}", "at": now}
        row = filled(inferences, **asked, outcome=outcome, cost=500_000)
        connection.execute(insert(inferences).values(**row))


async def every_row_good(database: Database) -> None:
    """What was wrong in the tables is put right; models and reports are over by themselves."""

    def right(transaction: Transaction) -> None:
        transaction.connection.execute(update(bookings).values(verification=VERIFIED))
        transaction.connection.execute(update(dead_letters).values(status="discarded"))

    await database.write(right)


async def turned_away(database: Database, clock: FakeClock, times: int) -> None:
    """Calls over the cap: the platform reports them as errors of ours."""
    ends = [f"assistant-request-returned-error {number}" for number in range(times)]
    row = {"platform": "vapi", "business": "acme", "admitted": False, "first_seen": clock.now()}
    rows = [row | {"call_id": end} for end in ends]
    await database.write(lambda t: t.connection.execute(insert(calls), rows) and None)
    await reported(database, clock, ends)


def filled(table: Table, **values: Any) -> dict[str, Any]:
    """A row with something in every column that needs it."""
    empty = {column.name: column.type.python_type() for column in table.columns if not column.nullable}
    return empty | values
