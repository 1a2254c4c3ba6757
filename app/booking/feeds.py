"""Calendars to subscribe to: each embedded calendar under an address that cannot be guessed, as a phone reads it.

Whoever has the address reads names and phone numbers, so it is never logged and never found by trying.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.booking.business import Businesses
from app.booking.calendar import Calendar, Event, Unknown
from app.clock import Clock
from app.errors import OverloadedError, UnknownKeyError

SCHEME = "embedded:"
FEED_SECRET = "calendar feeds"  # noqa: S105 - the name of the secret in the database, of no use without it
"""A secret of their own, so that new addresses for feeds change nothing else."""
PAST_DAYS = 30
FUTURE_DAYS = 732
"""As far ahead as any booking window reaches."""
MOST_EVENTS = 10_000
REFRESH_EVERY = timedelta(minutes=15)
READ_WITHIN_S = 5.0
KEY_CHARS = 40
"""Of a digest in base 16: 160 bits."""
DAY_S = 86_400


Stamped = tuple[Event, int, int | None]
"""An event, when it was written, and when it was last changed where that is known; epoch seconds."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's state. `body` is None for who has seen this state already."""

    etag: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed: its key, the calendar's name, and what a phone shows above it."""

    key: str
    calendar: str
    title: str


class Feeds:
    """The feeds of all embedded calendars that a technician has. `most` events are shown, the earliest ones."""

    def __init__(
        self, calendar: Calendar, businesses: Businesses, secret: bytes, clock: Clock, *, most: int = MOST_EVENTS
    ) -> None:
        self._calendar = calendar
        self._clock = clock
        self._most = most
        self._subscriptions = subscriptions(businesses, secret)

    async def read(self, key: str, seen: Container[str]) -> Feed:
        """The feed with this key; without its body when its etag is among `seen`.

        Raises UnknownKeyError for a key that nobody was given, OverloadedError when the calendar cannot be read.
        """
        found = self._find(key)
        today = int(self._clock.now()) // DAY_S * DAY_S
        start, end = today - PAST_DAYS * DAY_S, today + FUTURE_DAYS * DAY_S
        events = await self._calendar.events(found.calendar, start, end, within_s=READ_WITHIN_S)
        if isinstance(events, Unknown):
            raise OverloadedError(events.reason)
        events = tuple(sorted(events, key=lambda event: (event.start, event.id)))[: self._most]
        stamped = [_stamped(event) for event in events]
        etag = _etag(found.title, stamped)
        if etag in seen:
            return Feed(etag, None)
        return Feed(etag, await asyncio.to_thread(_written, found.title, stamped))

    def _find(self, key: str) -> Subscription:
        """By comparing with all of them, so that the time it takes tells nothing about any."""
        given, found = key.encode(errors="replace"), None
        for one in self._subscriptions:
            if hmac.compare_digest(one.key.encode(), given):
                found = one
        if found is None:
            raise UnknownKeyError
        return found


def subscriptions(businesses: Businesses, secret: bytes) -> tuple[Subscription, ...]:
    """Every embedded calendar's feed. The same secret gives the same keys."""
    people: dict[str, list[str]] = {}
    owners: dict[str, str] = {}
    for business in businesses.by_id.values():
        for technician in business.technicians:
            if technician.calendar.startswith(SCHEME):
                people.setdefault(technician.calendar, []).append(technician.name)
                owners[technician.calendar] = business.name
    return tuple(
        Subscription(feed_key(secret, address), address.removeprefix(SCHEME), f"{', '.join(names)} ({owners[address]})")
        for address, names in people.items()
    )


def _written(title: str, stamped: Sequence[Stamped]) -> bytes:
    from app.booking.ical import feed  # noqa: PLC0415 - 3 MB that a server whose feeds nobody reads is spared

    return feed(title, stamped, REFRESH_EVERY)


def feed_key(secret: bytes, address: str) -> str:
    """What stands in the feed's address instead of a name."""
    return hmac.new(secret, f"calendar feed\n{address}".encode(), hashlib.sha256).hexdigest()[:KEY_CHARS]


def _etag(title: str, stamped: Sequence[Stamped]) -> str:
    state = hashlib.sha256(title.encode())
    for event, created, modified in stamped:
        state.update(f"\n{event.id}\t{event.etag}\t{event.start}\t{event.end}\t{created}\t{modified}".encode())
    return f'"{state.hexdigest()[:32]}"'


def _stamped(event: Event) -> Stamped:
    """Its start stands for when it was written where the calendar does not say, so that the bytes stay the same."""
    created = _moment(event.created)
    return event, event.start if created is None else created, _moment(event.modified)


def _moment(told: str) -> int | None:
    try:
        return int(float(told))
    except (ValueError, OverflowError):
        return None
