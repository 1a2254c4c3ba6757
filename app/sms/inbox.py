"""Texts that came in: kept once, in the same commit as the job that answers them; then answered a turn at a time.

One conversation is one worker's at a time, under a hold that runs out by itself when the worker dies. A turn that was
begun is begun again with the same texts; its replies, the state it leaves and the end of its texts are one commit.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app import log, metrics
from app.booking.business import Business, Businesses
from app.calls.arrivals import ring_unknown_line
from app.calls.lines import line_of
from app.calls.model import CallRef
from app.calls.texting import ReceivedText
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.outbox import Again, Job, put
from app.promises import texts as outbox
from app.promises.gsm import parted
from app.sms import conversations, people
from app.sms.conversations import Held
from app.sms.hearing import Hearing, tell_who_decides
from app.sms.holding import HELD_AGAIN_S, Holding
from app.sms.turn import Incoming, Responder, ThinksAhead, Turn
from app.watch.alarms import Alarms
from app.watch.volume_counts import TEXT, Came, noted

ANSWER = "answer_text"
"""The kind of the job that answers a text, and whatever else the customer has written meanwhile."""
GATHER_S: Final = 1.0
"""Who writes one thing in three texts sends them within moments: they are answered together."""
AHEAD_AFTER_S: Final = 0.1
"""From a text to when a responder that thinks ahead begins: what comes in one breath often comes at one moment."""
MOST_GATHERING: Final = 8
"""Jobs of one process that wait in its hands for more texts; others are put off, and nobody thinks ahead for them."""
ANSWER_WITHIN_S: Final = 60.0
MOST_AT_ONCE: Final = 20
HOUR_S: Final = 3_600.0
MOST_AN_HOUR: Final = 60
"""Texts of one conversation that are answered: two machines would thank each other for ever."""
PATIENCE_S: Final = 90.0
"""After so long in which no answer could be made, the customer is told that a person will."""

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A turn of a conversation that is this worker's now."""

    held: Held
    texts: Sequence[Incoming]


class Inbox:
    """What the carrier delivers goes in here, and `answer` is the handler of the jobs that come of it."""

    def __init__(
        self, database: Database, businesses: Businesses, responder: Responder, alarms: Alarms, clock: Clock
    ) -> None:
        self._database = database
        self._businesses = businesses
        self.responder = responder
        self._alarms = alarms
        self._clock = clock
        self._hearing = Hearing()
        self.gather_s = GATHER_S
        self._gathering = 0
        self._holding = Holding(database, clock)

    async def received(self, text: ReceivedText) -> bool:
        """Keep one text and have it answered; False when it was kept before. Raises when it could not be kept."""
        business = self._businesses.find((text.line,), None)
        if business is None:
            ring_unknown_line(self._alarms, CallRef("sms", text.id, text.customer, (text.line,)))
        is_new = await self._database.write(lambda t: self._kept(t, business, text))
        metrics.count_text_in("new" if is_new else "again")
        return is_new

    async def answer(self, data: Mapping[str, Any]) -> Again | None:
        """Carry out an `answer_text`. Whatever of the conversation waits is answered in one turn, oldest first."""
        identity = str(data["text"])
        if later := await self._gathered(identity):
            return later
        begun = await self._database.write(lambda t: self._begun(t, identity))
        if not isinstance(begun, _Begun):
            return begun
        try:
            async with self._holding.kept(begun.held):
                said = await self._said(begun)
        except BaseException:
            await self._holding.let_go(begun.held)
            raise
        kept = await self._database.write(lambda t: self._ended(t, begun, said))
        metrics.count_turn("answered" if kept else "overtaken")
        mine = any(text.id == identity for text in begun.texts)
        return None if kept and mine else Again(0.0)  # a turn that was left unfinished went first

    # --- coming in ----------------------------------------------------------------------------------------------------

    def _kept(self, transaction: Transaction, business: Business | None, text: ReceivedText) -> bool:
        now = self._clock.now()
        whose = business.id if business else ""
        conversation = conversations.of(transaction, whose, text, now=now)
        if not conversations.kept(transaction, whose, conversation, text, now=now):
            return False
        if business is not None:
            line = line_of(business, (text.line,))
            noted(transaction.connection, [Came(whose, line, TEXT, now)])
        owed = self._hearing.heard(transaction, business, conversation, text, now=now)
        if owed and conversations.since(transaction.connection, conversation, now - HOUR_S) > MOST_AN_HOUR:
            people.too_many(transaction, whose, text.customer, f"{conversation}:{now // HOUR_S:.0f}", now=now)
            owed = False
        if owed:
            after_s = AHEAD_AFTER_S if isinstance(self.responder, ThinksAhead) else self.gather_s
            put(transaction, answering(text.id, now + after_s), now=now)
        else:
            conversations.done_with(transaction, [text.id], now=now)
        return True

    # --- answering ----------------------------------------------------------------------------------------------------

    async def _gathered(self, identity: str) -> Again | None:
        """Wait for what is written in one breath; a responder that thinks ahead begins with what is there."""
        if not isinstance(self.responder, ThinksAhead):
            return None
        came = await self._database.read(
            lambda c: conversations.came(c, identity, most=MOST_AT_ONCE, now=self._clock.now())
        )
        rest_s = came.at + self.gather_s - self._clock.now() if came else 0.0
        if came is None or rest_s <= 0:
            return None
        if self._gathering >= MOST_GATHERING:
            return Again(rest_s)
        self._gathering += 1
        try:
            if came.conversation is not None:
                await self.responder.ahead(came.conversation, came.texts)
            await asyncio.sleep(came.at + self.gather_s - self._clock.now())
        finally:
            self._gathering -= 1
        return None

    def _begun(self, transaction: Transaction, identity: str) -> _Begun | Again | None:
        name = conversations.waiting_in(transaction.connection, identity)
        if name is None:
            return None
        held = self._holding.taken(transaction, name)
        if held is None:
            return Again(HELD_AGAIN_S)
        texts = conversations.begin_turn(transaction, held, most=MOST_AT_ONCE)
        if texts:
            tell_who_decides(transaction, name, texts, turn=texts[-1].id)
        return _Begun(held, texts)

    async def _said(self, begun: _Begun) -> Turn:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self.responder.answer(begun.held.conversation, begun.texts)
        except Exception as error:
            waited_s = self._clock.now() - begun.texts[0].received_at
            if waited_s < PATIENCE_S:
                raise
            logger.error("text_not_answered", conversation=begun.held.conversation.id, exc_info=error)
            await self._database.write(lambda t: self._for_a_person(t, begun))
            return Turn((people.SOMEBODY_WILL,), begun.held.conversation.state)

    def _for_a_person(self, transaction: Transaction, begun: _Begun) -> None:
        people.to_answer(transaction, begun.held.conversation, begun.texts, now=self._clock.now())

    def _ended(self, transaction: Transaction, begun: _Begun, said: Turn) -> bool:
        """One commit: the replies, the state, and that these texts are answered; nothing, if somebody else has it."""
        now, held = self._clock.now(), begun.held
        state = orjson.dumps(dict(said.state)).decode()
        if not conversations.release(transaction, held, state, now=now):
            logger.warning("turn_overtaken", conversation=held.conversation.id)
            return False
        parts = [part for reply in said.replies for part in parted(reply)]
        for place, body in enumerate(parts):
            outbox.noted(transaction, reply_to(held, begun.texts[-1].id, place, body), now=now)
        conversations.done_with(transaction, [text.id for text in begun.texts], now=now)
        return True


def answering(identity: str, due: float, again: str = "") -> Job:
    """The job that answers a text. `again` sets it apart from one that was done, or lost, already."""
    return Job(ANSWER, f"{identity}{again}", due, {"text": identity})


def reply_to(held: Held, turn: str, place: int, body: str) -> outbox.Text:
    """One text of a reply, in its place; the same turn has the same ones, however often it is begun."""
    conversation = held.conversation
    return outbox.Text(
        business=conversation.business,
        to_number=conversation.customer,
        from_number=conversation.line,
        body=body,
        kind=outbox.REPLY,
        booking=conversations.short(turn),
        revision=place,
        channel=conversation.channel,
        conversation=conversation.id,
    )
