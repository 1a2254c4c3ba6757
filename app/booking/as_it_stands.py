"""The visits that a review is about, as they stand now: somebody may have moved, cancelled or booked one meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.booking.business import Business, Businesses
from app.booking.store import Booking, by_caller, with_reference
from app.review.reviews import Kept


def as_they_stand(connection: Connection, review: Kept, businesses: Businesses) -> list[str]:
    """A sentence for each visit that would be moved or cancelled, and for each that was booked since; nothing where the
    business is not served here.
    """
    business = businesses.by_id.get(review.business)
    if business is None:
        return []
    changes: list[dict[str, Any]] = [dict(review.content), *review.content.get("then", ())]
    named = dict.fromkeys(str(change.get("arguments", {}).get("reference", "")) for change in changes)
    told = [_told(reference, with_reference(connection, reference), business) for reference in named if reference]
    since = [f"{_told(each.reference, each, business)} Booked since." for each in booked_since(connection, review)]
    return [*told, *since]


def booked_since(connection: Connection, review: Kept) -> Sequence[Booking]:
    """Visits ahead of the review's customer that were booked after it was put before a person."""
    customer = str(review.content.get("customer", ""))
    theirs = by_caller(connection, review.business, customer, int(review.opened_at)) if customer else ()
    return [each for each in theirs if each.created_at >= review.opened_at]


def _told(reference: str, visit: Booking | None, business: Business) -> str:
    if visit is None or visit.business != business.id:
        return f"{reference}: this business has no such visit."
    return f"{reference}: {visit_in_words(visit, business)}, {visit.status}."


def visit_in_words(visit: Booking, business: Business) -> str:
    """Which visit it is: what, when by the business's clocks, and with whom."""
    service, technician = names(visit, business)
    when = datetime.fromtimestamp(visit.starts, business.zone).strftime("%a %-d %b %Y, %H:%M %Z")
    return f"{service} on {when} with {technician}"


def names(visit: Booking, business: Business | None) -> tuple[str, str]:
    """What the service and the technician are called; the id of what the business has no more, or knows nobody."""
    service = business.service(visit.service) if business else None
    technician = business.technician(visit.technician) if business else None
    return service.name if service else visit.service, technician.name if technician else visit.technician
