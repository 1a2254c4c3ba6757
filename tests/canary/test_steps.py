"""Up, back or neither yet: one table of what a version on trial may look like."""

from dataclasses import replace
from typing import Any

import pytest

from app.canary.evidence import Count, Evidence
from app.canary.guards import GUARDS, UNKNOWN_TOOL
from app.canary.steps import MISMATCH, NO_ASSISTANT, STEPS, Seen, Verdict, after, judged, step_of

ALIKE = Evidence(Count(600, 60), Count(30, 3))
PROVEN = Evidence(Count(600, 60), Count(30, 20), most=12.0)
WELL = Seen({guard.name: ALIKE for guard in GUARDS}, calls=30, watched_s=3_600.0)


def with_figure(name: str, found: Evidence) -> dict[str, Any]:
    return {"figures": {**WELL.figures, name: found}}


CASES: dict[str, tuple[dict[str, Any], Verdict, str]] = {
    "enough of everything": ({}, Verdict.UP, "30 calls at 5 percent"),
    "a failed read-back": ({"broke": {MISMATCH: 1}}, Verdict.BACK, "not on the calendar as promised"),
    "a tool that is none of ours": ({"broke": {UNKNOWN_TOOL: 1}}, Verdict.BACK, "called a tool that is none of ours"),
    "missing at the platform twice": ({"broke": {NO_ASSISTANT: 2}}, Verdict.UP, ""),
    "missing at the platform again": ({"broke": {NO_ASSISTANT: 3}}, Verdict.BACK, "3 of its calls ended since"),
    "proven worse": (with_figure("tool_errors", PROVEN), Verdict.BACK, "tool_errors 66.7% (20 of 30) against 10.0%"),
    "certainly worse by a trifle": (
        with_figure("tool_errors", replace(PROVEN, trial=Count(30, 3))), Verdict.UP, "",
    ),
    "a read-back owed": ({"owed": 1}, Verdict.STAY, "1 of its bookings not read back yet"),
    "a gap in our own counting": ({"blind": "nobody is counting"}, Verdict.STAY, "nobody is counting"),
    "reports that do not come": ({"unheard": 8}, Verdict.STAY, "no report came about 8 of 38"),
    "reports that mostly come": ({"unheard": 7}, Verdict.UP, ""),
    "somewhat worse": (
        with_figure("to_person", Evidence(Count(600, 60), Count(30, 9))), Verdict.STAY, "looks worse: to_person",
    ),
    "too few calls": ({"calls": 29}, Verdict.STAY, "29 of at least 30 calls"),
    "too early": ({"watched_s": 3_599.0}, Verdict.STAY, "of at least 1 hours"),
    "broken while blind": ({"broke": {MISMATCH: 1}, "blind": "nobody is counting"}, Verdict.BACK, "as promised"),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "verdict", "why"), CASES.values(), ids=CASES)
def test_what_becomes_of_it(seen: dict[str, Any], verdict: Verdict, why: str) -> None:
    found = judged(5, replace(WELL, **seen))

    assert found.verdict is verdict
    assert why in found.why


def test_a_held_one_does_not_go_up_and_still_goes_back() -> None:
    assert judged(5, WELL, held=True).verdict is Verdict.STAY
    assert judged(5, replace(WELL, broke={MISMATCH: 1}), held=True).verdict is Verdict.BACK


def test_steps_go_up_one_by_one_and_a_share_between_two_is_judged_as_the_lower() -> None:
    climbed = [STEPS[0].percent]
    while climbed[-1] < 100:
        climbed.append(after(climbed[-1]))
    assert climbed == [5, 10, 25, 50, 100]
    assert [step_of(percent).percent for percent in (1, 5, 7, 30, 99, 100)] == [5, 5, 5, 25, 50, 100]
    assert [after(percent) for percent in (1, 7, 99, 100)] == [5, 10, 100, 100]
