"""What is to be measured and what came of it, as it goes between the processes of the benchmark."""

from dataclasses import dataclass, field
from typing import Any

from infra.bench.bodies import Question


@dataclass
class Job:
    """One measurement. `seconds` or `count` bounds it; what is answered in the first `warm_up_s` is not counted."""

    mode: str
    """closed: `callers` each ask again when answered. open: `rate` a second arrive whatever happens (Poisson)."""
    port: int
    path: str
    questions: list[Question]
    pid: int = 0
    """Whose CPU time is measured over the same stretch."""
    callers: int = 1
    rate: float = 0.0
    seconds: float = 0.0
    count: int = 0
    warm_up_s: float = 0.0
    marker: str = ""
    """What a right answer holds."""
    per_call: int = 5
    """Questions asked within one phone call."""
    keep: bool = False
    """Hand back every answer: question, milliseconds, status, start times offered."""
    first: int = 0
    """Number of the first tool call, so that no id is used twice on one server."""


@dataclass
class Figures:
    """What came of a job. Times in milliseconds, over every counted answer; CPU in microseconds per request."""

    answers: int = 0
    wrong: int = 0
    failed: int = 0
    asked: int = 0
    seconds: float = 0.0
    per_s: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    cpu_us: float | None = None
    generator_share: float = 0.0
    """How much of one core the generator used: near 1 it was the bottleneck itself."""
    kept: list[tuple[int, float, int, list[str]]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


def percentile(ordered: list[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above."""
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))] if ordered else 0.0
