"""What an upstream's answer looks like beside its declaration: names and types, down to the last field that is read.

A declaration is a pydantic model. No value leaves here, and no name that may be somebody's data: the keys of a map and
whatever is no plain word are told as what they are.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import Any, ClassVar, Final, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

MOST_PROBLEMS: Final = 10
MOST_ITEMS: Final = 20
"""Of a list or a map whose names are looked at; pydantic looks at the types of all."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_TYPES: Final = {str: "text", bool: "flag", int: "number", float: "number", dict: "object", list: "list"}
_WANTED: Final = {
    "string_type": "text", "bool_type": "flag", "int_type": "number", "float_type": "number", "dict_type": "object",
    "model_type": "object", "list_type": "list",
}  # fmt: skip
"""What pydantic misses, by its own word for the error."""
_KINDS: Final = {"string_type": "str", "int_type": "int"}
"""What pydantic adds to the place where a value may be of several kinds."""
_building: Final = threading.Lock()


class Answer(BaseModel):
    """The fields that are read, under the upstream's names. One without a default must be there.

    `known` are other fields, which the upstream lists and nobody reads; `open`: it does not list them, so that none is
    unknown. `either`: of each of these one place must hold something, `call.id|chat.id`.
    """

    # Built when the first answer comes: forty of them take longer than all else that a command imports.
    model_config = ConfigDict(strict=True, defer_build=True)
    known: ClassVar[frozenset[str]] = frozenset()
    open: ClassVar[bool] = False
    either: ClassVar[tuple[str, ...]] = ()


class Camel(Answer):
    """One whose upstream writes `likeThis`."""

    model_config = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True, slots=True)
class _Part:
    """One declared object. `below`: the objects in a field: itself (""), each of a list ("[]") or of a map (".*")."""

    required: tuple[str, ...]
    known: frozenset[str]
    open: bool
    either: tuple[str, ...]
    below: Mapping[str, tuple[str, "_Part"]]


@dataclass(slots=True)
class _Found:
    types: dict[str, set[str]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


def problems(model: type[Answer], answer: object) -> list[str]:
    """What is missing, and what is of another type than it is read as."""
    part = _part(model)
    found: dict[str, None] = {}
    try:
        _validator(model)(answer)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            place = _place(part, _without_kind(each["type"], each["loc"])) or "it"
            if each["type"] == "missing":
                found[f"{place} is missing"] = None
            else:
                wanted = _WANTED.get(each["type"], "what it was")
                found[f"{place} is {type_of(each['input'])} in place of {wanted}"] = None
    if isinstance(answer, dict):
        found |= dict.fromkeys(_lacking(part, answer, ""))
    return list(found)[:MOST_PROBLEMS]


def outlined(model: type[Answer], answer: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Types of the fields that must be there, by name, and those of fields that are in no declaration."""
    found = _Found()
    _outline(_part(model), answer, "", found)
    types = {name: "|".join(sorted(kinds)) for name, kinds in found.types.items()}
    return types, dict(sorted(found.unknown.items()))


def type_of(value: object) -> str:
    """Its type in a word."""
    return "nothing" if value is None else _TYPES.get(type(value), "other")


def _without_kind(error: str, where: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return where[:-1] if where and where[-1] == _KINDS.get(error) else where


def _lacking(part: _Part, answer: Mapping[str, Any], at: str) -> Iterator[str]:
    """Of what may stand in one place or another, what stands in none."""
    for places in part.either:
        first, *others = places.split("|")
        if not any(_holds(answer, place) for place in (first, *others)):
            yield f"{at}{first} is missing"
    for name, (how, below) in part.below.items():
        for one in _each(how, answer.get(name)):
            yield from _lacking(below, one, f"{at}{name}{how}.")


def _holds(answer: Any, place: str) -> bool:
    for step in place.split("."):
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer is not None


def _outline(part: _Part, answer: Mapping[str, Any], at: str, found: _Found) -> None:
    for name in part.required:
        if name in answer:
            found.types.setdefault(f"{at}{name}", set()).add(type_of(answer[name]))
    if not part.open:
        for name in answer.keys() - part.known:
            found.unknown[at + (name if _NAME.fullmatch(str(name)) else "(other)")] = type_of(answer[name])
    for name, (how, below) in part.below.items():
        for one in _each(how, answer.get(name)):
            _outline(below, one, f"{at}{name}{how}.", found)


def _each(how: str, value: object) -> Iterator[Mapping[str, Any]]:
    ones: list[Any] = [value]
    if how:
        ones = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return (one for one in ones[:MOST_ITEMS] if isinstance(one, dict))


def _place(part: _Part | None, steps: tuple[int | str, ...]) -> str:
    """Where something is wrong: `calendars.*.busy[].start`."""
    text, how = "", ""
    for step in steps:
        if isinstance(step, int):
            text, how = f"{text}[]", ""
        elif part is None or how == ".*":
            text, how = f"{text}.*", ""
        else:
            text = f"{text}.{step}"
            how, part = part.below.get(step, ("", None))
    return text.removeprefix(".")


@cache
def _validator(model: type[Answer]) -> Callable[[object], object]:
    with _building:  # a thread that reads calendars may be first, too
        model.model_rebuild()
    return model.__pydantic_validator__.validate_python


@cache
def _part(model: type[Answer]) -> _Part:
    required: list[str] = []
    names = set(model.known)
    below: dict[str, tuple[str, _Part]] = {}
    for own, each in model.model_fields.items():
        name = each.alias or own
        names.add(name)
        if each.is_required():
            required.append(name)
        if found := _within(each.annotation):
            below[name] = found
    return _Part(tuple(required), frozenset(names), model.open, model.either, below)


def _within(annotation: Any) -> tuple[str, _Part] | None:
    """The objects that a field of this type holds, and how."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return next((found for each in inner if (found := _within(each))), None)
    if origin in (list, dict):
        found = _within(inner[-1])
        return ("[]" if origin is list else ".*", found[1]) if found else None
    if isinstance(annotation, type) and issubclass(annotation, Answer):
        return "", _part(annotation)
    return None
