"""Who was told that a change is not sure yet, or that times will follow, is owed them also by whoever comes after a
process that dies.

The debt is a task from before they are told, and over as soon as this process has said or handed on how it ended.
"""

import asyncio

from app import log
from app.booking.business import Business
from app.calls.model import CallRef
from app.clock import Clock
from app.db.engine import Database, Transaction
from app.db.opening import WRITE_DEADLINE_S
from app.errors import ReadbackError
from app.review.tasks import OURSELVES, Task, added, by_key, closed, opened, paged
from app.watch.pages import Page

NOT_DELIVERED = "answer_not_delivered"
"""The kind of page about an answer that a caller was promised and did not hear: one for each, also of one call."""
NOTE_S = 0.5
"""What the caller waits for it at most; without it they are told all the same."""
FILLER_NOTE_S = 0.25
"""The same where they have waited for a lookup already, and where less is owed."""
NOTE_AGAIN_S = 1.0
"""Between tries to note what was not noted in time."""
END_WITHIN_S = 600.0
"""When a person must have told them. People are paged five minutes before."""

logger = log.get(__name__)


class Owed:
    """Debts by the key of the request they come from."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(self, key: str, ref: CallRef, business: Business, tool: str, within_s: float = NOTE_S) -> bool:
        """Commit the debt; False where the database does not take it in time: then only this process knows of it."""
        now = self._clock.now()
        task = _task(key, ref, business, tool, now)
        try:
            await self._database.write(lambda t: opened(t, task, now=now), within_s)
        except ReadbackError as error:
            logger.warning("debt_not_noted", tool=tool, error=str(error))
            return False
        return True

    async def note_at_last(self, key: str, ref: CallRef, business: Business, tool: str) -> None:
        """Go on until the database takes it: an overloaded one does a moment later, and this process may die then."""
        while True:
            if await self.note(key, ref, business, tool, WRITE_DEADLINE_S):
                return
            await asyncio.sleep(NOTE_AGAIN_S)

    async def hand_on(self, key: str, ref: CallRef, business: Business, tool: str, answer: str) -> Page | None:
        """They did not hear it, so a person tells them, and is paged about it until the task is done.

        `answer` is what they were to hear, if it is known. Where the database does not take it, the page that has to
        tell of it by itself.
        """
        now = self._clock.now()
        task = _task(key, ref, business, tool, now)
        page = _page(task, business)

        def work(transaction: Transaction) -> None:
            opened(transaction, task, now=now)
            kept = by_key(transaction.connection, task.key)
            if kept is not None and answer:
                added(transaction, kept, f"They were to hear: {answer}")
            paged(transaction, task.key, page, now=now)

        try:
            await self._database.write(work)
        except ReadbackError as error:
            logger.warning("debt_not_handed_on", tool=tool, error=str(error))
            return page
        return None

    async def over(self, key: str) -> None:
        """They have heard the end, or somebody else owes it to them now."""
        now = self._clock.now()
        try:
            await self._database.write(lambda t: closed(t, _name(key), by=OURSELVES, note="told", now=now))
        except ReadbackError as error:
            # A person looks, finds that all is well, and is none the worse for it.
            logger.warning("debt_not_closed", error=str(error))


def _task(key: str, ref: CallRef, business: Business, tool: str, now: float) -> Task:
    asked = f"call {ref.call_id} of {ref.platform}" if ref.call_id else f"a caller of {ref.platform}"
    what = (
        f"Tell the caller what came of {tool}: {asked} heard at most that the answer would follow. "
        "See in the audit log what they asked for and came to, and on the calendar what is there."
    )
    subject = (ref.call_id or key)[:256]
    return Task(_name(key), "tell_customer", business.id, subject, what, now + END_WITHIN_S, ref.caller or "")


def _page(task: Task, business: Business) -> Page:
    body = (
        f"The caller of {task.subject} did not hear the answer that was promised: it never came, or the call was over. "
        f"Whom to call, and what they were to hear: readback tasks show {task.key}\n"
        f"When they know it: readback tasks done {task.key}"
    )
    return Page(NOT_DELIVERED, task.key, f"A caller is owed an answer: {business.name}", body, business.id)


def _name(key: str) -> str:
    return f"owed:{key}"
