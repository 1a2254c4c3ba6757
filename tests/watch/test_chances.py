"""Chances of counts: against sums done the long way, and against what must hold of any of them."""

import math

import pytest

from app.watch import chances

POISSON = [(0, 3.0), (1, 3.0), (7, 3.0), (40, 3.0), (3, 250.0), (400, 250.0)]


def long_way(count: int, expected: float) -> float:
    """The Poisson probability of `count` or more, by whole numbers and fractions."""
    return 1.0 - math.fsum(math.exp(-expected) * expected**n / math.factorial(n) for n in range(count))


@pytest.mark.parametrize(("count", "expected"), [(1, 3.0), (4, 3.0), (9, 3.0), (2, 0.5)])
def test_many_or_more_is_what_the_long_way_gives(count: int, expected: float) -> None:
    assert chances.at_least(count, expected, 0.0) == pytest.approx(long_way(count, expected), rel=1e-9)


@pytest.mark.parametrize("spread", [0.0, 0.02, 0.5])
@pytest.mark.parametrize(("count", "expected"), POISSON)
def test_more_and_fewer_make_one_together(count: int, expected: float, spread: float) -> None:
    both = chances.at_most(count, expected, spread) + chances.at_least(count + 1, expected, spread)

    assert both == pytest.approx(1.0, abs=1e-9)


def test_the_wider_distribution_has_its_mean_and_its_spread() -> None:
    terms = [(n, math.exp(chances.log_of_exactly(n, 12.0, 0.25))) for n in range(400)]
    mean = math.fsum(n * p for n, p in terms)

    assert math.fsum(p for _, p in terms) == pytest.approx(1.0)
    assert mean == pytest.approx(12.0)
    assert math.fsum((n - mean) ** 2 * p for n, p in terms) == pytest.approx(12.0 + 0.25 * 12.0**2)


@pytest.mark.parametrize("spread", [0.0, 1e-12, 0.01, 0.3])
def test_how_much_silence_is_enough_is_the_inverse_of_how_likely_it_is(spread: float) -> None:
    expected = chances.expected_for(math.log(1e-4), spread)

    assert chances.log_of_none(expected, spread) == pytest.approx(math.log(1e-4))
    assert expected >= -math.log(1e-4) - 1e-9, "where days differ, it takes more"


def test_chances_too_small_for_a_number_are_none_and_not_an_error() -> None:
    assert chances.at_least(5_000, 1.0, 0.0) == 0.0
    assert chances.at_least(3, 0.0, 0.1) == 0.0
    assert chances.log_of_none(5_000.0, 0.0) == -5_000.0


@pytest.mark.parametrize(("expected", "spread"), [(0.0, 0.0), (0.3, 0.02), (4.0, 0.0), (60.0, 0.05)])
def test_a_band_holds_all_but_what_it_leaves_outside(expected: float, spread: float) -> None:
    low, high = chances.band(expected, spread)

    assert low <= expected <= high
    assert chances.at_most(low - 1, expected, spread) <= 0.025
    assert chances.at_least(high + 1, expected, spread) <= 0.025 + 1e-12
