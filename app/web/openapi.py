"""The JSON routes described as OpenAPI, from the same tools that are served: the description cannot lag behind."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.calls.model import Tool
from app.errors import Code

_REF: Final = "#/components/schemas/{model}"

_RESULT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["ok", "say"],
    "properties": {
        "ok": {"type": "boolean"},
        "code": {"type": "string", "enum": [code.value for code in Code]},
        "say": {"type": "string", "minLength": 1, "description": "What the agent may tell the caller."},
    },
    "additionalProperties": True,
}
_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "additionalProperties": False,
}
_STATE: Final[dict[str, Any]] = {"type": "string", "enum": ["ok", "degraded", "down"]}
_TEXT_OR_NOTHING: Final[dict[str, Any]] = {"type": ["string", "null"]}


def describe(tools: Sequence[Tool[Any]], version: str, also: Mapping[str, Any]) -> bytes:
    """The OpenAPI 3.1 document as JSON; `also`: paths that others than the tools answer."""
    models = [(tool.arguments, "validation") for tool in tools]
    references, definitions = _schemas(models)
    schemas = {"Result": _RESULT, "Error": _ERROR, "State": _STATE, **definitions}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Readback", "version": version},
        "paths": {f"/tools/{tool.name}": _tool_path(tool, references[tool.arguments]) for tool in tools}
        | {
            "/tools": {"get": _names()},
            "/healthz": {"get": _public("The process lives", {"200": _answer("It does", {"type": "object"})})},
            "/readyz": {"get": _public("Dependencies and their state", _readiness())},
            "/status.json": {"get": _public("What the public may know about incidents", _status())},
            **also,
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "tools": {"type": "http", "scheme": "bearer"},
                "admin": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "readback"},
            },
        },
    }
    return orjson.dumps(document)


def _schemas(models: Sequence[tuple[type[BaseModel], Any]]) -> tuple[dict[Any, Any], dict[str, Any]]:
    if not models:
        return {}, {}
    found, definitions = models_json_schema(models, ref_template=_REF)
    return {model: schema for (model, _), schema in found.items()}, definitions.get("$defs", {})


def _tool_path(tool: Tool[Any], arguments: Any) -> dict[str, Any]:
    envelope = {
        "type": "object",
        "required": ["arguments"],
        "properties": {
            "call_id": _TEXT_OR_NOTHING,
            "tool_call_id": _TEXT_OR_NOTHING,
            "caller": _TEXT_OR_NOTHING | {"description": "E.164, as the platform signals it."},
            "line": _TEXT_OR_NOTHING | {"description": "The number that was dialled; it names the business."},
            "arguments": arguments,
        },
    }
    refusals = {
        "400": "The body is not JSON",
        "401": "No valid secret",
        "408": "The body did not come in time",
        "413": "The body is too large",
        "429": "Refused too often",
    }
    body = {"anyOf": [envelope, arguments]}
    return {
        "post": {
            "operationId": tool.name,
            "summary": tool.description,
            "security": [{"tools": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"200": _answer("What the agent gets", {"$ref": _REF.format(model="Result")})}
            | {status: _answer(text, {"$ref": _REF.format(model="Error")}) for status, text in refusals.items()},
        }
    }


def _names() -> dict[str, Any]:
    listed = {"type": "object", "properties": {"tools": {"type": "array", "items": {"type": "string"}}}}
    return {
        "summary": "The names of the tools; a way to see whether a secret is taken",
        "security": [{"tools": []}],
        "responses": {
            "200": _answer("It is", listed),
            "401": _answer("No valid secret", {"$ref": _REF.format(model="Error")}),
        },
    }


def _public(summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": responses}


def _readiness() -> dict[str, Any]:
    states = {"type": "object", "additionalProperties": {"$ref": _REF.format(model="State")}}
    return {"200": _answer("Callers can be served", states), "503": _answer("They would be harmed", states)}


def _status() -> dict[str, Any]:
    moment = {"type": "string", "format": "date-time"}
    incident = {
        "type": "object",
        "required": [
            "id",
            "title",
            "state",
            "impact",
            "parts",
            "for_some",
            "opened_at",
            "changed_at",
            "earlier",
            "updates",
        ],
        "properties": {"opened_at": moment, "changed_at": moment},
    }
    listed = {"type": "array", "items": incident}
    status = {
        "type": "object",
        "required": ["status", "sentence", "as_of", "reached", "open", "history"],
        "properties": {
            "status": {"type": "string", "enum": ["normal", "notice", "minor", "major", "unknown"]},
            "sentence": {"type": "string"},
            "as_of": {"type": ["string", "null"]},
            "reached": {"type": "boolean", "description": "Whether it is as fresh as it should be."},
            "open": listed,
            "history": listed,
        },
    }
    return {"200": _answer("As far as it is known", status), "503": _answer("Nothing was ever known", status)}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
