"""What agents can do. A new tool is one file and one line here."""

from typing import Any

from app.booking.front import Front
from app.calls.handover import Handover
from app.calls.model import Tool
from app.inference.ground import Library
from tools.answer_question import answer_question
from tools.book_appointment import book_appointment
from tools.cancel_appointment import cancel_appointment
from tools.check_availability import check_availability
from tools.find_appointments import find_appointments
from tools.request_callback import request_callback
from tools.reschedule_appointment import reschedule_appointment
from tools.send_confirmation import send_confirmation
from tools.transfer_to_person import transfer_to_person


def tools(front: Front, handover: Handover, library: Library | None = None) -> list[Tool[Any]]:
    """Every tool, in the order they are listed to an agent. `library` holds the businesses' documents."""
    return [
        check_availability(front),
        book_appointment(front),
        find_appointments(front),
        reschedule_appointment(front),
        cancel_appointment(front),
        request_callback(front),
        transfer_to_person(handover),
        send_confirmation(front),
        answer_question(front, library or Library()),
    ]
