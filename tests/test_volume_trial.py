"""The year of made-up traffic, in small: the alarms are as rare, and the outages as soon seen, as is said of them."""

import json
from statistics import median

import pytest

from infra.trials.volume import floods_seen, main, thousand, year


def test_fourteen_calls_a_day_alarm_by_chance_about_once_a_year_and_an_outage_within_the_day() -> None:
    found = year(seed=4, a_day=14.0, lines=5, outages=40)

    assert found.line_years == pytest.approx(5 * 330 / 365)
    assert found.false_silences <= 1.5 * found.line_years, "about one a line-year, and five are few"
    assert found.false_floods == 0
    assert median(found.hours_to_see) < 4.6


def test_three_calls_an_hour_are_missed_within_three_opening_hours() -> None:
    found = year(seed=4, a_day=20.5, lines=2, days=200, outages=60)

    assert median(found.hours_to_see) < 3.3


def test_a_flood_is_seen_before_its_hour_is_over() -> None:
    assert floods_seen(seed=4, a_day=14.0, floods=10) >= 0.9


def test_a_thousand_lines_are_judged_within_the_second() -> None:
    _, judging = thousand(seed=4)

    assert judging < 1.0


def test_the_trial_prints_what_it_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.trials.volume.VOLUMES", {"40 a day": 40.0})
    monkeypatch.setattr("infra.trials.volume.thousand", lambda _: (0.5, 0.01))
    monkeypatch.setattr("infra.trials.volume.floods_seen", lambda *_: 1.0)
    monkeypatch.setattr("infra.trials.volume.LEARN_DAYS", 330)

    assert main(["--lines", "1", "--seed", "7"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["40 a day"]["floods_seen"] == 1.0
    assert told["a thousand lines"] == {"learned_anew_s": 0.5, "judged_s": 0.01}
