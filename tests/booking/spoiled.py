"""Hundreds of bookings, many spoiled on the way or behind our back: one story for any kind of calendar server."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.booking.book import Result
from app.booking.store import Booking
from tests.booking.acme import FOLLOW_UP, HOUR, NOW, TUESDAY_9, House
from tests.fakes import google_faults as faults
from tests.fakes.google_faults import Fault

BOOKINGS = 220
SEED = 20_261_120
APART_S = 36 * HOUR
"""Between two visits: a CalDAV server is asked for a day more at either end, and every event found costs a reading."""
DEADLINE_S = 30.0
NOT_SHARED = faults.status(404, "notFound")
NOTHING, ELSEWHERE, LATE = "writes nothing", "writes elsewhere", "wrong hour"
WELL = "all is well"


class SetClock:
    """Wall time that the test moves, steady time as it really passes: sockets need real seconds."""

    def __init__(self) -> None:
        self._now = float(NOW)

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        self._now += seconds


@dataclass(frozen=True)
class Place:
    """A calendar server and what can go wrong on it. `behind` is what a person can do to an event, by name.

    `spoil_write` meets the next write with a fault; `hide` makes everything unreadable until called with False.
    """

    write_faults: Mapping[str, Fault]
    behind: Mapping[str, Callable[[Booking], None]]
    spoil_write: Callable[[Fault], None]
    hide: Callable[[bool], None]


async def every_fault_is_found_and_none_is_invented(made: House, place: Place) -> None:
    """The story. Each fault ends as the page, the task or the silence that it deserves."""
    before = [f"{name} at once" for name in place.behind]
    after = [f"{name} later" for name in place.behind]
    dice = random.Random(SEED)
    fates = [dice.choice((WELL, WELL, WELL, *place.write_faults, *before, *after)) for _ in range(BOOKINGS)]
    made_of = {(await _book(made, place, n, fate)).reference: fate for n, fate in enumerate(fates)}
    assert set(made_of.values()) == {WELL, *place.write_faults, *before, *after}
    by_reference = {row.reference: row for row in await made.rows()}

    def spoil(those: list[str], when: str) -> None:
        for reference, fate in made_of.items():
            if fate in those:
                place.behind[fate.removesuffix(when)](by_reference[reference])

    spoil(before, " at once")
    await _passing(made, 270, step_s=45)
    place.hide(True)
    await _passing(made, 60, step_s=60)
    place.hide(False)
    await _passing(made, 150, step_s=75)
    paged = Counter(page.key for page in await made.pages())
    wrong = {*before, *(name for name in place.write_faults if name.startswith((ELSEWHERE, LATE)))}
    assert paged == Counter(reference for reference, fate in made_of.items() if fate in wrong)
    assert all(page.title.startswith("Read-back mismatch") for page in await made.pages())
    never_right = [reference for reference, fate in made_of.items() if fate in before]
    assert Counter((task.kind, task.subject) for task in await made.tasks()) == Counter(
        ("mismatch", reference) for reference in never_right
    )

    spoil(after, " later")
    await _passing(made, 6 * HOUR, step_s=6 * HOUR)
    await _passing(made, 10, step_s=10)
    about = Counter(_reference(page) for page in await made.pages())
    assert about == paged, "well ahead, a task is enough for what was changed later"
    told = Counter(task.subject for task in await made.tasks() if task.kind == "tell_customer")
    assert told == Counter(reference for reference, fate in made_of.items() if fate in after)

    ends = {WELL: ("confirmed", "verified")}
    ends |= dict.fromkeys(before, ("confirmed", "mismatch")) | dict.fromkeys(after, ("confirmed", "changed"))
    for name in place.write_faults:
        ends[name] = ("pending", "") if name.startswith(LATE) else ("refused", "")
    states = {row.reference: (row.status, row.verification) for row in await made.rows()}
    assert states == {reference: ends[fate] for reference, fate in made_of.items()}


def _reference(page: Any) -> str:
    """Whose appointment a page is about; one that nobody has dealt with in time is about the task."""
    return str(page.key).split(":")[1] if page.kind == "task_late" else str(page.key)


async def _book(made: House, place: Place, number: int, fate: str) -> Booking:
    """One booking with its fault on the way; whichever there is, nothing else is near its time."""
    if fate in place.write_faults:
        place.spoil_write(place.write_faults[fate])
    slot = made.slot(TUESDAY_9 + number * APART_S, FOLLOW_UP)
    outcome = await made.book(slot, call=f"test:{number}", within_s=DEADLINE_S)
    assert outcome.booking is not None
    assert outcome.result is (Result.PENDING if fate in place.write_faults else Result.CONFIRMED), (fate, outcome)
    return outcome.booking


async def _passing(made: House, seconds: int, *, step_s: int) -> None:
    """Time goes by, and everything that runs in the background runs."""
    for _ in range(seconds // step_s):
        made.clock.advance(step_s)  # type: ignore[attr-defined]  # a SetClock
        while await made.settler.settle_due():
            pass
        await made.jobs.run_due()
        while await made.sweep.sweep_once(made.clock.now()):
            pass
