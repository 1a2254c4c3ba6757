"""A platform's message without what must not be kept: credentials, capability URLs, an assistant's configuration."""

import re
from collections.abc import Mapping
from typing import Any, Final

DEPTH_MAX: Final = 40
"""Levels kept; real messages have about ten."""

_SECRET: Final = re.compile(
    r"secret|token|password|api[-_]?key|authorization|^twilioAccountSid$|^controlUrl$|^listenUrl$|^presigned",
    re.IGNORECASE,
)
_COUNT: Final = re.compile(r"tokens$|tokencount$", re.IGNORECASE)


def without_secrets(message: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without secret keys, at any depth, and without any `assistant` configuration.

    Token counts stay: a number under `...Tokens` is a cost, not a credential.
    """
    return _object(message, DEPTH_MAX)


def _object(given: Mapping[str, Any], depth: int) -> dict[str, Any]:
    return {key: _value(value, depth - 1) for key, value in given.items() if _kept(key, value)}


def _value(given: Any, depth: int) -> Any:
    if type(given) is dict:
        return _object(given, depth) if depth > 0 else None
    if type(given) is list:
        return [_value(item, depth - 1) for item in given] if depth > 0 else None
    return given


def _kept(key: str, value: Any) -> bool:
    if _SECRET.search(key):
        return type(value) in (int, float) and _COUNT.search(key) is not None
    return not (key == "assistant" and type(value) is dict)
