"""The port to a calendar of record. What could not be learnt is the value `Unknown`: no exception, and never "free"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Interval = tuple[int, int]
"""`[start, end)` in whole seconds since the Unix epoch, UTC."""

Busy = tuple[Interval, ...]
"""Busy time of one calendar: sorted, merged, clipped to what was asked."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The calendar did not tell. `reason` is for people who run the service, not for callers."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly nothing was written. `reason` is for people who run the service."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The calendar can be listed, and has no such event. One that is not there, or not shared, is `Unknown`."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The event is gone from the calendar, by this request or an earlier one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Nothing was done: somebody changed the event since the etag was read."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `start`/`end` as in `Interval`; `reference` is ours, empty on events of other people."""

    id: str
    start: int
    end: int
    summary: str = ""
    description: str = ""
    reference: str = ""
    etag: str = ""
    cancelled: bool = False
    opaque: bool = True
    created: str = ""
    """When the calendar says it was created, RFC 3339; empty when it does not say."""
    repeats: bool = False
    """Whether it stands for a whole series, which nothing of ours ever was when we wrote it."""
    sequence: int = 0
    """A number that grows with every change of it, where the calendar keeps one; 0 where it does not say."""
    modified: str = field(default="", compare=False)
    """When it was last changed, epoch seconds, which is no part of what it is; empty when the calendar does not say."""

    def matches(self, wanted: "Event") -> bool:
        """Whether what the calendar holds is what we wanted it to hold."""
        return (
            not self.cancelled
            and self.opaque
            and (self.id, self.start, self.end) == (wanted.id, wanted.start, wanted.end)
            and self.reference == wanted.reference
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor. `reset` means: forget what you knew, `events` is everything."""

    cursor: str
    events: tuple[Event, ...] = ()
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where a calendar lives: `scheme` picks the adapter, `name` is the calendar's name there."""

    scheme: str
    name: str = field(default="")

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}"


class Calendar(Protocol):
    """One kind of calendar. Every method answers within `within_s` seconds, `Unknown` when it cannot."""

    async def free(
        self, calendars: Sequence[str], start: int, end: int, *, within_s: float
    ) -> Mapping[str, Busy | Unknown]:
        """Busy time of each named calendar in `[start, end)`. Every name asked for is a key of the answer."""

    async def events(self, calendar: str, start: int, end: int, *, within_s: float) -> tuple[Event, ...] | Unknown:
        """Events that overlap `[start, end)`, recurring ones expanded, cancelled and transparent ones left out."""

    async def book(self, calendar: str, event: Event, *, within_s: float) -> Event | Refused | Unknown:
        """Write `event` under its own id, at most once. Already there with the same reference counts as written."""

    async def move(
        self, calendar: str, event_id: str, to: Interval, etag: str, *, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        """Give an event other times if it still has `etag`, and leave all else about it as it is.

        Has it those times already, that counts as moved. `Absent` and `Changed`: nothing was done.
        """

    async def get(self, calendar: str, event_id: str, *, within_s: float) -> Event | Absent | Unknown:
        """Read one event by id, never from a cache. A cancelled one comes back with `cancelled` set, or is `Absent`."""

    async def cancel(
        self, calendar: str, event_id: str, etag: str, *, within_s: float
    ) -> Cancelled | Changed | Unknown:
        """Remove an event if it still has `etag` (any, when empty). Absent counts as cancelled."""

    async def changes(self, calendar: str, cursor: str, *, within_s: float) -> Changes | Unknown:
        """What changed since `cursor` (from the beginning, when empty)."""
