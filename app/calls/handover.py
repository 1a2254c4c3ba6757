"""A caller wants a person: the call goes to whoever is there now, or somebody calls back. Never into nothing.

Fails open: when a transfer cannot be written down it is made all the same, and an alarm says so.
"""

import uuid
from dataclasses import dataclass
from typing import Final

from app.booking.business import Business, Businesses
from app.booking.callback_time import soonest
from app.booking.destinations import destinations
from app.booking.speech import spoken_time
from app.calls.arrivals import UNKNOWN_LINE, Declined, Diverted, ring_unknown_line
from app.calls.model import CallRef
from app.calls.push import Push
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.errors import ReadbackError
from app.promises.callbacks import Callback, promised
from app.promises.transfers import Asked, Trying, begun, not_taken, owed
from app.watch.alarms import Alarms
from app.watch.calm import Calm

ORDERING: Final = frozenset({"vapi"})
"""Platforms that take an order to transfer a live call, and report what became of it."""
WRITE_WITHIN_S = 1.0
"""The caller waits in silence for it, after as long for the claim on their request, and a second time where the
platform takes no order.
"""

CONNECTING = "One moment, I'm connecting you to one of our people."
CALLED_BACK = "I'm sorry, I can't reach anybody right now. Someone will call you back by {when}."
NO_NUMBER = "I'm sorry, I can't reach anybody right now. What number can we call you back on?"
SORRY = "I'm sorry, I can't connect you right now. Please call again in a few minutes."


@dataclass(frozen=True, slots=True)
class Connecting:
    """The call goes to `number`. `ordered`: the platform is doing it; else whoever asked has to."""

    number: str
    ordered: bool


@dataclass(frozen=True, slots=True)
class CalledBack:
    """Nobody can be reached; somebody calls the caller's own number by `due` (epoch seconds)."""

    due: int


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody can be reached, and there is no number to call back."""


class Handover:
    """Hands calls over to people."""

    def __init__(self, businesses: Businesses, database: Database, push: Push, alarms: Alarms, clock: Clock) -> None:
        self._businesses = businesses
        self._database = database
        self._push = push
        self._alarms = alarms
        self.clock = clock
        self._calm = Calm(clock.monotonic())

    async def to_person(
        self, ref: CallRef, business: Business, details: str = ""
    ) -> Connecting | CalledBack | Unreachable:
        """Connect the call, or have the caller called back; `details` is what they want, for whoever calls.

        Raises `ReadbackError` when nobody is there and a callback cannot be promised either.
        """
        found = await self._begun(ref, business, details)
        if not isinstance(found, Trying | str):
            return found
        number = _number(found)
        if ref.platform not in ORDERING:
            return Connecting(number, ordered=False)
        if isinstance(found, Trying) and found.again:
            return Connecting(number, ordered=True)
        url = ref.control_url
        if url is not None and self._push.allows(url) and await self._push.transfer(url, number, CONNECTING):
            return Connecting(number, ordered=True)
        return await self._made_up_for(ref, business, found, details)

    async def destination(self, ref: CallRef) -> Diverted | Declined:
        """The answer to a platform that asks where to transfer a call to; it does the rest by itself."""
        business = self._businesses.find(ref.lines, ref.assistant)
        if business is None:
            ring_unknown_line(self._alarms, ref)
            return Declined(UNKNOWN_LINE)
        try:
            found = await self._begun(ref, business, "")
        except ReadbackError:
            return Declined(SORRY)
        if isinstance(found, CalledBack):
            return Declined(called_back(found, business, self.clock.now()))
        if isinstance(found, Unreachable):
            return Declined(NO_NUMBER)
        return Diverted(_number(found), CONNECTING)

    def fallback(self, ref: CallRef) -> Diverted | Declined:
        """The answer without asking anything: what `destination` falls open to."""
        business = self._businesses.find(ref.lines, ref.assistant)
        numbers = destinations(business, int(self.clock.now())) if business else ()
        return Diverted(numbers[0], CONNECTING) if numbers else Declined(SORRY)

    async def _begun(self, ref: CallRef, business: Business, details: str) -> Trying | str | CalledBack | Unreachable:
        """The transfer that was written down; its bare number if it could not be; or what else is promised."""
        now = self.clock.now()
        numbers = destinations(business, int(now))
        asked = Asked(
            call_key=ref.key or f"{ref.platform}:{uuid.uuid4().hex}",
            business=business.id,
            caller=ref.caller or "",
            numbers=numbers,
            details=details,
            followed=ref.platform in ORDERING and ref.call_id is not None,
        )
        try:
            found = await self._database.write(
                lambda t: begun(t, asked, now=now) or _called_back(t, ref, business, asked, now), WRITE_WITHIN_S
            )
        except ReadbackError as error:
            if not numbers:  # nobody is transferred, so nobody is left unfollowed
                raise
            self._calm.trouble(self.clock.monotonic())
            self._alarms.ring(
                "transfers_not_followed",
                "transfers",
                "Transfers are made without being followed",
                f"A transfer could not be written down ({error}). If it fails, nobody is told.",
                business.page,
            )
            return numbers[0]
        if self._calm.is_over(self.clock.monotonic()):
            self._alarms.clear("transfers_not_followed", "transfers")
        return found

    async def _made_up_for(
        self, ref: CallRef, business: Business, tried: Trying | str, details: str
    ) -> CalledBack | Unreachable:
        """The platform did not take the order, as far as we know."""
        now = self.clock.now()
        asked = Asked(ref.key, business.id, ref.caller or "", (), details)

        def promise(transaction: Transaction) -> CalledBack | Unreachable:
            if isinstance(tried, Trying):
                not_taken(transaction, tried.transfer, now=now)
            return _called_back(transaction, ref, business, asked, now)

        return await self._database.write(promise, WRITE_WITHIN_S)


def _number(found: Trying | str) -> str:
    return found if isinstance(found, str) else found.transfer.destination


def called_back(found: CalledBack, business: Business, now: float) -> str:
    """What the caller hears then."""
    return CALLED_BACK.format(when=spoken_time(found.due, business.zone, int(now)))


def _called_back(
    transaction: Transaction, ref: CallRef, business: Business, asked: Asked, now: float
) -> CalledBack | Unreachable:
    """The callback this call is owed already for a transfer that failed, else one as soon as somebody can."""
    if not asked.caller:
        return Unreachable()
    before = owed(transaction.connection, asked.call_key)
    if before is not None:
        return CalledBack(int(before))
    due = soonest(business, int(now)).due
    wanted = Callback(
        business=business.id,
        call_key=ref.key,
        phone=asked.caller,
        reason=asked.details,
        asked="",
        by=f"by {spoken_time(due, business.zone)} ({business.zone.key})",
        due=due,
    )
    return CalledBack(promised(transaction, wanted, now=now).due)
