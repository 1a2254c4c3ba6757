"""What all processes counted within a window, added up, and for how much of it anybody was counting. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

EVERY_S: Final = 30.0
"""Between two rows of a process, and between two evaluations."""
SILENT_AFTER_S: Final = 3 * EVERY_S
"""A newest row older than this says that nobody counts any more."""

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """What all processes counted within a window: times by bucket, and numbers, by family and labels.

    `covered` is the share of the window in which somebody counted, None where nobody does now; `seconds` how long.
    """

    times: Mapping[str, Mapping[Labels, Sequence[int]]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[Labels, int]] = field(default_factory=dict)
    seconds: float = 0.0
    covered: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: what a process counted in the `seconds` (steady ones) up to `at`."""

    at: float
    seconds: float
    times: Sequence[tuple[str, Labels, Sequence[int]]]
    numbers: Sequence[tuple[str, Labels, int]]


def summed(found: Iterable[Sample], window_s: float, now: float) -> Sums:
    """What they come to within the window that ends now."""
    recent = [sample for sample in found if sample.at > now - window_s]
    times: dict[str, dict[Labels, list[int]]] = defaultdict(dict)
    numbers: dict[str, dict[Labels, int]] = defaultdict(lambda: defaultdict(int))
    for sample in recent:
        for name, labels, buckets in sample.times:
            there = times[name].get(labels)
            times[name][labels] = (
                list(buckets) if there is None else [a + b for a, b in zip(there, buckets, strict=False)]
            )
        for name, labels, number in sample.numbers:
            numbers[name][labels] += number
    newest = max((sample.at for sample in recent), default=0.0)
    if newest < now - SILENT_AFTER_S:
        return Sums(times, numbers)
    spans = _spans(recent)
    newest = min(now, newest)
    within = sum(max(0.0, min(end, newest) - max(begin, now - window_s)) for begin, end in spans)
    # What comes after the newest row is not missing, only not written yet.
    covered = min(1.0, within / (window_s - (now - newest)))
    return Sums(times, numbers, sum(end - begin for begin, end in spans), covered)


def _spans(found: Sequence[Sample]) -> list[tuple[float, float]]:
    """The times in which anybody counted, none overlapping."""
    spans: list[tuple[float, float]] = []
    for begin, end in sorted((sample.at - sample.seconds, sample.at) for sample in found):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return spans
