"""Looks for texts that were left lying: none is to wait for an answer, or to be sent, because something died.

Run as a timer, at the start and on and on. It also asks the carrier what came in: a text whose webhook never reached us
is in no other list.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection

from app import log, metrics
from app.calls.texting import SMS, WHATSAPP, ReceivedText
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.outbox import put
from app.promises import texts
from app.sms import conversations
from app.sms import listed as lists
from app.sms.carrier import Carrier, Unknown
from app.sms.conversations import Left
from app.sms.inbox import Inbox, answering
from app.sms.sending import LATE, LATE_AFTER_S
from app.watch.pages import Page, raised, raised_about, resolved

EVERY_S: Final = 30.0
LISTED_EVERY_S: Final = 120.0
STUCK_S: Final = 120.0
"""Longer than a turn, and than a conversation stays with a worker that died."""
LYING_S: Final = 300.0
"""Longer than any pause between two looks at a text on its way out."""
ONE_JOB_S: Final = 300.0
"""Of one text that is stuck; a job that fails by itself is not helped by a hundred others."""
TOO_LONG_S: Final = 900.0
UNANSWERED: Final = "texts_unanswered"
LONGEST_BACK_S: Final = 86_400.0
FIRST_BACK_S: Final = 900.0
"""How far to look back when nothing ever came in: what came before that was somebody else's to answer."""
OVERLAP_S: Final = 3_600.0
EVERYWHERE_EVERY_S: Final = 1_800.0
"""WhatsApp is looked at where somebody wrote by it, and so often on every line: its webhook may never have worked. Well
within the overlap."""
MOST: Final = 200

logger = log.get(__name__)


class TextSweep:
    """`lines` are all numbers that belong to a business."""

    def __init__(
        self, database: Database, inbox: Inbox, carrier: Carrier | None, lines: Sequence[str], clock: Clock
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._carrier = carrier
        self._lines = tuple(lines)
        self._clock = clock
        self._by_whatsapp: frozenset[str] = frozenset()
        self._everywhere_at = -EVERYWHERE_EVERY_S

    async def look(self) -> int:
        """Have what lies about taken up again; how many texts that were."""
        now = self._clock.now()
        stuck = await self._database.read(lambda c: conversations.left_waiting(c, before=now - STUCK_S))
        lying: list[texts.Owed] = []
        if self._carrier is not None:  # without one nothing can be done for them
            lying = await self._database.read(lambda c: texts.left_lying(c, before=now - LYING_S, most=MOST))
        # What is open is asked of the database: the sweep that raised it may have been another, or before a restart.
        paged = await self._database.read(lambda c: raised_about(c, UNANSWERED) | raised_about(c, LATE))
        if stuck or lying or paged:
            await self._database.write(lambda t: self._taken_up(t, stuck, lying, now))
        return len(stuck) + len(lying)

    async def list_missed(self) -> int:
        """Take in what came to our lines and was never delivered to us; how many texts that were."""
        if self._carrier is None:
            return 0
        now = self._clock.now()
        since = await self._database.read(lambda c: _since(c, now))
        found, told = 0, True
        for line, channel in await self._addresses():
            listed = await self._carrier.received(line, since, channel)
            if isinstance(listed, Unknown):
                logger.warning("texts_not_listed", reason=listed.reason)
                told = False
                continue
            for first in range(0, len(listed), MOST):
                found += await self._take_in(listed[first : first + MOST])
        if told:
            await self._database.write(lambda t: lists.reads(t, now))
        return found

    async def _addresses(self) -> list[tuple[str, str]]:
        """Lines and channels to ask about."""
        now = self._clock.monotonic()
        by_whatsapp: Collection[str] = self._by_whatsapp
        if now - self._everywhere_at >= EVERYWHERE_EVERY_S:
            self._by_whatsapp = frozenset(await self._database.read(lambda c: conversations.lines_by(c, WHATSAPP)))
            self._everywhere_at, by_whatsapp = now, self._lines
        by_sms = [(line, SMS) for line in self._lines]
        return by_sms + [(line, WHATSAPP) for line in self._lines if line in by_whatsapp]

    async def _take_in(self, listed: Sequence[ReceivedText]) -> int:
        ids = [text.id for text in listed]
        known = await self._database.read(lambda c: conversations.known(c, ids))
        missed = [text for text in listed if text.id not in known]
        for text in missed:
            if await self._inbox.received(text):
                metrics.count_text_in("found")
                logger.warning("text_found", text=text.id)
        return len(missed)

    def _taken_up(
        self, transaction: Transaction, stuck: Sequence[Left], lying: Sequence[texts.Owed], now: float
    ) -> None:
        again = f"~{now // ONE_JOB_S:.0f}"
        for text in stuck:
            put(transaction, answering(text.id, now, again), now=now)
        for owed in lying:
            put(transaction, texts.sending(owed.id, now, again), now=now)
        late = frozenset(text.business for text in stuck if now - text.received_at > TOO_LONG_S)
        for business in late:
            body = f"Texts of customers have waited for an answer for more than {TOO_LONG_S / 60:g} minutes."
            raised(transaction, Page(UNANSWERED, business, "Texts without an answer", body, business), now=now)
        for business in raised_about(transaction.connection, UNANSWERED) - late:
            resolved(transaction, UNANSWERED, business, now=now)
        # A text that came to be of no use ends no page when it does: the next one that is sent may be a day away.
        waiting = texts.waiting_for_carrier(transaction.connection, before=now - LATE_AFTER_S)
        for business in raised_about(transaction.connection, LATE) - waiting:
            resolved(transaction, LATE, business, now=now)


def _since(connection: Connection, now: float) -> float:
    """How far back to look: to when the lists were last read, by our own clock; before they ever were, to the newest
    text that came in.
    """
    newest = conversations.newest(connection)
    known = min(lists.read_to(connection) or newest or now, now)
    return max(now - LONGEST_BACK_S, known - (OVERLAP_S if newest else FIRST_BACK_S))
