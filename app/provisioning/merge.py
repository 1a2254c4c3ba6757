"""What a record becomes when some of it is asked for: everything else of it stays as it is, to the byte. Pure.

A platform that replaces nested objects whole has to be handed them whole, so what is asked for is laid over what is
live. Items of lists with keys that were asked for before and are no longer are taken out; nothing else ever is.
"""

from collections.abc import Mapping
from typing import Any

from app.provisioning.fields import MISSING, at, fields, labels
from app.provisioning.platform import Document
from app.provisioning.rules import Path, Rules

NOTHING: Document = {}


def merged(rules: Rules, live: Mapping[str, Any], asked: Mapping[str, Any], before: Mapping[str, Any]) -> Document:
    """The live record with what is `asked` in it. `before`: what was asked for the last time."""
    document: Document = _merged(rules, (), live, asked, before)
    return _pins_win(document, asked)


def _merged(rules: Rules, path: Path, live: Any, asked: Any, before: Any) -> Any:
    if isinstance(asked, Mapping) and isinstance(live, Mapping) and path not in rules.whole:
        earlier = before if isinstance(before, Mapping) else NOTHING
        laid = {
            name: _merged(rules, (*path, name), live.get(name, MISSING), value, earlier.get(name))
            for name, value in asked.items()
        }
        return {**live, **{name: value for name, value in laid.items() if value is not MISSING}}
    if isinstance(asked, Mapping) and all(value is None for value in fields(rules, asked, path).values()):
        return live  # nothing but what is to be cleared in something that is not there
    if isinstance(asked, list) and path in rules.lists:
        if not asked and not isinstance(live, list):
            return live  # nothing is wanted in a list that is not there
        return _merged_list(rules, path, live if isinstance(live, list) else [], asked, before)
    return asked


def _merged_list(rules: Rules, path: Path, live: list[Any], asked: list[Any], before: Any) -> list[Any]:
    key = rules.lists[path]
    wanted = dict(zip(labels(asked, key), asked, strict=True))
    earlier = dict(zip(labels(before, key), before, strict=True)) if isinstance(before, list) else {}
    kept = []
    for label, item in zip(labels(live, key), live, strict=True):
        if label in wanted:
            kept.append(_merged(rules, (*path, label), item, wanted.pop(label), earlier.get(label)))
        elif label not in earlier:
            kept.append(item)
    new = list(wanted.values())
    return _led(key, new, kept) if path in rules.leading else [*kept, *new]


def _led(key: str, new: list[Any], kept: list[Any]) -> list[Any]:
    """New items first; one whose key is there already comes right after those, so that it is not taken for them."""
    there = {item.get(key) for item in kept if isinstance(item, Mapping)}
    led = [item for item in new if item.get(key) not in there] + kept
    for item in new:
        if item.get(key) in there:
            last = max(n for n, other in enumerate(led) if isinstance(other, Mapping) and other.get(key) == item[key])
            led.insert(last + 1, item)
    return led


def _pins_win(document: Document, asked: Mapping[str, Any]) -> Document:
    """A tool whose version we pin is dropped from `toolIds` by the platform itself when it is written."""
    plain, pins = _list_at(document, ("model", "toolIds")), _list_at(asked, ("model", "toolRefs"))
    if not plain or not pins:
        return document
    pinned = [ref.get("toolId") for ref in pins if isinstance(ref, Mapping)]
    left = [tool for tool in plain if tool not in pinned]
    return {**document, "model": {**document["model"], "toolIds": left}}


def wishes(rules: Rules, live: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[Path, Any]:
    """Every field that is asked for. An object with nothing in it asks for nothing where there is one already."""
    return {
        path: value
        for path, value in fields(rules, asked).items()
        if value != {} or path in rules.whole or not isinstance(at(rules, live, path), Mapping)
    }


def dropped(rules: Rules, asked: Mapping[str, Any], before: Mapping[str, Any]) -> list[Path]:
    """Items of lists with keys that were asked for before, in lists that are still asked for, and are not now."""
    gone = []
    for path, key in rules.lists.items():
        now, earlier = _list_at(asked, path), _list_at(before, path)
        if now is not None and earlier is not None:
            left = set(labels(now, key))
            gone += [(*path, label) for label in labels(earlier, key) if label not in left]
    return gone


def _list_at(document: Mapping[str, Any], path: Path) -> list[Any] | None:
    here: Any = document
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here if isinstance(here, list) else None
