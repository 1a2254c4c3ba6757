"""The year of made-up traffic, in small: the alarms are as rare, and the outages as soon seen, as is said of them."""

import json
from statistics import median

import pytest

from infra.trials.volume import VOLUMES, floods_seen, main, thousand, year

FOURTEEN, ON_A_WORKING_DAY, THREE_AN_HOUR = (
    VOLUMES[name][0] for name in ("14 a day, averaged over the week", "14 on a working day", "3 an hour of opening")
)


def test_fourteen_calls_a_day_alarm_by_chance_at_most_once_a_year_and_an_outage_within_four_opening_hours() -> None:
    found = year(seed=7, a_day=FOURTEEN, lines=8, outages=30)

    assert found.line_years == pytest.approx(8 * 330 / 365)
    assert found.false_silences <= found.line_years
    assert found.false_floods == 0
    assert median(found.hours_to_see) <= 4.0
    assert median(found.hours_to_see_open) <= 4.75, "less would be bought with more than one false alarm a year"


def test_fourteen_calls_on_a_working_day_alarm_by_chance_as_rarely_and_an_outage_as_soon() -> None:
    found = year(seed=7, a_day=ON_A_WORKING_DAY, lines=6, outages=60)

    assert found.false_silences <= found.line_years
    assert median(found.hours_to_see) <= 4.0
    assert median(found.hours_to_see_open) <= 5.75


def test_callers_who_call_again_within_minutes_are_no_reason_for_alarms() -> None:
    found = year(seed=7, a_day=FOURTEEN, lines=6, outages=20, again=0.4)

    assert found.false_silences <= 1.5 * found.line_years, (
        "six line-years; a hundred came to 1.1 a year, and to 0.7 where a quarter call again"
    )
    assert found.false_floods <= 1
    assert median(found.hours_to_see) <= 7.0


def test_three_calls_an_hour_are_missed_within_two_and_a_half_opening_hours_by_night_and_by_day() -> None:
    found = year(seed=7, a_day=THREE_AN_HOUR, lines=3, days=300, outages=100)

    assert median(found.hours_to_see) <= 2.5
    assert median(found.hours_to_see_open) <= 2.5


def test_a_flood_is_seen_before_its_hour_is_over() -> None:
    assert floods_seen(seed=4, a_day=14.0, floods=10) >= 0.9


def test_a_thousand_lines_are_judged_within_the_second() -> None:
    _, judging = thousand(seed=4)

    assert judging < 1.0


def test_the_trial_prints_what_it_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.trials.volume.VOLUMES", {"40 a day": (40.0, 0.0)})
    monkeypatch.setattr("infra.trials.volume.thousand", lambda _: (0.5, 0.01))
    monkeypatch.setattr("infra.trials.volume.floods_seen", lambda *_: 1.0)
    monkeypatch.setattr("infra.trials.volume.LEARN_DAYS", 330)

    assert main(["--lines", "1", "--seed", "7"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["40 a day"]["floods_seen"] == 1.0
    assert told["a thousand lines"] == {"learned_anew_s": 0.5, "judged_s": 0.01}
