"""An appointment in the words of a text."""

from app.booking.business import Business
from app.booking.speech import spoken_time
from app.booking.store import Booking


def appointment(business: Business, booking: Booking, now: int | None = None) -> str:
    """What, with whom and when, as in `Home inspection with Dana on Tuesday, November 24 at 9:00 AM`.

    With the year where `now` is given and in another one.
    """
    service, technician = business.service(booking.service), business.technician(booking.technician)
    what = service.name if service else booking.service
    who = f" with {technician.name}" if technician else ""
    return f"{what}{who} on {spoken_time(booking.starts, business.zone, now)}"


def confirmation(business: Business, booking: Booking) -> str:
    """The text that confirms it."""
    return f"{business.name}: {appointment(business, booking)}. Reference {booking.reference}."
