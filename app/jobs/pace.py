"""When the engine looks at its queue: at once when it is told of work, soon while there is some, seldom otherwise.

The engine's own loop knows one pause for all of this: short, it keeps a core warm all night; long, every job is late.
"""

import heapq
import threading
import time
from collections.abc import Callable, Iterable

APART_S = 0.2
"""Between two looks: jobs that come one by one are taken several at once, and what one look took counts in the next."""
SOON_FOR_S = 0.5
"""How long after a sign of work it is looked for more, as some may not have fitted in."""
SELDOM_S = 1.0
"""Between two looks while nothing is known to wait: there may be others' work, or one's own from before a restart."""


class Pace(threading.Event):
    """Given to the engine's queue loop as the event that stops it, on which it waits between two looks.

    `promote` makes ready what has waited for its time. The looking thread calls it when a moment it was told of comes,
    and every so often, as others may have left something that waits.
    """

    def __init__(self, promote: Callable[[], None]) -> None:
        super().__init__()
        self._promote = promote
        self._work = threading.Event()
        self._soon_until = 0.0
        self._looked_at = self._promoted_at = 0.0
        self._dues: list[float] = []
        self._lock = threading.Lock()
        self._work.set()  # the first look is at once

    def told(self, dues: Iterable[float] = ()) -> None:
        """There is work, or room for more; `dues` are moments at which there will be more, epoch seconds."""
        with self._lock:
            for due in dues:
                heapq.heappush(self._dues, due)
        self._soon_until = time.monotonic() + SOON_FOR_S
        self._work.set()

    def set(self) -> None:
        """No look is to follow."""
        super().set()
        self._work.set()

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - the engine's one interval, which this replaces
        """Wait until the next look is due; True when there is to be none."""
        apart_s = self._looked_at + APART_S - time.monotonic()
        if apart_s > 0 and super().wait(apart_s):
            return True
        self._work.wait(self._pause_s())
        self._work.clear()
        if self.is_set():
            return True
        now = time.monotonic()
        if self._come() or now - self._promoted_at >= SELDOM_S:
            self._promote()
            self._promoted_at = now
        self._looked_at = time.monotonic()
        return self.is_set()

    def _pause_s(self) -> float:
        """How long to wait for word of work."""
        pause_s = APART_S if time.monotonic() < self._soon_until else SELDOM_S
        with self._lock:
            return min(pause_s, max(0.0, self._dues[0] - time.time())) if self._dues else pause_s

    def _come(self) -> bool:
        """Whether a moment that we were told of has come; it is struck off."""
        come, now = False, time.time()
        with self._lock:
            while self._dues and self._dues[0] <= now:
                heapq.heappop(self._dues)
                come = True
        return come
