"""How likely a count is, exactly, where calls come by chance at a known rate: Poisson, or wider where days differ.

Pure. `spread` is the squared share by which the rate itself is off from one day to the next, 0 for Poisson; a gamma
distributed rate gives the negative binomial. Probabilities so small that they underflow are given as logarithms.
"""

import math
from collections.abc import Iterator

MOST_TERMS = 100_000
NEVER_LESS = 1e-9
"""A spread below it is none."""


def log_of_none(expected: float, spread: float) -> float:
    """The logarithm of the probability that nothing comes where `expected` are expected."""
    if spread < NEVER_LESS:
        return -expected
    return -math.log1p(expected * spread) / spread


def expected_for(log_probability: float, spread: float) -> float:
    """How many have to be expected for nothing to be as unlikely as that: the inverse of `log_of_none`."""
    if spread < NEVER_LESS:
        return -log_probability
    return math.expm1(min(-log_probability * spread, 50.0)) / spread


def log_of_exactly(count: int, expected: float, spread: float) -> float:
    """The logarithm of the probability of exactly so many."""
    if expected <= 0.0:
        return 0.0 if count == 0 else -math.inf
    if spread < NEVER_LESS:
        return count * math.log(expected) - expected - math.lgamma(count + 1)
    shape = 1.0 / spread
    ways = math.lgamma(count + shape) - math.lgamma(shape) - math.lgamma(count + 1)
    return ways + log_of_none(expected, spread) + count * math.log(expected / (shape + expected))


def at_least(count: int, expected: float, spread: float) -> float:
    """The probability of so many or more."""
    if count <= 0:
        return 1.0
    if count <= expected:
        return max(0.0, 1.0 - at_most(count - 1, expected, spread))
    return min(1.0, _summed(_upwards(count, expected, spread)))


def at_most(count: int, expected: float, spread: float) -> float:
    """The probability of so many or fewer."""
    if count < 0:
        return 0.0
    if count > expected:
        return max(0.0, 1.0 - at_least(count + 1, expected, spread))
    return min(1.0, _summed(_downwards(count, expected, spread)))


def at_least_of(count: int, trials: int, share: float) -> float:
    """The probability of so many or more of `trials`, where each is one by chance with the probability `share`."""
    if count <= 0:
        return 1.0
    if not 0.0 < share < 1.0:
        return float(share >= 1.0)
    return min(1.0, _summed(_upwards_of(count, trials, share)))


def band(expected: float, spread: float, outside: float = 0.05) -> tuple[int, int]:
    """The lowest and highest counts of which all but `outside` lie within, half of that on each side."""
    low, below, number = -1, 0.0, 0
    while number < MOST_TERMS:
        below += math.exp(log_of_exactly(number, expected, spread))
        if low < 0 and below > outside / 2:
            low = number
        if below >= 1.0 - outside / 2:
            break
        number += 1
    return max(low, 0), number


def _upwards(count: int, expected: float, spread: float) -> Iterator[float]:
    """Probabilities of `count` and each number above, which fall from there on."""
    term = math.exp(log_of_exactly(count, expected, spread))
    for number in range(count, count + MOST_TERMS):
        yield term
        term *= _ratio(number, expected, spread)


def _upwards_of(count: int, trials: int, share: float) -> Iterator[float]:
    """Probabilities of `count` and each number above of so many trials."""
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    term = math.exp(ways + count * math.log(share) + (trials - count) * math.log1p(-share))
    for number in range(count, trials + 1):
        yield term
        term *= (trials - number) / (number + 1) * share / (1.0 - share)


def _downwards(count: int, expected: float, spread: float) -> Iterator[float]:
    """Probabilities of `count` and each number below."""
    term = math.exp(log_of_exactly(count, expected, spread))
    for number in range(count, -1, -1):
        yield term
        if number:
            term /= _ratio(number - 1, expected, spread)


def _ratio(number: int, expected: float, spread: float) -> float:
    """How much more likely `number` + 1 is than `number`."""
    return expected * (1.0 + number * spread) / ((number + 1) * (1.0 + expected * spread))


def _summed(terms: Iterator[float]) -> float:
    """The sum, without the tail that no longer changes it."""
    total = 0.0
    for term in terms:
        total += term
        if term <= total * 1e-17:
            break
    return total
