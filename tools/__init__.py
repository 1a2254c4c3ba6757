"""What agents can do. A new tool is one file and one line here."""

from typing import Any

from app.booking.front import Front
from app.calls.model import Tool
from tools.book_appointment import book_appointment
from tools.check_availability import check_availability
from tools.find_appointments import find_appointments


def tools(front: Front) -> list[Tool[Any]]:
    """Every tool, in the order they are listed to an agent."""
    return [
        check_availability(front),
        book_appointment(front),
        find_appointments(front),
    ]
