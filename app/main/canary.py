"""Versions of assistants on trial, put together for the server and for the commands."""

from collections.abc import Callable, Mapping

from app.booking.business import Businesses
from app.canary.judge import EVERY_S, CanaryWatch
from app.clock import Clock
from app.db.engine import Database
from app.jobs.timers import Timer


def first_assistants(businesses: Businesses) -> Mapping[str, str]:
    """The stable version of each business that has one, by its file."""
    return {b.id: b.vapi_assistants[0] for b in businesses.by_id.values() if b.vapi_assistants}


def canary_timer(businesses: Businesses, database: Database, clock: Clock, told: Callable[[], None]) -> Timer:
    """Judges all of them, over all processes. `told` hears of a page that was raised."""
    return Timer("canary", EVERY_S, CanaryWatch(database, first_assistants(businesses), clock, told).look)
