"""The pager of one process, from its settings."""

from app.adapters.notifier import shown
from app.adapters.receivers import Receivers
from app.booking.business import Businesses
from app.clock import Clock
from app.db.engine import Database
from app.settings import Settings
from app.watch.links import link
from app.watch.loops import Loops
from app.watch.pager import Pager
from app.watch.places import address


def pager(  # noqa: PLR0913 - the parts it is put together from
    settings: Settings,
    businesses: Businesses,
    database: Database,
    receivers: Receivers,
    loops: Loops,
    secret: bytes,
    clock: Clock,
) -> Pager:
    """It carries pages to the installation's receivers and to those of each business."""
    return Pager(
        database=database,
        messenger=receivers,
        own=settings.page_urls,
        by_business={business.id: business.page for business in businesses.by_id.values()},
        clock=clock,
        shown=shown,
        beat=loops.register("pager", 30.0),
        place=lambda kept: address(settings.public_url, kept),
        link=lambda page_id: link(secret, settings.public_url, page_id),
    )
