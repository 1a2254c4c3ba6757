"""Put the text that confirms a booking into the outbox, for its own caller only. Never says that it was sent."""

from typing import Annotated, Final

from pydantic import Field

from app.booking.front import Front
from app.booking.speech import spell
from app.booking.store import Booking, by_reference
from app.booking.wording import appointment, confirmation
from app.calls.arguments import ToolArguments
from app.calls.model import Context, Tool, ToolResult, not_found
from app.errors import Code, SaidError
from app.promises.consent import unwanted
from app.promises.texts import CONFIRMATION, ENDED_BADLY, OPEN, Owed, Text, owed

UNKNOWN = "I can't find an appointment with that reference for the number this call comes from."
NOT_CONFIRMED = "That appointment is not confirmed by the calendar yet, so there is nothing to confirm by text yet."

NOT_YET = "I can't send texts yet, so no text has gone out; I have noted that you want one."
ON_ITS_WAY = "A text with the details is on its way to your number."
BEFORE = "A text with the details went out to your number before."
NOT_THERE = "A text with the details could not be delivered to your number."
ON_ITS_WAY_S: Final = 900.0
"""After the last that was heard of a text: no carrier keeps it for longer."""
NO_TEXTS = {
    "opted_out": "That number has asked for no texts from us.",
    "not_textable": "That number can't get texts.",
}


class Arguments(ToolArguments):
    """Which booking."""

    reference: Annotated[str, Field(min_length=1, max_length=64, description="Reference of the booking")]


def send_confirmation(front: Front) -> Tool[Arguments]:
    """The tool, over this front desk."""

    async def run(context: Context, arguments: Arguments) -> ToolResult:
        booking = await _own(front, context, arguments.reference)
        if booking.status != "confirmed":
            raise SaidError(Code.CALENDAR_UNAVAILABLE, NOT_CONFIRMED)  # not pinned: a moment later it may be
        text, now = _text(context, booking), front.clock.now()
        why = await front.database.read(lambda c: unwanted(c, context.business.id, text.to_number))
        kept = None if why else await front.database.write(lambda t: owed(t, text, now=now))
        about = f"{appointment(context.business, booking, int(now))}. Your reference is {spell(booking.reference)}."
        outcome, words = _refused(why) if kept is None else _said(kept, now) if front.texting else ("noted", NOT_YET)
        facts = {"outcome": outcome, "reference": booking.reference}
        return ToolResult(True, f"{words} Let me repeat it: {about}", facts=facts)

    return Tool(
        name="send_confirmation",
        description="Note that the caller wants their booking confirmed by text. Do not say that a text was sent.",
        arguments=Arguments,
        run=run,
        changes_state=True,
    )


async def _own(front: Front, context: Context, reference: str) -> Booking:
    """The booking, if the signalled caller made it or it was made for them; the same words for all that is not."""
    spoken = "".join(char for char in reference.upper() if char.isalnum())
    booking = await front.database.read(lambda c: by_reference(c, context.business.id, spoken))
    caller = context.ref.owner
    if booking is None or not caller or caller not in (booking.caller, booking.phone):
        raise not_found(UNKNOWN)
    if booking.status not in ("confirmed", "pending", "held"):
        raise not_found(UNKNOWN)
    return booking


def _refused(why: str) -> tuple[str, str]:
    return "not_texted", f"{NO_TEXTS[why]} I can't send one."


def _said(text: Owed, now: float) -> tuple[str, str]:
    """What has come of it and what the caller hears; a text on its way may still not get there."""
    if text.state in ENDED_BADLY:
        return "not_texted", NOT_THERE
    under_way = text.state in OPEN or now - text.changed_at < ON_ITS_WAY_S
    return "texting", ON_ITS_WAY if under_way else BEFORE


def _text(context: Context, booking: Booking) -> Text:
    business = context.business
    line = next((line for line in context.ref.lines if line in business.lines), None)
    return Text(
        business=business.id,
        to_number=booking.phone or booking.caller,
        from_number=line or next(iter(business.lines), ""),
        body=confirmation(business, booking),
        kind=CONFIRMATION,
        booking=booking.id,
        revision=booking.revision,
        good_until=float(booking.starts),
    )
