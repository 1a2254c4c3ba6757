"""What a text is read against. Lives for one turn, and forgets with it what it has read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from weakref import WeakValueDictionary

from app.booking.availability import last_bookable_day
from app.booking.business import Business
from app.booking.zones import local_date
from app.sms.clocks_in_words import Clock
from app.sms.dates_in_words import When, read_when

_TITLED = re.compile(r"\b(?:dr|doctor|mr|mrs|ms|miss)\b\.? (?P<name>[^\W\d_]+)\b", re.I)
_SPOKEN = (
    "in|on|the|at|with|my|your|down|off|and|or|i|we|you|u|he|she|they|it|to|am|pm|is|are|can|will|would|could|should|"
    "if|so|but|not|before|after|until|because|for|then|have|need|want|works?|fine|either|today|tomorrow|morning|"
    "afternoon|evening|sharp|o'?clock"
)
"""In no address, where "drive" and "way" are words of a sentence: "at 9 we can drive there"."""
_STREET_WORD = rf"(?:(?!(?i:{_SPOKEN})\b)[^\W\d_][\w'.-]*|[0-9]+(?:st|nd|rd|th))"
STREET = re.compile(
    rf"\b[0-9]{{1,5}} (?:{_STREET_WORD} ){{1,3}}"
    r"(?:(?i:street|avenue|ave|road|rd|lane|ln|boulevard|blvd|drive|court|highway|hwy|terrace|circle)\b|"
    r"(?:St|Dr|Ct|Way|Pl|Place|Trail|Loop)\b(?!\.? [A-Z]))"
)
"""An address: neither its number nor its name is a time."""
_A_DAY = timedelta(days=1)
_NOON = 12 * 60
"""In minutes since midnight, the other thing that twelve can be."""
_PARTICLES = frozenset(("up", "in", "off", "out", "on", "to", "the", "of", "and", "a", "for"))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Ground:
    """What a text is read against: today where the business is, the last day that can be booked, and its own words."""

    today: date
    last: date
    own_words: frozenset[str]
    technicians: frozenset[str] = frozenset()
    """The words of their names, any of which can be in a customer's as well."""
    _read: dict[str, tuple[When, str]] = field(default_factory=dict, compare=False, repr=False)
    looked_at: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was found to be said, by its words: each text once, as with `when`."""
    business: Business | None = field(default=None, compare=False, repr=False)

    def as_on(self, day: date) -> "Ground":
        """What was said on that day is read against this; nothing that is read so is taken for today's."""
        return replace(self, today=day, _read={}, looked_at={})

    def when(self, words: str) -> tuple[When, str]:
        """As `read_when`; each text once, since its parts are looked at again and again."""
        if words not in self._read:
            own = self.own_words | self.technicians
            when, left = read_when(self._without_names(words), self.today, self.last, own)
            self._read[words] = _at_midnight(when), left
        return self._read[words]

    def _without_names(self, words: str) -> str:
        """Without addresses, and without who comes where a title says so: "Dr. May" is no month."""
        words = STREET.sub(" , ", words)
        return _TITLED.sub(lambda each: " , " if each["name"].lower() in self.technicians else each[0], words)


def _at_midnight(when: When) -> When:
    """What was said, where twelve at night is the first minute of the next day: "tonight at midnight"."""
    midnight = when.part == "evening" and when.clock.minutes and {*when.clock.minutes} <= {0, _NOON}
    if not midnight or when.length != 1:
        return when
    return replace(when, days=tuple(day + _A_DAY for day in when.days), part="", clock=Clock((0,)))


_ALIVE: WeakValueDictionary[tuple[str, int], Ground] = WeakValueDictionary()
"""Those of the turns that are being answered: what one of them has read, nobody reads again."""


def ground(business: Business, now: int) -> Ground:
    """What a text to this business is read against; the same one for as long as anybody holds it."""
    found = _ALIVE.get((business.id, now))
    if found is None or found.business is not business:
        found = _ALIVE[business.id, now] = _new(business, now)
    return found


def _new(business: Business, now: int) -> Ground:
    own = _words_of([business.name, *(service.name for service in business.services)])
    parts = {part for word in own if "-" in word for part in (*word.split("-"), word.replace("-", ""))}
    own |= {part for part in parts if len(part) > 1} - _PARTICLES  # "my check up", "the checkup"
    own |= {f"{word}s" for word in own}  # "cancel the ants"
    technicians = _words_of([technician.name for technician in business.technicians])
    last = last_bookable_day(business, now)
    return Ground(local_date(business.zone, now), last, own, technicians, business=business)


def _words_of(names: Sequence[str]) -> frozenset[str]:
    return frozenset(word.strip(".,'") for name in names for word in name.lower().split())
