"""Puts together what books appointments and what changes them."""

from typing import TYPE_CHECKING

from app.booking.amend import Changes
from app.booking.book import Bookings

if TYPE_CHECKING:
    from app.main.server import Server

HOLD_AFTER_DEADLINE_S = 30.0
"""After the latest answer, when a claim of a process that died is looked into."""


def bookings(server: "Server") -> Bookings:
    """What books."""
    return Bookings(
        database=server.database,
        calendars=server.calendars,
        claims=server.claims,
        lookups=server.lookups,
        former=server.former,
        alarms=server.alarms,
        clock=server.clock,
        kept=server.kept_notes,
        hold_s=_hold_s(server),
        care=server.care,
    )


def changes(server: "Server") -> Changes:
    """What moves and cancels."""
    return Changes(
        database=server.database,
        calendars=server.calendars,
        claims=server.claims,
        lookups=server.lookups,
        former=server.former,
        alarms=server.alarms,
        clock=server.clock,
        kept=server.kept_notes,
        care=server.care,
        hold_s=_hold_s(server),
    )


def _hold_s(server: "Server") -> float:
    return server.settings.tool_deadline_ms / 1000 + HOLD_AFTER_DEADLINE_S
