"""A business as its file describes it: who works when, what can be booked, which line reaches it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

WeeklyHours = tuple[tuple[tuple[int, int], ...], ...]
"""Seven entries, Monday first; each sorted `(start, end)` pairs in minutes since local midnight, end at most 1440."""

NEW_FOR: Final = timedelta(days=14)
"""How long a business is new, when it says since when it is live."""


@dataclass(frozen=True, slots=True)
class Service:
    """Something that can be booked. Lengths in minutes."""

    id: str
    name: str
    minutes: int
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Technician:
    """Somebody who goes there. `hours` and `closed` are already resolved against the business's own."""

    id: str
    name: str
    calendar: str
    """Full address, as in `google:dana@acme.example` or `embedded:acme/dana`."""
    services: tuple[str, ...]
    hours: WeeklyHours
    closed: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that takes transfers: within `hours` on days the business is not closed, or at any time if None."""

    number: str
    hours: WeeklyHours | None = None


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """Where copies of bookings go. `kind` is webhook or hubspot; its secret is not in here, and in no file."""

    kind: str
    url: str
    """A webhook's receiver; the start of every HubSpot address."""
    read_back_url: str = ""
    """Where a webhook's receiver shows what it has of a booking, with `{booking}` in it; empty: nowhere."""


@dataclass(frozen=True, slots=True)
class Business:
    """One business. `daily_call_cap` 0 means no cap; the environment's value is already in it."""

    id: str
    name: str
    zone: ZoneInfo
    lines: tuple[str, ...]
    hours: WeeklyHours
    services: tuple[Service, ...]
    technicians: tuple[Technician, ...]
    vapi_assistants: tuple[str, ...] = ()
    closed: frozenset[date] = frozenset()
    minimum_notice_minutes: int = 0
    booking_window_days: int = 60
    slot_step_minutes: int = 30
    person: str | None = None
    transfers: tuple[Destination, ...] = ()
    """Who takes transfers, tried in this order; `person` after them."""
    page: tuple[str, ...] = ()
    daily_call_cap: int = 0
    crm: CrmAccount | None = None
    tester: str = ""
    """The technician who exists for tests only: found by who names them, or what only they do, and by nobody else."""
    documents: Path | None = None
    """Folder of Markdown in which facts about it are looked up."""
    reviewed: frozenset[str] = frozenset()
    """Tools of which a person approves every use by the text agent."""
    live_since: date | None = None
    """Its first day; for `NEW_FOR` from then a person approves every change by a model."""
    _services: Mapping[str, Service] = field(init=False, repr=False, compare=False)
    _technicians: Mapping[str, Technician] = field(init=False, repr=False, compare=False)
    _able: Mapping[str, tuple[Technician, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        able = {s.id: tuple(t for t in self.technicians if s.id in t.services) for s in self.services}
        able = {s: tuple(t for t in who if t.id != self.tester) or who for s, who in able.items()}
        object.__setattr__(self, "_services", _by_word(self.services))
        object.__setattr__(self, "_technicians", _by_word(self.technicians))
        object.__setattr__(self, "_able", able)

    def is_new(self, now: float) -> bool:
        """Whether it is in its first two weeks, or not even live."""
        return self.live_since is not None and datetime.fromtimestamp(now, self.zone).date() < self.live_since + NEW_FOR

    def service(self, wanted: str) -> Service | None:
        """The service with this id or name, in any case and spacing; None when there is none."""
        return self._services.get(_word(wanted)) or self._services.get(_loosely(wanted))

    def technician(self, wanted: str) -> Technician | None:
        """The technician with this id or name, in any case and spacing; None when there is none."""
        return self._technicians.get(_word(wanted)) or self._technicians.get(_loosely(wanted))

    def whose(self, calendar: str) -> str:
        """Whose calendar this is, in words for people who run the service."""
        names = " and ".join(t.name for t in self.technicians if t.calendar == calendar)
        return f"{names or 'a former technician'} at {self.name}"

    def technicians_for(self, service: Service) -> tuple[Technician, ...]:
        """Everybody who can do `service`; the tester only where nobody else can."""
        return self._able.get(service.id, ())

    def services_said(self) -> tuple[Service, ...]:
        """What customers are told there is: not what nobody does, or only the tester."""
        return tuple(s for s in self.services if any(t.id != self.tester for t in self.technicians_for(s)))


_UNHEARD: Final = str.maketrans("-_\u2010\u2011\u2013\"'\u2018\u2019\u201c\u201d\u200b\ufeff", " " * 13)
Named = TypeVar("Named", Service, Technician)


def _by_word(things: Sequence[Named]) -> dict[str, Named]:
    """By id and by name, any case; an id wins over a name, the first over a later one, and what is right over what is
    nearly right.
    """
    words: dict[str, Named] = {}
    named = [(t.id, t) for t in things] + [(t.name, t) for t in things]
    for fold in (_word, _loosely):
        for word, thing in named:
            words.setdefault(fold(word), thing)
    return words


def _word(named: str) -> str:
    """A name however it is spaced, in any case, and without the full stop of the sentence it was taken from."""
    return " ".join(named.casefold().split()).rstrip(".,!? ")


def _loosely(named: str) -> str:
    """The same without hyphens and quotes: models write `home_inspection`, and hear a follow up for a follow-up."""
    return _word(named.translate(_UNHEARD))


@dataclass(frozen=True)
class Businesses:
    """Every business served, found by id, by the line dialled, or by a platform's assistant."""

    by_id: Mapping[str, Business]
    by_line: Mapping[str, Business] = field(init=False)
    by_assistant: Mapping[str, Business] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_line", {line: b for b in self.by_id.values() for line in b.lines})
        object.__setattr__(self, "by_assistant", {a: b for b in self.by_id.values() for a in b.vapi_assistants})

    def find(self, lines: Iterable[str | None], assistant: str | None) -> Business | None:
        """The business a request means: by the first line given, then by assistant, then the only one there is.

        None when the request names a line or assistant that nobody has, or names nothing while several are served.
        """
        named = [line for line in lines if line]
        for line in named:
            if line in self.by_line:
                return self.by_line[line]
        if assistant and assistant in self.by_assistant:
            return self.by_assistant[assistant]
        if len(self.by_id) == 1:
            return next(iter(self.by_id.values()))
        return None
