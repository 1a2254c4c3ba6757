"""What the public was told last, in a file outside the database: a process that starts while that is away can say it.

It holds nothing that is not public anyway. Nobody depends on it: without it one says that nothing is known.
"""

import contextlib
import os
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import orjson

from app import log
from app.watch.status import Copy

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A copy as it was last known, and the id by which feed readers know the installation; empty without one."""

    feed: str = ""
    known: Copy = field(default_factory=Copy)

    def copy(self) -> Copy:
        """What was last known, which says that nothing newer can be read."""
        return self.known


class Keep:
    """The file. Never raises: a folder that cannot be written to costs what is shown on a bad day, and nothing else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failed = False

    def read(self) -> Told:
        """What was told last; nothing where nothing was kept, or it cannot be read."""
        try:
            told = msgspec.json.decode(self._file.read_bytes(), type=Told)
        except FileNotFoundError:
            return Told()
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("status not found again", reason=type(error).__name__)
            return Told()
        return replace(told, known=replace(told.known, reached=False))

    def write(self, told: Told) -> None:
        """Put it in the place of what was there, whole or not at all. Blocking."""
        draft = self._file.with_name(f"{self._file.name}.{uuid.uuid4().hex[:8]}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(orjson.dumps(told))
            os.replace(draft, self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            if not self._failed:
                _log.warning("status not kept outside the database", reason=error.strerror or type(error).__name__)
            self._failed = True
            return
        self._failed = False
