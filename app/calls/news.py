"""The job that has a customer told how a pending booking ended: in their call if it lives, by text, else by a person.

It never ends without either: who was told "not sure yet" is owed the end.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from app.booking.book import Result
from app.booking.business import Business
from app.booking.since import another_since
from app.booking.speech import spoken_time
from app.booking.store import Booking, by_id, changed
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.outbox import Again
from app.review.tasks import Task, opened, paged
from app.watch.pages import Page

TELL_WITHIN_S: Final = 900.0
"""What a person has to call the customer."""
LOOK_AGAIN_S: Final = 30.0
"""While it is in doubt whether the result still stands."""
PAGE: Final = "customer_to_be_told"

ByText = Callable[[Transaction, Booking, Result, float], bool]
"""Owes the customer a text that says it, in the same commit, and followed to its end; False when that cannot be."""
Say = Callable[[Booking, Result], Awaitable[bool]]


def no_texts(*_: Any) -> bool:
    """There is no carrier."""
    return False


class News:
    """Carries the end of a pending booking to its customer."""

    def __init__(
        self,
        database: Database,
        businesses: Mapping[str, Business],
        say: Say,
        clock: Clock,
        by_text: ByText = no_texts,
    ) -> None:
        self._database = database
        self._businesses = businesses
        self._say = say
        self._clock = clock
        self._by_text = by_text

    async def handle(self, data: Mapping[str, Any]) -> Again | None:
        """Tell one result of one booking. What the customer heard already, or what is not so any more, is over.

        A confirmation that was committed but not heard of in time is taken back, and mostly comes again: that is the
        same job, which is carried out once.
        """
        booking = await self._database.read(lambda c: by_id(c, str(data["booking"])))
        result = Result(data["result"])
        if booking is not None and booking.status == "pending":
            return Again(LOOK_AGAIN_S)
        if booking is None or booking.status != result.value or booking.told == result.value:
            return None
        if await self._say(booking, result):
            await self._database.write(lambda t: changed(t, booking, told=result.value))
        else:
            await self._database.write(lambda t: self._handed_over(t, booking, result))
        return None

    def _handed_over(self, transaction: Transaction, booking: Booking, result: Result) -> None:
        if self._by_text(transaction, booking, result, self._clock.now()):
            return
        business = self._businesses.get(booking.business)
        now = self._clock.now()
        when = f", {spoken_time(booking.starts, business.zone, int(now))}" if business else ""
        if result is Result.CONFIRMED:
            what = "is booked after all. Tell the customer, who heard at most that it was not sure yet."
        else:
            other = another_since(transaction.connection, booking)
            instead = f", unless {other.reference}, which they have booked since, does instead" if other else ""
            what = f"could not be booked. Call the customer and find another time{instead}."
        told = f"Booking {booking.reference} ({business.name if business else booking.business}{when}) {what}"
        task = Task(
            key=f"tell_customer:{booking.id}:{result.value}",
            kind="tell_customer",
            business=booking.business,
            subject=booking.reference,
            what=told,
            due=now + TELL_WITHIN_S,
            phone=booking.phone or booking.caller,
        )
        if opened(transaction, task, now=now):
            title = f"Tell the customer: booking {booking.reference}"
            paged(transaction, task.key, Page(PAGE, booking.reference, title, told, booking.business), now=now)
