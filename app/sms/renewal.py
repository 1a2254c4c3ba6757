"""A time that was offered so long ago that it cannot be booked by its offer any more: is it still open?

The same visit is looked for anew, through the tools; no other one is put in its place.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from app.booking.availability import part_of
from app.sms.state import Offered

MANY: Final = 50
"""As many as the tool offers at once."""


class Asking(Protocol):
    """Calls a tool of one conversation; the result as the contract's JSON object."""

    async def __call__(self, tool: str, **arguments: Any) -> Mapping[str, Any]:
        """Never raises for what a tool refuses."""


async def looked_for(ask: Asking, service: str, slot: Offered) -> Mapping[str, Any]:
    """What is open with the same technician in that part of that day, as `check_availability` tells it."""
    starts = slot.starts
    day, part = starts.date().isoformat(), part_of(starts.time()).value
    return await ask("check_availability", service=service, date=day, part_of_day=part, technician=slot.who, limit=MANY)


def renewed(found: Mapping[str, Any], slot: Offered) -> Offered | None:
    """The same time among what was found, under an id that can be booked; None when it is not open."""
    for other in found.get("slots", ()):
        if datetime.fromisoformat(other["start"]) == slot.starts and other["technician"] == slot.who:
            return Offered(other["slot_id"], other["start"], other["technician"])
    return None


async def own(ask: Asking, service: str, slot: Offered) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """What `find_appointments` tells, and those of the customer's own appointments that are this very visit.

    What is not open may be theirs: work that is run again after a crash finds its own booking there.
    """
    told = await ask("find_appointments")
    return told, [
        theirs
        for theirs in told.get("appointments", ())
        if theirs["service"] == service and datetime.fromisoformat(theirs["start"]) == slot.starts
    ]
