"""Heads of the audit log, noted outside the database: who cuts off its end or writes it anew cannot change these too.

A file of JSON lines that is only ever appended to; several processes may append to one.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from app import log
from app.audit.log import Head, head, holds_head
from app.background import Background
from app.clock import Clock
from app.db.companion_files import beside
from app.db.durability import with_all_before
from app.db.engine import Database, Transaction
from app.errors import ReadbackError

NOTE_EVERY_S = 60.0
TAIL_BYTES = 4_096
"""Longer than any line."""
FILE_MODE = 0o600

ALARM: Final = ("audit_broken", "anchors")
NEXT: Final = (
    "An older copy of the database was put in its place, or rows or that file were changed; no head is noted until "
    "that is settled. "
    "Put the newer database back; `readback audit verify` says whether it holds. To go on with this one, keep that "
    "file elsewhere, for it tells what is missing, and start again: heads are then noted anew."
)
UNNOTED: Final = ("audit_not_anchored", "anchors")
MOST_MISSED: Final = 5
"""Tries in a row that may fail before a person hears of it: a disk that is full for a moment is mended by then."""

logger = log.get(__name__)


class DamagedAnchorsError(ReadbackError):
    """The file of anchors cannot be read, so nothing can be held against it."""


def usual_file(url: str) -> Path:
    """Where anchors are kept unless somebody says otherwise. Heads of one database say nothing about another."""
    return beside(url, "audit", "anchors")


def note(file: Path, newest: Head, at: float) -> None:
    """Append one head, whole or not at all, and have the disk confirm it. Raises OSError."""
    line = orjson.dumps({"seq": newest.seq, "hash": newest.hash, "at": at}) + b"\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, FILE_MODE)
    try:
        with suppress(OSError):  # a disk without locks: one write of one line does not mix with another's either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _cut_unfinished(descriptor)
        try:
            while line:
                line = line[os.write(descriptor, line) :]
        except OSError:
            _cut_unfinished(descriptor)
            raise
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cut_unfinished(descriptor: int) -> None:
    """Take away a line without its end: the next one, put behind it, could not be read either."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
    unfinished = len(tail) - (tail.rfind(b"\n") + 1)
    if 0 < unfinished < TAIL_BYTES:
        os.ftruncate(descriptor, size - unfinished)


def noted(file: Path) -> dict[int, str]:
    """Every anchor, hash by sequence number; none when the file is not there. Raises `DamagedAnchorsError`."""
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DamagedAnchorsError(f"{file} cannot be read: {error.strerror}") from error
    anchors: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line or number == len(lines):
            continue  # what follows the last line break is a line whose writer died over it
        anchor = _read(file, f"line {number}", line)
        if anchors.setdefault(anchor.seq, anchor.hash) != anchor.hash:
            raise DamagedAnchorsError(f"{file}, line {number}: row {anchor.seq} was anchored before with another hash")
    return anchors


def newest_noted(file: Path) -> Head | None:
    """The anchor that was noted last; None when there is none. Raises `DamagedAnchorsError`, and OSError."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - TAIL_BYTES))
            lines = opened.read().split(b"\n")[:-1]  # what follows the last line break is no line
    except FileNotFoundError:
        return None
    return _read(file, "the last line", lines[-1]) if lines else None


def highest_noted(file: Path) -> Head | None:
    """The anchor of the last row of all, every line having been read. Raises `DamagedAnchorsError`."""
    anchors = noted(file)
    return Head(last := max(anchors), anchors[last]) if anchors else None


def _read(file: Path, place: str, line: bytes) -> Head:
    try:
        given: dict[str, Any] = orjson.loads(line)
        seq, digest = given["seq"], given["hash"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        seq = digest = None
    if not isinstance(seq, int) or not isinstance(digest, str):
        raise DamagedAnchorsError(f"{file}, {place}: this is no anchor")
    return Head(seq, digest)


class Bell(Protocol):
    """Whoever tells a person; neither waits nor fails."""

    def ring(self, kind: str, key: str, title: str, body: str, /) -> bool:
        """Tell, unless that is told already."""

    def clear(self, kind: str, key: str, /, *, own: bool = False) -> bool:
        """Over; `own`: unless another process rang since this one began."""

    def raised(self, kind: str, /) -> set[str]:
        """About what such pages are up, whoever rang."""


class Anchoring:
    """Notes the head on a timer and at the end, whenever it has moved. Never raises; what fails is tried again.

    Nothing is noted over a head that the database lacks: whoever puts an older copy in its place, or cuts off the end,
    must not have it look whole, and a person is told. While that page is up, whichever process rang, every line counts
    and not only the last: a process that had seen nothing yet may have noted heads over what is wrong.
    """

    def __init__(
        self,
        database: Database,
        file: Path,
        clock: Clock,
        alarms: Bell,
        every_s: float = NOTE_EVERY_S,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._file = file
        self._clock = clock
        self._alarms = alarms
        self._every_s = every_s
        self._beat = beat
        self._last: Head | None = None
        self._missed = 0
        self._told = True
        """Whether a page may be up, by an earlier process say."""
        self._loop = Background()

    def start(self) -> None:
        """Begin on the running loop."""
        self._loop.begin(self._keep_noting())

    async def stop(self) -> None:
        """Note the head once more; call it after the last write, before the database stops."""
        await self._loop.end()
        await self.note()

    async def note(self) -> None:
        """Note the head now if it is another one than last time."""
        try:
            told = self._is_told()
            last = await self._held_against(told)
            newest, whole = await self._database.read(lambda c: (head(c), last is None or holds_head(c, last)))
            if not whole:
                self._ring(f"Row {last.seq if last else 0} was noted in {self._file} and is not in the database.")
                return
            if told or not self._is_told():  # else it was not known yet that every line counts
                self._alarms.clear(*ALARM, own=True)
            if newest.seq > 0 and newest != last:
                newest = await self._database.write(_lasting_head)
                await asyncio.to_thread(note, self._file, newest, self._clock.now())
        except DamagedAnchorsError as error:
            self._ring(f"{error}.")
        except (ReadbackError, OSError) as error:
            logger.error("audit_not_anchored", error=type(error).__name__, reason=str(error))
            if isinstance(error, OSError):  # a database that is away has a page of its own
                self._not_noted(error.strerror or str(error))
        else:
            self._last = newest if newest.seq else None
            self._is_well()  # also where another process has noted it meanwhile

    async def _held_against(self, told: bool) -> Head | None:
        """The head that must be in the database; `told`: whether that page is up."""
        if told:
            return await asyncio.to_thread(highest_noted, self._file) or self._last
        return self._last or await asyncio.to_thread(newest_noted, self._file)

    def _is_told(self) -> bool:
        return ALARM[1] in self._alarms.raised(ALARM[0])

    def _is_well(self) -> None:
        self._missed = 0
        if self._told:
            self._told = False
            self._alarms.clear(*UNNOTED, own=True)

    def _not_noted(self, why: str) -> None:
        self._missed += 1
        if self._missed < MOST_MISSED:
            return
        self._told = True
        self._alarms.ring(
            *UNNOTED,
            "Heads of the audit log are not noted",
            f"{self._file} cannot be written ({why}), so nothing outside the database would tell that rows of the log "
            "were cut off. Make room there or allow it, or set READBACK_AUDIT_ANCHORS to another file and restart.",
        )

    def _ring(self, why: str) -> None:
        self._alarms.ring(*ALARM, "The audit log is not what it was", f"{why} {NEXT}")

    async def _keep_noting(self) -> None:
        while True:
            self._beat()
            await self.note()
            await asyncio.sleep(self._every_s)


def _lasting_head(transaction: Transaction) -> Head:
    """The head, which no loss of power can take back once this is committed."""
    with_all_before(transaction.connection)
    return head(transaction.connection)
