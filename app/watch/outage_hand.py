"""Who has taken the page about the database while that is away: in a file of this machine, for there is no other place.

Every process of the machine reads it, whichever was asked; other machines tell for themselves. It mutes what is said
again, never the first word. A file of another user's, or one that cannot be read, is as if it were not there.
"""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from app.watch.book import Name
from app.watch.database_kinds import DATABASE_DOWN
from app.watch.directly import notice_id
from app.watch.links import link
from app.watch.pages import BY_MAX_CHARS

KIND: Final = DATABASE_DOWN
KEY: Final = "database"
"""In commands this names it, too: there is no list to look its id up in."""
PAGE_ID: Final = notice_id(KIND, KEY)
"""In the address where it is taken: the same in every process and for every outage."""
FILE_MODE: Final = 0o600


class Taken(msgspec.Struct, frozen=True):
    """Who has it, and since when in epoch seconds."""

    by: str
    at: float


class Hand:
    """The file. `address`: where a person takes the page, "" where the installation has no public address."""

    def __init__(
        self, name: str, secret: bytes = b"", public_url: str | None = None, folder: Path | None = None
    ) -> None:
        self._file = (folder or Path(tempfile.gettempdir())) / f"readback-{name}.taken"
        self.address = link(secret, public_url, PAGE_ID)
        self._here: Taken | None = None
        """What could not be written: it holds in this process alone."""

    def address_of(self, page: Name) -> str:
        """Where a page that is in no database is taken; only this one is anywhere."""
        return self.address if page == (KIND, KEY) else ""

    def taken(self, since: float) -> Taken | None:
        """Who took it, if anybody since then; who took an earlier outage has not taken this one."""
        found = self._here or self._read()
        return found if found is not None and found.at >= since else None

    def take(self, by: str, *, since: float, now: float) -> Taken:
        """Who has it from now on: whoever was first."""
        before = self._here or self._read()
        if before is not None and before.at >= since:
            return before
        if before is not None:  # of an earlier outage; what somebody writes at this moment is not touched
            self.let_go()
        mine = Taken(" ".join(by.split())[:BY_MAX_CHARS], now)
        self._write(mine)
        return self.taken(since) or mine

    @property
    def is_shared(self) -> bool:
        """Whether every process of the machine can know what was said here last."""
        return self._here is None

    def let_go(self) -> None:
        """It is over."""
        self._here = None
        with suppress(OSError):
            self._file.unlink()

    def _read(self) -> Taken | None:
        with suppress(OSError, msgspec.DecodeError):
            descriptor = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                about = os.fstat(descriptor)
                if about.st_uid == os.getuid() and stat.S_ISREG(about.st_mode):
                    return msgspec.json.decode(file.read(), type=Taken)
        return None

    def _write(self, mine: Taken) -> None:
        """As it is first of all: of two who take it at once, one does."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._file, flags, FILE_MODE)
        except OSError:
            self._here = None if self._read() is not None else mine
            return
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(mine))
        except OSError:
            self._here = mine
