"""Secrets in records: sealed as soon as a record comes in, opened only on its way out again.

A sealed secret is a keyed digest. Snapshots, diffs and logs see no more of it, and still show whether it changed.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from app.errors import ReadbackError
from app.provisioning.platform import Document

SEALED: Final = "sealed:"
HEADER: Final = "authorization"
"""Headers are judged as this one is: any may be what lets somebody in."""
_SECRET: Final = re.compile(r"secret|pass(?:word|wd|phrase|code)|authorization|credentialjson", re.I)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS: Final = frozenset(("pin", "pwd", "bearer", "jwt", "cookie"))
_SECRET_ENDS: Final = ("token", "apikey", "authkey", "privatekey", "accesskey", "signingkey")
_OPEN_KEYS: Final = frozenset(("public", "cache", "sort", "partition"))
_HELD: Final = frozenset(("value", "default", "const", "enum", "example", "examples"))
"""Where a list of keys and values, or a schema, has what belongs to a name."""
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}://\S+", re.I)
_IN_TEXT: Final = re.compile(
    rf"""{_URL.pattern}
    | (?<=[?&])(?P<name>[\w.-]{{1,64}})=(?P<value>[^\s&\#\"'<>]+)
    | \bBearer\ +(?P<bearer>(?=\S*\d)[\w.~+/=-]{{8,}})""",
    re.I | re.X,
)
"""What may let somebody in though it stands in the middle of a text."""
_SEAL: Final = re.compile(rf"{SEALED}[0-9a-f]{{40}}")
_SIGNED: Final = frozenset(("key", "sig", "signature", "code", "auth"))
"""Beside names of secrets: what lets somebody in when it stands in a URL."""


class SealedError(ReadbackError):
    """A secret that nobody here knows any more would have to be sent."""


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret, or several, where it holds texts."""
    return is_one_secret(name) or (name[-1:] in ("s", "S") and is_one_secret(name[:-1]))


def is_one_secret(name: str) -> bool:
    """The same for a number: one of `tokens` is a count."""
    words = [word.lower() for word in _WORD.findall(name)]
    if _SECRET.search(name) or _SECRET_WORDS.intersection(words) or name.lower().endswith(_SECRET_ENDS):
        return True
    return len(words) > 1 and words[-1] == "key" and words[-2] not in _OPEN_KEYS


def opens(text: str) -> bool:
    """Whether a text begins with a URL that has a password or a key in it."""
    url = _URL.match(text)
    if url is None:
        return False
    try:
        parts = urlsplit(url.group())
        named = parse_qsl(parts.query) + parse_qsl(parts.fragment)
    except ValueError:
        return True  # nobody can tell
    return "@" in parts.netloc or any(_lets_in(name) for name, _ in named)


def _lets_in(name: str) -> bool:
    return name.lower() in _SIGNED or is_secret(name)


def judged(name: str, value: Mapping[str, Any]) -> dict[str, str]:
    """By which name each field of an object is told to hold a secret or not. `name` is the object's own."""
    if name.lower() == "headers":
        if value.get("type") == "object":  # a schema of them, as a tool that makes requests has it
            return {key: name if key == "properties" else key for key in value}
        return dict.fromkeys(value, HEADER)
    called = next((value[key] for key in ("key", "name") if isinstance(value.get(key), str)), name)
    return {key: called if key in _HELD else _paired(key, value) for key in value}


def _paired(key: str, value: Mapping[str, Any]) -> str:
    """For the value of a pair what stands beside it, as in `headerName` and `headerValue`; else the key itself."""
    stem = key[: -len("value")] if key.lower().endswith("value") else ""
    if stem.lower().rstrip("_-").endswith("header"):
        return HEADER
    names = (value.get(stem + other) for other in ("Name", "Key", "name", "key")) if stem else ()
    return next((name for name in names if isinstance(name, str)), key)


class Sealer:
    """Seals with a key of the installation, and remembers for as long as it lives what it sealed."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str | float] = {}

    def sealed(self, document: Mapping[str, Any]) -> Document:
        """The document without any secret in clear."""
        return {name: self._walk(name, value) for name, value in document.items()}

    def secret(self, value: str | float) -> str:
        """One secret, sealed; a number has another seal than the text of it."""
        if isinstance(value, str) and value.startswith(SEALED):
            return value
        text = value if isinstance(value, str) else f"number {value}"
        seal = SEALED + hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:40]
        self._known[seal] = value
        return seal

    def opened(self, value: Any, path: str = "") -> Any:
        """The value with its secrets in clear. Raises `SealedError` for one that was not met in this run."""
        if isinstance(value, Mapping):
            return {name: self.opened(item, f"{path}.{name}".lstrip(".")) for name, item in value.items()}
        if isinstance(value, list):
            return [self.opened(item, path) for item in value]
        if isinstance(value, str) and SEALED in value:
            if _SEAL.fullmatch(value):
                return self._clear(value, path)
            return _SEAL.sub(lambda seal: str(self._clear(seal.group(), path)), value)
        return value

    def _clear(self, seal: str, path: str) -> str | float:
        if seal not in self._known:
            raise SealedError(f"the secret at {path} is not at the platform any more, and no file names it")
        return self._known[seal]

    def _walk(self, name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            names = judged(name, value)
            return {key: self._walk(names[key], item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walk(name, item) for item in value]
        if isinstance(value, str):
            return self.secret(value) if value and (is_secret(name) or opens(value)) else self._text(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return self.secret(value) if number and is_one_secret(name) else value

    def _text(self, text: str) -> str:
        """A text with what may let somebody in sealed where it stands; the rest stays readable."""
        if not ("=" in text or "://" in text or "earer" in text.lower()):
            return text
        return _IN_TEXT.sub(self._in_text, text)

    def _in_text(self, found: re.Match[str]) -> str:
        secret = found["bearer"]
        if found["name"]:
            secret = found["value"] if _lets_in(found["name"]) else None
        elif not secret:
            secret = found.group() if opens(found.group()) else None
        return found.group() if secret is None else found.group().removesuffix(secret) + self.secret(secret)
