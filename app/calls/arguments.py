"""What tools take. Models send numbers as text, empty strings and unfilled placeholders; no caller pays for that."""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, ClassVar, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from app.booking.dates import NOT_GIVEN

MAX_TOLD = 3
MOST_OF_A_NAME = 64
"""Characters of an argument's name that is looked at for what it may mean; no argument's own is half as long."""
KNOWN_SPELLINGS = 1_024
KNOWN_QUESTIONS = 1_024
LONGEST_KNOWN_BYTES = 512


class ToolArguments(BaseModel):
    """Base of every tool's arguments. Unknown ones are ignored, after a look for the one that is meant; what is empty
    or unfilled counts as not given.

    So does "null" or "none" where an argument may be left out; where it may not, somebody may have said that word.
    """

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, coerce_numbers_to_str=True, frozen=True)

    private: ClassVar[frozenset[str]] = frozenset()
    """Names whose values stay out of the audit log."""

    @model_validator(mode="before")
    @classmethod
    def leave_out_what_is_not_there(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        kept: dict[str, Any] = {}
        own = _optional(cls)
        for name, value in given.items() if given.keys() <= own.keys() else _as_named(cls, given):
            if name in kept:
                continue
            if type(value) is str:
                if "\0" in value:  # the one character that no database takes
                    value = value.replace("\0", "")
                bare = value.strip()
                if not bare or (bare[0] == "{" and bare.startswith("{{") and bare.endswith("}}")):
                    continue
                if own[name] and bare.lower() in NOT_GIVEN:
                    continue
            elif value is None:
                continue
            kept[name] = value
        return kept

    def shown(self) -> dict[str, Any]:
        """What may be written down of it."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set) if name not in self.private}


Arguments = TypeVar("Arguments", bound=ToolArguments)


def checked(model: type[Arguments], given: Mapping[str, Any]) -> Arguments:
    """What was given as the tool takes it, for what changes nothing: callers ask the same few things again and again.

    Raises `ValidationError`.
    """
    own = _optional(model)
    if not given.keys() <= own.keys():  # a caller's number, or the id of the call, would make each question a new one
        given = {name: value for name, value in given.items() if name in own or _meant(model, name)}
    try:
        written = orjson.dumps(given)
    except TypeError:  # a number past 64 bits
        written = b""
    if not written or len(written) > LONGEST_KNOWN_BYTES:
        return model.model_validate(given)
    # What is written takes 4 kB whatever its length, and would be kept; as text it takes its own length.
    return _checked(model, written.decode())  # type: ignore[return-value]  # the cache forgets which of them


@lru_cache(maxsize=KNOWN_QUESTIONS)
def _checked(model: type[ToolArguments], written: str) -> ToolArguments:
    return model.model_validate(orjson.loads(written))


@cache
def _optional(model: type[BaseModel]) -> dict[str, bool]:
    """By name of each argument, whether it may be left out."""
    return {name: not field.is_required() for name, field in model.model_fields.items()}


def _as_named(model: type[BaseModel], given: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    """What is an argument under its very name, then what is one under another spelling."""
    own = _optional(model)
    for name, value in given.items():
        if name in own:
            yield name, value
    for name, value in given.items():
        if name not in own and (meant := _meant(model, name)):
            yield meant, value


def _meant(model: type[BaseModel], name: Any) -> str | None:
    return _spelt(model, name) if isinstance(name, str) and len(name) <= MOST_OF_A_NAME else None


@lru_cache(maxsize=KNOWN_SPELLINGS)
def _spelt(model: type[BaseModel], name: str) -> str | None:
    """The argument that `slotId`, `Slot_ID` or `slot-id` is another spelling of."""
    return next((known for known in model.model_fields if _bare(known) == _bare(name)), None)


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def corrective(error: ValidationError, model: type[BaseModel]) -> str:
    """What to do about wrong arguments, in words the agent can act upon."""
    told = []
    for problem in error.errors(include_url=False, include_input=False)[:MAX_TOLD]:
        name = ".".join(str(part) for part in problem["loc"]) or "the arguments"
        if problem["type"] == "missing":
            field = model.model_fields.get(name)
            what = f" ({field.description})" if field is not None and field.description else ""
            told.append(f"{name} is missing{what}")
        else:
            told.append(f"{name}: {problem['msg']}")
    return f"That did not work: {'; '.join(told)}. Ask the caller if you need to, then try again."
