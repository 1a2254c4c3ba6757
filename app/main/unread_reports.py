"""Reports about calls that could not be read: who reads them again, once a person has their dead letter replayed."""

from collections.abc import Mapping

from app.booking.business import Businesses
from app.calls.events import UNREAD, CallEvents
from app.calls.unread import ReadAgain
from app.clock import Clock
from app.db.engine import Database
from app.dialects import vapi
from app.jobs.outbox import Handler
from app.watch.alarms import Alarms


def unread_reports(database: Database, businesses: Businesses, alarms: Alarms, clock: Clock) -> Mapping[str, Handler]:
    """The job of such a letter. Only Vapi reports about calls."""
    return {UNREAD: ReadAgain(database, CallEvents(database, businesses, alarms, clock), vapi.parse)}
