"""Notes that somebody heard "not sure yet", in files of this machine for as long as the database does not take them.

Each outlives the process that wrote it. It has ids and no word about the customer: the rest stands in the database.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from app import log

ENDING: Final = ".json"
UNDER_WAY: Final = ".writing"
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
MOST_NOTES: Final = 1_000
"""An outage in which more than that are told "not sure yet" is a person's to look at anyway."""
MOST_NOTE_BYTES: Final = 4_096
WRITTEN_WITHIN_S: Final = 3_600.0
"""What is older and still being written was left by a process that was killed over it."""

logger = log.get(__name__)


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a row's write, as far as its caller heard: `booking` is the id of a booking, or of a change.

    `reference` is the appointment's, for whoever reads the file. `hold_until` and `at` are in epoch seconds.
    """

    booking: str
    reference: str
    reason: str
    etag: str
    hold_until: float
    at: float


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and the note in it; None where it cannot be read as one."""

    path: Path
    note: Note | None


class KeptNotes:
    """The files. Everything here waits for a disk, so it is for threads beside the loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, note: Note) -> bool:
        """Write it, whole or not at all; False where the disk does not take it, or too many are there."""
        try:
            self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if sum(1 for _ in self._names(ENDING)) >= MOST_NOTES:
                logger.error("pending_note_not_kept", reference=note.reference, error="too many notes")
                return False
            self._write(self._path(note), msgspec.json.encode(note))
        except (OSError, ValueError) as error:
            logger.error("pending_note_not_kept", reference=note.reference, error=type(error).__name__)
            return False
        return True

    def let_go(self, note: Note) -> None:
        """The database has it."""
        with suppress(FileNotFoundError):
            self._path(note).unlink()

    def found(self, now: float) -> list[Found]:
        """Every file that is there, oldest name first. Raises `OSError` where the folder cannot be read."""
        try:
            for path in self._names(UNDER_WAY):
                with suppress(OSError):
                    if now - path.stat().st_mtime > WRITTEN_WITHIN_S:
                        path.unlink()
            return [one for path in sorted(self._names(ENDING)) if (one := _read(path)) is not None]
        except FileNotFoundError:
            return []

    def _path(self, note: Note) -> Path:
        return self._folder / f"{note.booking}{ENDING}"

    def _names(self, ending: str) -> Iterator[Path]:
        with os.scandir(self._folder) as entries:
            yield from (self._folder / entry.name for entry in entries if entry.name.endswith(ending))

    def _write(self, path: Path, content: bytes) -> None:
        descriptor, under_way = tempfile.mkstemp(UNDER_WAY, dir=self._folder)  # for nobody else to read, by itself
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, FILE_MODE)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            Path(under_way).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(under_way).unlink()
            raise
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> Found | None:
    """None for a file that somebody has just let go."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return Found(path, None)
    try:
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return Found(path, None)
            note = msgspec.json.decode(file.read(MOST_NOTE_BYTES + 1), type=Note)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Found(path, None)
    return Found(path, note if f"{note.booking}{ENDING}" == path.name else None)
