"""Who is paged when: arithmetic on a page's state. Takes values, returns values, sends nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.watch.notify import Taken

NEVER: Final = 1e15
"""The next time of a page with nothing left to do."""
QUIET_S: Final = (300.0, 600.0, 1_200.0, 2_400.0, 3_600.0)
"""Between one round and the next, while nobody acknowledges; the last one for every round after."""
PAUSES_S: Final = (2.0, 10.0, 45.0)
"""Before the second, third and fourth try at receivers that failed in a round."""
WITHIN: Final = "within"
"""In the place of a receiver's id: a page waits behind another; with the id of that one: people read of it there."""
UNHEARD_S: Final = 60.0
"""Before the next round when nobody at all was reached."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of one receiver of one page. `round` is the last that reached it, -1 for none; of one that
    `refused` the last in which it did: it is asked again in the next. `told`: that it is acknowledged or over, while
    others have to be told yet.
    """

    shown: str
    round: int = -1
    reached_at: float = 0.0
    failed: int = 0
    refused: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a page got: the round under way (from 0), the tries made in it, what is known by receiver id."""

    round: int = 0
    tries: int = 0
    reach: Mapping[str, Reach] = field(default_factory=dict)

    def heard(self) -> bool:
        """Whether anybody was ever reached by it."""
        return any(reach.reached_at for name, reach in self.reach.items() if not name.startswith(WITHIN))


def receiver_id(url: str) -> str:
    """A name for a receiver that tells nothing of its URL, which is a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def wanted(progress: Progress, own: Sequence[str], business: Sequence[str]) -> tuple[list[str], list[str]]:
    """Receivers to try now, and the rest of the business's list, to be tried at once where one of these fails.

    Round 0 is the installation's own receivers and the first of the business's list; each round adds the next.
    """
    level = progress.round + 1
    now = dict.fromkeys((*own, *business[:level]))
    later = [url for url in dict.fromkeys(business[level:]) if url not in now]
    return [url for url in now if _open(progress, url)], [url for url in later if _open(progress, url)]


def _open(progress: Progress, url: str) -> bool:
    reach = progress.reach.get(receiver_id(url))
    return reach is None or reach.round != progress.round


def tried(progress: Progress, outcomes: Mapping[str, tuple[str, Taken]], now: float) -> Progress:
    """With what came of tries: receiver id to (what may be shown of it, outcome)."""
    reach = dict(progress.reach)
    for name, (shown, taken) in outcomes.items():
        before = reach.get(name, Reach(shown))
        if taken is Taken.TAKEN:
            reach[name] = replace(before, round=progress.round, reached_at=now, refused=False)
        else:
            refused = taken is Taken.REFUSED
            asked = progress.round if refused else before.round
            reach[name] = replace(before, round=asked, failed=before.failed + 1, refused=refused)
    return replace(progress, reach=reach)


def after_tries(progress: Progress, *, failed: bool, now: float) -> tuple[Progress, float]:
    """What comes next and when: the same round once more for who `failed`, or the next round after a quiet time."""
    if failed and progress.tries < len(PAUSES_S):
        return replace(progress, tries=progress.tries + 1), now + PAUSES_S[progress.tries]
    quiet = QUIET_S[min(progress.round, len(QUIET_S) - 1)]
    return replace(progress, round=progress.round + 1, tries=0), now + (quiet if progress.heard() else UNHEARD_S)


def noticed(progress: Progress, outcomes: Mapping[str, tuple[str, Taken]], step: str, *, again: bool) -> Progress:
    """With who was told of this step just now, which is forgotten once nobody is told of it `again`."""
    took = {name for name, (_, taken) in outcomes.items() if taken is not Taken.FAILED}
    told = {name: step if name in took else reach.told for name, reach in progress.reach.items()}
    reach = {name: replace(reach, told=told[name] if again else "") for name, reach in progress.reach.items()}
    return Progress(progress.round, progress.tries + 1 if again else 0, reach)


def as_data(reach: Mapping[str, Reach]) -> dict[str, dict[str, Any]]:
    """For the page's row."""
    return {
        name: {
            "shown": r.shown,
            "round": r.round,
            "reached_at": r.reached_at,
            "failed": r.failed,
            "refused": r.refused,
            **({"told": r.told} if r.told else {}),
        }
        for name, r in reach.items()
    }


def from_data(data: Mapping[str, Mapping[str, Any]]) -> dict[str, Reach]:
    """From the page's row."""
    return {name: Reach(**given) for name, given in data.items()}


def merged(here: Mapping[str, Reach], there: Mapping[str, Reach]) -> dict[str, Reach]:
    """Both records of who was reached: nobody who was is forgotten."""
    both = dict(there)
    for name, reach in here.items():
        other = both.get(name)
        if other is None or reach.reached_at >= other.reached_at:
            both[name] = reach
    return both
