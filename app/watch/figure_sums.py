"""What all processes counted lately, added up over windows, and for how much of each anybody was counting. Pure.

Only what a figure asks for is read and added up: who judges does so beside calls that wait.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Final

import orjson

EVERY_S: Final = 30.0
"""Between two rows of a process, and between two evaluations."""
MOMENT_S: Final = 300.0
"""What comes within it is one moment: by and large one call, where few come."""
SILENT_AFTER_S: Final = 3 * EVERY_S
"""A newest row older than this says that nobody counts any more."""

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted within a window: times by bucket, and numbers, by family and labels; `seconds` of counting."""

    times: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[Labels, int]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted in the `seconds` (steady ones) up to `at`: one row of a process as JSON, or several added up."""

    at: float
    seconds: float
    counted: str | Sums


class Counted:
    """Rows of all processes, seen from `now`."""

    def __init__(self, samples: Sequence[Sample], now: float) -> None:
        self._samples = sorted(samples, key=lambda sample: -sample.at)
        self._now = now
        self._sums: dict[float, tuple[int, Sums]] = {}
        """By window, with how many samples are in it."""
        self._moments: list[tuple[float, Sums]] | None = None

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

    def moments(self) -> Sequence[tuple[float, Sums]]:
        """All of them added up by moments, newest first, each with when it was last counted in it."""
        if self._moments is None:
            self._moments = [(one.at, _added(Sums(), [one])) for one in folded(self._samples)]
        return self._moments

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


def folded(samples: Iterable[Sample]) -> list[Sample]:
    """One for each moment of which there is any, newest first."""
    moments: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        moments[int(sample.at // MOMENT_S)].append(sample)
    return [_one(moments[number]) for number in sorted(moments, reverse=True)]


def _one(samples: Sequence[Sample]) -> Sample:
    if len(samples) == 1 and isinstance(samples[0].counted, Sums):
        return samples[0]
    seconds = sum(end - begin for begin, end in _spans(samples))
    return Sample(max(sample.at for sample in samples), seconds, _added(Sums(), samples))


def _added(before: Sums, samples: Iterable[Sample]) -> Sums:
    times = {name: dict(family) for name, family in before.times.items()}
    numbers = {name: dict(family) for name, family in before.numbers.items()}
    for sample in samples:
        more_times, more_numbers = _parts(sample.counted)
        for name, of, buckets in more_times:
            family = times.setdefault(name, {})
            there = family.get(of)
            family[of] = buckets if there is None else list(map(add, there, buckets))
        for name, labels, number in more_numbers:
            count = numbers.setdefault(name, {})
            key = tuple(labels)
            count[key] = count.get(key, 0) + number
    return Sums(times, numbers)


def _parts(counted: str | Sums) -> tuple[Iterable[tuple[str, str, Sequence[int]]], Iterable[tuple[str, Labels, int]]]:
    """Times and numbers, one by one."""
    if isinstance(counted, str):
        row = orjson.loads(counted)
        return row["times"], row["numbers"]
    times = ((name, of, buckets) for name, family in counted.times.items() for of, buckets in family.items())
    numbers = ((name, key, number) for name, family in counted.numbers.items() for key, number in family.items())
    return times, numbers


def _spans(found: Sequence[Sample]) -> list[tuple[float, float]]:
    """The times in which anybody counted, none overlapping."""
    spans: list[tuple[float, float]] = []
    for begin, end in sorted((sample.at - sample.seconds, sample.at) for sample in found):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return spans
