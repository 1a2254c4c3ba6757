"""Businesses that do not say since when they are live: a person approves what a model changes in their first weeks."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from app.booking.business import NEW_FOR, Business, Businesses
from app.main.model_path import models
from app.settings import Settings
from app.watch.volume_counts import first_known


def first_days(connection: Connection, settings: Settings, businesses: Businesses, now: float) -> list[str]:
    """A sentence for each in its first two weeks, with what to put into its file; none where no model is asked."""
    return [_sentence(business, since) for business, since in _new(connection, settings, businesses, now)]


def _new(
    connection: Connection, settings: Settings, businesses: Businesses, now: float
) -> Iterator[tuple[Business, float | None]]:
    """Each with when something first came in for it, None for not yet."""
    if not models(settings):
        return
    for business in businesses.by_id.values():
        if business.live_since is None:
            since = first_known(connection, business.id, now - NEW_FOR.total_seconds())
            if since is None or since > now - NEW_FOR.total_seconds():
                yield business, since


def _sentence(business: Business, since: float | None) -> str:
    day = f"{datetime.fromtimestamp(since, business.zone).date()}" if since is not None else ""
    first = f"its first call or text here came on {day}" if day else "it has had no call or text here yet"
    return (
        f"live_since of business {business.id} is not set, and {first}: for two weeks from {day or 'then'} a person "
        "approves every change by a model for it. Where it began before, put live_since, its first day, into its file."
    )
