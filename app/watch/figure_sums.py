"""What all processes counted lately, added up over windows, and for how much of each anybody was counting. Pure.

Only what a figure asks for is read and added up: who judges does so beside calls that wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Final

import orjson

EVERY_S: Final = 30.0
"""Between two rows of a process, and between two evaluations."""
SILENT_AFTER_S: Final = 3 * EVERY_S
"""A newest row older than this says that nobody counts any more."""

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: what a process counted in the `seconds` (steady ones) up to `at`, as JSON."""

    at: float
    seconds: float
    counted: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted within a window: times by bucket, and numbers, by family and labels; `seconds` of counting."""

    times: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[Labels, int]] = field(default_factory=dict)
    seconds: float = 0.0


class Counted:
    """Rows of all processes, seen from `now`."""

    def __init__(self, samples: Sequence[Sample], now: float) -> None:
        self._samples = sorted(samples, key=lambda sample: -sample.at)
        self._now = now
        self._sums: dict[float, tuple[int, Sums]] = {}
        """By window, with how many samples are in it."""

    def sums(self, window_s: float) -> Sums:
        """What they come to in the window that ends now."""
        if window_s not in self._sums:
            shorter = max((known for known in self._sums if known < window_s), default=0.0)
            done, before = self._sums.get(shorter, (0, Sums()))
            recent = self._recent(window_s)
            together = _added(before, recent[done:])
            seconds = sum(end - begin for begin, end in _spans(recent))
            self._sums[window_s] = (len(recent), Sums(together.times, together.numbers, seconds))
        return self._sums[window_s][1]

    def covered(self, window_s: float) -> float | None:
        """The share of the window in which somebody counted; None where nobody does now."""
        recent = self._recent(window_s)
        newest = min(self._now, recent[0].at) if recent else 0.0
        if newest < self._now - SILENT_AFTER_S:
            return None
        begins = self._now - window_s
        within = sum(max(0.0, min(end, newest) - max(begin, begins)) for begin, end in _spans(recent))
        # What comes after the newest row is not missing, only not written yet.
        return min(1.0, within / (newest - begins))

    def _recent(self, window_s: float) -> Sequence[Sample]:
        return [sample for sample in self._samples if sample.at > self._now - window_s]


def _added(before: Sums, samples: Sequence[Sample]) -> Sums:
    times = {name: dict(family) for name, family in before.times.items()}
    numbers = {name: dict(family) for name, family in before.numbers.items()}
    for sample in samples:
        counted = orjson.loads(sample.counted)
        for name, of, buckets in counted["times"]:
            family = times.setdefault(name, {})
            there = family.get(of)
            family[of] = buckets if there is None else list(map(add, there, buckets))
        for name, labels, number in counted["numbers"]:
            count = numbers.setdefault(name, {})
            key = tuple(labels)
            count[key] = count.get(key, 0) + number
    return Sums(times, numbers)


def _spans(found: Sequence[Sample]) -> list[tuple[float, float]]:
    """The times in which anybody counted, none overlapping."""
    spans: list[tuple[float, float]] = []
    for begin, end in sorted((sample.at - sample.seconds, sample.at) for sample in found):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return spans
