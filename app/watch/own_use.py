"""What a process uses of limits that it counts itself: the most at once, written down with its figures.

Whoever looks at limits reads what all living processes wrote: the one that is nearest its end counts, and of what is
shared with others what they come to together.
"""

from collections.abc import Callable
from typing import Final

import orjson
from sqlalchemy import Connection, select

from app.db.schema import figure_samples
from app.watch.figure_sums import SILENT_AFTER_S

LOOK_S: Final = 1.0
"""Between two looks of a process at itself: a rush is over before its row is written."""
LIMITS: Final = "limits"
"""Where it stands in a row of figures."""
AHEAD_S: Final = 120.0

_f = figure_samples.c


class OwnUse:
    """This process's. `counts`: how much of each limit is used now, by the limit's name; each costs a microsecond.

    `lately`: what was used in the last minute, which is asked only when it is written.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Callable[[], float]] = {}
        self.lately: dict[str, Callable[[], float]] = {}
        self._most: dict[str, float] = {}

    def look(self) -> None:
        """Note what is used now, where it is the most so far."""
        for name, count in self.counts.items():
            self._most[name] = max(self._most.get(name, 0.0), count())

    def taken(self) -> dict[str, float]:
        """The most of each since this was last asked."""
        self.look()
        most, self._most = self._most, {}
        return most | {name: count() for name, count in self.lately.items()}


def own_uses(connection: Connection, now: float) -> dict[str, list[float]]:
    """By limit what each living process used of it at most in the last minute and a half."""
    asked = select(_f.process, _f.counted).where(_f.at > now - SILENT_AFTER_S, _f.at <= now + AHEAD_S)
    most: dict[str, dict[str, float]] = {}
    for process, counted in connection.execute(asked):
        for name, used in orjson.loads(counted).get(LIMITS, {}).items():
            by_process = most.setdefault(name, {})
            by_process[process] = max(by_process.get(process, 0.0), used)
    return {name: list(by_process.values()) for name, by_process in most.items()}
