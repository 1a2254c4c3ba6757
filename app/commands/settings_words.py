"""How `readback settings` says what it found: in lines for people, and as JSON."""

from typing import Any

from app.provisioning.classify import Field, State
from app.provisioning.diff import Difference, harmful, shown_value, told
from app.provisioning.drift import Drift
from app.provisioning.ends import Done
from app.provisioning.fields import MISSING, dotted, fields
from app.provisioning.plan import Plan


def plan_words(plan: Plan) -> list[str]:
    """One record: what would become of it, then its fields."""
    if plan.live is None:
        lines = [f"{plan.key}: to be made"]
        lines += [
            f"    + {dotted(path)}: {shown_value(value)}" for path, value in fields(plan.rules, plan.expected).items()
        ]
    else:
        lines = [f"{plan.key}: {state(plan)}"]
        lines += [f"    {line}" for field in plan.found for line in _field_words(field)]
    if plan.problem:
        lines.append(f"    [!] not applied: {plan.problem}")
    return lines


def state(plan: Plan) -> str:
    """The whole record in one word: the worst of its fields."""
    if plan.live is None:
        return "to be made"
    if plan.base is None:
        return State.NO_BASELINE.value
    states = {field.state for field in plan.found}
    for worst in (State.BOTH_DIVERGED, State.DASHBOARD_AHEAD, State.LOCAL_AHEAD):
        if worst in states:
            return worst.value
    return State.CLEAN.value


def _field_words(field: Field) -> list[str]:
    """What is live and what files ask for; for changes by others also what was applied."""
    if not field.asked:
        head, *rest = told(field.path, field.baseline, field.live)
        return [f"{field.state} {head} (not in our files; kept)", *rest]
    head, *rest = told(field.path, field.live, field.desired)
    return [f"{field.state} {head}", *rest]


def plan_told(plan: Plan) -> dict[str, Any]:
    """One record as JSON."""
    return {
        "record": str(plan.key),
        "id": plan.live.record_id if plan.live else None,
        "state": state(plan),
        "problem": plan.problem,
        "parts": sorted({field.path[0] for field in plan.changes}) if plan.live else sorted(plan.expected),
        "fields": [
            {
                "path": field.name,
                "state": field.state.value,
                "asked": field.asked,
                "baseline": _value(field.baseline),
                "live": _value(field.live),
                "desired": _value(field.desired),
            }
            for field in plan.found
        ],
    }


def done_words(done: Done) -> list[str]:
    """What became of one record."""
    lines = [f"{done.key}: {done.end}{f': {done.words}' if done.words else ''}"]
    lines += [f"    {line}" for each in harmful(done.found) for line in told(each.path, each.wanted, each.seen)]
    if done.onward:
        lines.append(f"    {done.onward}")
    elif done.snapshot and not done.holds:
        lines.append(f"    what was there before is snapshot {done.snapshot}")
    return lines


def done_told(done: Done) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "record": str(done.key),
        "end": done.end.value,
        "holds": done.holds,
        "words": done.words,
        "id": done.live.record_id if done.live else None,
        "snapshot": done.snapshot,
        "onward": done.onward,
        "differences": [_difference(each) for each in done.found],
    }


def drift_words(drift: Drift) -> list[str]:
    """One record against its baseline, with the command that restores it."""
    if drift.holds:
        return [f"{drift.place.key}: as applied"]
    if not drift.drifted:
        return [f"{drift.place.key}: {line}" for line in drift.lines()]
    lines = [*drift.lines(), drift.remedy().strip("`"), drift.afterwards()]
    return [f"{drift.place.key}: changed since", *(f"    {line}" for line in lines if line)]


def drift_told(drift: Drift) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "record": str(drift.place.key),
        "id": drift.base.record_id,
        "holds": drift.holds,
        "gone": drift.gone,
        "unseen": drift.unseen,
        "applying": drift.applying,
        "differences": [_difference(each) for each in drift.found],
        "remedy": drift.remedy().strip("`") if drift.drifted else "",
    }


def _difference(each: Difference) -> dict[str, Any]:
    return {"path": each.name, "wanted": _value(each.wanted), "seen": _value(each.seen), "noted": each.noted}


def _value(value: Any) -> Any:
    return None if value is MISSING else value
