"""Secrets in records: sealed as soon as a record comes in, opened only on its way out again.

A sealed secret is a keyed digest. Snapshots, diffs and logs see no more of it, and still show whether it changed.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from app.errors import ReadbackError
from app.provisioning.platform import Document

SEALED: Final = "sealed:"
_SECRET: Final = re.compile(
    r"(?:.*(?:secret|token|password|passphrase|authorization|credentialjson)|.*(?:api|auth|private|secret)[_-]?key)\Z",
    re.I,
)
_USER_INFO: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]*@", re.I)


class SealedError(ReadbackError):
    """A secret that nobody here knows any more would have to be sent."""


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret, where it holds a text."""
    return _SECRET.match(name) is not None


class Sealer:
    """Seals with a key of the installation, and remembers for as long as it lives what it sealed."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def sealed(self, document: Mapping[str, Any]) -> Document:
        """The document without any secret in clear."""
        return {name: self._walk(name, value) for name, value in document.items()}

    def secret(self, value: str) -> str:
        """One secret, sealed."""
        if value.startswith(SEALED):
            return value
        seal = SEALED + hmac.new(self._key, value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:40]
        self._known[seal] = value
        return seal

    def opened(self, value: Any, path: str = "") -> Any:
        """The value with its secrets in clear. Raises `SealedError` for one that was not met in this run."""
        if isinstance(value, Mapping):
            return {name: self.opened(item, f"{path}.{name}".lstrip(".")) for name, item in value.items()}
        if isinstance(value, list):
            return [self.opened(item, path) for item in value]
        if isinstance(value, str) and value.startswith(SEALED):
            if value not in self._known:
                raise SealedError(f"the secret at {path} is not at the platform any more, and no file names it")
            return self._known[value]
        return value

    def _walk(self, name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            if name.lower() == "headers":
                return {key: self._text(item) if isinstance(item, str) else item for key, item in value.items()}
            named = value.get("key")
            inner = named if isinstance(named, str) else "value"  # a list of keys and values: the key names the value
            return {key: self._walk(inner if key == "value" else key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walk(name, item) for item in value]
        if isinstance(value, str) and value and (is_secret(name) or _USER_INFO.match(value)):
            return self.secret(value)
        return value

    def _text(self, value: str) -> str:
        return self.secret(value) if value else value
