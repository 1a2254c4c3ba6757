"""What a caller has booked: by their own number as the platform signals it, or by reference together with the name."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.amendments import CANCEL, under_way
from app.booking.front import Front
from app.booking.owner import Asking
from app.booking.speech import local_iso, spell
from app.booking.store import Booking, by_caller
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult, not_found

_CAUTIONS = {
    "cannot_verify": " But I can't see it on the calendar right now to be sure; someone is looking into it.",
    "mismatch": " But the calendar does not show it as it was booked; someone is looking into it and will call.",
    "changed": " But it was changed on the calendar after it was booked; someone will call about it.",
}


class Arguments(ToolArguments):
    """A reference and the name it was booked under, or nothing for the caller's own number."""

    private: ClassVar[frozenset[str]] = frozenset({"customer_name"})

    reference: Annotated[str | None, Field(max_length=64, description="Reference of the booking")] = None
    customer_name: Annotated[
        str | None, Field(max_length=200, description="Name it was booked under; needed with a reference")
    ] = None


def find_appointments(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        if arguments.reference is not None:
            found = [await _by_reference(front, context, arguments.reference, arguments.customer_name)]
        else:
            found = await _own(front, context)
        changes = await front.database.read(lambda c: under_way(c, found)) if found else {}
        return _told(front, context, found, changes)

    return Tool(
        name="find_appointments",
        description="Find the caller's own appointments, or one by reference and the name it was booked under.",
        arguments=Arguments,
        run=run,
    )


async def _by_reference(front: Front, context: Context, reference: str, name: str | None) -> Booking:
    asking = Asking(context.ref.owner, context.ref.key)
    booking = await front.owners.appointment(context.business.id, asking, reference, name, by_number=False)
    if booking.status == "cancelled":
        raise not_found("That appointment was cancelled.")
    return booking


async def _own(front: Front, context: Context) -> list[Booking]:
    caller = context.ref.owner
    if caller is None:
        raise not_found(
            "I don't see the number this call comes from. Please ask for the reference and the name of the booking."
        )
    now = int(front.clock.now())
    return list(await front.database.read(lambda c: by_caller(c, context.business.id, caller, now)))


def _told(front: Front, context: Context, found: list[Booking], changes: Mapping[str, Booking]) -> ToolResult:
    zone = context.business.zone
    appointments: list[dict[str, Any]] = [
        {
            "reference": booking.reference,
            "start": local_iso(booking.starts, zone),
            "end": local_iso(booking.ends, zone),
            "service": booking.service,
            "technician": booking.technician,
            "outcome": "confirmed" if booking.status == "confirmed" else "pending",
            "verification": booking.verification,
            **({"change": changes[booking.id].intent} if booking.id in changes else {}),
        }
        for booking in found
    ]
    if not found:
        return ToolResult(True, "There is no upcoming appointment for this number.", facts={"appointments": []})
    sentences = [
        _sentence(front, context, booking) + _change(front, context, changes.get(booking.id)) for booking in found
    ]
    return ToolResult(True, " ".join(sentences), facts={"appointments": appointments})


def _sentence(front: Front, context: Context, booking: Booking) -> str:
    service = context.business.service(booking.service)
    what = service.name if service else booking.service
    when = front.when(context.business, booking.starts)
    state = "" if booking.status == "confirmed" else ", not confirmed by the calendar yet"
    caution = _CAUTIONS.get(booking.verification, "") if booking.status == "confirmed" else ""
    return f"{what} on {when}{state}, reference {spell(booking.reference)}.{caution}"


def _change(front: Front, context: Context, change: Booking | None) -> str:
    """What is not known yet of an appointment that is being moved or cancelled; empty for any other."""
    if change is None:
        return ""
    to = f"move to {front.when(context.business, change.starts)}"
    return f" Its {'cancellation' if change.intent == CANCEL else to} is still being checked with the calendar."
