"""Whose change is it? Each field of a record by what was applied, what is live, and what files ask for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.provisioning.fields import MISSING, at, below, dotted, fields, has_secret, same, secret_moved, shown_at
from app.provisioning.merge import dropped, wishes
from app.provisioning.rules import Path, Rules


class State(StrEnum):
    """How a field stands."""

    CLEAN = "clean"
    LOCAL_AHEAD = "local-ahead"
    DASHBOARD_AHEAD = "dashboard-ahead"
    BOTH_DIVERGED = "both-diverged"
    NO_BASELINE = "no-baseline"


@dataclass(frozen=True, slots=True)
class Field:
    """One field that is not clean. `desired` is MISSING for what files do not ask for, or no longer."""

    path: Path
    state: State
    asked: bool
    baseline: Any
    live: Any
    desired: Any

    @property
    def name(self) -> str:
        """The path as people read it."""
        return dotted(self.path)


def classified(
    rules: Rules,
    baseline: Mapping[str, Any] | None,
    live: Mapping[str, Any],
    asked: Mapping[str, Any],
    before: Mapping[str, Any],
) -> list[Field]:
    """Every field that is not clean; those that are asked for first. `baseline` None: nothing was ever applied.

    `before` is what was asked for when the baseline was made.
    """
    wanted: dict[Path, Any] = {
        **wishes(rules, live, asked),
        **dict.fromkeys(dropped(rules, asked, before), MISSING),
    }
    found = [_field(rules, path, baseline, live, desired, before) for path, desired in wanted.items()]
    found += _by_others(rules, baseline, live, wanted)
    return [field for field in found if field.state is not State.CLEAN]


def _field(rules: Rules, path: Path, baseline: Mapping[str, Any] | None, live: Any, desired: Any, before: Any) -> Field:
    now, then = at(rules, live, path), MISSING if baseline is None else at(rules, baseline, path)
    if path in rules.unseen:
        was = None if baseline is None else has_secret(rules, baseline) or bool(at(rules, before, path))
        shows = baseline is not None and shown_at(rules, baseline) is not None
        state = _unseen(was, has_secret(rules, live, shows=shows), desired, at(rules, before, path))
        if then and now and not same(now, then) and not same(now, desired):  # shown, and another one than was applied
            state = State.DASHBOARD_AHEAD if same(desired, at(rules, before, path)) else State.BOTH_DIVERGED
    elif same(desired, now):
        state = State.CLEAN
    elif baseline is None:
        state = State.NO_BASELINE
    elif same(now, then):
        state = State.LOCAL_AHEAD
    else:
        state = State.DASHBOARD_AHEAD if same(desired, then) else State.BOTH_DIVERGED
    return Field(path, state, True, then, now, desired)


def _unseen(was: bool | None, there: bool | None, desired: Any, before: Any) -> State:
    """A secret that is never shown: whether it is there, and what was asked for before. `was` None: no baseline."""
    wished = bool(desired)
    if there is None or (there and wished):
        return State.CLEAN if same(desired, before) else State.LOCAL_AHEAD
    if there == wished:
        return State.CLEAN
    if was is None:
        return State.NO_BASELINE
    return State.LOCAL_AHEAD if was == there else State.DASHBOARD_AHEAD


def _by_others(
    rules: Rules, baseline: Mapping[str, Any] | None, live: Mapping[str, Any], wanted: Mapping[Path, Any]
) -> Sequence[Field]:
    """What files do not ask for and somebody changed; what the platform adds by itself is nobody's change."""
    if baseline is None:
        return ()
    here, there = fields(rules, live), fields(rules, baseline)
    above = {path[:length] for path in wanted for length in range(1, len(path))}
    found = []
    for path in dict.fromkeys((*there, *here)):
        if below(path, wanted) or path in above or path in rules.unseen:
            continue
        now, then = at(rules, live, path), at(rules, baseline, path)
        if not same(now, then) and (path in there or rules.tells(path, now)):
            found.append(Field(path, State.DASHBOARD_AHEAD, False, then, now, MISSING))
    moved = secret_moved(rules, baseline, live)
    if moved and not rules.unseen.intersection(wanted):
        path, then, now = moved
        found.append(Field(path, State.DASHBOARD_AHEAD, False, then, now, MISSING))
    return found
