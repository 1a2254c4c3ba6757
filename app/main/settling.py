"""Who settles what a calendar left open, in one process: put together from its parts."""

from typing import TYPE_CHECKING

from app.booking.settle import Settler
from app.booking.settle_change import ChangeSettler

if TYPE_CHECKING:
    from app.main.server import Server

GAP_S = 120.0


def settler(server: "Server") -> Settler:
    """It settles bookings, and changes through a settler of their own; its loop runs only where jobs do."""
    changes = ChangeSettler(
        database=server.database,
        calendars=server.calendars,
        claims=server.claims,
        lookups=server.lookups,
        businesses=server.businesses.by_id,
        clock=server.clock,
        tell=server.late.tell_change,
        care=server.care,
    )
    return Settler(
        database=server.database,
        calendars=server.calendars,
        claims=server.claims,
        businesses=server.businesses.by_id,
        clock=server.clock,
        tell=server.late.tell,
        settle_change=changes.settle,
        care=server.care,
        fails=server.database_page.hears,
        beat=server.loops.register("settler", GAP_S) if server.settings.jobs == "on" else lambda: None,
    )
