"""A tool's arguments as the plain JSON Schema that platforms and models take: flat, without references or nulls."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from app.calls.model import Tool

KEPT: Final = frozenset({"type", "description", "enum", "default", "minimum", "maximum"})
"""What a property says of itself; lengths are checked by us, and some platforms refuse to hear of them."""


def parameters(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of the arguments: an object of scalars, `required` where a tool cannot do without."""
    schema = model.model_json_schema()
    shared = schema.get("$defs", {})
    properties = {name: _plain(given, shared) for name, given in schema.get("properties", {}).items()}
    return {"type": "object", "properties": properties, "required": schema.get("required", [])}


def described(tool: Tool[Any]) -> dict[str, str]:
    """What each argument is, in words; `(optional)` where it may be left out."""
    schema = parameters(tool.arguments)
    needed = frozenset(schema["required"])
    return {
        name: f"{given['description']}{'' if name in needed else ' (optional)'}"
        for name, given in schema["properties"].items()
    }


def _plain(given: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(given)
    for one in (*given.get("anyOf", ()), *given.get("allOf", ())):
        if one.get("type") != "null":
            found |= one
    if "$ref" in found:
        found |= shared[found["$ref"].rpartition("/")[2]] | {"description": given.get("description", "")}
    return {name: value for name, value in found.items() if name in KEPT and value is not None}
