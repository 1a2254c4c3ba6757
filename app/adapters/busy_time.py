"""Arithmetic on busy time that every calendar's answers need. Pure; knows no calendar."""

from collections.abc import Iterable

from app.booking.calendar import Busy, Interval


def merged(intervals: Iterable[Interval]) -> Busy:
    """Sorted, with overlapping and touching intervals joined."""
    joined: list[Interval] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def without(intervals: Iterable[Interval], holes: Iterable[Interval]) -> list[Interval]:
    """The parts of `intervals` outside all `holes`."""
    left = list(intervals)
    for first, last in holes:
        left = [part for a, b in left for part in ((a, min(b, first)), (max(a, last), b)) if part[0] < part[1]]
    return left
