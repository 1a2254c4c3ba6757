"""The test of one version against another: honest however often somebody looks, and quick enough to be of use."""

import math
import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.canary.evidence import Count, Evidence, as_data, from_data, looks_worse, with_stable, with_trial
from app.canary.guards import GUARDS
from infra.trials import canary as trial

rates = st.floats(0.001, 0.999)


@settings(max_examples=60, deadline=None)
@given(past=st.integers(0, 200), was_bad=rates, calls=st.integers(1, 25), rate=rates, better=st.floats(0.0, 1.0))
def test_a_block_is_no_evidence_on_average_where_the_trial_is_no_worse(
    past: int, was_bad: float, calls: int, rate: float, better: float
) -> None:
    before = with_trial(with_stable(Evidence(), Count(past, round(past * was_bad))), bad=False)
    start = math.exp(before.log)
    on_trial = rate * better

    expected = 0.0
    for bad in range(calls + 1):
        likely = math.comb(calls, bad) * rate**bad * (1.0 - rate) ** (calls - bad)
        block = with_stable(before, Count(calls, bad))
        for failed, chance in ((True, on_trial), (False, 1.0 - on_trial)):
            expected += likely * chance * math.exp(with_trial(block, failed).log)

    assert expected <= start * (1.0 + 1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_evidence_survives_being_written_down_and_counts_every_call(ended: list[tuple[bool, bool]]) -> None:
    found = Evidence()
    for on_trial, bad in ended:
        found = with_trial(found, bad) if on_trial else with_stable(found, Count(1, bad))

    assert from_data(as_data(found)) == found
    assert found.stable.calls + found.trial.calls == len(ended)
    assert found.stable.bad + found.trial.bad == sum(bad for _, bad in ended)
    assert found.most >= found.log - 1e-12


def test_evidence_of_other_alternatives_than_these_is_none() -> None:
    assert from_data([[9, 3], [4, 4], [0, 0], [7.0], 7.0]) == Evidence()


def test_all_figures_together_are_wrong_less_often_than_one_in_fifty() -> None:
    assert sum(guard.alpha for guard in GUARDS) < 0.02


@pytest.mark.parametrize(
    ("stable", "on_trial", "worse"),
    [
        (Count(400, 40), Count(40, 4), False),
        (Count(400, 40), Count(40, 8), True),
        (Count(400, 40), Count(40, 6), False),
        (Count(), Count(40, 40), False),
        (Count(40, 1), Count(), False),
    ],
    ids=["alike", "twice as many", "within what chance does", "nothing to compare with", "nothing on trial"],
)
def test_what_looks_worse(stable: Count, on_trial: Count, worse: bool) -> None:
    assert looks_worse(Evidence(stable, on_trial), 0.03) is worse


def test_a_version_that_fails_twice_as_often_is_found_and_one_that_is_as_good_is_left_alone() -> None:
    found = trial.worse(random.Random(1), 0.2, 100)

    assert median(found) <= 60
    assert sum(found) / len(found) >= trial.least(0.2), "no test that stops when it is sure has a smaller mean"
    assert trial.equal(random.Random(1), 0.2, 100) < 2


def test_the_mean_of_any_test_that_stops_when_it_is_sure_is_bounded_by_how_few_fail() -> None:
    assert [round(trial.least(rate)) for rate in (0.05, 0.1, 0.2)] == [197, 92, 39]
