"""Who tells people of one process, from its settings: the pager, alarms, and whoever watches the database."""

from collections.abc import Callable

from app.adapters.notifier import shown
from app.adapters.receivers import Receivers, keeps_incidents, read_anew
from app.booking.business import Businesses
from app.clock import Clock
from app.db.engine import Database
from app.settings import Settings
from app.watch.alarms import Alarms
from app.watch.book import Book
from app.watch.database_page import DatabasePage, Turn, named
from app.watch.links import link
from app.watch.loops import Loops
from app.watch.outage_hand import Hand
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
        read_anew=read_anew,
        beat=loops.register("pager", 30.0),
        place=lambda kept: address(settings.public_url, kept),
        link=lambda page_id: link(secret, settings.public_url, page_id),
    )


def alarms(  # noqa: PLR0913 - as above
    settings: Settings,
    businesses: Businesses,
    database: Database,
    receivers: Receivers,
    loops: Loops,
    hand: Hand,
    clock: Clock,
    wake: Callable[[], None],
) -> Alarms:
    """What rings; in the database where that takes it, `wake` tells the pager then."""
    lists = {business.page: business.id for business in businesses.by_id.values() if business.page}
    book, beat = Book(database, lists, clock, wake), loops.register("alarms", 30.0)
    return Alarms(
        receivers,
        settings.page_urls,
        clock,
        book=book,
        beat=beat,
        shown=shown,
        link=hand.address_of,
        keeps_incidents=keeps_incidents,
    )


def hand(settings: Settings, secret: bytes) -> Hand:
    """In whose hand the page about the database is."""
    return Hand(named(settings.database_url), secret, settings.public_url)


def database_page(
    settings: Settings, database: Database, told: Alarms, clock: Clock, taken: Hand, loops: Loops
) -> DatabasePage:
    """Whoever tells that the database is away."""
    turn = Turn(settings.database_url)
    return DatabasePage(database, told, clock, turn, taken, loops.register("outage", 60.0))
