"""One confirmed booking as a CRM is to have it, for everybody who tests copies."""

from dataclasses import replace
from typing import Any

from app.booking.crm import Copy
from app.booking.crm_record import event_of
from app.booking.slots import Slot
from app.booking.store import Booking, Customer, drafted
from tests.booking.acme import CALLER, HOUR, INSPECTION, NOW, TUESDAY_9, acme

ANN = Customer("Ann Marie Lee", CALLER, CALLER, "Ann@Example.com", "12 Oak Street", "The dog bites.")


def booking(**changes: Any) -> Booking:
    """Ann's inspection on Tuesday at nine, confirmed."""
    dana = acme().technicians[0]
    draft = drafted("acme", Slot(INSPECTION, dana, TUESDAY_9, NOW), ANN, "test:1", now=NOW, hold_s=90)
    return replace(draft, **({"status": "confirmed"} | changes))


def copy(of: Booking | None = None, **changes: Any) -> Copy:
    """A copy of a booking in its present state."""
    made = replace(of or booking(), **changes)
    return Copy(event_of(made), made, "Home inspection", "Dana", made.updated_at)


def moved(copied: Copy) -> Copy:
    """The same visit, an hour later."""
    b = copied.booking
    return copy(b, revision=b.revision + 1, starts=b.starts + HOUR, ends=b.ends + HOUR)


def cancelled(copied: Copy) -> Copy:
    """The same visit, called off."""
    return copy(copied.booking, revision=copied.booking.revision + 1, status="cancelled")
