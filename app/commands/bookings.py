"""`readback bookings show`: one appointment as it stands, with whom to call about it."""

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from app.booking.store import Booking, as_kept, with_reference
from app.commands.answers import HOLDS, complain, say, utc
from app.db.once import looking
from app.review.evidence import as_lines
from app.review.sheets import as_line, as_listed
from app.review.tasks import Kept, about
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser("bookings", help="one appointment and whom to call about it: show")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    action = actions.add_parser("show", help=_show.__doc__, description=_show.__doc__)
    action.add_argument("reference", metavar="REFERENCE", help="as customers and pages name it")
    action.add_argument("--json", action="store_true", help="answer with one JSON document")
    action.set_defaults(run=_show)


def _show(asked: Namespace) -> int:
    """One appointment: what was promised, how far it is read back, the customer, what is to be done: 1 if unknown."""
    now = time.time()
    with looking(from_environment().database_url) as connection:
        booking = with_reference(connection, as_kept(asked.reference))
        if booking is None:
            return complain(f"There is no booking {asked.reference}.")
        tasks = about(connection, booking.reference)
    told = _told(booking)
    say(asked, told | {"tasks": [as_listed(task, now) for task in tasks]}, _sheet(told, tasks, now))
    return HOLDS


def _told(booking: Booking) -> dict[str, Any]:
    return {
        "reference": booking.reference,
        "business": booking.business,
        "status": booking.status,
        "reason": booking.reason,
        "read_back": booking.verification,
        "read_back_at": utc(booking.verified_at) if booking.verified_at else None,
        "service": booking.service,
        "technician": booking.technician,
        "calendar": booking.calendar,
        "starts": utc(booking.starts),
        "ends": utc(booking.ends),
        "event_id": booking.event_id,
        "customer": booking.customer_name,
        "phone": booking.phone or booking.caller,
        "caller": booking.caller,
        "email": booking.email,
        "address": booking.address,
        "notes": booking.notes,
        "booked_at": utc(booking.created_at),
        "changed_at": utc(booking.updated_at),
    }


def _sheet(told: dict[str, Any], tasks: Sequence[Kept], now: float) -> str:
    return "\n".join([*as_lines(told), *(f"task: {as_line(task, now)}" for task in tasks)])
