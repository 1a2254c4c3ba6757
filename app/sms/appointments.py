"""Texts about appointments that nobody asked for in a conversation: the confirmation after a call, the reminders a day
and two hours before, and the end of a booking that was not certain in the call.

A reminder is a job that is due then. What has become of the appointment meanwhile decides whether it says anything.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.booking.book import Result
from app.booking.business import Business
from app.booking.store import Booking, by_id
from app.booking.wording import appointment, confirmation
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.outbox import Job
from app.promises import texts
from app.promises.consent import unwanted
from app.promises.texts import CONFIRMATION, NEWS, REMINDER_DAY, REMINDER_HOURS, Text, noted
from app.sms.hearing import CUSTOMER

TEXT: Final = "text_appointment"
"""The kind of the job."""
BEFORE_S: Final = {REMINDER_DAY: 86_400.0, REMINDER_HOURS: 7_200.0}
NO_USE_S: Final = {REMINDER_DAY: 4 * 3_600.0, REMINDER_HOURS: 1_800.0}
"""So long before the visit a reminder is of no use any more."""
BY_TEXT: Final = "sms:"
"""Begins the call key of what was booked in a conversation by text, which has said so itself."""


class AppointmentTexts:
    """`jobs_for` is asked in every commit that changes an appointment; `text` is the handler of its jobs."""

    def __init__(self, database: Database, businesses: Mapping[str, Business], clock: Clock) -> None:
        self._database = database
        self._businesses = businesses
        self._clock = clock

    def jobs_for(self, booking: Booking, now: float) -> list[Job]:
        """A confirmation now, and the reminders whose time is still to come."""
        if booking.amends or booking.status != "confirmed" or not CUSTOMER.fullmatch(_number(booking)):
            return []
        due = {
            kind: booking.starts - before_s for kind, before_s in BEFORE_S.items() if booking.starts - before_s > now
        }
        if not booking.call_key.startswith(BY_TEXT):
            due[CONFIRMATION] = now
        return [
            Job(TEXT, f"{booking.id}:{booking.revision}:{kind}", at, _data(booking, kind)) for kind, at in due.items()
        ]

    async def text(self, data: Mapping[str, Any]) -> None:
        """Carry out a `text_appointment`: owe the text, if the appointment is still as it was."""
        await self._database.write(lambda t: self._noted(t, data))

    def news(self, transaction: Transaction, booking: Booking, result: Result, now: float) -> bool:
        """Tell by text how a booking ended that was not certain in the call; False when that is not possible."""
        business = self._businesses.get(booking.business)
        number = _number(booking)
        if business is None or not business.lines or CUSTOMER.fullmatch(number) is None:
            return False
        if unwanted(transaction.connection, business.id, number):
            return False
        if result is Result.CONFIRMED:
            if (standing := texts.made_news(transaction, booking.id, booking.revision)) is not None:
                return standing
            body = f"{business.name}: you are booked after all: {appointment(business, booking)}."
            body = f"{body} Reference {booking.reference}."
        else:
            body = (
                f"{business.name}: sorry, {appointment(business, booking)} could not be booked. Text or call us for "
                "another time."
            )
        return noted(transaction, _text(business, booking, NEWS, body, 0.0), now=now)

    def _noted(self, transaction: Transaction, data: Mapping[str, Any]) -> None:
        now, kind = self._clock.now(), str(data["kind"])
        booking = by_id(transaction.connection, str(data["booking"]))
        if booking is None or booking.status != "confirmed" or booking.revision != int(data["revision"]):
            return
        business = self._businesses.get(booking.business)
        if business is None or not business.lines:
            return
        if kind == CONFIRMATION:
            if not texts.is_noted(transaction.connection, booking.id, booking.revision, NEWS):
                body = confirmation(business, booking)
                noted(transaction, _text(business, booking, kind, body, float(booking.starts)), now=now)
            return
        words = f"{business.name}: reminder of your {appointment(business, booking)}. Reference {booking.reference}."
        body = f"{words} Reply STOP to get no texts."
        noted(transaction, _text(business, booking, kind, body, booking.starts - NO_USE_S[kind]), now=now)


def _data(booking: Booking, kind: str) -> dict[str, str | int | float | None]:
    return {"booking": booking.id, "revision": booking.revision, "kind": kind}


def _number(booking: Booking) -> str:
    return booking.phone or booking.caller


def _text(business: Business, booking: Booking, kind: str, body: str, good_until: float) -> Text:
    return Text(
        business=business.id,
        to_number=_number(booking),
        from_number=business.lines[0],
        body=body,
        kind=kind,
        booking=booking.id,
        revision=booking.revision,
        good_until=good_until,
    )
