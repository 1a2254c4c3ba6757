"""When one process may say that what all of them meet is over."""

from app.watch.calm import ADOPT_EVERY_S, CALM_S, Calm


def test_it_is_over_once_after_a_calm() -> None:
    calm = Calm(0.0)
    calm.trouble(100.0)
    calm.trouble(130.0)
    assert [at for at in (131.0, 130.0 + CALM_S - 1, 130.0 + CALM_S, 130.0 + CALM_S + 1) if calm.is_over(at)] == [190.0]


def test_who_was_never_in_trouble_seldom_ends_what_another_one_rang() -> None:
    calm = Calm(0.0)
    ends = [at for at in range(3_600) if calm.is_over(float(at))]
    assert ends == [CALM_S + n * ADOPT_EVERY_S for n in range(6)], "once soon after a start, for the one before it"
