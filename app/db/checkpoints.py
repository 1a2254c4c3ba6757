"""Carries what SQLite has written to its log over to the file, beside the writer: in it, a caller would wait for that.

SQLite does it within whichever commit fills the log, which then takes milliseconds instead of a tenth of one.
"""

import sqlite3
import threading
import time
from contextlib import closing, suppress
from urllib.parse import quote

EVERY_COMMITS = 128
"""A few hundred pages of the log; SQLite itself would let it grow to a thousand."""
AT_LAST_PAGES = 10_000
"""40 MB. Where the log never ends beside writers who never rest, SQLite does it in a commit after all."""
TRIES = 3
"""The log begins anew once all of it is carried over, and some more may be written to it meanwhile."""
APART_S = 0.05
"""Between two of them: a burst of writes may end."""


class Checkpoints:
    """One thread for one file; without a file there is nothing to do. It waits for nobody and holds up nobody: what it
    does not manage is done next time.
    """

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._commits = 0
        self._due = threading.Event()
        self._ends = False
        self._thread = threading.Thread(target=self._forever, name="db-checkpoint", daemon=True)

    def start(self) -> None:
        """Begin to wait for commits."""
        if self._file is not None:
            self._thread.start()

    def committed(self) -> None:
        """The writer has committed once more."""
        self._commits += 1
        if self._commits >= EVERY_COMMITS:
            self._commits = 0
            self._due.set()

    def stop(self, within_s: float) -> None:
        """Let go of the file."""
        self._ends = True
        self._due.set()
        if self._thread.is_alive():
            self._thread.join(within_s)

    def _forever(self) -> None:
        while self._due.wait() and not self._ends:
            self._due.clear()
            # Opened each time, as the file may have been moved away; one that is not there is not made.
            place = f"file:{quote(self._file or '')}?mode=rw"
            with suppress(sqlite3.Error), closing(sqlite3.connect(place, uri=True, timeout=0)) as connection:
                for _ in range(TRIES):
                    _, written, carried = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    if written == carried:
                        break
                    time.sleep(APART_S)
