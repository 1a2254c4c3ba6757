"""Book an offered slot. Says "booked" only when the appointment was written and seen on the calendar."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.availability import PartOfDay, bookable, choose, is_open
from app.booking.book import Outcome, Result
from app.booking.contact import email_of, phone_of
from app.booking.desk import local_today
from app.booking.front import Front, offered
from app.booking.slots import MAX_ID_CHARS, Slot, not_offered
from app.booking.speech import local_iso, offer, spell, spoken_time
from app.booking.store import Customer
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult

ALTERNATIVES = 3
ALTERNATIVE_DAYS = 7
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
        slot = front.slot_ids.read(arguments.slot_id, context.business, 0)
        name = " ".join(arguments.customer_name.casefold().split())
        return [slot.service.id, slot.technician.id, slot.start, name]

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        business = context.business
        now = front.clock.now()
        slot = front.slot_ids.read(arguments.slot_id, business, now)
        if not is_open(business, slot.service, slot.technician, slot.start, int(now)):
            # The offer stands by its clock, but hours or notice no longer allow it.
            raise not_offered()
        outcome = await front.bookings.book(
            business, slot, _customer(context, arguments), context.ref.key, context.deadline
        )
        if outcome.result is Result.REFUSED:
            return await _refused(front, context, slot, outcome)
        return _booked(context, slot, outcome)

    return Tool(
        name="book_appointment",
        description="Book one of the offered times. Tell the caller it is booked only if outcome is confirmed.",
        arguments=Arguments,
        run=run,
        changes_state=True,
        identity=identity,
    )


def _customer(context: Context, arguments: Arguments) -> Customer:
    caller = context.ref.caller or ""
    email, heard = email_of(arguments.email)
    notes = "\n".join(part for part in (arguments.notes, heard) if part)
    return Customer(
        name=arguments.customer_name,
        phone=phone_of(arguments.phone, context.business, caller),
        caller=caller,
        email=email,
        address=arguments.address or "",
        notes=notes,
    )


def _booked(context: Context, slot: Slot, outcome: Outcome) -> ToolResult:
    zone = context.business.zone
    booking = outcome.booking
    reference = booking.reference if booking else ""
    when = spoken_time(slot.start, zone)
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
    """Nothing was booked: say why, with other times if the calendar tells them."""
    code = outcome.code
    say = UNREACHABLE
    facts: dict[str, Any] = {"outcome": Result.REFUSED.value, "slots": []}
    business, service = context.business, slot.service
    if outcome.taken:
        say = f"I'm sorry, {slot.technician.name} is no longer free at that time, so nothing was booked."
        now = int(front.clock.now())
        first = local_today(business, slot.start)
        last = first + timedelta(days=ALTERNATIVE_DAYS - 1)
        view = await front.desk.open(business, service, business.technicians_for(service), first, last)
        openings = choose(
            bookable(business, view.openings, now),
            PartOfDay.ANY,
            business.zone,
            front.desk.load(business.technicians_for(service)),
            ALTERNATIVES,
            False,
        )
        if openings:
            facts["slots"] = offered(front, business, service, openings)
            say = f"{say} {offer(service.name, openings, business, False, now)}"
    return ToolResult(False, say, code, facts)
