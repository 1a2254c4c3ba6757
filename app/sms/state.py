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
    INVITED = "invited"
    DONE = "done"


class Task(StrEnum):
    """What the customer is here for."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"


CHOOSING = frozenset((Step.SERVICE, Step.DAY, Step.WHICH_DAY, Step.TIME, Step.NAME, Step.CONFIRM))
"""On the way to a time: booking one, or moving an appointment to it."""


IDLE = frozenset((Step.NEW, Step.INVITED, Step.DONE))
"""Nothing is under way. Invited: it was said what can be done, so that a yes or a no is an answer to that."""


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
    barred: list[int] = []
    """Weekdays that are not wanted, Monday is 0."""
    declined: list[int] = []
    """Hours that are not wanted, in minutes since midnight."""

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
            list(when.barred),
            self.declined,
        )
        if not when.days:
            new.barred = sorted({*self.barred, *when.barred})
        if not when.days and not when.anytime:
            new.days, new.length, new.bare, new.anytime = self.days, self.length, self.bare, self.anytime
        return new

    def __bool__(self) -> bool:
        return bool(self.days or self.part or self.clock or self.anytime)


class Then(msgspec.Struct, frozen=True):
    """A booking that was asked for together with a cancellation. `service` is empty where none was named."""

    service: str
    wanted: Wanted
    besides: bool = False
    """Whether it is for somebody else or one more, and so not instead of the cancelled one."""


class PutOff(msgspec.Struct, frozen=True):
    """A further wish in the customer's own words, for when the one before it is done. `on` is the day they are of."""

    words: str
    on: date


class Asked(msgspec.Struct, frozen=True):
    """A change that waits for a yes to it. A visit of theirs that is to be cancelled or moved may not be known yet."""

    task: Task
    appointment: Booked | None = None
    slot: Offered | None = None
    service: str = ""
    name: str = ""
    words: dict[str, str] = {}
    """What else they wrote that belongs to the booking: an address, notes."""
    then: Then | None = None
    strict: bool = False
    stays: Booked | None = None
    """A visit of the same service that stays as it is, where this is a booking."""
    if_booked: str = ""
    """The service in whose stead it is asked about: only once that is booked."""


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
    then: Then | None = None
    put_off: list[PutOff] = []
    after: list[Asked] = []
    """What is asked about once this is done or given up."""
    words: dict[str, str] = {}
    """What goes with the booking besides the name: an address, notes."""
    strict: bool = False
    """Whether only a plain yes counts: what is asked about does not come of their own words."""
    language: str = ""
    """In which a model's wish was put to them; empty: English."""
    stays: Booked | None = None
    """A visit of the same service that stays beside the one that is being booked."""
    besides: bool = False
    """Whether what is being booked was asked for as one more visit."""
    asked_at: float = 0.0
    """When a model's wish was put to them: what came before that is no answer to it."""
    last: Booked | None = None
    """What the last request of this session booked or moved."""
    before: Booked | None = None
    """What the last request moved or cancelled, as it was before."""
    misses: int = 0
    """Texts in a row that were not understood."""
    unread: str = ""
    """What the first of them said, as long as no person knows of it."""
    tidings: list[str] = []
    """What was told of late of a visit that stands."""
    told: bool = False
    """Whether the last turn told what is booked: a yes to that is a yes to this."""
    promised: bool = False
    """Whether a person will call."""
    promised_in: str = ""
    """The session in which that was promised last, this one or an earlier one."""
    thanked: bool = False
    declined: bool = False
    """Whether they said no to what could be done next: a second no is none to answer."""

    def forget_times(self) -> None:
        """Nothing is offered or chosen any more."""
        self.slots, self.slot = [], None

    def over(self) -> None:
        """What was asked for is done, or given up; what was put off meanwhile is still to be seen to."""
        self.forget_times()
        self.step, self.task, self.service, self.technician = Step.DONE, Task.BOOK, "", ""
        self.wanted, self.appointments, self.appointment, self.then = Wanted(), [], None, None
        self.words, self.strict, self.stays = {}, False, None

    def invite(self) -> None:
        """It is over, and the customer hears what can be done next."""
        self.over()
        self.step, self.declined = Step.INVITED, False


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
