"""Made-up calls through the real judgement: how soon a version that fails twice as often is taken back, and how often
one that is as good is, though somebody looks after every single call.

Every figure is watched, as in the product. Run it by `python -m infra.trials.canary`; 10,000 runs of a version that is
as good take some minutes.
"""

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from app.canary.evidence import Count, Evidence, with_stable, with_trial
from app.canary.guards import GUARDS
from app.canary.steps import STEPS, Seen, Verdict, after, judged

RUNS_EQUAL: Final = 10_000
RUNS_WORSE: Final = 400
LONGEST: Final = 1_000
"""Calls on trial after which a run ends; a worse version counts as never found."""
ALL_THE_TIME_S: Final = 1e9
"""Time is no matter here: only calls are made up."""
ELSEWHERE: Final = {"to_person": 0.1, "no_booking": 0.6}
"""Shares of calls that go to a person, and in which nothing is booked; the same in both versions."""
PARTS: Final = (("tool_errors", 0.5), ("bad_ends", 0.4), ("hang_ups", 1.0))
"""Of what fails, which figure shows it besides `failed_calls`: half, four tenths of the rest, and what is left."""
RATES: Final = (0.1, 0.2, 0.3)
"""Shares of calls that fail with the stable version."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How a run ended: after so many calls on trial it was taken back, or never."""

    calls: int
    back: bool
    why: str = ""


def call(rng: random.Random, failing: float) -> set[str]:
    """Figures that one call counts as bad in."""
    bad = {name for name, share in ELSEWHERE.items() if rng.random() < share}
    if rng.random() < failing:
        bad.add("failed_calls")
        bad.add(next(name for name, up_to in PARTS if rng.random() < up_to))
    return bad


def run(rng: random.Random, stable: float, trial: float) -> Taken:
    """One canary from its first call until it is taken back, everybody gets it, or `LONGEST` of its calls have come."""
    figures: Mapping[str, Evidence] = {guard.name: Evidence() for guard in GUARDS}
    percent, own, here = STEPS[0].percent, 0, 0
    while percent < 100 and own < LONGEST:
        others: Counter[str] = Counter()
        many = 0
        while rng.randrange(100) >= percent:
            others.update(call(rng, stable))
            many += 1
        bad = call(rng, trial)  # only a call on trial changes the evidence
        figures = {
            name: with_trial(with_stable(one, Count(many, others[name])), name in bad) for name, one in figures.items()
        }
        own, here = own + 1, here + 1
        found = judged(percent, Seen(figures, calls=here, watched_s=ALL_THE_TIME_S))
        if found.verdict is Verdict.BACK:
            return Taken(own, True, found.why)
        if found.verdict is Verdict.UP:
            percent, here = after(percent), 0
    return Taken(own, False)


def worse(rng: random.Random, failing: float, runs: int) -> list[int]:
    """After how many of its own calls a version that fails twice as often is taken back, run by run."""
    found = [run(rng, failing, 2 * failing) for _ in range(runs)]
    return sorted(one.calls if one.back else LONGEST for one in found)


def equal(rng: random.Random, failing: float, runs: int) -> int:
    """How many of so many runs take back a version that is as good before everybody gets it."""
    return sum(run(rng, failing, failing).back for _ in range(runs))


def least(failing: float) -> float:
    """Wald's bound on the mean number of its own calls after which a version is found that fails twice as often.

    It holds for every test that stops only when it is sure, and is wrong as rarely as ours, even one that knows the
    stable version's share from the start. A median may lie below it, and is bounded by nothing here.
    """
    wrongly, twice = sum(guard.alpha for guard in GUARDS), 2.0 * failing
    told_by_a_call = twice * math.log(2.0) + (1.0 - twice) * math.log((1.0 - twice) / (1.0 - failing))
    return -math.log(wrongly) / told_by_a_call


def main() -> int:
    """Print both figures; 0 when they hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS_EQUAL, help="of a version that is as good")
    parser.add_argument("--worse", type=int, default=RUNS_WORSE, help="of a version that fails twice as often")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    rates = {}
    for rate in RATES:
        found = worse(rng, rate, asked.worse)
        mean = sum(found) / len(found)
        told = {"median": median(found), "p90": found[len(found) * 9 // 10], "mean": mean, "least_mean": least(rate)}
        rates[f"{rate:.0%}"] = {name: round(calls, 1) for name, calls in told.items()}
    wrongly = equal(rng, 0.2, asked.runs)
    shown = {"twice_as_bad": rates, "as_good": {"runs": asked.runs, "rolled_back": wrongly}, "seed": asked.seed}
    sys.stdout.write(f"{json.dumps(shown)}\n")
    return 0 if rates["20%"]["median"] <= 60 and wrongly < 0.02 * asked.runs else 1


if __name__ == "__main__":
    sys.exit(main())
