"""How strongly calls say that one version fails more often than another, however often somebody looks. Pure.

An e-process for two Bernoulli arms. Each call on trial closes a block with the calls of the stable version that came
since the one before. Against the hypothesis that the version on trial is no worse, a block multiplies the evidence by
the likelihood of its outcomes under an alternative that was fixed before the block, divided by their likelihood under
one common rate, which is the alternative's average over the block. The expected factor is at most 1 whatever the true
rates are, as long as the trial's is not above the other's; so by Ville's inequality the evidence ever reaches 1/alpha
with a probability of at most alpha, and looking after every call costs nothing.
Source: Turner, Ly, Grunwald, "Generic E-variables for exact sequential k-sample tests that allow for optional
stopping", Journal of Statistical Planning and Inference 230 (2024), theorem 1. That it also holds where the trial is
better than the other follows, as each factor of a call on trial grows with its rate.

The alternatives have the stable version's own rate so far, at odds a few times as high for the trial; the evidence is
their weighted average. Arms may be of any size and change at any time, as long as who gets which does not depend on
how calls end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

ODDS: Final = ((1.6, 0.2), (2.6, 0.6), (6.0, 0.2))
"""By how much the odds of a bad call may have grown, and the weight of each; from 20 to 40 percent is 2.67 times."""
PRIOR_CALLS: Final = 2.5
PRIOR_BAD: Final = 0.5
"""What is taken for the stable version's rate before any of its calls has ended."""
NOTHING: Final = (0.0,) * len(ODDS)


@dataclass(frozen=True, slots=True)
class Count:
    """Calls of one arm, and how many of them were bad."""

    calls: int = 0
    bad: int = 0

    @property
    def share(self) -> float:
        """The share that was bad; 0 of none."""
        return self.bad / self.calls if self.calls else 0.0

    def __add__(self, other: "Count") -> "Count":
        """Both together."""
        return Count(self.calls + other.calls, self.bad + other.bad)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one figure. `logs` are natural logarithms, one for each of `ODDS`.

    `waiting` are calls of the stable version, part of `stable`, that no call on trial has closed into a block yet.
    `most` is the largest logarithm of the evidence so far.
    """

    stable: Count = Count()
    trial: Count = Count()
    waiting: Count = Count()
    logs: tuple[float, ...] = NOTHING
    most: float = 0.0

    @property
    def log(self) -> float:
        """The logarithm of the evidence now."""
        return _average(self.logs)

    @property
    def peak(self) -> float:
        """The most evidence there ever was, in times; at most 1e300, which is proof enough."""
        return math.exp(min(self.most, 690.0))

    def beyond(self, alpha: float) -> bool:
        """Whether it has ever been so strong that no worse version gets there with more than this probability."""
        return self.most >= -math.log(alpha)


def with_stable(before: Evidence, ended: Count) -> Evidence:
    """More calls of the stable version that have ended."""
    return replace(before, stable=before.stable + ended, waiting=before.waiting + ended)


def with_trial(before: Evidence, bad: bool) -> Evidence:
    """One more call on trial that has ended."""
    block = before.waiting
    past = Count(before.stable.calls - block.calls, before.stable.bad - block.bad)
    logs = before.logs
    if block.calls:  # without another call in the block both hypotheses say the same of it
        stable_rate = (past.bad + PRIOR_BAD) / (past.calls + PRIOR_CALLS)
        logs = tuple(log + _factor(block, bad, stable_rate, odds) for log, (odds, _) in zip(logs, ODDS, strict=True))
    most = max(before.most, _average(logs))
    return Evidence(before.stable, before.trial + Count(1, bad), Count(), logs, most)


def without(found: Evidence, stable: int, trial: int) -> Evidence:
    """The same evidence, without so many bad calls and good ones in its counts: they have not ended yet."""
    ended = Count(found.stable.calls - stable, found.stable.bad - stable)
    return replace(found, stable=ended, trial=Count(found.trial.calls - trial, found.trial.bad))


def looks_worse(found: Evidence, tolerance: float) -> bool:
    """Whether the trial's share is higher by more than `tolerance` and a standard error: no proof, yet no good sign."""
    if not found.stable.calls or not found.trial.calls:
        return False
    calls = found.stable.calls + found.trial.calls
    pooled = (found.stable.bad + found.trial.bad) / calls
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / found.stable.calls + 1.0 / found.trial.calls))
    return found.trial.share - found.stable.share > tolerance + error


def as_data(found: Evidence) -> list[Any]:
    """Plain values, ready to be written as JSON."""
    counts = [[count.calls, count.bad] for count in (found.stable, found.trial, found.waiting)]
    return [*counts, list(found.logs), found.most]


def from_data(data: Sequence[Any]) -> Evidence:
    """What `as_data` gave. What was kept for other alternatives than these is evidence of nothing."""
    stable, trial, waiting, logs, most = data
    if len(logs) != len(ODDS):
        return Evidence()
    return Evidence(Count(*stable), Count(*trial), Count(*waiting), tuple(logs), most)


def _factor(block: Count, bad: bool, stable_rate: float, odds: float) -> float:
    """The logarithm of what one block, closed by one call on trial, multiplies the evidence by."""
    trial_odds = odds * stable_rate / (1.0 - stable_rate)
    trial_rate = trial_odds / (1.0 + trial_odds)
    common = (block.calls * stable_rate + trial_rate) / (block.calls + 1)
    good = block.calls - block.bad
    of_stable = block.bad * math.log(stable_rate / common) + good * math.log((1.0 - stable_rate) / (1.0 - common))
    of_trial = math.log(trial_rate / common) if bad else math.log((1.0 - trial_rate) / (1.0 - common))
    return of_stable + of_trial


def _average(logs: Sequence[float]) -> float:
    """The logarithm of the weighted average."""
    highest = max(logs)
    return highest + math.log(sum(w * math.exp(log - highest) for log, (_, w) in zip(logs, ODDS, strict=True)))
