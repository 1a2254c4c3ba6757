"""Keeps what became of each synthetic call, and pages when two in a row failed: one may have met a deploy.

The page is over with the next call that holds, whichever process made it. Rows carry the count over a restart.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy import Connection, select

from app import log, metrics
from app.clock import Clock
from app.db.bulk import BulkInsert
from app.db.engine import Database, Transaction
from app.db.schema import synthetic_calls
from app.errors import ReadbackError
from app.watch.alarms import Alarms
from app.watch.pages import resolved
from app.watch.walk import Report

PAGE: Final = "synthetic_call_failed"
KEY: Final = "call"
"""One page for the installation, so that a call elsewhere, after the settings were changed, ends it too."""

IN_A_ROW: Final = 2
"""Failures that are no deploy any more."""

_insert = BulkInsert(synthetic_calls)
_s = synthetic_calls.c

logger = log.get(__name__)


class SyntheticCalls:
    """Run as a timer. `whose` names the business that is called, `pages` are its own receivers."""

    def __init__(
        self,
        make: Callable[[], Awaitable[Report]],
        database: Database,
        alarms: Alarms,
        clock: Clock,
        *,
        whose: str,
        pages: Sequence[str] = (),
    ) -> None:
        self._make = make
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._whose = whose
        self._pages = tuple(pages)
        self._not_kept = ""
        """Where the last call failed, while the database does not know of it."""

    async def call(self) -> Report:
        """Make one call, keep what became of it, and see to the page."""
        report = await self._make()
        failed = report.failed
        metrics.observe_synthetic_call("failed" if failed else "ok", report.seconds)
        before = await self._keep(report)
        if failed is None:
            self._alarms.clear(PAGE, KEY)
            return report
        logger.error("synthetic_call_failed", step=failed.step.value, seen=failed.seen, before=before)
        if before:
            self._alarms.ring(
                PAGE,
                KEY,
                f"Synthetic call failed: {self._whose}",
                f'A call that we made to ourselves, as a customer of {self._whose} does, failed at "{failed.step}": '
                f'{failed.seen}. The one before it failed at "{before}". Customers may meet the same. `readback call` '
                "makes one by hand and shows every step.",
                self._pages,
            )
        return report

    async def _keep(self, report: Report) -> str:
        """Where the call before this one failed; empty when it held."""
        at, unknown = self._clock.now(), self._not_kept
        try:
            before = await self._database.write(lambda t: _kept(t, report, at))
        except ReadbackError as error:
            logger.error("synthetic_call_not_kept", error=str(error))
            self._not_kept = report.failed.step.value if report.failed else ""
            return unknown
        self._not_kept = ""
        return unknown or before


def _kept(transaction: Transaction, report: Report, at: float) -> str:
    before = last_failed(transaction.connection)
    step, seen = (report.failed.step.value, report.failed.seen) if report.failed else ("", "")
    _insert(transaction.connection, [(uuid.uuid4().hex, at, step, seen, report.seconds)])
    if report.holds:
        resolved(transaction, PAGE, KEY, now=at)
    return before


def fail(connection: Connection, since: float) -> bool:
    """Whether the last two calls failed, both made since then: what is paged."""
    last = select(_s.failed).where(_s.at >= since).order_by(_s.at.desc()).limit(IN_A_ROW)
    failed = connection.execute(last).scalars().all()
    return len(failed) == IN_A_ROW and all(failed)


def last_failed(connection: Connection) -> str:
    """Where the latest call that is known of failed; empty when it held, or there was none."""
    return connection.execute(select(_s.failed).order_by(_s.at.desc()).limit(1)).scalar() or ""
