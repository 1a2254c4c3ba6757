"""Time as a value that is handed in, so that no piece of logic reads a clock behind its caller's back."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time and a steady clock, both in seconds."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
