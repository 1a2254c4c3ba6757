"""What a line usually gets: learned from its weeks, not from its bad days, right where the clocks change."""

import random
from collections import Counter
from datetime import date, timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from app.watch.baseline import HOUR_S, LEARNED_DAYS, LEAST_DAYS, History, Profile, hours_of, learned
from app.watch.judgement import expected
from tests.watch.counted import CHICAGO, EARLY, at, weeks

MONDAY = date(2026, 6, 1)
AFTER = MONDAY + timedelta(days=LEARNED_DAYS)
NOWHERE: frozenset[date] = frozenset()


def on(profile: Profile, day: date, zone: ZoneInfo = CHICAGO) -> float:
    """Calls expected on a local day."""
    starts, _ = hours_of(zone, day)
    return expected(profile, starts[0], starts[-1] + HOUR_S)


def test_the_same_day_five_weeks_long_is_expected_again() -> None:
    profile = learned(weeks(MONDAY, LEARNED_DAYS), CHICAGO, NOWHERE, AFTER)

    assert on(profile, AFTER) == pytest.approx(14.0, rel=0.02)
    assert profile.rate(int(at("2026-07-06T08:30"))) == pytest.approx(2.0, rel=0.15)
    assert profile.rate(int(at("2026-07-06T02:30"))) < 0.1


def test_weekends_are_weekends() -> None:
    saturday = {9: 3, 10: 2}
    other = {MONDAY + timedelta(days=5 + 7 * week): saturday for week in range(5)}
    profile = learned(weeks(MONDAY, LEARNED_DAYS, weekdays=5, other=other), CHICAGO, NOWHERE, AFTER)

    assert on(profile, AFTER + timedelta(days=5)) == pytest.approx(5.0, rel=0.05)
    assert on(profile, AFTER + timedelta(days=6)) == 0.0
    assert expected(profile, at("2026-07-11T13:00"), at("2026-07-12T00:00")) < 0.6, "Saturday's afternoon is its own"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({}, id="an outage or a holiday that nobody listed"),
        pytest.param({9: 180}, id="a flood in an hour"),
        pytest.param({hour: 6 for hour in range(24)}, id="a flood all day"),
    ],
)
def test_one_bad_day_is_no_measure(bad: dict[int, int]) -> None:
    day = MONDAY + timedelta(days=15)
    usual = learned(weeks(MONDAY, LEARNED_DAYS), CHICAGO, NOWHERE, AFTER)
    profile = learned(weeks(MONDAY, LEARNED_DAYS, other={day: bad}), CHICAGO, NOWHERE, AFTER)

    assert on(profile, AFTER + timedelta(days=1)) == pytest.approx(on(usual, AFTER + timedelta(days=1)), rel=0.05)


def test_closed_days_teach_nothing_and_expect_nothing() -> None:
    holidays = frozenset({MONDAY + timedelta(days=7 * week) for week in range(3)} | {AFTER})
    history = weeks(MONDAY, LEARNED_DAYS, other={day: {} for day in holidays})
    profile = learned(history, CHICAGO, holidays, AFTER)

    assert on(profile, AFTER) == 0.0
    assert on(profile, AFTER + timedelta(days=7)) == pytest.approx(14.0, rel=0.03)
    assert profile.rate(int(at("2026-07-06T08:30")), also_closed=True) > 1.5, "a flood is one on a closed day too"


def test_hours_in_which_we_were_away_teach_nothing() -> None:
    away = [MONDAY + timedelta(days=number) for number in (1, 8, 15)]
    history = weeks(MONDAY, LEARNED_DAYS, other={day: {} for day in away})
    unseen = frozenset(start for day in away for start in hours_of(CHICAGO, day)[0])
    profile = learned(History(history.counts, history.since, unseen), CHICAGO, NOWHERE, AFTER)

    assert on(profile, AFTER + timedelta(days=1)) == pytest.approx(14.0, rel=0.03)


@pytest.mark.parametrize("days", [0, 1, LEAST_DAYS - 1])
def test_a_line_learns_for_two_weeks(days: int) -> None:
    profile = learned(weeks(MONDAY, days), CHICAGO, NOWHERE, MONDAY + timedelta(days=days))

    assert (profile.learning, profile.days) == (True, days)
    assert profile.rate(int(at("2026-07-06T08:30"))) == 0.0


def test_after_two_weeks_it_knows() -> None:
    profile = learned(weeks(MONDAY, LEAST_DAYS), CHICAGO, NOWHERE, MONDAY + timedelta(days=LEAST_DAYS))

    assert not profile.learning
    assert on(profile, MONDAY + timedelta(days=LEAST_DAYS)) == pytest.approx(14.0, rel=0.03)


def test_what_is_judged_is_no_part_of_its_own_measure() -> None:
    history = weeks(MONDAY, LEARNED_DAYS)
    silent = History({k: v for k, v in history.counts.items()}, history.since)
    for hour in range(24):
        silent.counts[hours_of(CHICAGO, AFTER)[0][hour]] = 500  # type: ignore[index]  # a dictionary, in this test

    assert learned(silent, CHICAGO, NOWHERE, AFTER) == learned(history, CHICAGO, NOWHERE, AFTER)


@pytest.mark.parametrize(
    ("change", "hours"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23)], ids=["an hour twice", "an hour skipped"]
)
def test_the_day_the_clocks_change_has_the_same_hours_on_the_wall(change: date, hours: int) -> None:
    first = change - timedelta(days=LEARNED_DAYS)
    profile = learned(weeks(first, LEARNED_DAYS), CHICAGO, NOWHERE, change)
    starts, _ = hours_of(CHICAGO, change)

    assert len(starts) == hours
    assert on(profile, change) == pytest.approx(14.0, rel=0.03), "no call comes at two in the morning"
    assert profile.rate(int(at(f"{change}T08:30"))) == pytest.approx(profile.rate(int(at(f"{first}T08:30"))))


def test_weeks_with_a_change_of_clocks_in_them_are_learned_by_the_wall() -> None:
    before = date(2026, 11, 20)
    profile = learned(weeks(before - timedelta(days=35), 35), CHICAGO, NOWHERE, before)

    assert profile.rate(int(at("2026-11-20T10:30"))) == pytest.approx(2.0, rel=0.15)
    assert profile.rate(int(at("2026-11-20T05:30"))) < 0.3


def test_days_that_differ_beyond_chance_make_it_less_sure() -> None:
    chance = random.Random(3)
    steady = weeks(MONDAY, LEARNED_DAYS)
    days = [MONDAY + timedelta(days=number) for number in range(LEARNED_DAYS)]
    busy = {day: chance.choice((1, 1, 2)) for day in days}
    rough = {day: {hour: calls * busy[day] for hour, calls in EARLY.items()} for day in days}
    uneven = weeks(MONDAY, LEARNED_DAYS, other=rough)

    assert learned(uneven, CHICAGO, NOWHERE, AFTER).spread > 2 * learned(steady, CHICAGO, NOWHERE, AFTER).spread > 0.0


def test_a_season_is_followed_within_a_week_or_two() -> None:
    less = {hour: 1 for hour in EARLY}
    days = [MONDAY + timedelta(days=number) for number in range(LEARNED_DAYS)]
    history = weeks(MONDAY, LEARNED_DAYS, other={day: less for day in days[-14:]})
    flat = sum(Counter(history.counts).values()) / LEARNED_DAYS

    assert on(learned(history, CHICAGO, NOWHERE, AFTER), AFTER) < 0.92 * flat


@pytest.mark.parametrize(("each", "bunch"), [(1, 1.0), (2, 1.5), (4, 2.5)])
def test_calls_that_come_in_bunches_are_counted_by_what_they_come_of(each: int, bunch: float) -> None:
    chance, other = random.Random(7), {}
    for number in range(LEARNED_DAYS):
        hours = Counter(chance.choices(range(8, 18), k=24 // each))
        other[MONDAY + timedelta(days=number)] = {hour: each * times for hour, times in hours.items()}
    profile = learned(weeks(MONDAY, LEARNED_DAYS, other=other), CHICAGO, NOWHERE, AFTER)

    assert profile.bunch == pytest.approx(bunch, abs=0.35)
    assert on(profile, AFTER) == pytest.approx(24.0, rel=0.1)
    assert each == 1 or profile.bunch > 1.25


def test_outages_of_hours_and_small_floods_do_not_make_all_days_seem_to_differ() -> None:
    """None of them makes its day an odd one: chance alone does as much to a day once in some months."""
    out, rush = {8: 2, 9: 2, 10: 1}, {8: 2, 9: 2, 10: 15, 11: 2, 12: 2, 13: 2, 14: 2, 15: 2, 16: 2}
    bad = {MONDAY + timedelta(days=8): out, MONDAY + timedelta(days=16): rush, MONDAY + timedelta(days=25): out}

    def spread_and_bunch(seed: int, other: dict[date, dict[int, int]]) -> tuple[float, float]:
        chance, days = random.Random(seed), {}
        for number in range(LEARNED_DAYS):
            days[MONDAY + timedelta(days=number)] = Counter(
                hour for hour in list(range(8, 17)) * 20 if chance.random() < 0.1
            )
        profile = learned(weeks(MONDAY, LEARNED_DAYS, other=days | other), CHICAGO, NOWHERE, AFTER)
        return profile.spread, profile.bunch

    quiet, troubled = ([spread_and_bunch(seed, other) for seed in range(10)] for other in ({}, bad))

    assert mean(spread for spread, _ in troubled) <= 4 * mean(spread for spread, _ in quiet), "three days in five weeks"
    assert mean(bunch for _, bunch in troubled) <= mean(bunch for _, bunch in quiet) + 0.04
