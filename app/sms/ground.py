"""What a text is read against. Lives for one turn, and forgets with it what it has read."""

from dataclasses import dataclass, field
from datetime import date

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
