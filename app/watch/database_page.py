"""Tells a person that the database does not answer or takes no writes, and of its end.

Of the processes of one machine that serve one database a single one tells, by a lock that ends with its holder. Those
of other machines have no place in common but the database, so each tells: one incident where a service knows ids,
one message for each machine elsewhere.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import text

from app import log
from app.background import Background
from app.clock import Clock, moment
from app.db.away import reason
from app.db.engine import Database
from app.errors import ReadbackError
from app.watch.alarms import Alarms
from app.watch.escalation import NEVER, QUIET_S, Progress
from app.watch.notify import CAUSE_GONE
from app.watch.outage_hand import KEY as KEY
from app.watch.outage_hand import KIND as KIND
from app.watch.outage_hand import PAGE_ID, Hand, Taken
from app.watch.pages import Kept, Page, Past

TITLE: Final = "The database does not answer"
NO_WRITES: Final = "The database takes no writes"
ANSWERED: Final = (KIND, KEY, TITLE)
"""For whoever told otherwise and died over it, and cannot take that back."""
PAGE_AFTER_S: Final = 15.0
"""A database that is back within a moment wakes nobody."""
LOOK_EVERY_S: Final = 2.0
REACH: Final = "See that it runs and can be reached from here."
WRITES: Final = "Make room on its disk if that is full, or end what keeps it from writing."
FILE_GONE: Final = "Put its file back where it was."
BY_ITSELF: Final = "Nothing else has to be done: it is asked every two seconds, and then all goes on by itself."
BY_COMMAND: Final = (
    "It is told again until somebody takes it, with `readback pages ack database` on the machine that tells it; its "
    "end is told as well. Of several machines each tells for itself."
)
BY_ADDRESS: Final = (
    "It is told again until somebody takes it, and its end is told as well. Of several machines each tells for itself: "
    "who takes it quiets the one that answers."
)
TELLER_GONE: Final = "The process that told of it ended before it was over, so whom it reached is not known here."
FILE_MODE: Final = 0o600
LEFT_S: Final = 86_400.0
"""Of an outage longer ago than that nobody waits to hear the end."""
HANDED_ON_S: Final = 60.0
"""After whoever told saw the outage last: who begins to see it later than that sees another one."""

logger = log.get(__name__)


async def trouble(database: Database) -> tuple[str, str] | None:
    """What is wrong with it now, as the title and the body of a page; None while it can be read and written."""
    try:
        await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())
    except ReadbackError as error:
        return TITLE, _body(reason(error), REACH)
    if not database.is_there():
        return TITLE, _body("its file is not where it was", FILE_GONE)
    try:
        await database.prove()
    except ReadbackError as error:
        return NO_WRITES, _body(reason(error), WRITES)
    return None


def named(url: str) -> str:
    """What stands for a database in the names of files that all processes of one machine share."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def clear(alarms: Alarms) -> bool:
    """It answers again; True when it had rung."""
    return alarms.clear(KIND, KEY)


class Telling:
    """Tells of one outage, and again after each quiet time of a page for as long as it lasts."""

    def __init__(self, alarms: Alarms, clock: Clock) -> None:
        self._alarms = alarms
        self._clock = clock
        self._rounds = 0
        self._next_at = 0.0

    def tell(self, title: str, body: str, began_at: float, taken: Taken | None) -> None:
        """It is away since then, in epoch seconds. `taken`: who has it already, as another process told of it."""
        now = self._clock.monotonic()
        body = f"Since {moment(began_at)}: {body}"
        if self._alarms.ring(KIND, KEY, title, body, taken=(taken.by, taken.at) if taken else None):
            self._rounds = 0
        elif now >= self._next_at:
            self._alarms.again(KIND, KEY, title, body)
            self._rounds += 1
        else:
            return
        self._next_at = now + QUIET_S[min(self._rounds, len(QUIET_S) - 1)]


class Turn:
    """Whose turn it is to tell, on this machine: the process that holds a lock named by the database."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self._file = (folder or Path(tempfile.gettempdir())) / f"readback-{named(url)}.paging"
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Whether nobody else has it. A lock that cannot be had at all keeps no page back."""
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        except OSError:
            return True
        try:
            if os.fstat(descriptor).st_uid == os.getuid():  # with another's file he could keep every page back
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            pass
        self._descriptor = descriptor
        return True

    def note(self, began_at: float, now: float) -> None:
        """It lasts, as whoever has the turn sees it now: whoever goes on telling says the same, in epoch seconds."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._descriptor, f"{began_at:.3f} {now:.3f}".ljust(40).encode(), 0)  # longer than any

    def over(self) -> None:
        """It is over: who sees one a moment later sees another."""
        self.note(self.since(), 0.0)

    def was_left(self, now: float) -> float:
        """When the outage began of which whoever told last is gone without having told the end; 0 where there is none,
        or somebody has asked before.
        """
        if not self.take() or self._descriptor is None:
            return 0.0
        began_at, seen_at = self._noted()
        left = now - LEFT_S < seen_at
        if left:
            self.over()
        self.give_up()
        return began_at if left else 0.0

    def began(self, met_at: float) -> float:
        """When the outage began that this process met then: a process started in the middle of it asks this."""
        began_at, seen_at = self._noted()
        return min(met_at, began_at) if seen_at >= met_at - HANDED_ON_S else met_at

    def since(self) -> float:
        """When the outage began that whoever has it tells of, in epoch seconds; 0 where nobody ever did."""
        return self._noted()[0]

    def _noted(self) -> tuple[float, float]:
        """When the last outage began that somebody told of, and when it was seen last: zeros where there is no such."""
        try:
            if self._file.stat().st_uid != os.getuid():
                return 0.0, 0.0
            began_at, seen_at = self._file.read_text().split()
            return float(began_at), float(seen_at)
        except (OSError, ValueError):
            return 0.0, 0.0

    def is_anothers(self) -> bool:
        """Whether another process of this machine and user has it now."""
        mine = self.take()
        self.give_up()
        return not mine

    def give_up(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class DatabasePage:
    """Looks every two seconds, in every process: whichever has the turn tells."""

    def __init__(
        self,
        database: Database,
        alarms: Alarms,
        clock: Clock,
        turn: Turn,
        hand: Hand,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self._turn = turn
        self._hand = hand
        self._beat = beat
        self._since: float | None = None
        self._wrong = ("", "")
        self._fails = ""
        self._rang = False
        self._is_new = self._may_be_left = True
        """Whether nobody may have told that an outage is over which was told of: before this process, say."""
        self._telling = Telling(alarms, clock)
        self._well_since = float("-inf")
        """The turn is kept for a moment: others may still believe what they saw last, and would ring again."""
        self._loop = Background()

    def start(self) -> None:
        """Begin to look."""
        self._loop.begin(self._forever())

    async def stop(self) -> None:
        """Look no more. What rang stays open, for nobody knows that it is over."""
        await self._loop.end()
        self._turn.give_up()

    def hears(self, fails: str) -> None:
        """Why whoever works with the database cannot, which a look may not see; empty when they can again."""
        self._fails = fails

    async def look(self) -> bool:
        """Look once; whether it answers."""
        began = self._clock.monotonic()
        wrong = await trouble(self._database) or ((TITLE, self._fails) if self._fails else None)
        if wrong is None:
            self._answers()
        else:
            self._since, self._may_be_left = began if self._since is None else self._since, True
            self._wrong = wrong[0], f"{wrong[1]} {BY_ADDRESS if self._hand.address else BY_COMMAND}"
            if self._clock.monotonic() - self._since >= PAGE_AFTER_S:
                self._ring(*self._wrong, self._since)
        return wrong is None

    def standing(self) -> Kept | None:
        """The outage as a page, which is in no database; None while there is none. From the loop only."""
        if self._since is None:
            return None
        since, taken = self._began_at(self._since), self._taken(self._since)
        status, by, at = ("acknowledged", taken.by, taken.at) if taken else ("open", "", 0.0)
        page = Page(KIND, KEY, *self._wrong)
        return Kept(PAGE_ID, page, status, since, at or since, NEVER, Progress(), status, by, at, "")

    def take(self, by: str) -> Kept | None:
        """Somebody has it, unless another has it before: the page afterwards. None while there is none."""
        if self._since is not None:
            self._hand.take(by, since=self._began_at(self._since), now=self._clock.now())
            self._hear(self._since)
        return self.standing()

    def _began_at(self, since: float) -> float:
        return self._turn.began(self._clock.now() - (self._clock.monotonic() - since))

    def _taken(self, since: float) -> Taken | None:
        return self._hand.taken(self._began_at(since))

    def _hear(self, since: float) -> None:
        """What was said in any process of this machine holds for the one that tells."""
        taken = self._taken(since)
        if taken is not None:
            self._alarms.acknowledged(KIND, KEY, taken.by, taken.at)

    def _answers(self) -> None:
        since, self._since = self._since, None
        if since is not None:
            self._hear(since)
        now = self._clock.monotonic()
        if self._rang:
            self._rang = False
            self._turn.over()
            clear(self._alarms)
            self._well_since, self._may_be_left = now, False
        elif self._may_be_left:
            is_new, self._is_new, self._may_be_left = self._is_new, False, False
            if began_at := self._turn.was_left(self._clock.now()):
                self._alarms.left_behind(*ANSWERED, CAUSE_GONE, self._past(began_at))
            elif is_new:
                self._alarms.left_behind(*ANSWERED)
        elif now - self._well_since >= PAGE_AFTER_S:
            self._turn.give_up()
        if since is not None:
            self._hand.let_go()

    def _past(self, began_at: float) -> Past:
        """An outage of which another process told that is gone, as far as anybody knows it."""
        page, taken = Page(KIND, KEY, TITLE, f"Since {moment(began_at)}. {TELLER_GONE}"), self._hand.taken(began_at)
        return Past(page, began_at, Progress(), taken.by if taken else "", taken.at if taken else 0.0)

    def _ring(self, title: str, body: str, since: float) -> None:
        if self._turn.take():
            self._rang = True
            self._turn.note(began_at := self._began_at(since), self._clock.now())
            self._hear(since)
            self._telling.tell(title, body, began_at, self._hand.taken(began_at))

    async def _forever(self) -> None:
        while True:
            self._beat()
            try:
                await self.look()
            except Exception:
                # Whatever it was, the next look is due: a watch that has ended notices nothing.
                logger.error("database_not_looked_at", exc_info=True)
            await asyncio.sleep(LOOK_EVERY_S)


def _body(why: str, remedy: str) -> str:
    harm = "callers hear that something is wrong, and nothing can be booked or settled"
    return f"{harm}. Cause: {why}. {remedy} {BY_ITSELF}"
