"""Writes that wait for the one writer: those of callers first, those that nobody on a phone waits for in between."""

import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_BATCH = 64
MOST_PATIENT = 8
"""Patient writes of one commit: a caller who comes meanwhile waits for no more than those."""
GATHER_S = 0.02
"""What a patient write waits for others to share its commit with."""
QUIET_S = 0.05
"""Who has just come will want more within this, and then waits for no patient write that is under way."""
LONGEST_S = 0.25
"""What it waits at most for callers to stop coming; then it takes the next moment in which none waits."""
AT_LAST_S = 0.5
"""Where there is no such moment either, it goes with theirs, one in a commit."""

_nobody_waits: ContextVar[bool] = ContextVar("nobody_waits", default=False)


def nobody_waits() -> None:
    """Say of the current task, and of the tasks it starts, that no caller waits for what they write."""
    _nobody_waits.set(True)


@contextmanager
def somebody_waits() -> Iterator[None]:
    """While inside, the current task writes as those do for whom a caller waits."""
    token = _nobody_waits.set(False)
    try:
        yield
    finally:
        _nobody_waits.reset(token)


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """What shares a commit. A `patient` one is cut short when a caller comes."""

    works: list[T]
    patient: bool = False


class Waiting(Generic[T]):
    """A queue that any thread puts into and one takes groups from, each to be committed as one."""

    def __init__(self) -> None:
        self._came: queue.SimpleQueue[tuple[T, bool] | None] = queue.SimpleQueue()
        self._first: deque[T] = deque()
        self._patient: deque[tuple[float, T]] = deque()
        self._last_came = -QUIET_S
        self.ended = False
        """Whether nothing more comes; what is there is still given out."""

    def put(self, work: T) -> None:
        """Add work, patient where the current task says so."""
        self._came.put((work, _nobody_waits.get()))

    def end(self) -> None:
        """Nothing more comes."""
        self._came.put(None)

    def take(self, within_s: float) -> Group[T]:
        """What is to be committed next, as soon as there is something; nothing after `within_s`, or at the end."""
        until = time.monotonic() + within_s
        while True:
            self._sort()
            now = time.monotonic()
            if self._first:
                self._last_came = now
                works = [self._first.popleft() for _ in range(min(MAX_BATCH, len(self._first)))]
                if self._patient and now - self._patient[0][0] > AT_LAST_S:
                    works.append(self._patient.popleft()[1])
                return Group(works)
            due = self._due() if self._patient else until
            if self._patient and (self.ended or now >= due):
                some = range(min(MOST_PATIENT, len(self._patient)))
                return Group([self._patient.popleft()[1] for _ in some], patient=True)
            if self.ended or now >= until:
                return Group([])
            self._sort(min(due, until) - now)

    def _due(self) -> float:
        """When the next patient write goes by itself."""
        came = self._patient[0][0]
        return min(came + LONGEST_S, max(came + GATHER_S, self._last_came + QUIET_S))

    def hurries(self) -> bool:
        """Whether a caller has come since. Asked by who takes, between two works of a patient group."""
        self._sort()
        return bool(self._first)

    def again(self, works: Sequence[T]) -> None:
        """Take back what a patient group was not begun with; it goes first of its kind, without waiting anew."""
        since = time.monotonic() - GATHER_S
        self._patient.extendleft((since, work) for work in reversed(works))

    def _sort(self, within_s: float = 0.0) -> None:
        """Take in what has come, or what comes first."""
        try:
            entry = self._came.get(timeout=within_s) if within_s > 0 else self._came.get_nowait()
            while True:
                if entry is None:
                    self.ended = True
                elif entry[1]:
                    self._patient.append((time.monotonic(), entry[0]))
                else:
                    self._first.append(entry[0])
                entry = self._came.get_nowait()
        except queue.Empty:
            pass
