"""An event as iCalendar text (RFC 5545), for a calendar server and for a phone that subscribes. Writes only; what other
programs wrote is read where it arrives.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from icalendar import Calendar, vDuration, vText
from icalendar import Event as Entry

from app.booking.calendar import Event

REFERENCE = "X-READBACK-REFERENCE"
PRODID = f"-//Readback//Readback {version('readback')}//EN"
NOT_TEXT = re.compile(r"[^\t\n\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot carry: one such character in one event would make a server's whole listing unreadable."""


def entry(event: Event, stamp: int) -> bytes:
    """A calendar object with this one event: opaque, confirmed, without attendees and alarms, all times UTC.

    `stamp` is when it was written, epoch seconds.
    """
    calendar = _calendar()
    calendar.add_component(_entry(event, stamp, stamp))
    return _text(calendar)


def feed(name: str, events: Iterable[tuple[Event, int, int | None]], refresh_every: timedelta) -> bytes:
    """A calendar to subscribe to: each event with when it was written and, where that is known, last changed.

    The same events give the same bytes.
    """
    calendar = _calendar()
    calendar.add("METHOD", "PUBLISH")
    calendar.add("NAME", vText(_clean(name)))
    calendar.add("X-WR-CALNAME", vText(_clean(name)))
    calendar.add("REFRESH-INTERVAL", vDuration(refresh_every, {"VALUE": "DURATION"}))
    calendar.add("X-PUBLISHED-TTL", vDuration(refresh_every))
    for event, created, modified in events:
        calendar.add_component(_entry(event, created, modified))
    return _text(calendar)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def _entry(event: Event, created: int, modified: int | None) -> Entry:
    made = Entry()
    made.add("UID", event.id)
    made.add("DTSTAMP", _moment(created if modified is None else modified))
    made.add("CREATED", _moment(created))
    # Who keeps a copy of their own takes only what is newer, some by one of these and some by the other.
    if modified is not None:
        made.add("LAST-MODIFIED", _moment(modified))
    made.add("SEQUENCE", event.sequence)
    made.add("DTSTART", _moment(event.start))
    made.add("DTEND", _moment(event.end))
    made.add("SUMMARY", _clean(event.summary))
    made.add("DESCRIPTION", _clean(event.description))
    if event.reference:
        made.add(REFERENCE, _clean(event.reference))
    made.add("TRANSP", "OPAQUE")
    made.add("STATUS", "CONFIRMED")
    return made


def _text(calendar: Calendar) -> bytes:
    written: bytes = calendar.to_ical()
    return written


def _moment(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


def _clean(text: str) -> str:
    return NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
