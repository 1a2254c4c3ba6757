"""What a conversation remembers from one turn to the next: small, JSON, versioned. What cannot be read is forgotten."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from app.sms.clocks_in_words import Clock
from app.sms.dates_in_words import When

VERSION = 1


class Step(StrEnum):
    """What was asked last, so what a short answer is an answer to."""

    NEW = ""
    SERVICE = "service"
    DAY = "day"
    WHICH_DAY = "which_day"
    TIME = "time"
    NAME = "name"
    CONFIRM = "confirm"
    WHICH = "which"
    CONFIRM_CANCEL = "confirm_cancel"
    DONE = "done"


class Task(StrEnum):
    """What the customer is here for."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"


CHOOSING = frozenset((Step.SERVICE, Step.DAY, Step.WHICH_DAY, Step.TIME, Step.NAME, Step.CONFIRM))
"""On the way to a time: booking one, or moving an appointment to it."""


class Offered(msgspec.Struct, frozen=True):
    """A time that was offered. `start` as the tools give it, `who` a technician's id."""

    slot_id: str
    start: str
    who: str

    @property
    def starts(self) -> datetime:
        return datetime.fromisoformat(self.start)


class Booked(msgspec.Struct, frozen=True):
    """An appointment, as `find_appointments` gives it."""

    reference: str
    start: str
    service: str
    who: str

    @property
    def starts(self) -> datetime:
        return datetime.fromisoformat(self.start)


class Wanted(msgspec.Struct, omit_defaults=True):
    """The time that is looked for, as far as it was said."""

    days: list[date] = []
    length: int = 1
    bare: bool = False
    part: str = ""
    minutes: list[int] = []
    after: int | None = None
    before: int | None = None
    anytime: bool = False

    @property
    def clock(self) -> Clock:
        return Clock(tuple(self.minutes), self.after, self.before)

    def said(self, when: When) -> "Wanted":
        """This, with what has just been said: another day is another wish, a time of day leaves the day as it is."""
        new = Wanted(
            list(when.days),
            when.length,
            when.bare,
            when.part,
            list(when.clock.minutes),
            when.clock.after,
            when.clock.before,
            when.anytime,
        )
        if not when.days and not when.anytime:
            new.days, new.length, new.bare, new.anytime = self.days, self.length, self.bare, self.anytime
        return new

    def __bool__(self) -> bool:
        return bool(self.days or self.part or self.clock or self.anytime)


class State(msgspec.Struct, omit_defaults=True):
    """One conversation. `at` is when the last turn's newest text came, `session` what its tool calls go under."""

    v: int = 0
    session: str = ""
    at: float = 0.0
    step: Step = Step.NEW
    task: Task = Task.BOOK
    service: str = ""
    technician: str = ""
    name: str = ""
    wanted: Wanted = msgspec.field(default_factory=Wanted)
    slots: list[Offered] = []
    slot: Offered | None = None
    appointments: list[Booked] = []
    appointment: Booked | None = None
    last: Booked | None = None
    """What the last request of this session booked or moved."""
    misses: int = 0
    """Texts in a row that were not understood."""
    promised: bool = False
    """Whether a person will call."""
    thanked: bool = False

    def forget_times(self) -> None:
        """Nothing is offered or chosen any more."""
        self.slots, self.slot = [], None

    def over(self) -> None:
        """What was asked for is done, or given up."""
        self.forget_times()
        self.step, self.task, self.service, self.technician = Step.DONE, Task.BOOK, "", ""
        self.wanted, self.appointments, self.appointment = Wanted(), [], None


def loaded(kept: Mapping[str, Any]) -> State:
    """The state that was kept; a new one if there was none, or one that this version does not know."""
    if kept.get("v") != VERSION:
        return State(v=VERSION)
    try:
        return msgspec.convert(dict(kept), State)
    except msgspec.ValidationError:
        return State(v=VERSION)


def dumped(state: State) -> dict[str, Any]:
    """As it is kept."""
    kept: dict[str, Any] = msgspec.to_builtins(state)
    return kept
