"""The start of a call: who answers it. Fails open, and never leaves a caller in silence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Protocol

from app.booking.business import Business, Businesses
from app.booking.desk import local_today
from app.booking.destinations import destinations
from app.booking.speech import spoken_clock
from app.booking.zones import day_start, local_date
from app.booking.zones import today as today_in
from app.calls.cap import DailyCap
from app.calls.model import CallRef
from app.canary.arms import Arms
from app.clock import Clock
from app.watch.alarms import Alarms

OVER_CAP = "I'm sorry, we can't take any more calls today. Please call back tomorrow."
OVER_CAP_UNTIL = "I'm sorry, we can't take any more calls right now. Please call back after {clock} {day}."
OVER_CAP_BEFORE = "I'm sorry, this call came when we could not take any more. Please call again."
OVER_CAP_TO_PERSON = "One moment, I'm connecting you to one of our people."
NO_ASSISTANT = "I'm sorry, nobody can take your call right now. Please try again later."
NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({"business_name": "", "today": "", "time_zone": ""})
UNKNOWN_LINE = "I'm sorry, this number is not set up yet. Please call the business on its main number."
UNKNOWN: Final = "unknown_line"
NAMELESS: Final = (
    "They name neither the number that was dialled nor an assistant, and several businesses are configured, so their "
    "callers get an apology. Have the platform send one of both; the business files list them."
)

_NUMBER: Final = re.compile(r"\+[0-9]{7,15}")


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call goes to this assistant, with these variable values."""

    assistant: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diverted:
    """The call goes to a person at `number` (E.164), after saying `say`."""

    number: str
    say: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The caller hears `say`, and the call ends."""

    say: str


class ReadingAhead(Protocol):
    """Has calendars read before anybody asks about them."""

    def prefetch(self, business: Business) -> None:
        """Begin to read those of this business."""


class Arrivals:
    """Answers the start of a call. Whatever breaks on the way, a call that may be taken is taken."""

    def __init__(
        self,
        businesses: Businesses,
        cap: DailyCap,
        desk: ReadingAhead,
        alarms: Alarms,
        clock: Clock,
        arms: Arms | None = None,
    ) -> None:
        self._businesses = businesses
        self._cap = cap
        self._desk = desk
        self._alarms = alarms
        self._clock = clock
        self._arms = arms

    async def answer(self, ref: CallRef) -> Admitted | Diverted | Declined:
        """Who takes this call: the business's assistant, a person when the cap is reached, or a spoken refusal."""
        business = self._businesses.find(ref.lines, ref.assistant)
        if business is None:
            return self._nobody(ref)
        if not await self._cap.admit(ref, business):
            if able := destinations(business, int(self._clock.now())):
                return Diverted(able[0], OVER_CAP_TO_PERSON)
            return Declined(over_cap(business, self._cap.room_at(business), int(self._clock.now())))
        self._desk.prefetch(business)
        return self._assistant(ref, business)

    def fallback(self, ref: CallRef) -> Admitted | Declined:
        """The answer without asking anything: what `answer` falls open to."""
        business = self._businesses.find(ref.lines, ref.assistant)
        return self._nobody(ref) if business is None else self._assistant(ref, business)

    def begun(self, ref: CallRef) -> None:
        """A call is in progress: start reading the calendars it will ask for."""
        business = self._businesses.find(ref.lines, ref.assistant)
        if business is not None:
            self._desk.prefetch(business)

    def introduced(self, ref: CallRef) -> Mapping[str, str]:
        """As `begun`, for a platform that has taken the call and asks what its agent may know of the business.

        Every name is there also for a line that nobody has: a platform may drop a call whose agent lacks one. The cap
        is not asked: what comes before the call need not carry its id, and one call must not be counted twice.
        """
        business = self._businesses.find(ref.lines, ref.assistant)
        if business is None:
            ring_unknown_line(self._alarms, ref)
            return NOTHING_KNOWN
        self._desk.prefetch(business)
        return self._variables(business)

    def _variables(self, business: Business) -> dict[str, str]:
        today = local_today(business, self._clock.now())
        return {
            "business_name": business.name,
            "today": f"{today:%A, %B} {today.day}, {today.year}",
            "time_zone": business.zone.key,
        }

    def _assistant(self, ref: CallRef, business: Business) -> Admitted | Declined:
        if not business.vapi_assistants:
            self._alarms.ring(
                "no_assistant",
                business.id,
                f"No assistant for calls to {business.name}",
                f"A call asked who answers it, and business {business.id} has no vapi_assistants. Add one.",
                business.page,
            )
            return Declined(NO_ASSISTANT)
        assistant = business.vapi_assistants[0]
        if self._arms is not None:
            assistant = self._arms.assistant(business.id, assistant, ref.caller, (ref.platform, ref.stored_id))
        return Admitted(assistant, self._variables(business))

    def _nobody(self, ref: CallRef) -> Declined:
        ring_unknown_line(self._alarms, ref)
        return Declined(UNKNOWN_LINE)


def over_cap(business: Business, room_at: int, now: int) -> str:
    """What a caller over the cap hears, and when to call again: `room_at` (epoch seconds) is when a day that is used
    up ends; what is left of the installation's own day, which is UTC's, can be hours of today or of tomorrow.
    """
    zone = business.zone
    if room_at <= now:
        return OVER_CAP_BEFORE
    today = today_in(zone, now)
    if room_at == day_start(zone, today + timedelta(days=1)):
        return OVER_CAP
    day = "today" if local_date(zone, room_at) == today else "tomorrow"
    return OVER_CAP_UNTIL.format(clock=spoken_clock(room_at, zone), day=day)


def ring_unknown_line(alarms: Alarms, ref: CallRef) -> None:
    """Somebody calls a number that no business file lists.

    The page shows the number whole, which a person has to enter, unless it may be the caller's own.
    """
    line = ref.lines[0] if ref.lines else ref.assistant
    if line is None:
        alarms.ring(UNKNOWN, "none", "Calls arrive that name no line", NAMELESS)
        return
    dialled = bool(_NUMBER.fullmatch(line)) and ref.caller is not None and _digits(line) != _digits(ref.caller)
    alarms.ring(
        UNKNOWN,
        line,
        "Calls arrive on a line that belongs to no business",
        f"{line} is in no business file; its callers get an apology. Add it to `lines` or `vapi_assistants`.",
        verbatim=dialled,
    )


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))
