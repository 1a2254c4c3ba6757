"""The calendar as its technician sees it: the feed that a phone subscribes to, read from the server that was called.

Only embedded calendars have a feed here, and only who may read the server's database knows its address.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from demo_line import Line
from icalendar import Calendar
from sqlalchemy import select

from app.booking.business import Business, Businesses
from app.booking.feeds import FEED_SECRET, subscriptions
from app.booking.ical import REFERENCE
from app.db.once import looking
from app.db.schema import secrets
from app.errors import ConfigurationError


@dataclass(frozen=True)
class Visit:
    """One event on a calendar, times in the business's zone."""

    summary: str
    start: datetime
    end: datetime

    def __str__(self) -> str:
        day = f"{self.start:%a %b} {self.start.day}"
        return f"{day}, {_clock(self.start)} to {_clock(self.end)}  {self.summary}"


class Phones:
    """What technicians of one business see when they look at their phones."""

    def __init__(self, line: Line, database_url: str, businesses: Businesses, business: Business) -> None:
        self._line = line
        self._business = business
        self._paths = _paths(database_url, businesses)

    def shown(self, technician: str, reference: str) -> list[Visit] | None:
        """What that technician's calendar has of a booking; None where it has no feed that can be read here."""
        person = self._business.technician(technician)
        path = self._paths.get(person.calendar.partition(":")[2]) if person else None
        text = self._line.get(path) if path else None
        if text is None:
            return None
        found = [entry for entry in Calendar.from_ical(text).walk("VEVENT") if entry.get(REFERENCE) == reference]
        zone = self._business.zone
        return [Visit(str(e["SUMMARY"]), _local(e["DTSTART"].dt, zone), _local(e["DTEND"].dt, zone)) for e in found]


def _paths(database_url: str, businesses: Businesses) -> dict[str, str]:
    """Where each embedded calendar's feed is; nothing where the database cannot be read."""
    try:
        with looking(database_url) as connection:
            value = connection.execute(select(secrets.c.value).where(secrets.c.name == FEED_SECRET)).scalar()
    except ConfigurationError:
        return {}
    if value is None:
        return {}
    return {one.calendar: f"/calendars/{one.key}.ics" for one in subscriptions(businesses, bytes.fromhex(value))}


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)


def _clock(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M %p}"
