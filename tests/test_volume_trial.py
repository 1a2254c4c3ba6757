"""The year of made-up traffic, in small: the alarms are as rare, and the outages as soon seen, as is said of them."""

import json
import random
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

from infra.trials.traffic import ZONE, Trouble, made, opening_hours
from infra.trials.volume import VOLUMES, Met, Volume, main, to_miss, year

FOURTEEN, ON_A_WORKING_DAY, THREE_AN_HOUR, _, CALLING_AGAIN = VOLUMES


def test_fourteen_calls_a_day_alarm_by_chance_at_most_once_a_year_and_an_outage_within_four_opening_hours() -> None:
    found = year(seed=7, volume=FOURTEEN, lines=6, outages=30)

    assert found.line_years == pytest.approx(6 * 330 / 365, rel=0.02)
    assert found.line_years < 6 * 330 / 365, "nobody can be wrong about a silence while there is an outage"
    assert found.false_silences <= found.line_years
    assert found.false_floods == 0
    assert median(found.waits) <= 4.0
    assert median(found.waits_open) <= 4.75, "less would be bought with more than one false alarm a year"
    assert median(found.least_open) <= median(found.waits_open)


def test_fourteen_calls_on_a_working_day_alarm_by_chance_as_rarely_and_an_outage_as_soon() -> None:
    found = year(seed=7, volume=ON_A_WORKING_DAY, lines=5, outages=60, troubled=False)

    assert found.false_silences <= found.line_years
    assert median(found.waits) <= 4.0
    assert median(found.waits_open) <= 5.75


def test_callers_who_call_again_within_minutes_are_no_reason_for_alarms() -> None:
    found = year(seed=7, volume=CALLING_AGAIN, lines=5, outages=20, troubled=False)

    assert found.false_silences <= 1.5 * found.line_years, (
        "five line-years; a hundred came to 1.1 a year, and to 0.7 where a quarter call again"
    )
    assert found.false_floods <= 1
    assert median(found.waits) <= 7.0


def test_three_calls_an_hour_are_missed_within_two_and_a_half_opening_hours_by_night_and_by_day() -> None:
    found = year(seed=7, volume=THREE_AN_HOUR, lines=3, days=300, outages=100, troubled=False)

    assert median(found.waits) <= 2.5
    assert median(found.waits_open) <= 2.5


def test_outages_and_floods_stand_in_the_year_itself_and_the_long_ones_are_seen() -> None:
    found = year(seed=3, volume=THREE_AN_HOUR, lines=3, outages=1)

    outages, floods = _of(found.met, "total", 4.0), _of(found.met, "flood", 1.0)
    assert len(outages) >= 3
    assert all(one.after is not None and one.after <= one.lasted for one in outages)
    assert len(floods) >= 3
    assert sum(one.after is not None for one in floods) >= 0.8 * len(floods)
    assert found.false_floods == 0


def test_a_line_in_trouble_gets_the_calls_of_its_quiet_year_but_for_the_troubles() -> None:
    quiet = made(random.Random(1), 14.0, 365)
    line = made(random.Random(1), 14.0, 365, bad=random.Random(2))

    assert {one.times == 0.0 for one in line.troubles} == {True, False}
    assert any(1.0 > one.times > 0.0 for one in line.troubles)
    assert any(one.is_flood for one in line.troubles)
    for one in line.troubles:
        came = sum(one.begins <= at < one.ends for at in line.calls)
        usual = sum(one.begins <= at < one.ends for at in quiet.calls)
        assert came == 0 if one.times == 0.0 else came >= usual if one.is_flood else came <= usual
    assert _outside(line.calls, line.troubles) == _outside(quiet.calls, line.troubles)


def test_what_no_judge_of_gaps_can_do_without_is_the_logarithm_of_a_years_calls() -> None:
    assert to_miss(FOURTEEN) == pytest.approx(8.54, abs=0.01)
    assert to_miss(THREE_AN_HOUR) == pytest.approx(9.05, abs=0.01)


def test_the_trial_prints_what_it_found_for_people_and_keeps_it_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("infra.trials.volume.VOLUMES", (Volume("40 a day", 40.0, within_h=2.5, most_false=0.0),))
    monkeypatch.setattr("infra.trials.volume.LEARN_DAYS", 300)
    file = tmp_path / "volume.json"

    assert main(["--lines", "1", "--seed", "7", "--output", str(file)]) == 0

    told, kept = capsys.readouterr().out, json.loads(file.read_bytes())
    assert "40 a day: false silence alarms a line-year" in told
    assert told.count("reached") + told.count("REACHED") == 3
    assert "in opening hours is seen, median" in told
    assert set(kept["tables"]) == {"silence", "outages", "floods"}
    assert {"line_years", "waits", "least_open", "met"} <= set(
        kept["tables"]["silence"]["figures"]["40 a day, troubled"]
    )
    assert max(map(len, told.splitlines())) <= 120


def test_opening_hours_leave_out_nights_the_end_of_the_week_and_holidays() -> None:
    friday_noon, tuesday_ten = (
        datetime(2026, 1, day, hour, tzinfo=ZONE).timestamp() for day, hour in ((16, 12), (20, 10))
    )

    assert opening_hours(friday_noon, tuesday_ten) == pytest.approx(5 + 2)


def _of(met: list[Met], kind: str, lasted: float) -> list[Met]:
    return [one for one in met if one.kind == kind and one.lasted >= lasted]


def _outside(calls: Sequence[float], troubles: Sequence[Trouble]) -> list[float]:
    return [at for at in calls if all(not one.begins <= at < one.ends for one in troubles)]
