"""What all processes counted within a day, read in little: of what is older than half an hour only moments are kept.

One for each process that looks, since it remembers: a look reads the rows of the last half hour, as ever, and adds
those five minutes that have become older since the look before.
"""

import threading
from typing import Final

from sqlalchemy import Connection

from app.watch.figure_counts import samples
from app.watch.figure_sums import MOMENT_S, Counted, Sample, folded

DAY_S: Final = 86_400.0
RAW_S: Final = 2_100.0
"""Row by row; longer than the longest window of a figure that is counted, and than a row comes late."""
STEP_S: Final = 3_600.0
"""Read at once, where much is to be read."""


class Day:
    """May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: dict[int, Sample] = {}
        self._folded_to = 0.0

    def counted(self, connection: Connection, now: float) -> Counted:
        """All of it, seen from `now`. Blocking."""
        with self._lock:
            self._fold(connection, now)
            return Counted([*samples(connection, self._folded_to, now), *self._moments.values()], now)

    def _fold(self, connection: Connection, now: float) -> None:
        begin, end = _moment(now - DAY_S), _moment(now - RAW_S)
        if not begin * MOMENT_S <= self._folded_to <= end * MOMENT_S:
            self._moments, self._folded_to = {}, begin * MOMENT_S
        while self._folded_to < end * MOMENT_S:
            until = min(self._folded_to + STEP_S, end * MOMENT_S)
            rows = samples(connection, self._folded_to, until, ahead_s=0.0)
            self._moments = {_moment(one.at): one for one in folded([*rows, *self._moments.values()])}
            self._folded_to = until
        self._moments = {number: sample for number, sample in self._moments.items() if number >= begin}


def _moment(at: float) -> int:
    return int(at // MOMENT_S)
