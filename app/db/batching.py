"""Works of several callers that cost less done as one: a rush for the same thing asks the server once."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

W = TypeVar("W")
R = TypeVar("R")
J = TypeVar("J")


@dataclass(frozen=True, slots=True)
class Together(Generic[W, R]):
    """Work for `Database.write` that may be done with others of its kind in one go.

    `many` does it for everybody's `want` in their order, as if for one after the other, and tells what came of each.
    Where it fails it is done again for each alone.
    """

    many: Callable[[Any, Sequence[W]], Sequence[R]]
    want: W

    def __call__(self, transaction: Any) -> R:
        """The work of one alone."""
        return self.many(transaction, [self.want])[0]


def alike(jobs: Iterable[J], work_of: Callable[[J], Any]) -> list[list[J]]:
    """The jobs, those together that can be done as one, each kind where the first of it stands."""
    kinds: dict[Hashable, list[J]] = {}
    for job in jobs:
        work = work_of(job)
        kinds.setdefault(work.many if isinstance(work, Together) else id(job), []).append(job)
    return list(kinds.values())


def done(works: Sequence[Any], transaction: Any) -> Sequence[Any]:
    """What came of each of these works: one of any kind, or several that are alike."""
    if len(works) == 1:
        return [works[0](transaction)]
    outcomes: Sequence[Any] = works[0].many(transaction, [work.want for work in works])
    return outcomes
