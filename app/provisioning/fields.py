"""A record as fields: a path and a value each, so that two records can be compared field by field. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from app.provisioning.rules import PLAIN, SERVER_SECRET, Path, Rules


class _Missing:
    """Nothing is there."""

    def __repr__(self) -> str:
        return "nothing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
UNSHOWN: Final = "(set, and not shown)"
"""In place of a secret that is there and that nobody sees."""


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same at the platform: a cleared one is none, and 1.0 is 1, but True is not 1."""
    return written(one) == written(other)


def written(value: Any) -> bytes:
    """The value as bytes that are equal for equal values."""
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if value is MISSING:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def labels(items: Sequence[Any], key: str) -> list[str]:
    """What each item of a list is called: by its key, those that come again by a number too. No two are the same."""
    names: dict[str, None] = {}
    for item in items:
        name = str(item) if key == PLAIN or not isinstance(item, Mapping) else str(item.get(key, "?"))
        label, again = name, 0
        while label in names:
            again += 1
            label = f"{name}#{again}"
        names[label] = None
    return list(names)


def fields(rules: Rules, document: Any, path: Path = ()) -> dict[Path, Any]:
    """Every field of a document; one value for what the rules call whole, and for an object without anything in it."""
    return {field: value for field, value in _walk(rules, document, path) if field != (rules.unseen_set,)}


def _walk(rules: Rules, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping) and path not in rules.whole and (value or not path):
        for name, item in value.items():
            yield from _walk(rules, item, (*path, name))
    elif isinstance(value, list) and path in rules.lists:
        for label, item in zip(labels(value, rules.lists[path]), value, strict=True):
            yield from _walk(rules, item, (*path, label))
    else:
        yield path, value


def at(rules: Rules, document: Any, path: Path) -> Any:
    """What is at a path, or MISSING."""
    here = document
    for depth, name in enumerate(path):
        if isinstance(here, Mapping):
            here = here.get(name, MISSING)
        elif isinstance(here, list) and path[:depth] in rules.lists:
            named = dict(zip(labels(here, rules.lists[path[:depth]]), here, strict=True))
            here = named.get(name, MISSING)
        else:
            return MISSING
    return here


def shown_at(rules: Rules, document: Mapping[str, Any]) -> Path | None:
    """Where a record shows a secret that others of its kind never show; None where it shows none."""
    return next((path for path in sorted(rules.unseen) if at(rules, document, path)), None)


def has_secret(rules: Rules, document: Mapping[str, Any], *, shows: bool = False) -> bool | None:
    """Whether there is a secret in the record; None where nobody tells.

    `shows`: the platform has shown this record's, so one that it does not show now is not there.
    """
    if shown_at(rules, document):
        return True
    told = document.get(rules.unseen_set)
    return told if isinstance(told, bool) else False if shows else None


def secret_moved(
    rules: Rules, one: Mapping[str, Any], other: Mapping[str, Any], read: Mapping[str, Any] | None = None
) -> tuple[Path, Any, Any] | None:
    """Where the secret of one record is not that of the other: its path, and what there is in both.

    `read` is the record as the platform showed it before, where `one` is only what is wished. What it will show of a
    wish nobody knows, so then only its absence counts.
    """
    before = one if read is None else read
    path = shown_at(rules, before) or shown_at(rules, other)
    here, there = (has_secret(rules, record, shows=path is not None) for record in (one, other))
    if here is None or there is None:
        return None
    if here == there:
        values = [at(rules, record, path) for record in (one, other)] if path and read is None else []
        return (path, *values) if path and values and all(values) and not same(*values) else None
    return (path or SERVER_SECRET, UNSHOWN, MISSING) if here else (path or SERVER_SECRET, MISSING, UNSHOWN)


def below(path: Path, others: Mapping[Path, Any] | set[Path]) -> bool:
    """Whether a path is one of the others or lies below one of them."""
    return any(path[:length] in others for length in range(1, len(path) + 1))


def dotted(path: Path) -> str:
    """A path as people read it."""
    return ".".join(path)
