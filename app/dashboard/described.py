"""The JSON of the dashboard as OpenAPI, for `GET /openapi.json`: one path for each page, from the same list."""

from typing import Any, Final

from app.dashboard.rendering import SECTIONS
from app.dashboard.routes import api_path

PARAMETERS: Final = {
    "volume": ("business", "line", "after"),
    "limits": ("after",),
    "bookings": ("show", "reference", "after"),
    "tasks": ("after",),
    "reviews": ("after",),
    "dead-letters": ("status", "after"),
    "pages": ("show", "after"),
    "incidents": ("id", "page", "after"),
    "audit": ("subject", "kind", "business", "before", "until"),
}
"""What each page may be asked, all of it optional."""
KEYS: Final = {
    "": ("state", "sentence", "as_of", "tiles", "pages", "incidents"),
    "volume": ("lines", "next", "known", "now"),
    "latency": ("tools",),
    "figures": ("figures", "dependencies"),
    "bookings": ("show", "bookings", "next", "more"),
    "tasks": ("tasks", "next", "more"),
    "reviews": ("reviews", "next", "decided", "unapproved"),
    "dead-letters": ("status", "letters", "next"),
    "pages": ("show", "pages", "next", "more", "unheard"),
    "incidents": ("incidents", "next", "page"),
    "limits": ("limits", "next"),
    "flags": ("flags",),
    "audit": ("chain", "rows", "older"),
}
"""What each answer has."""
SCALARS: Final[dict[str, Any]] = {
    "state": {"type": "string", "enum": ["good", "waits", "bad", "unknown"]},
    "sentence": {"type": "string"},
    "as_of": {"type": "string", "format": "date-time"},
    "show": {"type": "string"},
    "status": {"type": "string"},
    "now": {"type": "number"},
    "known": {"type": "boolean", "description": "False while lines are looked at for the first time: ask again."},
    "more": {"type": "boolean", "description": "There is more than is listed."},
    "next": {"type": ["string", "null"], "description": "Ask again with it as `after`."},
    "unheard": {"type": ["string", "null"], "description": "Which pages reach nobody, and what to do about it."},
    "page": {"type": ["object", "null"], "description": "The page that was asked for, to open an incident from."},
    "unapproved": {
        "type": ["string", "null"],
        "description": "For which new businesses nobody approves a model's work.",
    },
    "older": {"type": ["integer", "null"], "description": "Ask again with it as `before`."},
    "chain": {"type": "object", "required": ["state", "rows", "total", "anchors", "why", "at"]},
}
LIST: Final[dict[str, Any]] = {"type": "array", "items": {"type": "object"}}
REFUSALS: Final = {
    "401": "No valid credential",
    "404": "There is no such thing",
    "409": "It cannot be asked so",
    "429": "Refused too often",
    "503": "The database does not answer",
}


def described() -> dict[str, Any]:
    """The paths."""
    return {api_path(path): {"get": _operation(path, title)} for path, title in SECTIONS}


def _operation(path: str, title: str) -> dict[str, Any]:
    properties = {key: SCALARS.get(key, LIST) for key in KEYS[path]}
    answer = {"type": "object", "required": list(KEYS[path]), "properties": properties}
    error = {"$ref": "#/components/schemas/Error"}
    return {
        "operationId": f"dashboard_{path.replace('-', '_') or 'overview'}",
        "summary": f"{title}, as the dashboard shows it: redacted, and bounded",
        "security": [{"admin": []}, {"session": []}],
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in PARAMETERS.get(path, ())
        ],
        "responses": {"200": _answer("As it is now", answer)}
        | {status: _answer(words, error) for status, words in REFUSALS.items()},
    }


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}
