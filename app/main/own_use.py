"""What this process counts of limits, by the limit's name, from the parts that know."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from app.db.behind import fullest
from app.jobs.work import Jobs
from app.main.limits import GOOGLE, GOOGLE_CALENDAR

if TYPE_CHECKING:
    from app.main.server import Server

LIVE: Final = "dashboard.live.most_at_once"
"""Counted by the dashboard, which is made after the server."""


def counted_lately(server: "Server") -> dict[str, Callable[[], float]]:
    """What was used in the last minute."""
    google = server.sources.google
    return {} if google is None else {GOOGLE: google.requests_lately, GOOGLE_CALENDAR: google.busiest_lately}


def own_counts(server: "Server") -> dict[str, Callable[[], float]]:
    """What is used now. Each costs no more than a look at a number."""
    database, alarms, jobs = server.database, server.alarms, server.jobs
    counts: dict[str, Callable[[], float]] = {
        "db.engine.max_queued_writes": lambda: database.queued,
        "db.opening.reader_threads": lambda: database.reading,
        "db.behind.max_rows": fullest,
        "calls.dispatch.max_running": lambda: server.dispatcher.running,
        "calls.late.max_followed": lambda: server.late.followed,
        "booking.crm_copies.most_in_all": lambda: server.crm_copies.under_way,
        "watch.alarms.most_pages": lambda: alarms.on_their_way,
        "watch.alarms.most_keys": lambda: alarms.ringing,
        "watch.directly.most_carried": lambda: alarms.carried,
    }
    if isinstance(jobs, Jobs):
        counts["jobs.turns.at_once"] = lambda: jobs.under_way
    return counts
