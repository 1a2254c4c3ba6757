"""What tools told in one turn, for the customer: each answer once, times by number in one list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from app.booking.business import Business
from app.errors import Code
from app.sms import phrases
from app.sms.state import Offered

CHECK, FIND, KNOWLEDGE = "check_availability", "find_appointments", "answer_question"
FOR_MODEL: Final = frozenset((Code.INVALID_ARGUMENTS, Code.NOT_FOUND, Code.UNKNOWN_SERVICE, Code.NOT_OFFERED))
"""Refusals whose words are for whoever called the tool: a model can do better, and no customer could."""
NO_DAY: Final = frozenset((Code.PAST_DATE, Code.OUTSIDE_WINDOW))
"""Refusals of a day, which the customer need not have named."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A time as it stands under its number: `service` an id, empty where the tool was not told one."""

    slot: Offered
    service: str


class _Look(NamedTuple):
    """A look at times: what the tool says where there are none; the times; what is said before them; whether the day
    itself was one that nobody can look at.
    """

    service: str
    say: str
    slots: list[Offered]
    lead: str
    no_day: bool = False


@dataclass(slots=True)
class Told:
    """The look-ups of a turn. `own` is how many appointments of theirs were found, None: nobody looked."""

    business: Business
    today: date
    documents: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    """What the documents were asked."""
    own: int | None = None
    only: Mapping[str, str] = field(default_factory=dict)
    """The appointment that was found, where it is the only one."""
    _found: str = ""
    _days: list[_Look] = field(default_factory=list)

    def add(self, tool: str, arguments: Mapping[str, Any], result: Mapping[str, Any], lead: str = "") -> None:
        """One look-up, `lead` before its times. What only tells a model to ask otherwise is told to nobody else."""
        say = str(result["say"])
        if tool == KNOWLEDGE:
            self.questions.append(str(arguments.get("question", "")))
            self.documents += [] if say in self.documents else [say]
        elif result.get("code") in FOR_MODEL:
            return
        elif tool == FIND:
            found = result.get("appointments", ())
            self.own, self.only = len(found), found[0] if len(found) == 1 else {}
            self._found = f"You have: {say}" if self.own else say
        elif tool == CHECK:
            slots = [
                Offered(slot["slot_id"], slot["start"], slot.get("technician", "")) for slot in result.get("slots", ())
            ]
            service, no_day = service_id(self.business, arguments), result.get("code") in NO_DAY
            look = _Look(service, "" if slots else say, self._new(slots, arguments), lead, no_day)
            self._days += [] if look in self._days or (slots and not look.slots) else [look]

    @property
    def only_documents(self) -> bool:
        """Whether nothing but the documents was asked."""
        return bool(self.documents) and not self._found and not self._days

    def looked_for(self, service: str) -> bool:
        """Whether times for this service were looked at."""
        return any(look.service == service for look in self._days)

    @property
    def of_times(self) -> bool:
        """Whether times were looked at, and something came of it."""
        return bool(self._days)

    def shown(self) -> list[Shown]:
        """The times that are offered, in the order of their numbers: some of every look, the earliest first."""
        looks = [look for look in self._days if look.slots]
        each = max(1, phrases.MAX_LISTED // len(looks)) if looks else 0
        found = [Shown(slot, look.service) for look in looks for slot in look.slots[:each]]
        order = list(dict.fromkeys(one.service for one in found))
        return sorted(found, key=lambda one: (order.index(one.service), one.slot.starts))[: phrases.MAX_LISTED]

    def _new(self, slots: Sequence[Offered], arguments: Mapping[str, Any]) -> list[Offered]:
        """Those that no look of this turn has shown yet: each one names the same time by another id."""
        service = service_id(self.business, arguments)
        known = {(each.start, each.who) for look in self._days if look.service == service for each in look.slots}
        return [slot for slot in slots if (slot.start, slot.who) not in known]

    def words(self) -> tuple[str, ...]:
        """Documents first, then their own appointments, then times. A day that a model took for another first, and then
        looked at the right one, is not spoken of.
        """
        found = [self._found] if self._found else []
        corrected = bool(self.shown())
        nothing = [look.say for look in self._days if look.say and not (look.no_day and corrected)]
        return (*self.documents, *found, *nothing, *self._offer())

    def _lead(self, service: str) -> str:
        """What is said before the times of a service: nothing where a look has found what the others did not."""
        leads = [look.lead for look in self._days if look.service == service and look.slots]
        return leads[0] if all(leads) else ""

    def _offer(self) -> list[str]:
        shown = self.shown()
        services = list(dict.fromkeys(one.service for one in shown))
        if len(services) <= 1:
            offered = phrases.offer(self.business, [one.slot for one in shown], self.today) if shown else ""
            return [f"{self._lead(services[0])} {offered}".strip()] if shown else []
        lines = []
        for service in services:
            times = [
                f"{number}) {phrases.moment(one.slot.starts, self.today)}"
                for number, one in enumerate(shown, start=1)
                if one.service == service
            ]
            named = self.business.service(service)
            lead = [said] if (said := self._lead(service)) else []
            lines.append(f"{phrases.short(named.name if named else service)}: {' '.join([*lead, *times])}.")
        return [f"{' '.join(lines)} Reply 1 to {len(shown)}, or another day."]


def service_id(business: Business, arguments: Mapping[str, Any]) -> str:
    """The service that a look-up names, by its id where it is known."""
    asked = str(arguments.get("service", ""))
    named: Sequence[str] = [s.id for s in business.services if asked.casefold() in (s.id.casefold(), s.name.casefold())]
    return named[0] if named else asked
