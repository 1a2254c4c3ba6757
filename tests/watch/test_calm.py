"""When one process may say that what all of them meet is over."""

import math

from app.watch.calm import CALM_S, Calm


def test_it_is_over_once_after_a_calm() -> None:
    calm = Calm(0.0)
    calm.trouble(100.0)
    calm.trouble(130.0)
    assert [at for at in (131.0, 130.0 + CALM_S - 1, 130.0 + CALM_S, 130.0 + CALM_S + 1) if calm.is_over(at)] == [190.0]


def test_who_was_never_in_trouble_ends_what_another_one_rang_only_after_its_start() -> None:
    calm = Calm(0.0)
    assert [at for at in range(86_400) if calm.is_over(float(at))] == [CALM_S], "for the process before it"
    calm.trouble(90_000.0)
    assert [at for at in range(90_000, 180_000) if calm.is_over(float(at))] == [90_000 + CALM_S]


def test_how_long_all_must_go_well_is_known() -> None:
    calm = Calm(0.0)
    calm.trouble(100.0)
    assert calm.left_s(120.0) == CALM_S - 20.0
    assert calm.is_over(100.0 + CALM_S)
    assert calm.left_s(1_000.0) == math.inf
