"""The alerts and the board outside this product ask for figures that it has: a name that is wrong would never ring."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from app import metrics
from tests.conftest import NO_PROMTOOL

INFRA = Path(__file__).parent.parent / "infra"
RULES = INFRA / "prometheus" / "rules.yml"
RULE_TESTS = INFRA / "prometheus" / "rules_test.yml"
BOARD = json.loads((INFRA / "grafana" / "readback.json").read_text(encoding="utf-8"))
SERIES = re.compile(r"\b(readback_\w+|up)\b(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
NOT_OURS = {"le", "job", "instance"}
"""Labels that Prometheus itself gives."""


def families() -> dict[str, tuple[str, set[str]]]:
    """Kind and labels of each metric, by its name in Prometheus."""
    found = {}
    ours = [family for family in metrics._REGISTRY._collector_to_names if isinstance(family, MetricWrapperBase)]
    for family in ours:
        [described] = family.describe()
        name = described.name + ("_total" if described.type == "counter" else "")
        found[name] = (described.type, set(family._labelnames))
    return found


FAMILIES = families()


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def asked() -> Iterator[tuple[str, str]]:
    """Every expression, with who asks it."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


ASKED = list(asked())


def family_of(series: str) -> str:
    """The metric that has this series; fails when there is none."""
    for end in ("", "_bucket", "_count", "_sum"):
        name = series.removesuffix(end) if end else series
        if name in FAMILIES and (series.endswith(end) if end else FAMILIES[name][0] != "histogram"):
            assert not end or FAMILIES[name][0] == "histogram", series
            return name
    raise AssertionError(f"{series} is not exported")


def test_there_is_something_to_hold_them_against() -> None:
    assert FAMILIES["readback_tool_seconds"] == ("histogram", {"tool", "outcome"})
    assert FAMILIES["readback_pages_total"] == ("counter", {"outcome"})
    assert FAMILIES["readback_cap_used"] == ("gauge", {"business"})
    for wrong in ("readback_pages", "readback_tool_seconds", "readback_cap_used_total", "readback_pages_total_count"):
        with pytest.raises(AssertionError):
            family_of(wrong)


@pytest.mark.parametrize(("who", "expression"), ASKED, ids=[who for who, _ in ASKED])
def test_what_is_asked_for_is_exported_with_these_labels(who: str, expression: str) -> None:
    found = SERIES.findall(expression)
    assert found
    named = {series for series, _ in found if series != "up"}
    labels = set().union(*(FAMILIES[family_of(series)][1] for series in named)) | NOT_OURS
    for series, selector in found:
        own = NOT_OURS if series == "up" else FAMILIES[family_of(series)][1] | NOT_OURS
        assert set(re.findall(r"(\w+)\s*(?:=|!)", selector)) <= own, expression
    for group in GROUPED.findall(expression):
        assert {label.strip() for label in group.split(",")} <= labels, expression


def test_every_figure_that_is_exported_is_on_the_board() -> None:
    shown = {
        family_of(series) for panel in panels() for t in panel["targets"] for series, _ in SERIES.findall(t["expr"])
    }
    assert set(FAMILIES) - shown == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_what_to_look_at(rule: Mapping[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["annotations"]["description"].endswith((".", "it."))
    for path in re.findall(r"infra/[\w./-]+\w", rule["annotations"]["description"]):
        assert (INFRA.parent / path).is_file()


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


def test_every_alert_is_made_to_ring() -> None:
    cases = yaml.safe_load(RULE_TESTS.read_text(encoding="utf-8"))["tests"]
    looks = [look for case in cases for look in case["alert_rule_test"]]
    rings = {look["alertname"] for look in looks if look.get("exp_alerts")}
    assert rings == {rule["alert"] for rule in rules()}


def test_the_panels_of_the_board_lie_side_by_side() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


@pytest.mark.parametrize("command", [("check", "rules", RULES.name), ("test", "rules", RULE_TESTS.name)], ids=" ".join)
def test_prometheus_takes_the_rules_and_they_ring_for_what_they_should(command: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip(NO_PROMTOOL)
    answer = subprocess.run([promtool, *command], cwd=RULES.parent, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
