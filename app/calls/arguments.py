"""What tools take. Models send numbers as text, empty strings and unfilled placeholders; no caller pays for that."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from app.booking.dates import NOT_GIVEN

MAX_TOLD = 3


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
        fields = cls.model_fields
        for name, value in given.items() if given.keys() <= fields.keys() else cls._own_names_first(given):
            if name not in fields:
                name = cls._meant(name)
                if name is None or name in kept:
                    continue
            if type(value) is str:
                if "\0" in value:  # the one character that no database takes
                    value = value.replace("\0", "")
                bare = value.strip()
                if not bare or (bare[0] == "{" and bare.startswith("{{") and bare.endswith("}}")):
                    continue
                if bare.lower() in NOT_GIVEN and cls._optional(name):
                    continue
            elif value is None:
                continue
            kept[name] = value
        return kept

    @classmethod
    def _own_names_first(cls, given: dict[str, Any]) -> list[tuple[str, Any]]:
        return sorted(given.items(), key=lambda each: each[0] not in cls.model_fields)

    @classmethod
    def _meant(cls, name: Any) -> str | None:
        """The argument that `slotId`, `Slot_ID` or `slot-id` is another spelling of."""
        bare = _bare(name) if isinstance(name, str) else ""
        return next((known for known in cls.model_fields if _bare(known) == bare), None)

    @classmethod
    def _optional(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        return field is not None and not field.is_required()

    def shown(self) -> dict[str, Any]:
        """What may be written down of it."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set) if name not in self.private}


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
