"""Move an appointment to an offered slot. Says "moved" only when it was seen there; until then the old time is kept."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.availability import is_open
from app.booking.book import Outcome, Result
from app.booking.front import Front, alternatives, has_same_time, offered
from app.booking.owner import Asking
from app.booking.slots import MAX_ID_CHARS, Slot, not_offered
from app.booking.speech import local_iso, offer, spell
from app.booking.store import Booking
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import Code, SaidError

STANDS = "so your appointment on {when} stays as it is."
REFUSED = {
    Code.SLOT_TAKEN: "I'm sorry, {technician} is no longer free at that time, " + STANDS,
    Code.SLOT_EXPIRED: "That offer is too old to be sure of, " + STANDS,
    Code.CALENDAR_UNAVAILABLE: (
        "I can't reach the calendar right now, so I have not moved your appointment on {when}. Please try again in a "
        "few minutes, or I can have someone call you back."
    ),
    Code.NOT_ALLOWED: (
        "Your appointment on {when} was changed on our side, so I did not move it. Someone from our team will look at "
        "it and call you."
    ),
    Code.STILL_CHECKING: (
        "Something else about the appointment on {when} is still being checked with the calendar, so I can't move it "
        "at this moment. Please try again in a few minutes, or I can have someone call you back."
    ),
    Code.NOT_FOUND: "The appointment on {when} is not booked any more, so it can't be moved. I can book a new one.",
}
NOT_DONE_ANY_MORE = (
    "What that appointment is for can't be booked any more, so I can't move it and it stays as it is. I can have "
    "someone call you back about it."
)
OTHER_TIMES = (Code.SLOT_TAKEN, Code.SLOT_EXPIRED)


class Arguments(ToolArguments):
    """Which appointment, whose, and to where."""

    private: ClassVar[frozenset[str]] = frozenset({"customer_name"})

    reference: Annotated[str, Field(max_length=64, description="Reference of the appointment")]
    slot_id: Annotated[str, Field(max_length=MAX_ID_CHARS, description="slot_id of an offered time")]
    customer_name: Annotated[
        str | None,
        Field(max_length=200, description="Name it was booked under; needed when they call from another number"),
    ] = None


def reschedule_appointment(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    def identity(context: Context, arguments: Arguments) -> Any:
        # Offers of the same time carry different ids; what is asked for is the time, for this appointment.
        slot = front.slot_ids.read(arguments.slot_id, context.business)
        reference = "".join(char for char in arguments.reference.upper() if char.isalnum())
        return [reference, arguments.customer_name, slot.service.id, slot.technician.id, slot.start]

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        business = context.business
        slot = front.slot_ids.read(arguments.slot_id, business)
        asking = Asking(context.ref.owner, context.ref.key)
        booking = await front.owners.appointment(business.id, asking, arguments.reference, arguments.customer_name)
        _check(front, context, booking, slot)
        if booking.status == "cancelled":
            return await _refused(front, context, booking, slot, Code.NOT_FOUND)
        there_already = (booking.technician, booking.starts) == (slot.technician.id, slot.start)
        if not there_already and not slot.is_offered(front.clock.now()):
            return await _refused(front, context, booking, slot, Code.SLOT_EXPIRED)
        outcome = await front.changes.move(business, booking, slot, context.ref.key, context.deadline)
        if outcome.result is Result.REFUSED:
            code = outcome.code or Code.CALENDAR_UNAVAILABLE
            return await _refused(front, context, booking, slot, code)
        return _moved(front, context, booking, slot, outcome)

    return Tool(
        name="reschedule_appointment",
        description="Move an appointment to one of the offered times. Tell the caller it is moved only if outcome is "
        "confirmed.",
        arguments=Arguments,
        run=run,
        changes_state=True,
        identity=identity,
        refused={"outcome": Result.REFUSED.value, "slots": []},
        undecided={"outcome": Result.PENDING.value},
        looks_first=True,
    )


def _check(front: Front, context: Context, booking: Booking, slot: Slot) -> None:
    """What can be told to be no move without asking the calendar. Raises `SaidError`."""
    business = context.business
    if front.clock.now() >= booking.starts:
        when = front.when(business, booking.starts)
        raise SaidError(
            Code.NOT_ALLOWED,
            f"The appointment on {when} has already begun or is over, so it can't be moved any more. I can book a new "
            "one.",
            outcome=Result.REFUSED.value,
            slots=[],
        )
    if slot.service.id != booking.service:
        service = business.service(booking.service)
        if service is None:  # no time will ever be offered for it, so looking for one leads nowhere
            raise SaidError(Code.NOT_ALLOWED, NOT_DONE_ANY_MORE, outcome=Result.REFUSED.value, slots=[])
        raise SaidError(
            Code.INVALID_ARGUMENTS,
            f"That time was offered for {slot.service.name}, and the appointment is for {service.name}. Check the "
            "open times for that, then move it to one of them.",
            outcome=Result.REFUSED.value,
            slots=[],
        )
    if not is_open(business, slot.service, slot.technician, slot.start, slot.offered_at):
        # The offer stands by its clock, but the hours were changed. Notice was kept when it was made.
        raise not_offered()


def _facts(context: Context, booking: Booking, slot: Slot, outcome: str) -> dict[str, Any]:
    zone = context.business.zone
    return {
        "outcome": outcome,
        "reference": booking.reference,
        "start": local_iso(slot.start, zone),
        "end": local_iso(slot.end, zone),
        "technician": slot.technician.id,
    }


def _moved(front: Front, context: Context, booking: Booking, slot: Slot, outcome: Outcome) -> ToolResult:
    when = front.when(context.business, slot.start)
    facts = _facts(context, booking, slot, outcome.result.value)
    if outcome.result is Result.CONFIRMED:
        say = (
            f"Your appointment is moved: {slot.service.name} with {slot.technician.name} on {when}. Your reference is "
            f"still {spell(booking.reference)}."
        )
        return ToolResult(True, say, facts=facts)
    say = (
        f"I've asked to move your appointment to {when}, but the calendar has not confirmed it yet. Both times are "
        "held, and we will let you know as soon as it is certain. Please don't count on the new one until then."
    )
    return ToolResult(False, say, outcome.code, facts)


async def _refused(front: Front, context: Context, booking: Booking, slot: Slot, code: Code) -> ToolResult:
    """Nothing was moved: say why and what holds, with other times if the calendar tells them in time."""
    business = context.business
    facts: dict[str, Any] = {**_facts(context, booking, slot, Result.REFUSED.value), "slots": []}
    if code is Code.SLOT_EXPIRED:
        facts["service"] = slot.service.id  # with it the very same visit can be looked for again
    say = REFUSED.get(code, REFUSED[Code.CALENDAR_UNAVAILABLE]).format(
        technician=slot.technician.name, when=front.when(business, booking.starts)
    )
    if code in OTHER_TIMES:
        openings = await alternatives(front, business, slot, context.deadline)
        if openings:
            facts["slots"] = offered(front, business, slot.service, openings)
            named, now = has_same_time(openings, slot), int(front.clock.now())
            say = f"{say} {offer(slot.service.name, openings, business, named, now)}"
    return ToolResult(False, say, code, facts)
