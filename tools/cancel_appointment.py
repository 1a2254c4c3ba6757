"""Cancel an appointment. Says "cancelled" only when its event was seen to be gone from the calendar."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.booking.book import Outcome, Result
from app.booking.contact import one_line
from app.booking.front import Front
from app.booking.owner import Asking
from app.booking.store import Booking
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult
from app.errors import Code

REFUSED = {
    Code.CALENDAR_UNAVAILABLE: (
        "I can't reach the calendar right now, so I have not cancelled the appointment on {when}. Please try again in "
        "a few minutes, or I can have someone call you back."
    ),
    Code.NOT_ALLOWED: (
        "The appointment on {when} was changed on our side, so I did not cancel it. Someone from our team will look at "
        "it and call you."
    ),
    Code.STILL_CHECKING: (
        "Something else about the appointment on {when} is still being checked with the calendar, so I can't cancel it "
        "at this moment. Please try again in a few minutes, or I can have someone call you back."
    ),
    Code.NOT_FOUND: "The appointment on {when} is not booked any more, so there is nothing to cancel.",
}


class Arguments(ToolArguments):
    """Which appointment, and whose."""

    private: ClassVar[frozenset[str]] = frozenset({"customer_name", "reason"})

    reference: Annotated[str, Field(max_length=64, description="Reference of the appointment")]
    customer_name: Annotated[
        str | None,
        Field(max_length=200, description="Name it was booked under; needed when they call from another number"),
    ] = None
    reason: Annotated[str | None, Field(max_length=500, description="Why, in the caller's words")] = None


def cancel_appointment(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    def identity(_: Context, arguments: Arguments) -> Any:
        return ["".join(char for char in arguments.reference.upper() if char.isalnum()), arguments.customer_name]

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        asking = Asking(context.ref.owner, context.ref.key)
        booking = await front.owners.appointment(
            context.business.id, asking, arguments.reference, arguments.customer_name
        )
        if booking.status == "cancelled":
            return _cancelled(front, context, booking, "was cancelled already")
        if front.clock.now() >= booking.starts:
            return _too_late(front, context, booking)
        reason = one_line(arguments.reason or "")
        outcome = await front.changes.cancel(context.business, booking, reason, context.ref.key, context.deadline)
        if outcome.result is Result.CONFIRMED:
            return _cancelled(front, context, outcome.booking or booking, "is cancelled")
        if outcome.result is Result.PENDING:
            return _pending(front, context, booking)
        return _refused(front, context, booking, outcome)

    return Tool(
        name="cancel_appointment",
        description="Cancel an appointment. Tell the caller it is cancelled only if outcome is confirmed.",
        arguments=Arguments,
        run=run,
        changes_state=True,
        identity=identity,
        refused={"outcome": Result.REFUSED.value},
        undecided={"outcome": Result.PENDING.value},
        looks_first=True,
    )


def _when(front: Front, context: Context, booking: Booking) -> str:
    return front.when(context.business, booking.starts)


def _cancelled(front: Front, context: Context, booking: Booking, how: str) -> ToolResult:
    say = f"Your appointment on {_when(front, context, booking)} {how}."
    return ToolResult(True, say, facts={"outcome": Result.CONFIRMED.value, "reference": booking.reference})


def _pending(front: Front, context: Context, booking: Booking) -> ToolResult:
    say = (
        f"I've asked to cancel the appointment on {_when(front, context, booking)}, but the calendar has not confirmed "
        "it yet. We will let you know as soon as it is certain."
    )
    facts = {"outcome": Result.PENDING.value, "reference": booking.reference}
    return ToolResult(False, say, Code.STILL_CHECKING, facts)


def _too_late(front: Front, context: Context, booking: Booking) -> ToolResult:
    say = (
        f"The appointment on {_when(front, context, booking)} has already begun or is over, so it can't be cancelled "
        "any more. I can have someone call you back."
    )
    return ToolResult(False, say, Code.NOT_ALLOWED, {"outcome": Result.REFUSED.value, "reference": booking.reference})


def _refused(front: Front, context: Context, booking: Booking, outcome: Outcome) -> ToolResult:
    code = outcome.code or Code.CALENDAR_UNAVAILABLE
    say = REFUSED.get(code, REFUSED[Code.CALENDAR_UNAVAILABLE]).format(when=_when(front, context, booking))
    return ToolResult(False, say, code, {"outcome": Result.REFUSED.value, "reference": booking.reference})
