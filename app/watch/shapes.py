"""Holds answers of upstreams against the shapes that we read them by, and keeps what was seen until somebody takes it.

Cheap enough for the way of a lookup: of a hot shape one answer a minute is looked at, and every one that could not be
read. It changes no answer and refuses none; whoever reads one decides what cannot be read. No value of an answer is
kept, only names and types.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import orjson

from app import metrics
from app.watch.outline import Answer, outlined, problems, type_of

SAMPLE_EVERY_S: Final = 60.0
MOST_WAITING: Final = 200
"""Versions between two looks; an upstream that answers at random must not fill the memory."""
MOST_NAMES: Final = 20
"""Unknown fields that a version names."""
MOST_VERSION_CHARS: Final = 1_600
MOST_SAMPLED_BYTES: Final = 262_144
"""Of a body that is decoded for a look alone, on a caller's way; the minute's look waits for a smaller one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an upstream answers at one place. `hot`: of those that could be read only a sample is looked at."""

    upstream: str
    path: str
    model: type[Answer]
    hot: bool = False

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

    @property
    def kept_as(self) -> str:
        """A wrong one is a version of its own: a right one may have the same required names."""
        return f"{self.problem}: {self.version}"[:MOST_VERSION_CHARS] if self.problem else self.version


@dataclass(slots=True)
class _Waiting:
    by_version: dict[tuple[str, str, str], Seen] = field(default_factory=dict)
    next_at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_waiting: Final = _Waiting()


def observe(shape: Shape, answer: object | Callable[[], object], *, unread: bool = False) -> None:
    """Look at one answer, or at none of a hot shape that was looked at a moment ago. Never raises.

    A function is called for the answer only where it is looked at. `unread`: it could not be read, so it is.
    """
    if shape.hot and not unread:
        now = time.monotonic()
        if now < _waiting.next_at.get(shape.key, 0.0):
            return
        _waiting.next_at[shape.key] = now + SAMPLE_EVERY_S
    seen = held_against(shape, answer() if callable(answer) else answer, time.time())
    key = (shape.key, seen.version, seen.problem)
    with _waiting.lock:
        if len(_waiting.by_version) < MOST_WAITING or key in _waiting.by_version:
            _waiting.by_version[key] = seen


def observe_json(shape: Shape, raw: bytes) -> None:
    """The same for a body that was read without decoding all of it."""
    if len(raw) <= MOST_SAMPLED_BYTES:
        observe(shape, lambda: decoded(raw))


def decoded(raw: bytes) -> object:
    """The JSON of an answer, and the answer itself where it is none."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw


def held_against(shape: Shape, answer: object, at: float) -> Seen:
    """What one answer looks like, and what is wrong with that."""
    problem = "; ".join(problems(shape.model, answer))
    if not isinstance(answer, dict):
        return Seen(shape, type_of(answer), problem, at)
    types, unknown = outlined(shape.model, answer)
    if unknown:
        metrics.count_unknown_fields(shape.upstream, len(unknown))
    names = types | dict(list(unknown.items())[:MOST_NAMES])
    version = ", ".join(f"{name}:{kind}" for name, kind in names.items())
    return Seen(shape, version[:MOST_VERSION_CHARS], problem, at)


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
