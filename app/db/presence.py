"""Whether somebody else has the same SQLite file open. A newcomer knows at once, from a lock that dies with its holder.

Says nothing about who was there before: they notice the newcomer by what it writes (`engine`).
"""

import contextlib
import fcntl
import os

SUFFIX = ".open"


class Presence:
    """A shared lock beside the database, held from `enter` to `leave` by everybody who has it open."""

    def __init__(self, database_file: str) -> None:
        self._path = database_file + SUFFIX
        self._descriptor: int | None = None

    def enter(self) -> bool:
        """Take the lock; whether somebody else has it. A folder that takes no such file counts as company."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alone = True
            except BlockingIOError:
                alone = False
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        except OSError:
            return True
        return not alone

    def leave(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None
