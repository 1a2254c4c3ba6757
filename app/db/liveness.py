"""Which processes live, judged by what each says between two looks and never by comparing clocks: a clock that jumps
must not make everybody dead.
"""

from collections.abc import Mapping


class Heard:
    """The count each process last said, and when this one first heard it. One silent for `silent_s` counts as dead."""

    def __init__(self, silent_s: float) -> None:
        self._silent_s = silent_s
        self._last: dict[str, tuple[int, float]] = {}

    def hear(self, beats: Mapping[str, int], now: float) -> None:
        """What all say now, by name; `now` is of a clock that only goes forward. Who is left out is forgotten."""
        last = self._last
        self._last = {
            name: before if (before := last.get(name)) is not None and before[0] == count else (count, now)
            for name, count in beats.items()
        }

    def living(self, now: float) -> set[str]:
        """Who has said something new lately."""
        return {name for name, (_, at) in self._last.items() if now - at < self._silent_s}

    def silent(self, now: float) -> dict[str, int]:
        """Who has not, with the last that was heard of them."""
        return {name: count for name, (count, at) in self._last.items() if now - at >= self._silent_s}
