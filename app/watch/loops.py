"""Which of the process's loops are alive: each beats by its name, and one that has not for too long is late.

Only a whole process may say that it is well, so whoever runs a loop registers it here.
"""

from collections.abc import Callable

from app.clock import Clock


class Loops:
    """The loops of one process. `register` and beats may come from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        self._gaps: dict[str, float] = {}
        self._asked: dict[str, Callable[[], bool]] = {}

    def register(self, name: str, gap_s: float) -> Callable[[], None]:
        """The loop's beat, to be called each time round; `gap_s` is the longest time it may take between two."""

        def beat() -> None:
            self._last[name] = self._clock.monotonic()

        self._gaps[name] = gap_s
        beat()
        return beat

    def watch(self, name: str, gap_s: float, alive: Callable[[], bool]) -> None:
        """Something that is asked whether it is alive; `gap_s` is the longest time it may be down."""
        self._gaps[name] = gap_s
        self._asked[name] = alive
        self._last[name] = self._clock.monotonic()

    def begin(self) -> None:
        """All loops start now; what passed since they were registered is nobody's fault."""
        self._last = dict.fromkeys(self._gaps, self._clock.monotonic())

    def late(self) -> list[str]:
        """The loops that are dead or stuck."""
        now = self._clock.monotonic()
        self._last.update({name: now for name, alive in self._asked.items() if alive()})
        return sorted(name for name, gap_s in self._gaps.items() if now - self._last[name] > gap_s)
