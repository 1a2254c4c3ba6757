"""Holds answers of upstreams against the shapes that we read them by, and keeps what was seen until somebody takes it.

Cheap enough for the way of a lookup: of a hot shape one answer a minute is looked at. It changes no answer and refuses
none; whoever reads one decides what cannot be read. No value of an answer is kept, only names and types.
"""

import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app import metrics

SAMPLE_EVERY_S: Final = 60.0
MOST_WAITING: Final = 200
"""Versions between two looks; an upstream that answers at random must not fill the memory."""
MOST_NAMES: Final = 20
"""Unknown fields that a version names."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_TYPES: Final = {str: "text", bool: "flag", int: "number", float: "number", dict: "object", list: "list"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What an upstream answers at one place. `required` maps a field to its type's word; `known` are the others.

    `open`: the fields are not listed by the upstream, so that none is unknown. `hot`: only a sample is looked at.
    """

    upstream: str
    path: str
    required: Mapping[str, str]
    known: frozenset[str] = frozenset()
    hot: bool = False
    open: bool = False

    @property
    def key(self) -> str:
        """What it is called in an alarm and in the table."""
        return f"{self.upstream} {self.path}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of a shape. `version`: names and types; `problem`: what is missing or changed, empty for nothing."""

    shape: Shape
    version: str
    problem: str
    at: float


@dataclass(slots=True)
class _Waiting:
    by_version: dict[tuple[str, str], Seen] = field(default_factory=dict)
    next_at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_waiting: Final = _Waiting()


def observe(shape: Shape, answer: object) -> None:
    """Look at one answer, or at none of a hot shape that was looked at a moment ago. Never raises."""
    if shape.hot:
        now = time.monotonic()
        if now < _waiting.next_at.get(shape.key, 0.0):
            return
        _waiting.next_at[shape.key] = now + SAMPLE_EVERY_S
    seen = held_against(shape, answer, time.time())
    with _waiting.lock:
        if len(_waiting.by_version) < MOST_WAITING or (shape.key, seen.version) in _waiting.by_version:
            _waiting.by_version[shape.key, seen.version] = seen


def held_against(shape: Shape, answer: object, at: float) -> Seen:
    """What one answer looks like, and what is wrong with that."""
    if not isinstance(answer, Mapping):
        return Seen(shape, _type(answer), f"it is {_type(answer)} in place of an object", at)
    missing = [f"{name} is missing" for name in shape.required if name not in answer]
    changed = [
        f"{name} is {_type(answer[name])} in place of {wanted}"
        for name, wanted in shape.required.items()
        if name in answer and _type(answer[name]) != wanted
    ]
    unknown = [] if shape.open else _unknown(shape, answer)
    if unknown:
        metrics.count_unknown_fields(shape.upstream, len(unknown))
    named = [*(name for name in shape.required if name in answer), *unknown[:MOST_NAMES]]
    version = ", ".join(f"{_shown(name)}:{_type(answer[name])}" for name in named)
    return Seen(shape, version, "; ".join([*missing, *changed]), at)


def taken() -> list[Seen]:
    """What was seen since the last time, oldest first; it is whoever's takes it from now on."""
    with _waiting.lock:
        found = list(_waiting.by_version.values())
        _waiting.by_version.clear()
    return sorted(found, key=lambda seen: seen.at)


def forget() -> None:
    """Begin anew: nothing waits, and the next answer of every shape is looked at."""
    taken()
    _waiting.next_at.clear()


def _unknown(shape: Shape, answer: Mapping[Any, Any]) -> list[str]:
    names: Iterable[Any] = answer.keys() - shape.known - shape.required.keys()
    return sorted(str(name) for name in names)


def _shown(name: str) -> str:
    """A name as it may be kept: one that is no plain word may be somebody's data."""
    return name if _NAME.fullmatch(name) else "(other)"


def _type(value: object) -> str:
    return "nothing" if value is None else _TYPES.get(type(value), "other")
