"""An appointment as it was promised, held against what a calendar shows. Pure: it reads nothing and decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeGuard
from zoneinfo import ZoneInfo

from app.booking.calendar import Absent, Event


class Difference(StrEnum):
    """One way in which a calendar does not show what was promised, in words for a page. None names a customer."""

    ABSENT = "the event is not there"
    CANCELLED = "the event is cancelled"
    START = "it starts at another time"
    END = "it ends at another time"
    FREE = "it is shown as free time"
    REFERENCE = "the reference differs"
    CUSTOMER = "the customer differs"
    UNLISTED = "it can be read by its id, but the calendar does not list it"
    TWICE = "another event carries the same reference"
    STILL_THERE = "the event of a cancelled appointment is still there"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was promised. `there` False: an appointment that was cancelled, and whose event must be gone."""

    event_id: str
    start: int
    end: int
    reference: str
    customer: str
    there: bool = True


def differences(wanted: Wanted, found: Event | Absent, listed: Sequence[Event] | None = None) -> tuple[Difference, ...]:
    """Every difference; none when all is as wanted.

    `found` is the event with the wanted id. `listed` are the live events of the promised time, None when they were not
    asked for. A customer's name may have words round it: a technician's note in the title is no other customer.
    """
    others = [event for event in listed or () if event.id != wanted.event_id and event.reference == wanted.reference]
    if not wanted.there:
        return () if not is_there(found) and not others else (Difference.STILL_THERE,)
    problems: list[Difference] = []
    if isinstance(found, Absent):
        problems.append(Difference.ABSENT)
    elif found.cancelled:
        problems.append(Difference.CANCELLED)
    else:
        problems.extend(_unlike(wanted, found))
        if not problems and listed is not None and all(event.id != wanted.event_id for event in listed):
            problems.append(Difference.UNLISTED)
    if others:
        problems.append(Difference.TWICE)
    return tuple(problems)


def is_there(found: Event | Absent) -> TypeGuard[Event]:
    """Whether the event stands, at whatever time."""
    return isinstance(found, Event) and not found.cancelled


def moved(wanted: Wanted, found: Event | Absent) -> bool:
    """Whether the event still stands, at another time."""
    return is_there(found) and (found.start, found.end) != (wanted.start, wanted.end)


def span(start: int, end: int, zone: ZoneInfo) -> str:
    """`2026-11-24 09:00 to 10:00 (America/Chicago)`; the second day is named when it is another one."""
    first, last = (datetime.fromtimestamp(moment, zone) for moment in (start, end))
    until = last.strftime("%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M")
    return f"{first:%Y-%m-%d %H:%M} to {until} ({zone.key})"


def shown(found: Event | Absent, zone: ZoneInfo) -> str:
    """What is on the calendar under the wanted id, without anything a person wrote there."""
    if isinstance(found, Absent):
        return "no such event"
    state = ", cancelled" if found.cancelled else "" if found.opaque else ", shown as free time"
    return f"an event at {span(found.start, found.end, zone)}{', repeating' if found.repeats else ''}{state}"


def _unlike(wanted: Wanted, found: Event) -> list[Difference]:
    checks = (
        (found.start != wanted.start, Difference.START),
        (found.end != wanted.end, Difference.END),
        (not found.opaque, Difference.FREE),
        (found.reference != wanted.reference, Difference.REFERENCE),
        (_plain(wanted.customer) not in _plain(found.summary), Difference.CUSTOMER),
    )
    return [difference for differs, difference in checks if differs]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
