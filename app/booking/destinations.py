"""Who takes a transfer now: the business's own list by hour, its person after them."""

from collections.abc import Sequence

from app.booking.business import Business
from app.booking.open_hours import open_at


def destinations(business: Business, now: int) -> Sequence[str]:
    """Numbers that can be reached at `now`, in the order they are to be tried; empty when nobody can."""
    able = [
        one.number
        for one in business.transfers
        if one.hours is None or open_at(one.hours, business.closed, business.zone, now)
    ]
    return list(dict.fromkeys([*able, *([business.person] if business.person else [])]))
