"""One decision about one line: what alarms, what does not, and what is not known."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.watch.baseline import History, Profile, hours_of, learned
from app.watch.judgement import (
    MOST_FALSE_A_YEAR,
    QUARTER_S,
    UNWATCHED_S,
    WEEKS_A_YEAR,
    Seen,
    State,
    Verdict,
    Watch,
    Window,
    certain_in_s,
    false_a_year,
    first,
    judged,
    needed,
    takes_s,
)
from tests.watch.counted import CHICAGO, EARLY, OFFICE, at, weeks

MONDAY = date(2026, 6, 1)
TUESDAY = date(2026, 7, 7)
FOURTEEN = learned(weeks(MONDAY, 36), CHICAGO, frozenset(), TUESDAY)
"""Fourteen a day for more than thirty days."""
EVENING = at("2026-07-06T15:40")


def look(now: float, last_at: float = EVENING, profile: Profile = FOURTEEN, **watch: object) -> Verdict:
    return judged(profile, Seen(last_at), Watch(now, **watch), now)  # type: ignore[arg-type]  # the options of Watch


def test_fourteen_a_day_for_thirty_days_and_none_by_eleven_is_an_alarm() -> None:
    verdict = look(at("2026-07-07T11:00"))

    assert verdict.state is State.SILENT
    assert verdict.expected > 9.0
    assert verdict.since == EVENING


@pytest.mark.parametrize("weekdays", [5, 7])
def test_fourteen_a_day_over_the_whole_day_and_none_by_eleven_is_an_alarm_and_stays_one(weekdays: int) -> None:
    profile = learned(weeks(MONDAY, 36, OFFICE, weekdays=weekdays), CHICAGO, frozenset(), TUESDAY)
    last = at("2026-07-06T16:40")
    verdict = look(at("2026-07-07T11:00"), last, profile)

    assert verdict.state is State.SILENT
    assert verdict.expected < verdict.needed, "not by the time since the last call alone"
    assert verdict.still is not None
    assert (verdict.still.begins, verdict.still.expected) == (at("2026-07-07T00:00"), pytest.approx(6.0, abs=0.1))
    assert look(at("2026-07-07T10:30"), last, profile).state is State.NORMAL
    assert look(at("2026-07-08T00:30"), last, profile).state is State.SILENT, "another day has begun"
    assert look(at("2026-07-07T11:01"), at("2026-07-07T08:10"), profile).state is State.NORMAL, "something came"


def test_when_a_day_will_be_still_for_long_enough_is_said_and_kept() -> None:
    profile = learned(weeks(MONDAY, 36, OFFICE), CHICAGO, frozenset(), TUESDAY)
    last, closed = at("2026-07-06T16:40"), replace(profile, closed=frozenset({TUESDAY}))

    for one, now in ((profile, "2026-07-06T18:00"), (profile, "2026-07-07T09:00"), (closed, "2026-07-06T18:00")):
        wait = certain_in_s(one, look(at(now), last, one), at(now))
        assert wait is not None
        assert look(at(now) + wait - 60.0, last, one).state is State.NORMAL
        assert look(at(now) + wait + 1.0, last, one).state is State.SILENT


def test_false_alarms_are_about_one_a_year_and_more_only_where_many_call() -> None:
    office = learned(weeks(MONDAY, 36, OFFICE, weekdays=5), CHICAGO, frozenset(), TUESDAY)
    busy = learned(weeks(MONDAY, 36, {hour: 20 for hour in range(6, 18)}), CHICAGO, frozenset(), TUESDAY)

    assert false_a_year(office) == pytest.approx(1.0, abs=0.1)
    assert false_a_year(busy) == pytest.approx(MOST_FALSE_A_YEAR, abs=0.01)


@pytest.mark.parametrize("now", ["2026-07-07T06:00", "2026-07-07T08:00", "2026-07-07T08:45"])
def test_the_same_morning_is_no_alarm_before_it_is_certain(now: str) -> None:
    assert look(at(now)).state is State.NORMAL


@pytest.mark.parametrize("last_at", ["2026-07-07T09:20", "2026-07-07T09:50", "2026-07-07T10:40"])
def test_a_slow_tuesday_is_no_alarm(last_at: str) -> None:
    for now in ("2026-07-07T11:00", "2026-07-07T15:59", "2026-07-07T23:00"):
        assert look(at(now), at(last_at)).state is State.NORMAL


def test_the_threshold_comes_of_the_lines_own_volume() -> None:
    busy = learned(weeks(MONDAY, 36, {hour: 20 for hour in range(6, 18)}), CHICAGO, frozenset(), TUESDAY)

    assert needed(busy) > needed(FOURTEEN) > 8.0
    assert needed(FOURTEEN, 0.5) > needed(FOURTEEN), "fewer false alarms take a longer silence"
    assert FOURTEEN.a_week * WEEKS_A_YEAR == pytest.approx(14 * 365, rel=0.05)


def test_how_long_silence_takes_is_said_and_kept() -> None:
    now = at("2026-07-07T08:00")
    wait = certain_in_s(FOURTEEN, look(now), now)

    assert wait is not None
    assert look(now + wait - 60.0).state is State.NORMAL
    assert look(now + wait + 1.0).state is State.SILENT
    assert certain_in_s(FOURTEEN, look(at("2026-07-07T12:00")), at("2026-07-07T12:00")) == 0.0


def test_a_line_that_is_certain_on_no_day_within_four_weeks_says_so() -> None:
    rare = learned(weeks(MONDAY, 35, {9: 1}, weekdays=1), CHICAGO, frozenset(), TUESDAY)
    now = at("2026-07-07T11:00")
    verdict = look(now, profile=rare)

    assert verdict.state is State.TOO_QUIET
    assert takes_s(rare, needed(rare), now) is None
    assert certain_in_s(rare, verdict, now) is None


def test_a_few_a_day_are_too_quiet_to_tell_until_it_is_certain_after_all() -> None:
    few = learned(weeks(MONDAY, 36, {9: 1, 14: 1}), CHICAGO, frozenset(), TUESDAY)

    assert look(at("2026-07-07T16:00"), profile=few).state is State.TOO_QUIET
    assert look(at("2026-07-14T16:00"), profile=few).state is State.SILENT


@pytest.mark.parametrize("days", [0, 1, 13])
def test_the_first_days_of_a_line_are_learning(days: int) -> None:
    today = MONDAY + timedelta(days=days)
    profile = learned(weeks(MONDAY, days), CHICAGO, frozenset(), today)
    verdict = judged(profile, Seen(at(f"{MONDAY}T09:00")), Watch(at(f"{today}T16:00")), at(f"{today}T16:00"))

    assert verdict.state is State.LEARNING
    assert str(14 - days) in verdict.why


def test_a_closed_day_is_no_silence_and_the_day_after_is_one_again() -> None:
    profile = learned(weeks(MONDAY, 36), CHICAGO, frozenset({TUESDAY}), TUESDAY)

    assert look(at("2026-07-07T18:00"), profile=profile).state is State.NORMAL
    assert look(at("2026-07-08T07:00"), profile=profile).state is State.NORMAL
    assert look(at("2026-07-08T11:30"), profile=profile).state is State.SILENT


def test_a_silence_over_the_change_of_clocks_is_measured_by_the_wall() -> None:
    change = date(2026, 11, 1)
    profile = learned(weeks(change - timedelta(days=36), 36), CHICAGO, frozenset(), change)
    last = at("2026-10-31T15:40")

    assert look(at("2026-11-01T08:00"), last, profile).state is State.NORMAL
    assert look(at("2026-11-01T11:00"), last, profile).state is State.SILENT
    assert look(at("2026-11-01T11:00"), last, profile).expected == pytest.approx(
        look(at("2026-11-02T11:00"), at("2026-11-01T15:40"), profile).expected, rel=0.01
    )


def quarters(start: str, end: str) -> range:
    return range(int(at(start)), int(at(end)), QUARTER_S)


def test_a_gap_in_our_own_counting_is_not_known_and_no_silence() -> None:
    now = at("2026-07-07T11:00")
    verdict = look(now, unseen=quarters("2026-07-07T06:00", "2026-07-07T09:30"))

    assert verdict.state is State.UNKNOWN
    assert "nobody was counting" in verdict.why
    assert certain_in_s(FOURTEEN, verdict, now) is None
    assert look(now, unseen=quarters("2026-07-06T20:00", "2026-07-07T04:00")).state is State.SILENT, (
        "nothing comes then"
    )


@pytest.mark.parametrize(
    "gap",
    [("2026-07-07T06:00", "2026-07-07T07:30"), ("2026-07-06T15:30", "2026-07-07T07:30")],
    ids=["later", "at once"],
)
def test_a_gap_in_our_own_counting_is_no_part_of_what_was_expected(gap: tuple[str, str]) -> None:
    now, unseen = at("2026-07-07T08:00"), quarters(*gap)
    verdict = look(now, unseen=unseen)
    wait = certain_in_s(FOURTEEN, verdict, now)

    assert verdict.state is State.NORMAL
    assert verdict.expected == pytest.approx(1.2, abs=0.25), "half an hour's calls, and an evening's"
    assert verdict.uncounted == pytest.approx(3.2, abs=0.3)
    assert wait is not None
    assert look(now + wait - 60.0, unseen=unseen).state is State.UNKNOWN
    assert look(now + wait + 1.0, unseen=unseen).state is State.SILENT


def test_after_a_gap_a_silence_is_certain_by_what_was_watched_alone() -> None:
    gap = quarters("2026-07-07T06:00", "2026-07-07T09:30")

    assert look(at("2026-07-08T10:30"), unseen=gap).state is State.SILENT


@pytest.mark.parametrize(
    ("last_at", "watch"),
    [
        pytest.param(EVENING, Watch(at("2026-07-07T11:00"), jumped=True), id="a clock that jumped"),
        pytest.param(at("2026-07-08T09:00"), Watch(at("2026-07-07T11:00")), id="a call from the future"),
        pytest.param(EVENING, Watch(at("2026-07-08T11:00")), id="a look from the future"),
        pytest.param(EVENING, Watch(at("2026-07-07T11:00") - UNWATCHED_S - 1.0), id="nobody looks any more"),
    ],
)
def test_a_clock_that_jumped_is_not_known(last_at: float, watch: Watch) -> None:
    verdict = judged(FOURTEEN, Seen(last_at), watch, at("2026-07-07T11:00"))

    assert verdict.state is State.UNKNOWN
    assert verdict.why


@pytest.mark.parametrize(
    ("count", "minutes", "state"),
    [(40, 20, State.FLOOD), (60, 70, State.FLOOD), (11, 20, State.NORMAL), (9, 70, State.NORMAL)],
)
def test_a_flood_is_what_chance_does_not_do(count: int, minutes: int, state: State) -> None:
    now = at("2026-07-07T09:20")
    seen = Seen(now - 5.0, (Window(int(now) - minutes * 60, count),))
    verdict = judged(FOURTEEN, seen, Watch(now), now)

    assert verdict.state is state
    assert state is State.NORMAL or (verdict.seen, verdict.expected < 5.0) == (count, True)


def test_a_busy_line_has_no_flood_where_another_would() -> None:
    busy = learned(weeks(MONDAY, 36, {hour: 60 for hour in range(6, 18)}), CHICAGO, frozenset(), TUESDAY)
    now = at("2026-07-07T09:20")

    assert judged(busy, Seen(now, (Window(int(now) - 1_200, 40),)), Watch(now), now).state is State.NORMAL


def test_a_flood_on_a_closed_day_is_one() -> None:
    profile = learned(weeks(MONDAY, 36), CHICAGO, frozenset({TUESDAY}), TUESDAY)
    now = at("2026-07-07T09:20")

    assert judged(profile, Seen(now, (Window(int(now) - 1_200, 40),)), Watch(now), now).state is State.FLOOD


def test_of_two_channels_the_silent_one_is_what_a_line_is() -> None:
    states = [State.TOO_QUIET, State.NORMAL, State.SILENT, State.LEARNING]

    assert first([Verdict(state, 0.0) for state in states]).state is State.SILENT
    assert first([Verdict(state, 0.0) for state in (State.LEARNING, State.NORMAL)]).state is State.NORMAL


def test_a_profile_of_nothing_expects_nothing_and_never_alarms() -> None:
    nothing = learned(History({}, hours_of(CHICAGO, MONDAY)[0][0]), CHICAGO, frozenset(), TUESDAY)

    assert look(at("2026-09-07T11:00"), profile=nothing).state is State.TOO_QUIET


def test_the_mornings_are_where_the_calls_are() -> None:
    assert sum(calls for hour, calls in EARLY.items() if hour < 11) == 10
    assert sum(EARLY.values()) == sum(OFFICE.values()) == 14
