"""Book an offered slot. Says "booked" only when the appointment was written and seen on the calendar."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.amendments import under_way
from app.booking.availability import is_open
from app.booking.book import Outcome, Result
from app.booking.contact import email_of, one_line, phone_and_heard, several_lines
from app.booking.dates import NOT_GIVEN
from app.booking.front import Front, alternatives, has_same_time, offered, own_visit, visit_said
from app.booking.slots import MAX_ID_CHARS, Slot, not_offered
from app.booking.speech import local_iso, offer, spell
from app.booking.store import CALLER_CHARS, Customer, by_reference
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import Code, SaidError

TAKEN = "I'm sorry, {technician} is no longer free at that time, so nothing was booked."
THEIRS = "You have that time already: {visit}. So nothing more was booked."
OWN = "So nothing more was booked."
EXPIRED = "That offer is too old to be sure of, so nothing was booked."
NOBODY = NOT_GIVEN | {"unknown", "not provided", "not given", "not specified", "caller", "the caller", "the customer"}
"""What an agent that has not asked puts for a name, in lower case."""
UNREACHABLE = (
    "I can't reach the calendar right now, so nothing was booked. Please try again in a few minutes, or I can have "
    "someone call you back."
)


class Arguments(ToolArguments):
    """Which slot, and for whom."""

    private: ClassVar[frozenset[str]] = frozenset({"customer_name", "phone", "email", "address", "notes"})

    slot_id: Annotated[str, Field(max_length=MAX_ID_CHARS, description="slot_id of an offered time")]
    customer_name: Annotated[str, Field(min_length=1, max_length=200, description="The customer's full name")]
    phone: Annotated[str | None, Field(max_length=64, description="Only if not the number they call from")] = None
    email: Annotated[str | None, Field(max_length=254, description="E-mail address")] = None
    address: Annotated[str | None, Field(max_length=500, description="Where the visit is")] = None
    notes: Annotated[str | None, Field(max_length=2000, description="Anything the technician should know")] = None


def book_appointment(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    def identity(context: Context, arguments: Arguments) -> Any:
        # Offers of the same time carry different ids; what is asked for is the time, for this person.
        slot = front.slot_ids.read(arguments.slot_id, context.business)
        name = " ".join(arguments.customer_name.casefold().split())
        return [slot.service.id, slot.technician.id, slot.start, name]

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        business = context.business
        slot = front.slot_ids.read(arguments.slot_id, business)
        customer = _customer(context, arguments)
        if not is_open(business, slot.service, slot.technician, slot.start, slot.offered_at):
            # The offer stands by its clock, but the hours were changed. Notice was kept when it was made.
            raise not_offered()
        if not slot.is_offered(front.clock.now()):
            return await _refused(front, context, slot, Outcome(Result.REFUSED, code=Code.SLOT_EXPIRED))
        outcome = await front.bookings.book(business, slot, customer, context.ref.key, context.deadline)
        if outcome.result is Result.REFUSED:
            return await _refused(front, context, slot, outcome)
        return _booked(front, context, slot, outcome)

    return Tool(
        name="book_appointment",
        description="Book one of the offered times. Tell the caller it is booked only if outcome is confirmed.",
        arguments=Arguments,
        run=run,
        changes_state=True,
        identity=identity,
        refused={"outcome": Result.REFUSED.value, "slots": []},
        undecided={"outcome": Result.PENDING.value},
        stands=_stands,
    )


def _stands(context: Context, connection: Any, told: ToolResult) -> bool:
    """Whether what was told as booked still is: it may have been cancelled or moved since, or be about to."""
    if told.facts.get("outcome") != Result.CONFIRMED.value:
        return True
    booking = by_reference(connection, context.business.id, str(told.facts["reference"]))
    if booking is None or not booking.active or under_way(connection, [booking]):
        return False
    return local_iso(booking.starts, context.business.zone) == str(told.facts["start"])


def _customer(context: Context, arguments: Arguments) -> Customer:
    name = one_line(arguments.customer_name)
    if name.lower() in NOBODY or not any(char.isalnum() for char in name):
        raise SaidError(
            Code.INVALID_ARGUMENTS, "customer_name is missing (The customer's full name). Ask the caller for it."
        )
    email, heard = email_of(arguments.email)
    phone, heard_phone = phone_and_heard(arguments.phone, context.business, context.ref.caller or "")
    notes = "\n".join(part for part in (arguments.notes, heard, heard_phone) if part)
    return Customer(
        name=name,
        phone=phone,
        caller=(context.ref.owner or "")[:CALLER_CHARS],
        email=email,
        address=several_lines(arguments.address or ""),
        notes=several_lines(notes),
    )


def _booked(front: Front, context: Context, slot: Slot, outcome: Outcome) -> ToolResult:
    zone = context.business.zone
    booking = outcome.booking
    reference = booking.reference if booking else ""
    when = front.when(context.business, slot.start)
    facts = {
        "outcome": outcome.result.value,
        "reference": reference,
        "start": local_iso(slot.start, zone),
        "end": local_iso(slot.end, zone),
        "technician": slot.technician.id,
    }
    if outcome.result is Result.CONFIRMED:
        say = (
            f"You're booked: {slot.service.name} with {slot.technician.name} on {when}. "
            f"Your reference is {spell(reference)}."
        )
        return ToolResult(True, say, facts=facts)
    say = (
        f"I've asked for {slot.service.name} on {when}, but the calendar has not confirmed it yet. The time is held, "
        "and we will let you know as soon as it is certain. Please don't count on it until then."
    )
    return ToolResult(False, say, outcome.code, facts)


async def _refused(front: Front, context: Context, slot: Slot, outcome: Outcome) -> ToolResult:
    """Nothing was booked: say why, with other times if the calendar tells them in time."""
    say = UNREACHABLE
    zone = context.business.zone
    facts: dict[str, Any] = {
        "outcome": Result.REFUSED.value,
        "start": local_iso(slot.start, zone),
        "end": local_iso(slot.end, zone),
        "technician": slot.technician.id,
        "slots": [],
    }
    if outcome.code is Code.SLOT_EXPIRED:
        facts["service"] = slot.service.id  # with it the very same visit can be looked for again
    if outcome.booking is not None:  # another time beside it would be a second visit that nobody asked for
        say = THEIRS.format(visit=visit_said(front, context.business, outcome.booking))
        facts["reference"] = outcome.booking.reference
    elif outcome.code is not Code.CALENDAR_UNAVAILABLE:
        say = EXPIRED if outcome.code is Code.SLOT_EXPIRED else TAKEN.format(technician=slot.technician.name)
        if outcome.own is not None and context.ref.surely:  # a model writes one id of a call for many
            say = f"{own_visit(front, context.business, outcome.own)} {OWN}"
        openings = await alternatives(front, context.business, slot, context.deadline)
        if openings:
            facts["slots"] = offered(front, context.business, slot.service, openings)
            now = int(front.clock.now())
            named = has_same_time(openings, slot)
            say = f"{say} {offer(slot.service.name, openings, context.business, named, now)}"
    return ToolResult(False, say, outcome.code, facts)
