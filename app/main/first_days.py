"""Businesses in their first two weeks here that do not say so: what a model changes for them is approved by nobody."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from app.booking.business import NEW_FOR, Business, Businesses
from app.main.model_path import models
from app.settings import Settings
from app.watch.volume_counts import first_counted

NAMED: Final = 3
"""Businesses in one line."""


def first_days(connection: Connection, settings: Settings, businesses: Businesses, now: float) -> list[str]:
    """A sentence for each, with what to put into its file; none where no model is asked."""
    return [_sentence(business, since) for business, since in _new(connection, settings, businesses, now)]


def unapproved(connection: Connection, settings: Settings, businesses: Businesses, now: float) -> str:
    """The same about all of them in one line; empty where there is none."""
    names = [business.id for business, _ in _new(connection, settings, businesses, now)]
    if not names:
        return ""
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    named = " and ".join([", ".join(names[:NAMED]), *more])
    return (
        f"live_since is not set for {named}: nobody approves what a model changes there in the first two weeks. "
        "`readback checklist` says what to put into the file."
    )


def _new(
    connection: Connection, settings: Settings, businesses: Businesses, now: float
) -> Iterator[tuple[Business, float | None]]:
    """Each with when something first came in for it, None for not yet."""
    if not models(settings):
        return
    for business in businesses.by_id.values():
        if business.live_since is None:
            since = first_counted(connection, business.id, now - NEW_FOR.total_seconds())
            if since is None or since > now - NEW_FOR.total_seconds():
                yield business, since


def _sentence(business: Business, since: float | None) -> str:
    day = f"{datetime.fromtimestamp(since, business.zone).date()}" if since is not None else "YYYY-MM-DD"
    first = f"its first call or text here came on {day}" if since is not None else "it has had no call or text here yet"
    return (
        f"live_since of business {business.id} is not set, and {first}: nobody approves what a model changes for it. "
        f'Put live_since = "{day}", its first day, into its file, and a person does for two weeks.'
    )
