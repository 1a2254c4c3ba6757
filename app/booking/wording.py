"""An appointment in the words of a text."""

from app.booking.business import Business
from app.booking.speech import spoken_time
from app.booking.store import Booking


def appointment(business: Business, booking: Booking) -> str:
    """What, with whom and when, as in `Home inspection with Dana on Tuesday, November 24 at 9:00 AM`."""
    service, technician = business.service(booking.service), business.technician(booking.technician)
    what = service.name if service else booking.service
    who = f" with {technician.name}" if technician else ""
    return f"{what}{who} on {spoken_time(booking.starts, business.zone)}"


def confirmation(business: Business, booking: Booking) -> str:
    """The text that confirms it."""
    return f"{business.name}: {appointment(business, booking)}. Reference {booking.reference}."
