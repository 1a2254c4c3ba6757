"""Businesses in their first two weeks here that do not say so: what a model changes for them is approved by nobody."""

from datetime import datetime

from sqlalchemy import Connection

from app.booking.business import NEW_FOR, Business, Businesses
from app.settings import Settings
from app.watch.volume_counts import first_counted


def first_days(connection: Connection, settings: Settings, businesses: Businesses, now: float) -> list[str]:
    """A sentence for each, with what to put into its file; none where no model is asked."""
    if not settings.models:
        return []
    found = []
    for business in businesses.by_id.values():
        if business.live_since is None:
            since = first_counted(connection, business.id, now - NEW_FOR.total_seconds())
            if since is None or since > now - NEW_FOR.total_seconds():
                found.append(_sentence(business, since))
    return found


def _sentence(business: Business, since: float | None) -> str:
    day = f"{datetime.fromtimestamp(since, business.zone).date()}" if since is not None else "YYYY-MM-DD"
    first = f"its first call or text here came on {day}" if since is not None else "it has had no call or text here yet"
    return (
        f"live_since of business {business.id} is not set, and {first}: nobody approves what a model changes for it. "
        f'Put live_since = "{day}", its first day, into its file, and a person does for two weeks.'
    )
