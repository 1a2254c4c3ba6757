"""Whom pages of this installation reach, from its settings; said at every start where they reach nobody."""

from app import log
from app.booking.business import Businesses
from app.settings import Settings
from app.watch.unheard import Unheard, unheard

_log = log.get(__name__)


def unreached(settings: Settings, businesses: Businesses) -> Unheard | None:
    """What nobody would hear of; None while every page reaches somebody."""
    return unheard(settings.page_urls, {business.id: business.page for business in businesses.by_id.values()})


def warn(settings: Settings, businesses: Businesses) -> None:
    """Say it in the log, for a process that says nothing else of its settings."""
    if lacking := unreached(settings, businesses):
        _log.warning("configuration", message=lacking.sentence)
