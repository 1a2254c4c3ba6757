"""A change as whoever decides about it reads it: which visit, by the business's own clocks. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from app.booking.business import Business
from app.sms.allowed import OWN_WORDS
from app.sms.state import Booked, Offered

UNKNOWN_TIME: Final = "at a time that is not known any more"


def title(business: Business, tool: str, slot: Offered | None, visit: Booked | None) -> str:
    """`cancel appointment RB7K2M on Tue 24 Nov 2026, 09:00 CST with Dana`: no name and no number."""
    about = slot or visit
    when = _when(business, about) if about else ""
    which = visit.reference if visit else ""
    return " ".join(filter(None, (tool.replace("_", " "), which, "to be" if slot and visit else "", when)))


def sentence(
    business: Business,
    tool: str,
    arguments: Mapping[str, Any],
    slot: Offered | None,
    service: str,
    visit: Booked | None,
) -> str:
    """`Book Home inspection on Tue 24 Nov 2026, 09:00 CST with Dana, for Ann Lee.`"""
    then = _when(business, slot) if slot else UNKNOWN_TIME
    if tool == "book_appointment":
        words = "; ".join(str(arguments[name]) for name in OWN_WORDS if name in arguments)
        return f"Book {_service(business, service)} {then}{f', for {words}' if words else ''}."
    old = f"{_service(business, visit.service)} {_when(business, visit)}" if visit else ""
    old = old or f"visit {arguments.get('reference', '')}"
    told = f"Move {old}. The new time: {then}." if slot else f"Cancel {old}."
    return told if visit else f"{told} It is none of the visits that this number has ahead."


def _service(business: Business, service: str) -> str:
    found = business.service(service)
    return found.name if found else service or "a visit"


def _when(business: Business, about: Offered | Booked) -> str:
    technician = business.technician(about.who)
    with_whom = f" with {technician.name if technician else about.who}" if about.who else ""
    return f"on {about.starts.astimezone(business.zone).strftime('%a %-d %b %Y, %H:%M %Z')}{with_whom}"
