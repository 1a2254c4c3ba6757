"""The port to a CRM, where copies of bookings go. The calendar stays what is true; a CRM is never asked what is booked.

Whether a copy arrived is a value: a status of success is `Copied`, and only what was read back from there is `Seen`.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from app.booking.store import Booking

BOOKED: Final = "booked"
MOVED: Final = "moved"
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True)
class Copy:
    """A booking as the CRM is to have it. Holds personal data, which goes to the CRM and nowhere else."""

    event: str
    """`booked`, `moved` or `cancelled`."""
    booking: Booking
    service: str
    technician: str
    """Their names, as people know them."""
    occurred_at: float
    """Epoch seconds; the same whenever the copy is sent again by itself."""

    @property
    def id(self) -> str:
        """Of this event of this booking, for good: what is sent again has it too, so that receivers can tell."""
        return f"{self.booking.id}.{self.booking.revision}.{self.event}"

    @property
    def phone(self) -> str:
        """The customer's number; empty when none is known."""
        return self.booking.phone or self.booking.caller


@dataclass(frozen=True, slots=True)
class Copied:
    """The CRM says that it has it, under `external_id` (empty: it did not say). That is not yet `Seen`."""

    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly nothing was written. `reason` is for people who run the service and free of personal data."""

    reason: str
    for_good: bool = False
    """The same copy will never be taken."""
    credentials: bool = False
    """The CRM does not accept us."""
    tried: bool = True
    """Whether it was asked at all; False when nothing was sent, so as to spare it."""
    after_s: float = 0.0
    """How long it wants to be left alone; 0 when it did not say."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been written, or could not be read. The fields as in `Refused`."""

    reason: str
    credentials: bool = False
    tried: bool = True
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Read back from the CRM as wanted."""

    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Different:
    """It is there, but not as wanted. `fields` are the names of what differs, never their values."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The CRM answered, and does not have it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """This CRM shows nobody what it has."""


class Crm(Protocol):
    """One business's CRM. Both methods answer within `within_s` seconds and raise nothing but CancelledError."""

    async def upsert(self, copy: Copy, *, within_s: float) -> Copied | Refused | Unknown:
        """Have the CRM take the copy. The same `copy.id` sent again changes nothing there."""

    async def read(self, copy: Copy, *, within_s: float) -> Seen | Different | Absent | Unreadable | Unknown:
        """Look, never from a cache, whether it has the copy as wanted."""

    def resting(self) -> bool:
        """Whether it has failed so often that it is being spared."""
