"""Answers that come after the caller heard a filler: pushed into the live call once, or handed to a person."""

import asyncio
from collections import OrderedDict

from app import log, metrics
from app.background import Background
from app.booking.amendments import CANCEL, Amendment
from app.booking.book import Result
from app.booking.business import Business, Businesses
from app.booking.change_ends import CHANGED_BY_HAND
from app.booking.speech import spell, spoken_time
from app.booking.store import Booking
from app.calls.model import CallRef, ToolResult
from app.calls.owed import NOT_DELIVERED, NOTE_S, Owed
from app.calls.push import Push
from app.clock import Clock
from app.watch.alarms import Alarms

WAIT_S = 20.0
MAX_FOLLOWED = 500
MAX_CALLS_REMEMBERED = 5_000
GIVEN_UP = "I'm sorry, the calendar is still not answering. Someone will get back to you."

logger = log.get(__name__)


class LateAnswers:
    """Follows unfinished work to its end and tells the caller, once."""

    def __init__(self, push: Push, businesses: Businesses, alarms: Alarms, owed: Owed, clock: Clock) -> None:
        self._push = push
        self._owed = owed
        self._businesses = businesses
        self._alarms = alarms
        self._clock = clock
        self._following: set[asyncio.Task[None]] = set()
        self._control_urls: OrderedDict[str, str] = OrderedDict()
        self._promised: set[tuple[str, ...]] = set()
        """Questions of calls whose answer is still to come."""

    @property
    def followed(self) -> int:
        """Unfinished work that is followed now."""
        return len(self._following)

    def can_push(self, ref: CallRef) -> bool:
        """Whether something can be said in this call later on, and there is room to follow one more."""
        return (
            ref.control_url is not None and len(self._following) < MAX_FOLLOWED and self._push.allows(ref.control_url)
        )

    def promises_first(
        self, ref: CallRef, business: Business, tool: str, question: str, work: asyncio.Task[ToolResult]
    ) -> bool:
        """Whether nothing under way will tell this call the same: a model that asks again and again hears it once."""
        promise = (ref.key, business.id, tool, question)
        if promise in self._promised:
            return False
        if ref.key:
            self._promised.add(promise)
            work.add_done_callback(lambda _: self._promised.discard(promise))
        return True

    async def owe(
        self,
        key: str,
        ref: CallRef,
        business: Business,
        tool: str,
        work: asyncio.Task[ToolResult],
        within_s: float = NOTE_S,
    ) -> None:
        """Say the result in the call when `work` is done, which must not raise; owed beyond this process's end.

        `key` names the request, so that one asked again is owed once.
        """
        noted = await self._owed.note(key, ref, business, tool, within_s)
        following = self._follow_to_the_end(ref, business, tool, work, key, noted=noted)
        task = asyncio.get_running_loop().create_task(following)
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def remember(self, ref: CallRef) -> None:
        """Note where a call can be reached, for news about what it asked for."""
        if ref.control_url is None or not self._push.allows(ref.control_url):
            return
        self._control_urls[ref.key] = ref.control_url
        self._control_urls.move_to_end(ref.key)
        if len(self._control_urls) > MAX_CALLS_REMEMBERED:
            self._control_urls.popitem(last=False)

    async def tell(self, booking: Booking, result: Result) -> bool:
        """A booking that was pending is settled: say so in its call; False when that is over, or unknown here."""
        business = self._businesses.by_id.get(booking.business)
        if business is None:
            return False
        when = spoken_time(booking.starts, business.zone, int(self._clock.now()))
        if result is Result.CONFIRMED:
            say = f"Good news: your appointment on {when} is booked. Your reference is {spell(booking.reference)}."
        else:
            say = f"I'm sorry, the appointment on {when} could not be booked. I can look for another time."
        return await self._said(self._control_urls.get(booking.call_key), say)

    async def tell_change(self, amendment: Amendment, result: Result) -> bool:
        """A move or cancellation that was pending is settled: say so in the call if it still lives; False if not."""
        appointment, change = amendment.appointment, amendment.change
        business = self._businesses.by_id.get(appointment.business)
        if business is None:
            return False
        now = int(self._clock.now())
        old, new = (spoken_time(starts, business.zone, now) for starts in (appointment.starts, change.starts))
        done = result is Result.CONFIRMED
        if change.reason == CHANGED_BY_HAND:
            what = "cancel" if change.intent == CANCEL else "move"
            say = (
                f"Your appointment on {old} was changed on our side, so I did not {what} it. Someone from our team "
                "will look at it and call you."
            )
        elif change.intent == CANCEL:
            ends = "is cancelled now" if done else "could not be cancelled. I can look up how it stands"
            say = f"About your appointment on {old}: it {ends}."
        elif done:
            reference = spell(appointment.reference)
            say = f"Good news: your appointment is moved to {new}. Your reference is still {reference}."
        else:
            say = f"I'm sorry, your appointment could not be moved to {new}. It stays on {old}."
        return await self._said(self._control_urls.get(change.call_key), say)

    async def stop(self, grace_s: float) -> None:
        """Let what is nearly there finish, then give up the rest."""
        if self._following:
            await asyncio.wait(self._following, timeout=grace_s)
        for task in list(self._following):
            task.cancel()

    async def _follow_to_the_end(
        self, ref: CallRef, business: Business, tool: str, work: asyncio.Task[ToolResult], owed: str, *, noted: bool
    ) -> None:
        noting = Background()
        if not noted:
            noting.begin(self._owed.note_at_last(owed, ref, business, tool))
        try:
            heard = await self._follow(ref, work)
        finally:
            await noting.end()  # what it has begun is committed before what follows
        if heard:
            await self._owed.over(owed)
            return
        answer = work.result().say if work.done() else ""
        page = await self._owed.hand_on(owed, ref, business, tool, answer)
        if page is None:  # rung beside the one in the database, it would be two where that is slow
            metrics.count_alarm(NOT_DELIVERED)
        else:
            self._alarms.ring(page.kind, page.key, page.title, page.body, business.page)

    async def _follow(self, ref: CallRef, work: asyncio.Task[ToolResult]) -> bool:
        """Whether the caller heard the answer, or somebody else will tell them."""
        await asyncio.wait({work}, timeout=WAIT_S)
        if not work.done():
            await self._said(ref.control_url, GIVEN_UP)
            return False
        if work.result().facts.get("outcome") == Result.PENDING:
            return True  # told when it is settled
        return await self._said(ref.control_url, work.result().say)

    async def _said(self, url: str | None, say: str) -> bool:
        if url is None or not self._push.allows(url):
            return False
        delivered = await self._push.say(url, say)
        metrics.count_push("delivered" if delivered else "failed")
        return delivered
