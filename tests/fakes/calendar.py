"""A calendar scripted step by step: what each request does, what it answers, and what people write in between."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from app.booking.calendar import (
    Absent,
    Busy,
    Cancelled,
    Changed,
    Changes,
    Event,
    Interval,
    Refused,
    Unknown,
)


@dataclass(frozen=True, slots=True)
class Step:
    """How one request goes. By default it does what it should and says so."""

    does: bool = True
    """Whether anything is done."""
    answer: Any = None
    """What is answered; None for the truth."""
    delay_s: float = 0.0
    first: tuple[Interval, ...] = ()
    """Times of people's events that appear just before."""
    on: str | None = None
    """The calendar that is really written to."""
    shift_s: int = 0
    """How far from the wanted time the event really lands."""


UNKNOWN = Step(does=False, answer=Unknown("scripted"))
DONE_BUT_UNKNOWN = Step(answer=Unknown("scripted"))
REFUSED = Step(does=False, answer=Refused("scripted"))
CHANGED = Step(does=False, answer=Changed())
NOT_WRITTEN = Step(does=False)
"""A write answered as if it had been done."""


def people_first(start: int, end: int) -> Step:
    """Somebody writes an event of their own just before."""
    return Step(first=((start, end),))


class FakeCalendar:
    """The calendar port in memory. `asked` holds every request as `(step, calendar)`, in order."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Event]] = defaultdict(dict)
        self.asked: list[tuple[str, str]] = []
        self.ranges: list[Interval] = []
        self.under_way = 0
        self._script: dict[str, deque[Step]] = defaultdict(deque)
        self._always: dict[str, Step] = {}
        self._numbers = count(1)

    def script(self, request: str, *steps: Step) -> None:
        """What the next requests of this kind (free, events, book, move, get, cancel) do; afterwards all is well."""
        self._script[request].extend(steps)

    def always(self, request: str, step: Step | None) -> None:
        """What every unscripted request of this kind does."""
        if step is None:
            self._always.pop(request, None)
        else:
            self._always[request] = step

    def people_write(self, calendar: str, start: int, end: int) -> Event:
        """An event of somebody else."""
        event = Event(f"people{next(self._numbers)}", start, end, "Dentist", etag="people")
        self.stored[calendar][event.id] = event
        return event

    def people_edit(self, calendar: str, event_id: str, **fields: Any) -> Event:
        """Somebody changes an event of ours."""
        edited = replace(self.stored[calendar][event_id], etag=f"people{next(self._numbers)}", **fields)
        self.stored[calendar][event_id] = edited
        return edited

    def ours(self, calendar: str) -> list[Event]:
        """What we wrote there and is not cancelled."""
        return [event for event in self.stored[calendar].values() if event.reference and not event.cancelled]

    def count(self, request: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == request)

    async def free(
        self, calendars: Sequence[str], start: int, end: int, *, within_s: float
    ) -> Mapping[str, Busy | Unknown]:
        self.ranges.append((start, end))
        step = await self._step("free", calendars[0], within_s)
        if isinstance(step, Unknown):
            return dict.fromkeys(calendars, step)
        if isinstance(step.answer, Mapping):
            return step.answer
        if step.answer is not None:
            return dict.fromkeys(calendars, step.answer)
        return {name: self._busy(name, start, end) for name in calendars}

    async def events(self, calendar: str, start: int, end: int, *, within_s: float) -> tuple[Event, ...] | Unknown:
        step = await self._step("events", calendar, within_s)
        if isinstance(step, Unknown):
            return step
        return step.answer if step.answer is not None else self._overlapping(calendar, start, end)

    async def book(self, calendar: str, event: Event, *, within_s: float) -> Event | Refused | Unknown:
        step = await self._step("book", calendar, within_s)
        if isinstance(step, Unknown):
            return step
        etag = f"etag{next(self._numbers)}"
        if step.does:
            moved = replace(event, start=event.start + step.shift_s, end=event.end + step.shift_s, etag=etag)
            self.stored[step.on or calendar][event.id] = moved
        return step.answer if step.answer is not None else replace(event, etag=etag)

    async def move(
        self, calendar: str, event_id: str, to: Interval, etag: str, *, within_s: float
    ) -> Event | Absent | Changed | Refused | Unknown:
        step = await self._step("move", calendar, within_s)
        if isinstance(step, Unknown):
            return step
        there = self.stored[calendar].get(event_id)
        if step.answer is not None and not step.does:
            answer: Event | Absent | Changed | Refused | Unknown = step.answer
            return answer
        if there is None or there.cancelled:
            return Absent()
        if etag != there.etag:
            return Changed()
        moved = replace(there, start=to[0], end=to[1], etag=f"etag{next(self._numbers)}")
        if step.does:
            shifted = replace(moved, start=to[0] + step.shift_s, end=to[1] + step.shift_s)
            self.stored[step.on or calendar][event_id] = shifted
        return step.answer if step.answer is not None else moved

    async def get(self, calendar: str, event_id: str, *, within_s: float) -> Event | Absent | Unknown:
        step = await self._step("get", calendar, within_s)
        if isinstance(step, Unknown):
            return step
        return step.answer if step.answer is not None else self.stored[calendar].get(event_id, Absent())

    async def cancel(
        self, calendar: str, event_id: str, etag: str, *, within_s: float
    ) -> Cancelled | Changed | Unknown:
        step = await self._step("cancel", calendar, within_s)
        if isinstance(step, Unknown):
            return step
        there = self.stored[calendar].get(event_id)
        if there is not None and step.does:
            if etag and there.etag != etag:
                return Changed()
            self.stored[calendar][event_id] = replace(there, cancelled=True)
        return step.answer if step.answer is not None else Cancelled()

    async def changes(self, calendar: str, cursor: str, *, within_s: float) -> Changes | Unknown:
        return Changes("1", tuple(self.stored[calendar].values()), reset=not cursor)

    async def _step(self, request: str, calendar: str, within_s: float) -> Step | Unknown:
        self.asked.append((request, calendar))
        script = self._script[request]
        step = script.popleft() if script else self._always.get(request, Step())
        for start, end in step.first:
            self.people_write(calendar, start, end)
        self.under_way += 1
        try:
            if step.delay_s > within_s:
                await asyncio.sleep(within_s)
                return Unknown("no answer in time")
            await asyncio.sleep(step.delay_s)
        finally:
            self.under_way -= 1
        return step

    def _overlapping(self, calendar: str, start: int, end: int) -> tuple[Event, ...]:
        events = (e for e in self.stored[calendar].values() if not e.cancelled and e.opaque)
        return tuple(sorted((e for e in events if e.start < end and e.end > start), key=lambda e: e.start))

    def _busy(self, calendar: str, start: int, end: int) -> Busy:
        merged: list[Interval] = []
        for event in self._overlapping(calendar, start, end):
            first, last = max(event.start, start), min(event.end, end)
            if merged and first <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], last)
            else:
                merged.append((first, last))
        return tuple(merged)
