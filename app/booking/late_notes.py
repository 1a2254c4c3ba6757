"""Brings notes that somebody heard "not sure yet" from the files of this machine into the database, for processes that
ended before they could. Any process does, as often as it likes: a note that is there already changes nothing.
"""

import asyncio
import random

from app import log
from app.background import Background
from app.booking.kept_notes import Found, KeptNotes, Note
from app.booking.noting import NOT_USABLE, carried_out
from app.clock import Clock
from app.db.engine import Database, DatabaseRefusedError
from app.errors import ReadbackError
from app.watch.alarms import Alarms

EVERY_S = 10.0
TAKE_AFTER_S = 30.0
"""Whoever wrote it tries every two seconds; what is left this long after is mostly nobody's any more."""
TOO_OLD_AFTER_S = 7 * 86_400.0
"""What became of a booking a week ago is no news to be sent by itself: a person looks first."""
UNREAD = "pending_note_unread"

logger = log.get(__name__)


class LateNotes:
    """Looks at once and then every few seconds."""

    def __init__(self, database: Database, kept: KeptNotes, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._kept = kept
        self._alarms = alarms
        self._clock = clock
        self._told: set[str] = set()
        self._loop = Background()

    def start(self) -> None:
        """Begin looking."""
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Stop; what is left is found again at the next start."""
        await self._loop.end()

    async def look(self) -> int:
        """Look once; how many notes the database took. Raises `OSError` where the files cannot be listed."""
        now = self._clock.now()
        found = await asyncio.to_thread(self._kept.found, now)
        unread, took = set[str](), 0
        for one in found:
            late = abs(now - one.note.at) if one.note else TOO_OLD_AFTER_S
            if one.note is None or late >= TOO_OLD_AFTER_S:
                unread.add(self._tell(one))
            elif late >= TAKE_AFTER_S and not self._database.is_there():
                unread |= self._told & {one.path.name}
            elif late >= TAKE_AFTER_S:
                try:
                    status = await self._carry_out(one.note)
                except DatabaseRefusedError as error:  # the others may fare better
                    logger.error("late_note_refused", reference=one.note.reference, error=str(error))
                    unread |= self._told & {one.path.name}
                    continue
                if status == NOT_USABLE:
                    unread.add(self._tell(one))
                else:
                    took += 1
        for key in self._told - unread:
            self._alarms.clear(UNREAD, key, own=True)
        self._told = unread
        return took

    async def _carry_out(self, note: Note) -> str:
        now = self._clock.now()
        status = await self._database.write(lambda t: carried_out(t, note, now=now))
        if status != NOT_USABLE:
            try:
                await asyncio.to_thread(self._kept.let_go, note)
            except OSError as error:  # taken once more at the next look, which changes nothing
                logger.error("pending_note_not_removed", reference=note.reference, error=type(error).__name__)
            logger.warning("late_note_taken", reference=note.reference, status=status)
        return status

    def _tell(self, one: Found) -> str:
        """A person is told, and the file stays: it is all that says that somebody waits."""
        named = f"Booking {one.note.reference}" if one.note else "A booking"
        what = (
            f"{named}: its caller heard that it is not sure yet while the database was away, and the note of that "
            f"cannot be used any more: {one.path}. The name of the file is the id of the booking, or of its change. "
            "Look how it stands, call the customer, and remove the file."
        )
        self._alarms.ring(UNREAD, one.path.name, "Somebody may wait for how a booking ended", what)
        return one.path.name

    async def _forever(self) -> None:
        while True:
            try:
                await self.look()
            except ReadbackError:
                pass  # away, as everybody is told anyhow
            except Exception:
                # Looking must not end with what went wrong once.
                logger.error("late_notes_failed", exc_info=True)
            await asyncio.sleep(EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311 - only keeps processes apart
