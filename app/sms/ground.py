"""What a text is read against. Lives for one turn, and forgets with it what it has read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from app.booking.availability import last_bookable_day
from app.booking.business import Business
from app.booking.zones import local_date
from app.sms.dates_in_words import When, read_when


@dataclass(frozen=True, slots=True)
class Ground:
    """What a text is read against: today where the business is, the last day that can be booked, and its own words."""

    today: date
    last: date
    own_words: frozenset[str]
    technicians: frozenset[str] = frozenset()
    """The words of their names, any of which can be in a customer's as well."""
    _read: dict[str, tuple[When, str]] = field(default_factory=dict, compare=False, repr=False)

    def when(self, words: str) -> tuple[When, str]:
        """As `read_when`; each text once, since its parts are looked at again and again."""
        if words not in self._read:
            self._read[words] = read_when(words, self.today, self.last)
        return self._read[words]


def ground(business: Business, now: int) -> Ground:
    """What a text to this business is read against."""
    own = _words_of([business.name, *(service.name for service in business.services)])
    own |= {f"{word}s" for word in own}  # "cancel the ants"
    technicians = _words_of([technician.name for technician in business.technicians])
    return Ground(local_date(business.zone, now), last_bookable_day(business, now), own, technicians)


def _words_of(names: Sequence[str]) -> frozenset[str]:
    return frozenset(word.strip(".,'") for name in names for word in name.lower().split())
