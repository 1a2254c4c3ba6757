"""Notes that somebody heard "not sure yet" which the database did not take, tried until it does."""

import asyncio
from collections.abc import Callable

from app import log
from app.booking.kept_notes import KeptNotes, Note
from app.booking.store import Booking
from app.db.engine import Database, Transaction
from app.errors import ReadbackError

NOTE_AGAIN_S = 2.0
"""Between tries to note one in a database that is away, for as long as it is."""
KEEP_WITHIN_S = 0.5
"""A caller waits for the file at most this long; a disk that is slower may have it later."""

logger = log.get(__name__)


class Unnoted:
    """What is "held" may end in silence; who was told "pending" is owed more, so these go on beside everything else.

    A file keeps each meanwhile, should this process come to its end first: `LateNotes` finds it there.
    """

    def __init__(self, database: Database, kept: KeptNotes) -> None:
        self._database = database
        self._kept = kept
        self._noting: dict[asyncio.Task[None], asyncio.Task[bool]] = {}

    def __len__(self) -> int:
        return len(self._noting)

    async def begin(
        self,
        note: Note,
        work: Callable[[Transaction], Booking | None],
        then: Callable[[Booking | None], None],
    ) -> None:
        """Go on with `work` in a task of its own, and `then` with what it gave; returns once the file is there."""
        loop = asyncio.get_running_loop()
        keeping = loop.create_task(asyncio.to_thread(self._kept.keep, note))
        noting = loop.create_task(self._note(note, work, then, keeping), name=note.reference)
        self._noting[noting] = keeping
        noting.add_done_callback(self._noting.pop)
        await asyncio.wait({keeping}, timeout=KEEP_WITHIN_S)

    async def stop(self) -> None:
        """Give up what is left. Of what no file keeps, the log has whom a person has to tell how it ended."""
        left = dict(self._noting)
        if left:
            await asyncio.wait(left.values(), timeout=KEEP_WITHIN_S)
        for noting, keeping in left.items():
            if keeping.done() and keeping.result():
                logger.warning("pending_note_kept", reference=noting.get_name())
            else:
                logger.error("pending_not_noted", reference=noting.get_name())
            noting.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _note(
        self,
        note: Note,
        work: Callable[[Transaction], Booking | None],
        then: Callable[[Booking | None], None],
        keeping: asyncio.Task[bool],
    ) -> None:
        while True:
            try:  # at once, and with patience: a slow database takes it, and this process may die meanwhile
                row = await self._database.write(work)
                break
            except ReadbackError:
                await asyncio.sleep(NOTE_AGAIN_S)
        then(row)
        if await keeping:
            try:
                await asyncio.to_thread(self._kept.let_go, note)
            except OSError as error:
                logger.error("pending_note_not_removed", reference=note.reference, error=type(error).__name__)
