"""Sends the texts that are owed, each once: whether one may go is looked at the last moment before it does.

A text is marked as being sent before the carrier hears of it. Where nobody knows what became of it, it is looked for
by recipient, words and time, and sent again only when it is certainly not there.
"""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app import log, metrics
from app.booking import store
from app.booking.business import Business
from app.calls.texting import TextReport
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.jobs.outbox import Again, put
from app.promises import consent, texts
from app.promises.gsm import segments
from app.promises.texts import Owed
from app.sms import aftermath, pace
from app.sms.aftermath import LATE, LATE_AFTER_S
from app.sms.carrier import SEND_WITHIN_S, Accepted, Answer, Carrier, NotSent, Outgoing, Refused, Unknown
from app.sms.codes import Deed, after_all, fate, forward
from app.sms.quiet import opens
from app.watch.pages import Page, raised

IN_ORDER_S: Final = (1.0, 30.0)
"""Between two looks at whether the text before it is gone: shortest, and longest while a carrier is away."""
SETTLED_S: Final = SEND_WITHIN_S + 5.0
"""After an attempt of which nothing is known: before, it may still be under way."""
REPEAT_AFTER_S: Final = 30.0
"""What is in no list so long after its attempt was never taken."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 120.0
OF_BOOKINGS: Final = (texts.CONFIRMATION, texts.REMINDER_DAY, texts.REMINDER_HOURS)

logger = log.get(__name__)


class Sending:
    """`send` is the handler of the jobs that `promises.texts` puts; without a carrier texts stay where they are.

    `per_second` is what one of our numbers sends, all processes together.
    """

    def __init__(
        self,
        database: Database,
        carrier: Carrier | None,
        businesses: Mapping[str, Business],
        clock: Clock,
        *,
        per_second: int,
    ) -> None:
        self._database = database
        self._carrier = carrier
        self._businesses = businesses
        self._clock = clock
        self._per_second = per_second

    async def send(self, data: Mapping[str, Any]) -> Again | None:
        """Carry out a `send_text`, at any time and any number of times."""
        identity = str(data["text"])
        text = await self._database.read(lambda c: texts.by_id(c, identity))
        if self._carrier is None or text is None or text.state not in texts.OPEN:
            return None
        if text.state != texts.PENDING:
            return await self._looked_for(self._carrier, text)
        if text.not_before > self._clock.now():
            return Again(text.not_before - self._clock.now())
        if (wait_s := await self._carrier.turn(text.from_number)) > 0:
            return Again(wait_s)
        taken = await self._database.write(lambda t: self._taken(t, identity))
        if not isinstance(taken, Owed):
            return taken
        answer = await self._carrier.send(outgoing(taken))
        return await self._database.write(lambda t: self._after(t, taken, answer))

    async def reported(self, report: TextReport) -> None:
        """The carrier says what became of a text; raises when that could not be kept."""
        await self._database.write(lambda t: self._heard(t, report))

    # --- before -------------------------------------------------------------------------------------------------------

    def _taken(self, transaction: Transaction, identity: str) -> Owed | Again | None:
        """The text, marked as being sent; or why it is not."""
        now = self._clock.now()
        text = texts.by_id(transaction.connection, identity)
        if text is None or text.state != texts.PENDING:
            return Again(SETTLED_S) if text is not None and text.state in texts.OPEN else None
        if self._of_no_use(transaction, text, now):
            aftermath.ended(transaction, text, texts.EXPIRED, "it came too late", now=now)
            return None
        unwanted = consent.unwanted(transaction.connection, text.business, text.to_number)
        if unwanted and text.kind != texts.NOTICE:
            aftermath.ended(transaction, text, texts.WITHHELD, unwanted, now=now)
            return None
        moment = self._moment(text, now)
        if moment > now:
            texts.moved(transaction, text, texts.PENDING, now=now, not_before=moment)
            return Again(moment - now)
        if (before := texts.one_before(transaction.connection, text)) is not None:
            self._hurried(transaction, before, text, now)
            shortest, longest = IN_ORDER_S
            return Again(min(longest, max(shortest, (now - text.created_at) / 8)))
        if wait_s := pace.turn(transaction, text.from_number, text.id, per_second=self._per_second, now=now):
            return Again(wait_s)
        texts.moved(transaction, text, texts.SENDING, now=now, attempts=text.attempts + 1, attempted_at=now)
        return replace(text, state=texts.SENDING, attempts=text.attempts + 1, attempted_at=now)

    def _hurried(self, transaction: Transaction, before: Owed, text: Owed, now: float) -> None:
        """Who did not get a text and writes again can be reached: to try that once more waits for no later moment."""
        wrote_since = text.kind == texts.REPLY and text.booking != before.booking
        if wrote_since and before.not_before > now and fate(before.code).deed is Deed.RETRY:
            texts.moved(transaction, before, texts.PENDING, now=now, not_before=now)
            put(transaction, texts.sending(before.id, now, f":{before.attempts}!"), now=now)

    def _of_no_use(self, transaction: Transaction, text: Owed, now: float) -> bool:
        if now > text.useless_after:
            return True
        if text.kind not in OF_BOOKINGS:
            return False
        booking = store.by_id(transaction.connection, text.booking)
        return booking is None or booking.status != "confirmed" or booking.revision != text.revision

    def _moment(self, text: Owed, now: float) -> float:
        business = self._businesses.get(text.business)
        if text.kind not in texts.PROACTIVE or business is None:
            return now
        return opens(now, text.to_number, business.zone)

    # --- after --------------------------------------------------------------------------------------------------------

    def _after(self, transaction: Transaction, text: Owed, answer: Answer) -> Again | None:
        now = self._clock.now()
        current = texts.by_id(transaction.connection, text.id)
        if current is None or (current.state, current.attempts) != (texts.SENDING, text.attempts):
            return None  # a report was faster than the answer
        if isinstance(answer, Accepted):
            metrics.count_segments(text.kind, segments(text.body))
            self._accepted(transaction, current, answer, now)
            return None
        if isinstance(answer, Refused):
            logger.warning("text_refused", text=text.id, code=answer.code)
            return aftermath.went_wrong(transaction, current, texts.REJECTED, answer.code, now=now)
        logger.warning("text_not_sent", text=text.id, reason=answer.reason, unknown=isinstance(answer, Unknown))
        self._late(transaction, current, answer.reason, now)
        if isinstance(answer, NotSent):
            texts.moved(transaction, current, texts.PENDING, now=now)
            return Again(max(pause_s(text.attempts), answer.after_s))
        texts.moved(transaction, current, texts.UNKNOWN, now=now)
        return Again(SETTLED_S)

    async def _looked_for(self, carrier: Carrier, text: Owed) -> Again | None:
        """Nobody knows whether it went: find out before anything else is done."""
        age_s = self._clock.now() - text.attempted_at
        if age_s < SETTLED_S:
            return Again(SETTLED_S - age_s)
        seen = await carrier.sent(outgoing(text), text.attempted_at)
        return await self._database.write(lambda t: self._found(t, text, seen))

    def _found(self, transaction: Transaction, text: Owed, seen: Any) -> Again | None:
        now = self._clock.now()
        current = texts.by_id(transaction.connection, text.id)
        if current is None or current.attempts != text.attempts or current.state not in (texts.SENDING, texts.UNKNOWN):
            return None
        age_s = now - text.attempted_at
        if isinstance(seen, Unknown):
            self._late(transaction, current, seen.reason, now)
            if now > text.useless_after:
                aftermath.ended(transaction, current, texts.FAILED, "nobody knows whether it was sent", now=now)
                return None
            texts.moved(transaction, current, texts.UNKNOWN, now=now)
            return Again(jittered(min(max(age_s / 4, FIRST_PAUSE_S), LONGEST_PAUSE_S)))
        taken = texts.known_sids(transaction.connection, [found.sid for found in seen])
        mine = [found for found in seen if found.sid not in taken]
        if mine:
            logger.info("text_found", text=text.id)
            self._accepted(transaction, current, mine[0], now)
            return None
        if age_s < REPEAT_AFTER_S:
            texts.moved(transaction, current, texts.UNKNOWN, now=now)
            return Again(REPEAT_AFTER_S - age_s)
        logger.info("text_repeated", text=text.id)
        texts.moved(transaction, current, texts.PENDING, now=now)
        return Again(0.0)

    def _accepted(self, transaction: Transaction, text: Owed, answer: Accepted, now: float) -> None:
        state = forward(text.state, answer.status) or texts.ACCEPTED
        aftermath.reached(transaction, replace(text, sid=answer.sid), state, answer.code, now=now)

    def _heard(self, transaction: Transaction, report: TextReport) -> None:
        now, connection = self._clock.now(), transaction.connection
        identity, _, attempt = report.text.rpartition("-")
        text = texts.by_id(connection, identity) if identity else None
        if text is None or str(text.attempts) != attempt:
            text = texts.by_sid(connection, report.sid)
        if text is None or text.sid not in ("", report.sid):
            logger.info("report_of_no_text", status=report.status)
            return
        mine = identity == text.id and str(text.attempts) == attempt
        state = forward(text.state, report.status) or (after_all(text, report.status) if mine else None)
        if state is not None:
            aftermath.reached(transaction, replace(text, sid=report.sid), state, report.code, now=now)

    def _late(self, transaction: Transaction, text: Owed, reason: str, now: float) -> None:
        if now - max(text.created_at, text.not_before) < LATE_AFTER_S:
            return
        body = f"Texts have not left for {LATE_AFTER_S / 60:g} minutes: {reason}. They wait, and are tried on."
        raised(transaction, Page(LATE, text.business, "Texts to customers are late", body, text.business), now=now)


def outgoing(text: Owed) -> Outgoing:
    """This attempt to send it, as the carrier gets it."""
    return Outgoing(f"{text.id}-{text.attempts}", text.to_number, text.from_number, text.body, text.channel)


def pause_s(attempts: int) -> float:
    """Before the next try, after so many: growing, and jittered."""
    return jittered(min(FIRST_PAUSE_S * 2.0 ** (max(attempts, 1) - 1), LONGEST_PAUSE_S))


def jittered(seconds: float) -> float:
    """A quarter more or less."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret
