"""Amounts as people copy them from panels, what is not taken for one, and how one is told."""

import math

import pytest

from app.watch.amounts import amount, in_digits


@pytest.mark.parametrize(
    ("text", "unit", "read"),
    [
        ("10", "calls", 10.0),
        (" 10 lines", "calls", 10.0),
        ("12.5", "texts/s", 12.5),
        ("10,000 requests per minute", "requests/min", 10_000.0),
        ("10,000 requests per minute per user", "requests/min", 10_000.0),
        ("2,000", "texts", 2_000.0),
        ("1,234,567.5 USD", "USD", 1_234_567.5),
        ("500USD", "USD", 500.0),
        ("10 000", "requests", 10_000.0),
        ("10'000", "requests", 10_000.0),
        ("10k", "requests", 10_000.0),
        ("1.5K a day", "requests", 1_500.0),
        ("500 USD per month", "USD", 500.0),
        ("10 lines per account", "calls", 10.0),
        ("2M tokens", "tokens/min", 2e6),
        ("30 million tokens", "tokens/min", 3e7),
        ("1e6", "tokens/min", 1e6),
        ("3/s", "texts/s", 3.0),
        ("20 s", "s", 20.0),
        ("20s", "s", 20.0),
        ("20 seconds on each tool", "s", 20.0),
        ("Unlimited", "USD", math.inf),
        ("no limit, says support", "tokens/min", math.inf),
    ],
)
def test_an_amount_is_read_as_a_person_reads_it(text: str, unit: str, read: float) -> None:
    assert amount(text, unit) == read


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "calls"),
        ("lots", "calls"),
        ("-5", "calls"),
        ("10.000", "requests"),
        ("2,5", "texts/s"),
        ("10,00", "requests"),
        ("1,2,3", "requests"),
        ("10-20", "calls"),
        ("10 20", "calls"),
        ("10x", "calls"),
        ("2m", "tokens/min"),
        ("10000 ms", "s"),
        ("500ms", "s"),
        ("2 min", "s"),
        ("10 requests per second", "requests/min"),
        ("600 requests per 100 seconds", "requests/min"),
        ("100 a day", "texts/s"),
        ("10 per second", "calls"),
        ("10 calls/min", "calls"),
        ("2,000 an hour", "requests"),
    ],
)
def test_what_could_mean_something_else_is_not_read(text: str, unit: str) -> None:
    assert amount(text, unit) is None


@pytest.mark.parametrize(
    ("value", "told", "roughly"),
    [
        (0.0, "0", "0"),
        (0.015, "0.015", "0.015"),
        (12.3456, "12.3456", "12.3"),
        (999.0, "999", "999"),
        (999.9, "999.9", "1,000"),
        (0.000012, "0.000012", "0.000012"),
        (0.00000001, "0", "0"),
        (10_000.0, "10,000", "10,000"),
        (1_234.0, "1,234", "1,234"),
        (64_000_000.0, "64,000,000", "64,000,000"),
    ],
)
def test_no_number_is_told_with_an_exponent(value: float, told: str, roughly: str) -> None:
    assert (in_digits(value), in_digits(value, 3)) == (told, roughly)
