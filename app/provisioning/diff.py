"""In what two versions of a record differ, and how that is told to people. Pure; both versions are sealed."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.provisioning.fields import MISSING, at, dotted, fields, same, secret_moved
from app.provisioning.rules import Path, Rules

LONG_CHARS: Final = 100
MOST_LINES: Final = 40
"""Of one text that changed; the whole one is in its file, or in the snapshot."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it was wanted. `noted`: it is new, and tells callers nothing new."""

    path: Path
    wanted: Any
    seen: Any
    noted: bool = False

    @property
    def name(self) -> str:
        """The path as people read it."""
        return dotted(self.path)


def differences(
    rules: Rules, wanted: Mapping[str, Any], seen: Mapping[str, Any], read: Mapping[str, Any] | None = None
) -> list[Difference]:
    """Field by field: what is gone or changed, then what is new.

    `read` is the record as it was read before, where `wanted` is what it was to become.
    """
    expected, there = fields(rules, wanted), fields(rules, seen)
    found = [
        Difference(path, value, at(rules, seen, path))
        for path, value in expected.items()
        if path not in rules.unseen and not same(value, at(rules, seen, path))
    ]
    found += [
        Difference(path, MISSING, value, noted=not rules.tells(path, value))
        for path, value in there.items()
        if path not in expected
        and path not in rules.unseen
        and not same(value, at(rules, wanted, path))
        and not _emptied(path, value, expected)
    ]
    if moved := secret_moved(rules, wanted, seen, read):
        found.append(Difference(*moved))
    return found


def _emptied(path: Path, value: Any, expected: Mapping[Path, Any]) -> bool:
    """An object with nothing left in it, whose fields are told one by one already."""
    return value in ({}, None) and any(other[: len(path)] == path for other in expected)


def harmful(found: Sequence[Difference]) -> list[Difference]:
    """Those that somebody has to look at."""
    return [difference for difference in found if not difference.noted]


def parts_back(rules: Rules, wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """The parts that have to be handed in for a record to be as it was.

    A part that is new and matters to nobody stays: it may be the platform's own, which nobody can take away.
    """
    hidden = {path[0] for path in rules.unseen}
    names = dict.fromkeys(
        each.path[0]
        for each in differences(rules, wanted, seen)
        if not each.noted or (each.seen and each.path[0] in wanted and each.path[0] not in hidden)
    )
    return list(names)


def told(path: Path, before: Any, after: Any) -> list[str]:
    """One field's change in lines: short values beside each other, texts line by line."""
    name = dotted(path)
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > LONG_CHARS:
        changed = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]
        shown = [f"    {line}" for line in changed[:MOST_LINES]]
        return [f"{name}:", *shown, *(["    ..."] if len(changed) > MOST_LINES else [])]
    return [f"{name}: {shown_value(before)} -> {shown_value(after)}"]


def shown_value(value: Any) -> str:
    """A value on one line, cut where it is long."""
    if value is MISSING or value is None:
        return "nothing"
    text = orjson.dumps(value).decode()
    return text if len(text) <= 2 * LONG_CHARS else f"{text[: 2 * LONG_CHARS]}... ({len(text)} characters)"
