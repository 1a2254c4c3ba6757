"""One turn of a job as it lies in the durable engine: ids and counts, nothing personal, nothing of the engine's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """A job that is waiting, or under way, for the `turn`-th time.

    A job that is not over gets a new turn instead of a long sleep. `tries` counts the failures in a row before this
    turn, `deaths` the processes in a row that died with it; `due` is when it is meant to begin, epoch seconds.
    """

    kind: str
    key: str
    due: float
    data: Mapping[str, Any] = field(default_factory=dict)
    turn: int = 0
    tries: int = 0
    deaths: int = 0

    @property
    def id(self) -> str:
        """The same turn of the same job has the same id, and runs once. The turn comes last: a key may hold colons."""
        return f"{self.kind}:{self.key}:{self.turn}"


@dataclass(frozen=True, slots=True)
class Started:
    """A turn that some process has begun, as the engine remembers it: in this load, which is what it can end."""

    entry: Entry
    process: str
    load: str = ""
