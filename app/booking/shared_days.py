"""The port to what other processes have read of the calendars: a second place to look before a calendar is asked.

It may forget anything at any time. It never says that a read is younger than it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.booking.calendar import Busy

Key = tuple[str, int]
"""A calendar's address, and the number of a UTC day since the epoch."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """When a look was, by the shared clock, and what marked each calendar then: a later mark means that it changed."""

    at_us: int
    marks: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Shared:
    """What others have read, by day: its age in seconds and the busy time. Without a `ticket` nothing can be given."""

    days: Mapping[Key, tuple[float, Busy]] = field(default_factory=dict)
    ticket: Ticket | None = None


class SharedDays(Protocol):
    """Days that processes read for each other. No method raises, and only `find` waits, for a moment."""

    async def find(self, keys: Sequence[Key]) -> Shared:
        """What others have read of these days; what is not there, or no longer true, is left out."""

    def give(self, ticket: Ticket, days: Mapping[Key, Busy]) -> None:
        """For the others: what was read from the calendars after `ticket` was had."""

    def drop(self, address: str) -> None:
        """A calendar changed: nobody goes on with what was read of it before."""
